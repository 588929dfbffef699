"""A face that moves behind the frame of its spectacles, which stays as it is.

Were the skin beside a frame only to move as far as it shows no frame, brows and lids of people with spectacles could
hardly move at all. So there are two layers: the frame, which stays, and the face without it, which moves. What the
frame hides of the face, and what is seen through glass where it comes out from behind it, is filled in smoothly from
the skin around, and brows from what is seen of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.faces import Change
from reggan.faces.topology import BROWS, FACE_OVAL
from reggan.model.arrays import Image

Float = NDArray[np.float32]

_EDGE, _RIM = 1, 3  # pixels of the crop around a frame that stay with it, and that have its shadow or its light
_SOFT = 0.7, 1.5, 4.0  # pixels: how soft are the frame's edge, that of what is filled in, the face's
# Of what is filled in: from how many pixels around, how many tell what skin looks like there, and how much like it, RGB
# in [0, 1].
_AROUND, _WINDOW, _ALIKE = 4.0, 25, 0.12
_SEEN = 0.53  # of the brows
_WIDER = 4.0, 0.02  # times as far around, with so little weight, where nothing is near
_NO_MAP = np.empty(0, np.float32)  # OpenCV's second map: none, since x and y are in one


class Frame(NamedTuple):
    """The frame of a face's spectacles, and the face without it, in the aligned crop."""

    stays: Float  # (S, S, 1) in [0, 1], where it is
    glass: Float  # (S, S, 1) in [0, 1], where the face is seen through it
    # (S, S, 4) in [0, 1]: the face as filled in, RGB, and where that is needed.
    beside: Float  # for what is not seen through the glass, which has a tint, and the frame's shadow
    through: Float  # for what is


def brows_are_seen(landmarks: NDArray[np.floating], frame: NDArray[np.bool_]) -> bool:
    """Whether enough of the brows is beside a frame (S, S) to tell how the rest looks. If not, a brow may have been
    taken for the frame, and the face is better moved only as far as it shows no frame."""
    brow = _brows(landmarks, len(frame))
    return bool((brow & ~frame).sum() > _SEEN * brow.sum())


def frame_before(crop: Image, landmarks: NDArray[np.floating], frame: NDArray[np.bool_]) -> Frame:
    """Of a crop (S, S, 3) with landmarks (478, 2), and a frame (S, S) as `spectacles` finds it."""
    oval, brow = within(landmarks, FACE_OVAL, len(crop)), _brows(landmarks, len(crop))
    glass, rim = _enclosed(frame), _wider(frame, _RIM)
    masks = _wider(frame, _EDGE), _wider(glass, _EDGE), oval
    stays, seen_through, face = (_blurred(m, s) for m, s in zip(masks, _SOFT, strict=True))
    rgb = crop.astype(np.float32) / 255
    hair = _mean(rgb, brow & ~rim)
    hairy = _blurred(brow, _SOFT[0])[..., None]
    layers = []
    for hidden in (rim | (glass & ~_wider(brow, _EDGE)), rim):
        skin = _filled(rgb, hidden | brow)
        filled = skin + hairy * (hair - skin)
        layers.append(np.dstack([filled, _blurred(hidden, _SOFT[1]) * face]))  # outside of the face is no skin
    return Frame(stays[..., None], seen_through[..., None], *layers)


def behind_frame(change: Change, frame: Frame) -> Change:
    """The change of the face alone; where skin would show the frame it shows what is behind it."""
    y, x = np.mgrid[: change.size, : change.size].astype(np.float32)
    where = np.stack([x, y], -1) + change.displacement
    beside, through = (
        cv2.remap(layer, where, _NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for layer in (frame.beside, frame.through)
    )
    seen = beside + frame.glass * (through - beside)
    moves = np.linalg.norm(change.displacement, axis=2, keepdims=True).clip(0, 1)
    hit = seen[..., 3:] * moves  # where nothing moves the picture itself is seen
    opacity = 1 - (1 - change.opacity) * (1 - hit)
    painted = change.opacity * change.paint + (1 - change.opacity) * hit * seen[..., :3]
    paint = np.where(opacity > 0, painted / np.maximum(opacity, 1e-3), change.paint).astype(np.float32)
    return replace(change, opacity=opacity, paint=paint, stays=frame.stays)


def _brows(landmarks: NDArray[np.floating], size: int) -> NDArray[np.bool_]:
    return within(landmarks, BROWS[0], size) | within(landmarks, BROWS[1], size)


def within(landmarks: NDArray[np.floating], outline: Sequence[int], size: int) -> NDArray[np.bool_]:
    """Where in a crop of side `size` an outline of landmarks (478, 2) goes around."""
    inside = np.zeros((size, size), np.uint8)
    return cv2.fillPoly(inside, [landmarks[list(outline)].round().astype(np.int32)], (1,)) > 0


def _enclosed(frame: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What a frame goes around."""
    outside = np.pad(frame.astype(np.uint8), 1)
    cv2.floodFill(outside, None, (0, 0), (2,))
    return (outside == 0)[1:-1, 1:-1]


def _wider(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1,) * 2)
    return cv2.dilate(mask.astype(np.uint8), kernel) > 0


def _filled(rgb: Float, hidden: NDArray[np.bool_]) -> Float:
    """A crop with the skin around in the place of what is hidden: a mean, in which what is like skin counts."""
    first = _mean(rgb, ~hidden)
    skin = cv2.medianBlur((255 * first).astype(np.uint8), _WINDOW).astype(np.float32) / 255
    away = ((rgb - skin) ** 2).sum(-1) / _ALIKE**2
    return _mean(rgb, (~hidden) * (np.exp(-0.5 * away) + 1e-3))


def _mean(image: Float, weight: NDArray[Any]) -> Float:
    """Around every point, of what counts."""
    weighed = np.dstack([image * weight[..., None], weight]).astype(np.float32)
    small = cv2.resize(weighed, None, fx=1 / _WIDER[0], fy=1 / _WIDER[0], interpolation=cv2.INTER_AREA)
    wider = cv2.resize(_blurred(small, _AROUND), weighed.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    total = _blurred(weighed, _AROUND) + _WIDER[1] * wider
    return np.asarray(total[..., :3] / total[..., 3:].clip(1e-9), np.float32)


def _blurred(image: NDArray[Any], sigma: float) -> Float:
    return np.asarray(cv2.GaussianBlur(image.astype(np.float32), (0, 0), sigma), np.float32)
