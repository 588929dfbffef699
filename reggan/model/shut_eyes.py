"""Shut eyes stay shut: nobody knows what is behind the lids.

Training has seen open eyes only. The lids of a sleeper would be drawn apart to show skin stretched into something like
an eye. So the lids move as the skin below them does, and between them and the brows the skin stretches.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.faces import Change
from reggan.faces.align import eye_distance
from reggan.faces.topology import EYES, LID_MIDDLES, LOWER_LID, UPPER_LID

Float = NDArray[np.float32]

# Eye distances between the lids. Shut eyes measure 0.02 to 0.08, those of hearty laughter 0.06 to 0.1, others more.
_SHUT, _OPEN = 0.055, 0.085
_LIDS, _AROUND = (0.29, 0.17), (0.42, 0.27)  # half axes of the lids and of what is blended around them, eye distances
_LASHES, _BELOW = 0.04, 0.12  # eye distances: half the width of the line they meet in; how far below it skin is at rest
_BEYOND = 0.3  # by how much of its length to each side that line goes on beyond the corners
_FILL = 0.08  # eye distances, of the kernel that fills in what the lids do


def keep_shut(landmarks: NDArray[np.floating], change: Change) -> Change:
    """The change without lids that open; the same object if both eyes are open.

    Args:
        landmarks: (478, 2) pixels in the crop.
        change: on the crop's grid.
    """
    for eye, (upper, lower) in enumerate(LID_MIDDLES):
        apart = eye_distance(landmarks)
        opening = float(np.linalg.norm(landmarks[upper] - landmarks[lower])) / apart
        shut = _smooth((_OPEN - opening) / (_OPEN - _SHUT))
        if shut > 0:
            change = _kept_shut(landmarks[list(EYES[eye])], apart, float(shut), change)
    return change


def _kept_shut(lids: NDArray[np.floating], apart: float, shut: float, change: Change) -> Change:
    """One eye, with its contour (16, 2), held to a share."""
    y, x = np.mgrid[: change.size, : change.size].astype(np.float32)
    centre = lids.mean(0)
    inner, outer = (np.hypot((x - centre[0]) / (a * apart), (y - centre[1]) / (b * apart)) for a, b in (_LIDS, _AROUND))
    held = _smooth((1 - outer) / np.maximum(1 - outer + np.maximum(inner - 1, 0), 1e-6))[..., None]
    line = np.concatenate([lids[:1], (lids[UPPER_LID] + lids[LOWER_LID][::-1]) / 2, lids[8:9]])
    line[[0, -1]] += _BEYOND * (line[[0, -1]] - centre)
    meet = np.zeros(x.shape, np.float32)
    cv2.polylines(meet, [np.rint(line).astype(np.int32)], False, (1.0,), max(1, round(2 * _LASHES * apart)))
    below = np.rint(lids[LOWER_LID] + [0, _BELOW * apart]).astype(int).clip(0, change.size - 1)
    at_rest = change.displacement[below[:, 1], below[:, 0]].mean(0)
    outside = (inner > 1).astype(np.float32)[..., None]
    moved = np.where(meet[..., None] > 0, at_rest, change.displacement)
    displacement = _filled(moved, np.maximum(outside, meet[..., None]), _FILL * apart)
    residual = _filled(change.residual, outside, _FILL * apart)
    share = np.float32(shut) * held
    return replace(
        change,
        displacement=change.displacement + share * (displacement - change.displacement),
        opacity=change.opacity * (1 - share),
        residual=change.residual + share * (residual - change.residual),
    )


def _filled(values: Float, known: Float, sigma: float) -> Float:
    """(S, S, C) continued from where `known` (S, S, 1) is 1: means of what is known nearby."""
    total = cv2.GaussianBlur(known, (0, 0), sigma)[..., None] + np.float32(1e-6)
    return np.asarray(cv2.GaussianBlur(values * known, (0, 0), sigma) / total, np.float32)


def _smooth(t: NDArray[np.floating] | float) -> Float:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
