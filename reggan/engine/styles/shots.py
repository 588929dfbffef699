"""What a style gets and what all styles share.

A style takes `Shots` and a generator and gives every picture the very same treatment. Strokes, cracks and grain are
drawn once, on the neutral, and carried along by the skin, as an edit of a real painting carries them. Sizes are tuned
for crops of 256 pixels and scale with the crop.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.pixels import grey, to_bytes

Float = NDArray[np.float32]
Pictures = NDArray[np.uint8]
Carry = Callable[[Float], Float]


@dataclass(frozen=True)
class Shots:
    """One face, neutral first, then with expressions.

    Attributes:
        images: (k, S, S, 3) uint8.
        normals: (k, S, S, 3) float32 of the skin, towards the viewer z < 0, zero elsewhere.
        flow: (k, 2, N, N) float32 crop pixels: what is at u came from u + flow in the neutral.
    """

    images: Pictures
    normals: Float
    flow: Float

    @property
    def unit(self) -> float:
        """Pixels of this crop per pixel of one of 256."""
        return self.images.shape[2] / 256

    @property
    def shape(self) -> tuple[int, int]:
        return self.images.shape[1], self.images.shape[2]

    def carry(self, k: int) -> Carry:
        """Function that moves a pattern (S, S) or (S, S, C) drawn on the neutral along with the skin of picture k."""
        size = self.images.shape[2]
        y, x = np.mgrid[:size, :size].astype(np.float32)
        dx, dy = (cv2.resize(f.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR) for f in self.flow[k])

        def carried(pattern: Float) -> Float:
            if not self.flow[k].any():
                return pattern
            moved = cv2.remap(pattern, x + dx, y + dy, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
            return np.asarray(moved, np.float32)

        return carried


def each(shots: Shots, treat: Callable[[Float, Carry], Float]) -> Pictures:
    """Treat every picture, (S, S, 3) float32 in [0, 1], with its `carry`."""
    pictures = enumerate(shots.images)
    return np.stack([to_bytes(treat(image.astype(np.float32) / 255, shots.carry(k))) for k, image in pictures])


def saturated(image: Float, amount: float) -> Float:
    """Colour times `amount` at the same luma."""
    luma = grey(image)[..., None]
    return np.asarray(luma + np.float32(amount) * (image - luma), np.float32)


def soft_step(x: Float, steepness: float = 30.0) -> Float:
    """From 0 to 1 around 0."""
    return np.asarray(1 / (1 + np.exp(np.clip(-steepness * x, -60, 60))), np.float32)


def unit_vector(x: float, y: float, z: float) -> Float:
    return np.array([x, y, z], np.float32) / np.float32(math.hypot(x, y, z))
