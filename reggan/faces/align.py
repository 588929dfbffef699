"""The aligned crop: every face upright, in the same place, at the same size.

Only a similarity transform is used, so nothing about the face's shape is lost. With S the side of the crop in pixels,
the eye centres lie on the horizontal line y = 0.40 S, 0.29 S apart, their midpoint at x = 0.5 S. Positions are in
pixels, (x, y), with pixel centres at integers, as in OpenCV.
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.faces.topology import LEFT_EYE, RIGHT_EYE

SIZE = 256
EYE_DISTANCE = 0.29  # of S
EYE_MIDPOINT = (0.50, 0.40)  # of S


def eye_centres(landmarks: NDArray[Any]) -> NDArray[np.float64]:
    """(478, 2) landmarks -> (2, 2) float64: the centres of the eyes, the viewer's left first."""
    points = np.asarray(landmarks, np.float64)
    return np.stack([points[list(LEFT_EYE)].mean(0), points[list(RIGHT_EYE)].mean(0)])


def eye_distance(landmarks: NDArray[Any]) -> float:
    """Distance between the eye centres, in the landmarks' own units."""
    return float(np.linalg.norm(np.subtract(*eye_centres(landmarks))))


def alignment_matrix(landmarks: NDArray[Any], size: int = SIZE) -> NDArray[np.float64]:
    """The similarity transform from the picture to the crop.

    Args:
        landmarks: (478, 2) positions of the face mesh in the picture, pixels.
        size: side S of the crop in pixels.

    Returns:
        (2, 3) float64 M = [L | t]; picture position p lies at L p + t in the crop.

    Raises:
        InputError: the eyes coincide, so that the face has no size.
    """
    left, right = eye_centres(landmarks)
    along = right - left
    distance = math.hypot(*along)
    if not distance > 1e-6:  # also catches NaN
        raise InputError("The landmarks of this face cannot be used because its eyes coincide.")
    cos, sin = EYE_DISTANCE * size * along / distance**2  # rotation by minus the eye line's angle, times the scale
    linear = np.array([[cos, sin], [-sin, cos]])
    shift = np.array(EYE_MIDPOINT) * size - linear @ (0.5 * (left + right))
    return np.hstack([linear, shift[:, None]])


def invert(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """The inverse of a (2, 3) affine transform, (2, 3) float64."""
    linear = np.linalg.inv(np.asarray(matrix, np.float64)[:, :2])
    return np.hstack([linear, -linear @ np.asarray(matrix, np.float64)[:, 2:]])


def transform(points: NDArray[Any], matrix: NDArray[Any]) -> NDArray[np.float64]:
    """Apply a (2, 3) affine transform to (..., 2) points."""
    m = np.asarray(matrix, np.float64)
    return np.asarray(points, np.float64) @ m[:, :2].T + m[:, 2]


def rescaled(points: Any, factor: float) -> Any:
    """Positions (..., 2) of pixels, array or tensor, in an image `factor` times as large; centres are whole numbers."""
    return (points + 0.5) * factor - 0.5


def similarity_scale(matrix: NDArray[np.float64]) -> float:
    """How long a picture pixel is in the pixels that a (2, 3) similarity transform leads to."""
    return math.sqrt(abs(np.linalg.det(matrix[:, :2])))


def align(image: NDArray[np.uint8], matrix: NDArray[Any], size: int = SIZE, mirror: bool = True) -> NDArray[np.uint8]:
    """Cut the crop out of the picture.

    Where the crop is coarser than the picture, each of its pixels is the mean over its own square of the picture, so
    nothing aliases: the picture is first shrunk by a whole factor, then sampled bicubically several times per pixel.

    Args:
        image: (H, W, 3) uint8.
        matrix: (2, 3) similarity transform from the picture to the crop, `alignment_matrix`.
        size: side S of the crop in pixels.
        mirror: beyond its border, continue the picture with its mirror image; otherwise with its outermost pixels.

    Returns:
        (S, S, 3) uint8.
    """
    matrix = np.asarray(matrix, np.float64)
    scale = similarity_scale(matrix)
    shrink = max(1, int(0.5 / scale))
    oversample = max(1, math.ceil(1.0 / (scale * shrink) - 1e-3))

    corners = transform(np.array([[0, 0], [size, 0], [size, size], [0, size]]) - 0.5, invert(matrix))
    start = np.round(corners.min(0) + 0.5).astype(int) - 3 * shrink  # room for the bicubic kernel
    stop = np.round(corners.max(0) + 0.5).astype(int) + 3 * shrink
    stop += -(stop - start) % shrink  # a whole number of blocks
    region = _cut(image, start, stop, mirror)
    if shrink > 1:
        smaller = (region.shape[1] // shrink, region.shape[0] // shrink)
        region = np.asarray(cv2.resize(region, smaller, interpolation=cv2.INTER_AREA), np.uint8)

    # Pixel q of the region lies at picture position shrink q + offset; crop position u on the fine grid at
    # oversample u + (oversample - 1) / 2.
    offset = start + 0.5 * (shrink - 1)
    linear = oversample * matrix[:, :2]
    shift = linear @ offset + oversample * matrix[:, 2] + 0.5 * (oversample - 1)
    to_fine = np.hstack([linear * shrink, shift[:, None]])
    fine_size = (oversample * size, oversample * size)
    fine = cv2.warpAffine(region, to_fine, fine_size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def _cut(image: NDArray[np.uint8], start: NDArray[Any], stop: NDArray[Any], mirror: bool) -> NDArray[np.uint8]:
    """The upright rectangle from `start` up to `stop`, each (x, y), continued beyond the picture's border."""
    height, width = image.shape[:2]
    if start.min() >= 0 and stop[0] <= width and stop[1] <= height:
        return image[start[1] : stop[1], start[0] : stop[0]]
    columns, rows = np.arange(start[0], stop[0]), np.arange(start[1], stop[1])
    if mirror:  # ... 2 1 0 1 2 ... without repeating the outermost pixel
        columns = width - 1 - np.abs(width - 1 - columns % max(2 * width - 2, 1))
        rows = height - 1 - np.abs(height - 1 - rows % max(2 * height - 2, 1))
    return image[np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)]
