"""Where on a crop a metric looks, from the input's landmarks: (N, 478, 2) pixels to (N, H, W) bool."""

import cv2
import numpy as np

from reggan.faces.align import eye_centres
from reggan.faces.topology import MESH

# Points of MediaPipe's face mesh whose convex hulls cover the features.
_EYES = ((33, 133, 159, 145, 158, 160, 144, 153), (362, 263, 386, 374, 385, 387, 380, 373))
_BROWS = ((70, 63, 105, 66, 107, 55, 46), (300, 293, 334, 296, 336, 285, 276))
_MOUTH = (61, 291, 0, 17, 37, 267, 84, 314, 39, 269, 181, 405)
_FAR = 0.6  # eye distances: no expression reaches this far beyond the face
_NEAR = 0.12  # eye distances around eyes, brows and mouth that are not skin


def background(landmarks: np.ndarray, height: int, width: int) -> np.ndarray:
    """Everything at least 0.6 eye distances away from the face."""
    return np.stack([~_hulls([p[:MESH]], _FAR * _unit(p), height, width) for p in landmarks])


def skin(landmarks: np.ndarray, height: int, width: int) -> np.ndarray:
    """The face without eyes, brows, mouth and their surroundings, and without its outline."""
    return np.stack([_skin_of(p, height, width) for p in landmarks])


def _skin_of(p: np.ndarray, height: int, width: int) -> np.ndarray:
    features = [p[list(ring)] for ring in (*_EYES, *_BROWS, _MOUTH)]
    return _hulls([p[:MESH]], -_NEAR * _unit(p), height, width) & ~_hulls(features, _NEAR * _unit(p), height, width)


def _unit(p: np.ndarray) -> float:
    left, right = eye_centres(p)
    return float(np.linalg.norm(right - left))


def _hulls(sets: list[np.ndarray], grow: float, height: int, width: int) -> np.ndarray:
    """The points' convex hulls, grown (or, below 0, shrunk) by that many pixels: (H, W) bool."""
    mask = np.zeros((height, width), np.uint8)
    for points in sets:
        cv2.fillConvexPoly(mask, cv2.convexHull(points.astype(np.float32)).round().astype(np.int32), [1])
    side = 2 * round(abs(grow)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    grown = cv2.dilate(mask, kernel) if grow > 0 else cv2.erode(mask, kernel, borderValue=[0])
    return grown.astype(bool)
