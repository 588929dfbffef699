"""A mask, a veil, a scarf over nose and mouth, a hand before the face, spectacles: they stay as they are, and what is
free of the face carries the expression.

A mouth is painted wherever the face mesh says that one is, on cloth too. What gives cloth away is its colour: the tip
of the nose, the cheeks, the lips and the chin have one and the same, and the skin around the eyes has another. Beards
leave the nose free, lips differ from chins, and light does not end at a line. A hand is skin; that one is there is told
by its shape (`reggan.faces.hands`), and so are frames (`spectacles.py`).
"""

from dataclasses import replace
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.faces import Change, Detail
from reggan.faces.align import eye_distance
from reggan.faces.paste import kept
from reggan.faces.topology import FACE_OVAL, INNER_LIPS, OUTER_LIPS
from reggan.model.arrays import Image
from reggan.model.behind_frames import Frame, behind_frame, brows_are_seen, frame_before, within
from reggan.model.spectacles import spectacles

Float = NDArray[np.float32]

# Landmarks: around the root of the nose and below the eyes; nose and cheeks; around the mouth; the lips.
_BARE = (168, 6, 193, 417, 245, 465, 232, 452, 231, 451, 230, 450)
_MIDDLE = (4, 5, 1, 195, 205, 425, 50, 280, 36, 266, 187, 411)
_AROUND = (
    *(164, 167, 393, 206, 426, 216, 436, 212, 432, 57, 287, 43, 273, 204, 424, 201, 421, 200, 199, 18, 182, 406),
    *(208, 428),
)
_LIPS = (0, 37, 267, 39, 269, 17, 84, 314, 181, 405, 13, 14, 78, 308)
_NOSE_TIP, _UPPER_LIP = 4, 0
_HIDDEN = 0.15  # of the lips, behind a hand, from which the mouth is left alone: no lips open around a finger

# Differences of colour are Delta E (CIE 1976). Of 669 bare faces, photographed, painted, engraved, bearded, none comes
# nearer than 1.2 to the limit of 1 that these make; of 188 with a mask or a niqab drawn over them 176 are below it.
_STEP = 9.0  # from the skin to the covering, at least
_ALIKE, _EVEN = 0.35, 0.5  # shares of that step: the most within the covering, between its parts and in its points
_SOFT = 2.0  # pixels of the crop; what is finer, such as the weave, is not looked at
_GAPS = 0.15  # eye distances: folds that belong to it all the same
_FADE, _FRAME_FADE = 0.1, 0.04  # eye distances: how far from what covers, and from frames, the change is whole


class Covering(NamedTuple):
    """What of a face is covered."""

    distance: Float  # (S, S) of each pixel from what covers it, in pixels of the crop
    free: Float  # (S, S, 1) in [0, 1], how much of a change happens: none to what covers, nor below a hidden mouth
    mouth: bool  # whether the mouth is covered
    frame: Frame | None = None  # of spectacles, behind which the face moves


def covered(crop: Image, landmarks: NDArray[np.floating], hands: NDArray[np.bool_] | None) -> Covering | None:
    """By cloth, hands, spectacles; None if nothing is.

    Args:
        crop: (S, S, 3) the aligned face.
        landmarks: (478, 2) pixels in the crop.
        hands: (S, S) where hands are, `reggan.faces.hands.hands_before`.
    """
    cloth, frame = covering(crop, landmarks), spectacles(crop)
    mouth = cloth is not None
    covers = [] if cloth is None else [(cloth, _FADE)]
    if hands is not None and (hands & within(landmarks, FACE_OVAL, len(crop))).any():
        covers.append((_distance(~hands), _FADE))
        mouth = mouth or bool(_at(hands, landmarks, (*OUTER_LIPS, *INNER_LIPS)).mean() > _HIDDEN)
    before = None
    if frame is not None and brows_are_seen(landmarks, frame):
        before = frame_before(crop, landmarks, frame)
    elif frame is not None:
        covers.append((_distance(~frame), _FRAME_FADE))
    if not covers and before is None:
        return None
    covers.append((np.full(crop.shape[:2], np.inf, np.float32), _FADE))  # elsewhere nothing does
    free = np.min([distance / (fade * eye_distance(landmarks)) for distance, fade in covers], 0)
    if mouth:
        tip, lip = landmarks[_NOSE_TIP, 1], landmarks[_UPPER_LIP, 1]
        free = np.minimum(free, ((lip - np.arange(len(free))) / max(lip - tip, 1.0))[:, None])
    free = free[..., None].clip(0, 1).astype(np.float32)
    return Covering(np.min([distance for distance, _ in covers], 0), free, mouth, before)


