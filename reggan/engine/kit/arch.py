"""The dental arch: a smooth curve, seen from below, on which the teeth stand side by side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reggan.engine.kit.facekit import LOWER_TEETH, UPPER_TEETH, FaceKit

Array = NDArray[np.float64]

LIP_LINE = 1.084  # y at which the mean face's lips meet, IOD
_HALF_WIDTH, _STEPS = 0.46, 400
_BIN = 0.05  # IOD of width, over which the foremost vertex is taken


@dataclass(frozen=True)
class Arch:
    """One row of teeth, from the model's foremost vertices. Units: IOD.

    Attributes:
        along: (N,) length along the arch from the middle, negative on the viewer's left.
        x, z: (N,) where that is.
    """

    along: Array
    x: Array
    z: Array

    def at(self, along: NDArray[np.floating]) -> tuple[Array, Array]:
        """x and z of places (...) along the arch."""
        return np.interp(along, self.along, self.x), np.interp(along, self.along, self.z)


def dental_arch(kit: FaceKit, part: int) -> Arch:
    """Fit z = a + b x^2 + c x^4 to the front of the upper or the lower row.

    Args:
        part: `UPPER_TEETH` or `LOWER_TEETH`.
    """
    if part not in (UPPER_TEETH, LOWER_TEETH):
        raise ValueError("only teeth stand on an arch")
    rows = kit.mouth.vertices[kit.mouth.part == part].astype(np.float64)
    if not len(rows):
        rows = kit.mouth.vertices.astype(np.float64)
    bins = np.round(np.abs(rows[:, 0]) / _BIN).astype(int)
    used = [k for k in np.unique(bins) if k * _BIN <= _HALF_WIDTH]
    front = np.array([rows[bins == k][rows[bins == k, 2].argmin()] for k in used])
    squared = front[:, 0] ** 2
    terms = np.stack([np.ones_like(squared), squared, squared**2], 1)
    shape = np.linalg.lstsq(terms, front[:, 2], rcond=1e-6)[0]
    x = np.linspace(-_HALF_WIDTH, _HALF_WIDTH, 2 * _STEPS + 1)
    z = shape[0] + shape[1] * x**2 + shape[2] * x**4
    steps = np.hypot(np.diff(x), np.diff(z))
    along = np.concatenate([[0.0], np.cumsum(steps)])
    return Arch(along - along[_STEPS], x, z)
