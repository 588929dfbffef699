"""The lines that folds are drawn as, on the mean face: in eye distances (IOD), x to the right, y down from the middle
between the eyes."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """A smooth curve, dark along its middle, with bright flanks.

    Attributes:
        points: that it goes through, IOD.
        depth: of the dark middle, log brightness.
        width: standard deviation across it, IOD.
        flank: how bright the flanks are, share of the depth; they are 2.6 times as wide.
        soft: 1 is a line; a fold is sharp on one side, and so many times wider to the right of its direction (y is
            down; negative: to the left).
        mirror: whether there is another on the other side of the face.
    """

    points: tuple[tuple[float, float], ...]
    depth: float
    width: float
    flank: float = 0.45
    soft: float = 1.0
    mirror: bool = False


# How lined a skin is: the spread of the logarithm of its brightness, between 1/60 and 1/20 of the eye distance, on
# forehead and cheeks, whose middle and size these are.
ROUGH_BAND = 60, 20
ROUGH_PATCHES = ((0.0, -0.57, 0.76, 0.40), (-0.70, 0.48, 0.38, 0.34), (0.70, 0.48, 0.38, 0.34))

#: By the name that expressions ask for them with, `reggan/engine/render/expressions.toml`.
LINES: Mapping[str, tuple[Line, ...]] = {
    "glabella": (
        Line(((0.097, -0.41), (0.085, -0.33), (0.09, -0.2)), 0.24, 0.012, flank=0.25, soft=-2.6),
        Line(((-0.094, -0.4), (-0.085, -0.33), (-0.088, -0.2)), 0.22, 0.012, flank=0.25, soft=2.6),
        Line(((-0.09, -0.075), (0.0, -0.06), (0.09, -0.075)), 0.16, 0.016),
    ),
    "forehead": (
        Line(
            ((-0.5, -0.51), (-0.28, -0.58), (0.0, -0.535), (0.28, -0.58), (0.5, -0.51)),
            0.13,
            0.01,
            flank=0.35,
            soft=-2.0,
        ),
        Line(
            ((-0.45, -0.605), (-0.28, -0.675), (0.0, -0.63), (0.28, -0.675), (0.45, -0.605)),
            0.145,
            0.01,
            flank=0.35,
            soft=-2.0,
        ),
        Line(
            ((-0.4, -0.7), (-0.28, -0.77), (0.0, -0.725), (0.28, -0.77), (0.4, -0.7)), 0.1, 0.01, flank=0.35, soft=-2.0
        ),
    ),
    "omega": (
        Line(
            ((-0.27, -0.48), (-0.13, -0.535), (0.0, -0.51), (0.13, -0.535), (0.27, -0.48)),
            0.15,
            0.011,
            flank=0.35,
            soft=-2.0,
        ),
        Line(
            ((-0.27, -0.565), (-0.13, -0.62), (0.0, -0.595), (0.13, -0.62), (0.27, -0.565)),
            0.135,
            0.011,
            flank=0.35,
            soft=-2.0,
        ),
        Line(
            ((-0.27, -0.65), (-0.13, -0.705), (0.0, -0.68), (0.13, -0.705), (0.27, -0.65)),
            0.08,
            0.011,
            flank=0.35,
            soft=-2.0,
        ),
        Line(((0.07, -0.42), (0.06, -0.3), (0.07, -0.22)), 0.13, 0.011, soft=-2.0, mirror=True),
    ),
    "bunny": (
        Line(((0.05, 0.1), (0.11, 0.06), (0.17, 0.055)), 0.15, 0.009, soft=2.2, mirror=True),
        Line(((0.07, 0.19), (0.13, 0.14), (0.2, 0.125)), 0.17, 0.009, soft=2.2, mirror=True),
        Line(((0.1, 0.275), (0.16, 0.215), (0.235, 0.19)), 0.13, 0.009, soft=2.2, mirror=True),
        Line(((-0.07, -0.02), (0.0, 0.0), (0.07, -0.02)), 0.16, 0.009, soft=2.2),
    ),
    "naso": (
        Line(
            ((0.3, 0.47), (0.4, 0.6), (0.485, 0.74), (0.535, 0.88), (0.545, 0.97)),
            0.15,
            0.017,
            flank=0.0,
            soft=-3.5,
            mirror=True,
        ),
    ),
    "under": (Line(((0.25, 0.1), (0.38, 0.165), (0.54, 0.18), (0.68, 0.12)), 0.13, 0.014, mirror=True),),
    "crow": (
        Line(((0.8, -0.03), (0.88, -0.07), (0.96, -0.12)), 0.1, 0.01, mirror=True),
        Line(((0.81, 0.01), (0.9, 0.01), (0.98, -0.01)), 0.12, 0.01, mirror=True),
        Line(((0.8, 0.05), (0.88, 0.085), (0.95, 0.11)), 0.1, 0.01, mirror=True),
    ),
    "marionette": (Line(((0.43, 1.1), (0.475, 1.19), (0.49, 1.28)), 0.2, 0.018, mirror=True),),
    "chin": (Line(((-0.24, 1.4), (-0.12, 1.345), (0.0, 1.335), (0.12, 1.345), (0.24, 1.4)), 0.2, 0.022),),
}
