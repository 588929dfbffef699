"""Many frames in 256 colours, for GIF: one palette for all of them, and dithering that does not flicker."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def to_palette(frames: NDArray[np.uint8], colours: int = 255) -> list[Image.Image]:
    """Convert frames (F, H, W, 3) to one palette made for them.

    They are dithered with a fixed threshold matrix, so that a pixel that keeps its colour keeps its index. Error
    diffusion would spread each change over the rest of the picture and make the background crawl. Index 255 stays free
    for transparency, with which a GIF leaves out what did not change.
    """
    table = _palette(frames[[0, len(frames) // 4, len(frames) // 2], ::2, ::2], colours)
    apart = np.linalg.norm(table[:, None] - table[None], axis=2) + 1e3 * np.eye(len(table), dtype=np.float32)
    step = float(np.median(apart.min(1)))  # typical distance between neighbours in the palette
    spread = step / math.sqrt(3)  # the threshold is added to all three channels
    height, width = frames.shape[1:3]
    threshold = np.tile(bayer(8), (math.ceil(height / 8), math.ceil(width / 8)))[:height, :width, None]
    nearest = _nearest(table)
    images = []
    for frame in frames:
        r, g, b = np.moveaxis(np.clip(frame + spread * threshold, 0, 255).astype(np.uint8) >> 2, 2, 0)
        images.append(Image.fromarray(nearest[r, g, b]))
        images[-1].putpalette(np.rint(table).astype(np.uint8).tobytes())
    return images


def _palette(pixels: NDArray[np.uint8], colours: int) -> NDArray[np.float32]:
    """(colours, 3), or fewer: k-means of the colours that occur, each weighted by the square root of its frequency.

    Weighted by frequency itself, as in median cut, a background takes up most of the palette and green eyes turn brown.
    """
    coarse = (pixels.reshape(-1, 3) >> 3).astype(np.int32)
    code = (coarse[:, 0] << 10) | (coarse[:, 1] << 5) | coarse[:, 2]
    count = np.bincount(code, minlength=1 << 15)
    sums = np.stack([np.bincount(code, pixels.reshape(-1, 3)[:, k], 1 << 15) for k in range(3)], 1)
    there = np.flatnonzero(count)
    colour = (sums[there] / count[there, None]).astype(np.float32)
    weight = np.sqrt(count[there])
    start = Image.fromarray(np.rint(colour).astype(np.uint8)[None]).quantize(colours, Image.Quantize.MEDIANCUT)
    table = np.array(start.getpalette(), np.float32).reshape(-1, 3)
    for _ in range(10):
        nearest = ((table**2).sum(1) - 2 * colour @ table.T).argmin(1)
        total = np.bincount(nearest, weight, len(table))
        mean = np.stack([np.bincount(nearest, weight * colour[:, k], len(table)) for k in range(3)], 1)
        table = np.where(total[:, None] > 0, mean / np.maximum(total, 1e-9)[:, None], table).astype(np.float32)
    return table


def _nearest(table: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(64, 64, 64): for each colour of 6 bits per channel, the index of the nearest one in `table` (N, 3)."""
    level = np.arange(64, dtype=np.float32) * 4 + 1.5
    plane = np.stack(np.meshgrid(level, level, indexing="ij"), -1).reshape(-1, 2)  # green and blue
    out = np.empty((64, 64 * 64), np.uint8)
    for r, red in enumerate(level):  # |a - b|^2 without |a|^2, which is the same for all
        distance = (table**2).sum(1) - 2 * (plane @ table[:, 1:].T + red * table[:, 0])
        out[r] = distance.argmin(1)
    return out.reshape(64, 64, 64)


def bayer(size: int) -> NDArray[np.float32]:
    """Bayer's threshold matrix (1973) of side `size`, a power of two, centred: values in (-1/2, 1/2), mean 0."""
    if size == 1:
        return np.zeros((1, 1), np.float32)
    smaller = (bayer(size // 2) + 0.5) * (size // 2) ** 2 - 0.5  # ranks from 0
    ranks = np.block([[4 * smaller, 4 * smaller + 2], [4 * smaller + 3, 4 * smaller + 1]])
    return ((ranks + 0.5) / size**2 - 0.5).astype(np.float32)
