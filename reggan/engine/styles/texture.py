"""Patterns that styles are made of: grain, strokes, cracks. All repeat exactly for the same generator."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Shape: TypeAlias = tuple[int, ...]  # (H, W)


def noise(shape: Shape, sigma: float, rng: np.random.Generator) -> Float:
    """(H, W) Gaussian noise of unit variance, smooth over `sigma` pixels."""
    white = rng.standard_normal(shape).astype(np.float32)
    if sigma <= 0.3:
        return white
    soft = cv2.GaussianBlur(white, (0, 0), sigma)
    return np.asarray((soft - soft.mean()) / soft.std(), np.float32)


def clouds(shape: Shape, largest: float, rng: np.random.Generator) -> Float:
    """(H, W) fractal noise of unit variance: octaves from `largest` pixels down, each half as strong."""
    total = np.zeros(shape, np.float32)
    size, weight = largest, 1.0
    while size >= 1:
        total += weight * noise(shape, size, rng)
        size, weight = size / 2, weight / 2
    return np.asarray(total / total.std(), np.float32)


def veins(shape: Shape, rng: np.random.Generator) -> Float:
    """(H, W) in [0, 1]: thin wandering lines, as in marble."""
    field = clouds(shape, shape[1] / 8, rng)
    width = 0.05 + 0.10 * np.clip(1 + noise(shape, shape[1] / 10, rng), 0, 2)
    return np.exp(-((field / width) ** 2)).astype(np.float32)


def cracks(shape: Shape, cell: float, rng: np.random.Generator) -> Float:
    """(H, W) in [0, 1]: a net of cracks, the borders between cells of about `cell` pixels, broken in places."""
    height, width = shape
    count = max(8, int(height * width / cell**2))
    seeds = np.ones(shape, np.uint8)
    seeds[rng.integers(0, height, count), rng.integers(0, width, count)] = 0
    _, label = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    wobble = [3.0 * noise(shape, cell / 8, rng) for _ in range(2)]
    bent = cv2.remap(label.astype(np.float32), x + wobble[0], y + wobble[1], cv2.INTER_NEAREST)
    edge = np.zeros(shape, np.float32)
    edge[:, 1:] += bent[:, 1:] != bent[:, :-1]
    edge[1:] += bent[1:] != bent[:-1]
    there = np.clip(1.2 * noise(shape, cell, rng) + 0.2, 0, 1)
    return np.asarray(cv2.GaussianBlur((np.minimum(edge, 1) * there).astype(np.float32), (0, 0), 0.6), np.float32)


def flow_direction(luma: Float, sigma: float) -> tuple[Float, Float]:
    """Unit vectors (H, W) along edges, from the structure tensor smoothed over `sigma` pixels."""
    gx, gy = cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    xx, xy, yy = (cv2.GaussianBlur(g, (0, 0), sigma) for g in (gx * gx, gx * gy, gy * gy))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def smeared(field: Float, along: tuple[Float, Float], length: float) -> Float:
    """Mean along a direction field over `length` pixels: noise turns into strokes."""
    height, width = field.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    steps = np.linspace(-0.5, 0.5, max(3, int(length))) * length
    total = np.zeros_like(field)
    for s in steps.astype(np.float32):
        total += cv2.remap(
            field, x + s * along[0], y + s * along[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
    return np.asarray(total / len(steps), np.float32)


def kuwahara(image: NDArray[np.floating], radius: int) -> Float:
    """Kuwahara's filter: each pixel becomes the mean of the calmest of four windows around it."""
    side = radius + 1
    mean = cv2.blur(image, (side, side), borderType=cv2.BORDER_REFLECT_101)
    spread = (cv2.blur(image * image, (side, side), borderType=cv2.BORDER_REFLECT_101) - mean * mean).sum(-1)
    best = np.full(image.shape[:2], np.inf, np.float32)
    out = image
    half = radius // 2 + 1
    for dy in (-half, half):
        for dx in (-half, half):
            shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
            size = (image.shape[1], image.shape[0])
            m, v = (cv2.warpAffine(a, shift, size, borderMode=cv2.BORDER_REFLECT_101) for a in (mean, spread))
            out = np.where((v < best)[..., None], m, out)
            best = np.minimum(best, v)
    return np.asarray(out, np.float32)
