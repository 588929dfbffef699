"""Hands before a face, by MediaPipe's hand landmarks.

A hand has the colour of the face, so nothing but its shape tells it apart. It is looked for in a window twice as wide
as the crop: a palm is not found where it fills the picture. What MediaPipe takes for a hand on bare faces is an ear, a
wrinkled cheek or a bow tie now and then; a hand that could hide something is larger.
"""

import functools
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.faces.align import EYE_DISTANCE, SIZE, align, rescaled, similarity_scale
from reggan.faces.mesh import ONE_AT_A_TIME, stderr_closed

_COARSER = 2  # the window than the crop, so that it has as many pixels
_MARGIN = SIZE // 4  # pixels of the window on each side of the crop
_SCORE = 0.3  # of palms
_SMALLEST = 24.0  # pixels of the picture between the eyes: of hands before smaller faces too little is to be seen
_LEAST = 0.9  # eye distances between wrist and knuckles, or nearly that between the outer knuckles
_WRIST, _INDEX, _MIDDLE, _LITTLE = 0, 5, 9, 17
_PALM = (0, 1, 5, 9, 13, 17)
_FINGERS = ((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20))
_WIDTH, _GROWN = 0.3, 0.12  # of a finger, and what is added all around, over the width of the knuckles


def hands_before(image: NDArray[np.uint8], matrix: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Where in a face's crop hands are, (256, 256); None if there are none, or the face is small.

    Args:
        image: (H, W, 3) uint8.
        matrix: (2, 3) similarity transform from the picture to the crop, `alignment_matrix`.
    """
    if EYE_DISTANCE * SIZE / similarity_scale(matrix) < _SMALLEST:
        return None
    to_window = np.array(matrix, np.float64) / _COARSER
    to_window[:, 2] += 0.5 / _COARSER - 0.5 + _MARGIN
    mask = np.zeros((SIZE, SIZE), np.uint8)
    for points in _find(align(image, to_window, mirror=False)):
        _fill(mask, rescaled(points - _MARGIN, _COARSER))
    return mask > 0 if mask.any() else None


def _find(window: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """Landmarks (21, 2), pixels of the window, of the hands that are large enough."""
    with ONE_AT_A_TIME:
        found = _graph().process(np.ascontiguousarray(window)).multi_hand_landmarks or []
    hands = [np.array([(p.x, p.y) for p in hand.landmark]) * float(len(window)) for hand in found]
    least = _LEAST * EYE_DISTANCE * SIZE / _COARSER
    return [p for p in hands if max(_apart(p, _WRIST, _MIDDLE), 1.2 * _apart(p, _INDEX, _LITTLE)) > least]


def _fill(mask: NDArray[np.uint8], points: NDArray[np.float64]) -> None:
    """Draw a hand: the palm, and fingers as thick lines."""
    knuckles = max(_apart(points, _INDEX, _LITTLE), 0.4 * _apart(points, _WRIST, _MIDDLE))
    grown = 2 * _GROWN * knuckles
    palm, fingers = (points[list(k)].round().astype(np.int32) for k in (_PALM, np.ravel(_FINGERS)))
    cv2.fillPoly(mask, [palm], (1,))
    cv2.polylines(mask, [palm], True, (1,), max(1, round(grown)))
    lines = list(fingers.reshape(len(_FINGERS), -1, 2))
    cv2.polylines(mask, lines, False, (1,), max(1, round(_WIDTH * knuckles + grown)))


def _apart(points: NDArray[np.float64], a: int, b: int) -> float:
    return float(np.linalg.norm(points[a] - points[b]))


@functools.lru_cache(maxsize=1)
def _graph() -> Any:
    """One graph for the whole process: building it is slow, and in static mode it keeps no state."""
    with stderr_closed():
        from mediapipe.python.solutions.hands import Hands

        graph = Hands(static_image_mode=True, max_num_hands=2, model_complexity=0, min_detection_confidence=_SCORE)
        graph.process(np.zeros((64, 64, 3), np.uint8))
    return graph
