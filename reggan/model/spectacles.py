"""Frames of spectacles, so that they stay as they are and the face moves behind them (`covered.py`).

The displacement is smooth, and would bend a frame with the brows above it and the cheeks below. But frames can be
found: around each eye runs a closed line that is darker or brighter than skin, below the eye too, where bare faces have
none. It is traced in polar coordinates, for both eyes together, because frames are alike on both sides; then the
bridge, and the temples as far as they are to be seen. Rimless lenses and thin wires are not found, and bend as before.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reggan.faces.align import EYE_DISTANCE, EYE_MIDPOINT
from reggan.model.arrays import Image

Float = NDArray[np.float32]

_ANGLES = 96  # around an eye, 0 outwards, then downwards
_RADII = 0.15, 0.62  # eye distances from the middle of the eye, within which frames run
_SCALES = 1.0, 2.0  # pixels of the crop, of lines
_BRIGHT = 0.6  # how much a bright line counts, beside a dark one, which has bright ones to its sides
_ENOUGH = 0.3  # strength of a line from which more of it says little more
_BEND = 0.015  # strength that a step of one pixel to the side costs
_STEP = 3  # pixels that a line goes to the side at most, from one place to the next
_APART = 5  # pixels by which the two sides may differ
_SURE = 0.12  # median strength of the line below both eyes from which it is a frame
_BELOW, _OUTWARDS = 0.22, 0.26  # eye distances from the eye's middle: what is nearer is a lid or the shadow of a brow
_END = 0.06  # strength at which a temple ends
_THICK = 1.6, 1.5  # how much thicker than below the eye a frame may be: a share, and pixels
_WIDEST = 9  # pixels to each side of its line
_BRIDGE = -0.28, 0.12  # eye distances below the eyes, between which it lies
_TEMPLE = 0.12, 0.45  # eye distances: how far it goes up and down, and how far outwards
_INSIDE = 5, 6, 7  # pixels from the line towards the eye, where there is skin
_BITS = 4  # of fractions of pixels, in what is drawn
_NO_MAP = np.empty(0, np.float32)  # OpenCV's second map: none, since x and y are in one


class Lines(NamedTuple):
    """What may be frames in a crop (S, S)."""

    light: Float  # logarithm of brightness
    strength: Float  # of lines


def spectacles(crop: Image) -> NDArray[np.bool_] | None:
    """Where in an aligned face (S, S, 3) frames are, (S, S); None if it wears none that can be seen."""
    lines = _lines(crop)
    places = [_around(len(crop), side) for side in (-1, 1)]  # (A, R, 2) each, the left eye first
    strengths = [_at(lines.strength, p) for p in places]
    common = _trace(np.mean(strengths, 0), closed=True)
    near = np.abs(np.arange(len(places[0][0])) - common[:, None]) <= _APART
    paths = [_trace(np.where(near, s, -1.0), closed=True) for s in strengths]
    angles, below = np.arange(_ANGLES), slice(_ANGLES // 12, 5 * _ANGLES // 12)
    sure = min(float(np.median(s[angles, path][below])) for s, path in zip(strengths, paths, strict=True))
    radius = _RADII[0] + np.array(paths) / (EYE_DISTANCE * len(crop))
    outwards = np.roll(radius, _ANGLES // 16, 1)[:, : _ANGLES // 8]
    if sure < _SURE or np.median(radius[:, below]) < _BELOW or np.median(outwards) < _OUTWARDS:
        return None

    mask = np.zeros(crop.shape[:2], np.uint8)
    rims = []
    for p, path in zip(places, paths, strict=True):
        for edge, value in zip(_edges(_at(lines.light, p), path, below), (1, 0), strict=True):
            curve = p[angles, edge.clip(0, p.shape[1] - 1)]
            cv2.fillPoly(mask, [_fixed(curve)], (value,), shift=_BITS)
        rims.append(p[angles, path])
    length = sum(cv2.arcLength(rim, True) for rim in rims)
    thick = max(2, round(float(mask.sum()) / length))
    for line in (_bridge(lines, *rims), *(_temple(lines, rim, way) for rim, way in zip(rims, (-1, 1), strict=True))):
        if len(line) > 1:
            cv2.polylines(mask, [_fixed(line)], False, (1,), thick, shift=_BITS)
    return cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0


def _lines(crop: Image) -> Lines:
    """Strength: the larger eigenvalue of the Hessian of the logarithm of brightness, over scales; of dark lines, and of
    bright ones a little less."""
    light = np.log(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32) + 12)
    strength = np.zeros_like(light)
    for scale in _SCALES:
        soft = cv2.GaussianBlur(light, (0, 0), scale)
        xx, yy, xy = (cv2.Sobel(soft, cv2.CV_32F, *order, ksize=3) / 4 for order in ((2, 0), (0, 2), (1, 1)))
        mean, spread = (xx + yy) / 2, np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
        strength = np.maximum(strength, scale**2 * np.maximum(mean + spread, _BRIGHT * (spread - mean)))
    return Lines(light, strength)


def _around(size: int, side: int) -> Float:
    """Positions (A, R, 2) in the crop around the left (-1) or the right (1) eye, mirror images of each other."""
    unit = EYE_DISTANCE * size
    radius = np.arange(_RADII[0] * unit, _RADII[1] * unit)
    angle = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    x = (EYE_MIDPOINT[0] + side * EYE_DISTANCE / 2) * size - 0.5 + side * np.cos(angle)[:, None] * radius
    y = EYE_MIDPOINT[1] * size - 0.5 + np.sin(angle)[:, None] * radius
    return np.stack([x, y], -1).astype(np.float32)


def _trace(strength: NDArray[np.floating], closed: bool = False) -> NDArray[np.int64]:
    """The strongest line (N,) of columns through (N, M), one of each row, by dynamic programming."""
    n, m = strength.shape
    rows = np.concatenate([strength, strength[: n // 4]]) if closed else strength
    rows = rows / (1 + np.maximum(rows, 0) / _ENOUGH)
    came = np.zeros(rows.shape, np.int64)
    steps = np.arange(-_STEP, _STEP + 1)
    price = (_BEND * np.abs(steps)).astype(rows.dtype)[:, None]
    padded = np.full(m + 2 * _STEP, -np.inf, rows.dtype)
    best, neighbours = padded[_STEP : _STEP + m], sliding_window_view(padded, m)  # (M,), (2 _STEP + 1, M): both show it
    best[:] = rows[0]
    for k in range(1, len(rows)):
        before = neighbours - price
        came[k] = before.argmax(0)
        best[:] = rows[k] + before.max(0)
    path = [int(best.argmax())]
    for k in range(len(rows) - 1, 0, -1):
        path.append(path[-1] + int(steps[came[k, path[-1]]]))
    line = np.array(path[::-1])
    return np.concatenate([line[n:], line[n // 4 : n]]) if closed else line


def _edges(light: Float, path: NDArray[np.int64], below: slice) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Outer and inner radius of a rim, (A,) each: as far as it looks as on its line (A,), and hardly thicker than below
    the eye, where it meets no brow."""
    rows, last = np.arange(len(path)), light.shape[1] - 1
    frame = np.median(light[rows, path][below])
    skin = np.median(np.stack([light[rows, (path - d).clip(0, last)] for d in _INSIDE]))
    like = (light - (frame + skin) / 2) * np.sign(skin - frame) < 0
    edges = []
    for way in (1, -1):
        on = np.stack([like[rows, (path + way * d).clip(0, last)] for d in range(1, _WIDEST + 1)], 1)
        runs = np.where(on.all(1), _WIDEST, on.argmin(1))
        most = _THICK[0] * np.median(runs[below]) + _THICK[1]
        smooth = np.median(np.stack([np.roll(np.minimum(runs, most), k) for k in range(-2, 3)]), 0)
        edges.append(path + way * (np.rint(smooth).astype(np.int64) + 1))
    return edges[0], edges[1]


