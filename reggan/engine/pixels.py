"""Arithmetic of pictures: bytes, luma, CIE Lab, sampling, soft masks."""

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

_NO_SECOND_MAP = np.empty(0, np.float32)  # cv2.remap takes x and y in one array or in two


def to_bytes(picture: np.ndarray, white: float = 1.0) -> NDArray[np.uint8]:
    """Round and clip a picture in [0, white]."""
    return np.clip(np.round(255 / white * picture), 0, 255).astype(np.uint8)


def grey(image: NDArray[np.uint8] | Float) -> Float:
    """(H, W) luma (Rec. 601) of (H, W, 3): in [0, 1] of uint8, in its own units of float32."""
    scale = 255 if image.dtype == np.uint8 else 1
    return np.asarray(image @ np.array([0.299, 0.587, 0.114], np.float32) / scale, np.float32)


def to_lab(picture: NDArray[np.uint8]) -> Float:
    """(H, W, 3) CIE Lab of uint8 RGB, L* in 0 to 100."""
    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def soft_clip(x: Float) -> Float:
    """Identity up to 0.8, then approaching 1, so that bright skin keeps its texture."""
    return np.where(x < 0.8, x, 1 - 0.2 * np.exp(-(np.maximum(x, 0.8) - 0.8) / 0.2)).astype(np.float32)


@functools.lru_cache(maxsize=2)
def pixel_grid(side: int) -> Float:
    """(N, N, 2) x and y of every pixel."""
    return np.stack(np.meshgrid(*(np.arange(side, dtype=np.float32),) * 2), -1)


def sample(picture: NDArray[np.uint8], at: Float) -> NDArray[np.uint8]:
    """(h, w, 3) the picture at positions (h, w, 2), bicubic, mirrored at its border."""
    sampled = cv2.remap(picture, at, _NO_SECOND_MAP, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(sampled, np.uint8)


def soft_mask(outline: np.ndarray, side: int, sigma: float) -> Float:
    """(N, N) 1 inside a convex outline (P, 2), 0 outside, the border blurred over `sigma` pixels."""
    mask = np.zeros((side, side), np.uint8)
    cv2.fillConvexPoly(mask, outline.round().astype(np.int32), (255,))
    return cv2.GaussianBlur(mask, (0, 0), sigma).astype(np.float32) / 255