def covering(crop: Image, landmarks: NDArray[np.floating]) -> Float | None:
    """How far each pixel is from cloth on nose and mouth, in pixels of the crop, (S, S); None if they are bare.

    Args:
        crop: (S, S, 3) the aligned face.
        landmarks: (478, 2) pixels in the crop.
    """
    colours = cv2.cvtColor(cv2.GaussianBlur(crop, (0, 0), _SOFT).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    bare, middle, around, lips = (_at(colours, landmarks, which) for which in (_BARE, _MIDDLE, _AROUND, _LIPS))
    cloth = np.concatenate([middle, around, lips])
    skin, colour = np.median(bare, 0), np.median(cloth, 0)
    step = min(_apart(skin, colour), _apart(skin, np.median(middle, 0)))
    parts = max(_apart(np.median(around, 0), np.median(other, 0)) for other in (middle, lips))
    points = float(np.percentile(np.linalg.norm(cloth - colour, axis=1), 80))
    if step < _STEP or parts > _ALIKE * step or points > _EVEN * step:
        return None
    near = (np.linalg.norm(colours - colour, axis=2) < np.linalg.norm(colours - skin, axis=2)).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (1 + 2 * round(_GAPS * eye_distance(landmarks) / 2),) * 2)
    _, pieces = cv2.connectedComponents(cv2.morphologyEx(near, cv2.MORPH_CLOSE, kernel))
    piece = np.bincount(_at(pieces, landmarks, (*_AROUND, *_LIPS))).argmax()
    return _distance(pieces != piece)


def keep_coarse(crop: Image, coarse: Image, covering: Covering) -> Image:
    """Stage 1's images (N, S, S, 3) of a crop, without what would happen to what covers it."""
    free = covering.free if covering.frame is None else covering.free * (1 - covering.frame.through[..., 3:])
    return kept(coarse, crop, 1 - free)


def keep_covering(change: Change, covering: Covering) -> Change:
    """The change without what would happen to what covers the face."""
    if covering.frame is not None:
        change = behind_frame(change, covering.frame)
    # Skin shows skin: what moves comes from half as far as cloth or a hand at most.
    length = np.linalg.norm(change.displacement, axis=2, keepdims=True)
    moves = np.minimum(covering.free, covering.distance[..., None] / np.maximum(2 * length, 1e-3))
    return replace(
        change,
        displacement=change.displacement * moves,
        opacity=change.opacity * covering.free,
        residual=change.residual * covering.free,
        details=tuple(_kept_free(detail, covering.free) for detail in change.details),
    )


def _distance(free: NDArray[np.bool_]) -> Float:
    """Of each pixel (S, S) from the nearest that is not free."""
    return np.asarray(cv2.distanceTransform(free.astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def _kept_free(detail: Detail, free: Float) -> Detail:
    """What is finer, as far as its place in the crop is free (S, S, 1)."""
    (x, y), (height, width) = detail.corner, detail.value.shape[:2]
    part = free[y : y + height // detail.factor, x : x + width // detail.factor]
    return replace(detail, value=detail.value * cv2.resize(part, (width, height))[..., None])


def _at(values: NDArray[Any], landmarks: NDArray[np.floating], which: tuple[int, ...]) -> NDArray[Any]:
    """What an (S, S, ...) image has at some landmarks, those beyond its border at the border."""
    x, y = np.rint(landmarks[list(which)]).astype(int).clip(0, len(values) - 1).T
    return values[y, x]


def _apart(a: NDArray[Any], b: NDArray[Any]) -> float:
    return float(np.linalg.norm(a - b))
