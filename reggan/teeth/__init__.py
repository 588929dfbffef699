"""What teeth look like, apart from any face."""

from reggan.teeth.appearance import (
    FROM_SKIN,
    LIP_SHADE,
    LOWER,
    RISE,
    SCLERA,
    SKIN_CHROMA,
    UPPER,
    VEINS,
    Kind,
    Teeth,
    draw_row,
    measured,
)

__all__ = [
    "FROM_SKIN",
    "LIP_SHADE",
    "LOWER",
    "RISE",
    "SCLERA",
    "SKIN_CHROMA",
    "UPPER",
    "VEINS",
    "Kind",
    "Teeth",
    "draw_row",
    "measured",
]
