"""Transparent pictures: they are edited as they look on white, and become transparent again."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reggan.faces.paste import Change, paste_back
from reggan.faces.take_back import take_back


def move_opacity(opacity: NDArray[np.uint8], matrix: NDArray[Any], change: Change) -> NDArray[np.uint8]:
    """The opacity (H, W) uint8 after one face has changed: it moves as the picture does, see `paste_back`."""
    return paste_back(np.repeat(opacity[..., None], 3, 2), matrix, _only_moves(change))[..., 0]


def take_opacity_back(opacity: NDArray[np.uint8], matrix: NDArray[Any], change: Change) -> NDArray[np.uint8]:
    """The opacity (H, W) uint8 before that."""
    three = np.repeat(opacity[..., None], 3, 2)
    return take_back(three, matrix, _only_moves(change), three)[..., 0]


def _only_moves(change: Change) -> Change:
    nothing = np.zeros_like(change.paint)
    return replace(change, opacity=np.zeros_like(change.opacity), paint=nothing, residual=nothing, details=())


def off_white(image: NDArray[np.uint8], opacity: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What looks like `image` when it is laid over white.

    On any background it shows what the original shows there, to half a level, wherever nothing was edited.

    Args:
        image: (H, W, 3) uint8 RGB, over white.
        opacity: (H, W) uint8.

    Returns:
        (H, W, 4) uint8 RGBA; what cannot be seen is white.
    """
    opacity = np.maximum(opacity, 255 - image.min(2))  # what was painted there may be too dark to shine through
    out = np.dstack([image, opacity])
    partly = opacity < 255
    share = np.maximum(opacity[partly], 1).astype(np.float32)[:, None] / 255.0
    colours = 255.0 - (255.0 - image[partly]) / share
    out[partly, :3] = np.where(opacity[partly][:, None] > 0, np.rint(np.clip(colours, 0.0, 255.0)), 255.0)
    return out
