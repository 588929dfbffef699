"""Checks on image batches, and how a face box is cut from our aligned crops for the two metric networks."""

import numpy as np
import torch
import torch.nn.functional as F

from reggan.errors import InputError


def check_images(*batches: np.ndarray) -> None:
    """Raise `InputError` unless all batches are uint8 (N, H, W, 3), N >= 1, of one shape."""
    for images in batches:
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3 or images.size == 0:
            raise InputError(
                "Images must be uint8 (N, H, W, 3), not {dtype} {shape}.", dtype=images.dtype, shape=images.shape
            )
        if images.shape != batches[0].shape:
            raise InputError(
                "The images have different shapes: {one} and {other}.", one=batches[0].shape, other=images.shape
            )


def cut_box(crops: np.ndarray, centre_y: float, box: float, side: int) -> torch.Tensor:
    """Cut a square face box from aligned crops and bring it to a network's input side.

    Bilinear with antialiasing: face-api's own resize is bilinear without, which aliases when it shrinks, so that a
    noisy or sharpened output would be measured by which of its pixels are hit.

    Args:
        crops: (N, S, S, 3) uint8 RGB, aligned; S is 256 in this project.
        centre_y: height of the box's centre as a part of S. Horizontally the box is centred.
        box: side of the box as a part of S.
        side: pixels.

    Returns:
        (N, 3, side, side) float32 RGB in [0, 255].
    """
    check_images(crops)
    s = crops.shape[1]
    if crops.shape[2] != s:
        raise InputError(
            "Aligned crops are square, these are {width} x {height} pixels.", width=crops.shape[2], height=s
        )
    top, left, pixels = (round(v * s) for v in (centre_y - box / 2, 0.5 - box / 2, box))
    cut = torch.from_numpy(np.ascontiguousarray(crops[:, top : top + pixels, left : left + pixels]))
    cut = cut.permute(0, 3, 1, 2).float()  # (N, 3, pixels, pixels)
    return F.interpolate(cut, (side, side), mode="bilinear", antialias=True)
