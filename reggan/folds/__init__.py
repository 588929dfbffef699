"""What folds of the skin look like, apart from any face."""

from reggan.folds.drawn import HEIGHT, LEFT, SIDE, TOP, WIDTH, folds, noise, to_map
from reggan.folds.lines import LINES, ROUGH_BAND, ROUGH_PATCHES, Line

__all__ = [
    "HEIGHT",
    "LEFT",
    "LINES",
    "ROUGH_BAND",
    "ROUGH_PATCHES",
    "SIDE",
    "TOP",
    "WIDTH",
    "Line",
    "folds",
    "noise",
    "to_map",
]