def _bridge(lines: Lines, left: Float, right: Float) -> Float:
    """From rim to rim (A, 2): (N, 2)."""
    size = len(lines.light)
    top, bottom = (size * (EYE_MIDPOINT[1] + EYE_DISTANCE * t) for t in _BRIDGE)
    return _across(lines, left[_ANGLES // 2], right[_ANGLES // 2], (top, bottom))


def _temple(lines: Lines, rim: Float, way: int) -> Float:
    """From the outermost place of a rim (A, 2) outwards, as far as it is to be seen: (N, 2)."""
    unit = EYE_DISTANCE * len(lines.light)
    start = rim[np.argmax(way * rim[:, 0])]
    stop = start + np.array([way * _TEMPLE[1] * unit, 0], np.float32)
    line = _across(lines, start, stop, (start[1] - _TEMPLE[0] * unit, start[1] + _TEMPLE[0] * unit))
    weak = _at(lines.strength, line) < _END
    return line[: int(weak.argmax())] if weak.any() else line


def _across(lines: Lines, start: Float, end: Float, rows: tuple[float, float]) -> Float:
    """The strongest line between two columns of the crop, within some rows: (N, 2)."""
    x = np.linspace(start[0], end[0], max(2, round(abs(float(end[0] - start[0])))))
    places = np.stack(np.meshgrid(x, np.arange(*rows), indexing="ij"), -1).astype(np.float32)
    return np.asarray(places[np.arange(len(x)), _trace(_at(lines.strength, places))], np.float32)


def _at(image: Float, places: Float) -> Float:
    """An image (S, S) at positions (..., 2)."""
    flat = places.reshape(1, -1, 2)
    found = cv2.remap(image, flat, _NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32).reshape(places.shape[:-1])


def _fixed(curve: Float) -> NDArray[np.int32]:
    """Positions as OpenCV draws them with `shift`."""
    return np.rint(2**_BITS * curve).astype(np.int32)
