"""Two blendshapes that ICT-FaceKit lacks, as formulas over the mean face (units: IOD)."""

import numpy as np
from numpy.typing import NDArray

from reggan.faces.topology import INNER_MOUTH_CORNERS, LIP_MIDDLES

Array = NDArray[np.float64]

_INNER_BROW, _OUTER_BROW = (0.22, -0.29), (0.80, -0.30)


def added_shapes(points: Array, mean: Array, jaw: Array) -> dict[str, Array]:
    """Displacements (N, 3) of points (N, 3) on the face, by name.

    Args:
        points: where, on the mean face.
        mean: (468, 3) landmarks of the mean face.
        jaw: (N,) how far jawOpen moves each point.
    """
    return {"browV": brow_v(points), "mouthRound": mouth_round(points, mean, jaw)}


def brow_v(points: Array) -> Array:
    """The brows' inner ends down and together, the outer ends up: the V of anger."""
    d = np.zeros_like(points)
    for side in (-1.0, 1.0):
        inner = _bump(points, side * _INNER_BROW[0], _INNER_BROW[1], 0.13, 0.13)
        outer = _bump(points, side * _OUTER_BROW[0], _OUTER_BROW[1], 0.16, 0.12)
        d[:, 0] -= side * 0.030 * inner
        d[:, 1] += 0.065 * inner - 0.045 * outer
    return d


def mouth_round(points: Array, mean: Array, jaw: Array) -> Array:
    """Rounds the V that ICT-FaceKit's jawOpen makes of the lower lip; to be used with jawOpen's weight.

    The lower lip goes down by the difference between a half circle and a triangle over the mouth's width, fading
    within 0.16 IOD below the lip line and 0.3 behind it.
    """
    left, right = mean[list(INNER_MOUTH_CORNERS)]
    line, depth = mean[list(LIP_MIDDLES), 1].mean(), mean[LIP_MIDDLES[1], 2]
    u = np.clip(np.abs(points[:, 0] - (left[0] + right[0]) / 2) / (0.51 * (right[0] - left[0])), 0, 1)
    below = np.clip((jaw - 0.30) / 0.10, 0, 1)  # what the jaw takes along
    fade = np.exp(-np.clip(points[:, 1] - line, 0, None) / 0.16 - np.clip(points[:, 2] - depth, 0, None) / 0.3)
    d = np.zeros_like(points)
    d[:, 1] = 0.26 * (np.sqrt(1 - u * u) - (1 - u)) * below * fade
    return d


def _bump(points: Array, x: float, y: float, width: float, height: float) -> Array:
    return np.exp(-((points[:, 0] - x) ** 2) / (2 * width**2) - (points[:, 1] - y) ** 2 / (2 * height**2))
