"""A photograph, aligned for the engine: with a margin around the crop that it will yield, and twice as fine."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.faces.align import EYE_DISTANCE, SIZE, align, alignment_matrix, transform

FINE = 2  # working pixels per crop pixel and direction
MARGIN = 1 / 8  # of the crop's side, on every side: what may move into the crop


@dataclass(frozen=True)
class Photo:
    """One aligned face.

    Crop position p (pixels of the S x S crop) lies at FINE (p + margin) + (FINE - 1) / 2 of `pixels`.

    Attributes:
        pixels: (N, N, 3) uint8 with N = FINE (S + 2 margin).
        landmarks: (478, 2) float64 MediaPipe's landmarks, crop pixels.
        size: side S of the crop.
    """

    pixels: NDArray[np.uint8]
    landmarks: NDArray[np.float64]
    size: int

    @property
    def iod(self) -> float:
        """Distance between the eye centres in crop pixels; the same for all aligned faces."""
        return EYE_DISTANCE * self.size

    @property
    def margin(self) -> int:
        return margin_of(self.size)

    def to_fine(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Positions in `pixels` of positions (..., 2) in the crop."""
        return np.asarray(FINE * (points + self.margin) + (FINE - 1) / 2, np.float64)

    def crop(self, fine: NDArray[np.floating] | NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
        """(S, S, 3) uint8: the crop of this photograph or of another picture on the same grid."""
        fine = self.pixels if fine is None else fine
        cut = FINE * self.margin
        inner = np.clip(fine[cut:-cut, cut:-cut].astype(np.float32), 0, 255)
        return np.round(cv2.resize(inner, (self.size, self.size), interpolation=cv2.INTER_AREA)).astype(np.uint8)


def margin_of(size: int) -> int:
    return round(MARGIN * size)


def aligned(image: NDArray[np.uint8], landmarks: NDArray[np.floating], size: int = SIZE) -> Photo:
    """Cut the face out of a picture.

    Args:
        image: (H, W, 3) uint8 RGB.
        landmarks: (478, 2) of the face, pixels of the picture.
        size: side S of the crop.
    """
    matrix = alignment_matrix(landmarks, size)
    fine = FINE * matrix
    fine[:, 2] += FINE * margin_of(size) + (FINE - 1) / 2
    pixels = align(image, fine, FINE * (size + 2 * margin_of(size)))
    return Photo(pixels, transform(landmarks, matrix), size)
