"""What folds of the skin look like, apart from any face."""

from reggan.folds.drawn import HEIGHT, LEFT, SIDE, TOP, WIDTH, folds, noise, to_map
from reggan.folds.lines import LINES, Line

__all__ = ["HEIGHT", "LEFT", "LINES", "SIDE", "TOP", "WIDTH", "Line", "folds", "noise", "to_map"]
