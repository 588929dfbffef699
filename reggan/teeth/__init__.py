"""What teeth look like, apart from any face."""

from reggan.teeth.appearance import LIP_SHADE, LOWER, RISE, UPPER, Kind, Teeth, draw_row, measured

__all__ = ["LIP_SHADE", "LOWER", "RISE", "UPPER", "Kind", "Teeth", "draw_row", "measured"]
