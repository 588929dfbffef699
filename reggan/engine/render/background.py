"""Displacement of what the model does not cover: hair, neck and wall give way a little, the border stays."""

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

_PASSES = 120


def spread(flow: Float, known: NDArray[np.bool_], cells: int) -> Float:
    """Diffuse a displacement over the whole picture.

    Args:
        flow: (N, N, 2).
        known: (N, N) where it is given; elsewhere it is solved for, with zero at the border.
        cells: side of the grid on which it is solved.

    Returns:
        (N, N, 2), smooth, close to the given values where there are any.
    """
    share = cv2.resize(known.astype(np.float32), (cells, cells), interpolation=cv2.INTER_AREA)
    total = cv2.resize(flow * known[..., None], (cells, cells), interpolation=cv2.INTER_AREA)
    field = (total / np.maximum(share, 1e-3)[..., None]).astype(np.float32)
    free = share < 1e-3
    border = np.ones_like(free)
    border[1:-1, 1:-1] = False
    field[border & free] = 0
    free = (free & ~border)[..., None]
    for _ in range(_PASSES):
        np.copyto(field, cv2.blur(field, (3, 3), borderType=cv2.BORDER_REPLICATE), where=free)
    return np.asarray(cv2.resize(field, flow.shape[1::-1], interpolation=cv2.INTER_CUBIC), np.float32)
