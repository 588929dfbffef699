"""What an opening mouth shows: teeth, gums, tongue and the dark behind them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit
from reggan.engine.fit.photo import FINE
from reggan.engine.kit.facekit import GUMS, LOWER_TEETH, SOCKET, UPPER_TEETH
from reggan.engine.raster import rasterise, vertex_normals
from reggan.faces.topology import INNER_LIPS

Float = NDArray[np.float32]
Array = NDArray[np.float64]

_ALBEDO = {  # sRGB, 0 to 255
    SOCKET: (150.0, 62.0, 55.0),
    GUMS: (186.0, 104.0, 98.0),
    UPPER_TEETH: (240.0, 235.0, 224.0),
    LOWER_TEETH: (221.0, 216.0, 206.0),
}
_NOTHING = (34.0, 12.0, 10.0)
_LIGHT = (0.0, -0.25, -0.97)  # towards it
_LIT_DEPTH = 0.28  # IOD behind the incisors at which the light has gone to 1 / e
_LEFT_LIT = 0.35  # of that on the hindmost teeth, seen from in front; of a turned head the cheek hides them from light
_TURNED = 0.5  # sine of the yaw from which on they are dark
_FADED = 2.0  # how fast the darkest tone of a print that fades becomes the mouth's
_SLIT = 0.035, 0.085  # IOD: through a gap this narrow nothing is seen; from this width on everything


def mouth_layer(
    fit: Fit, moves: Float, lips: Array, opening: NDArray[np.uint8], white: Float | None, region: tuple[slice, slice]
) -> tuple[Float, Float]:
    """Draw the mouth.

    Args:
        fit: where the face lies.
        moves: (V, 3) displacement of the mouth's vertices, model units.
        lips: (20, 2) the inner edge of the lips after the expression, working pixels.
        opening: (h, w) where the mouth is seen, in the region.
        white: colour of the person's sclera, which tints the teeth.
        region: rows and columns of the working picture.

    Returns:
        (h, w, 3) float32, 0 to 255, drawn beyond the opening too, and (h, w) its opacity: a mere slit between
        pressed lips shows nothing.
    """
    rows, columns = region
    height, width = rows.stop - rows.start, columns.stop - columns.start
    mouth = fit.rig.kit.mouth
    moved = fit.offset(moves)
    xy = fit.photo.to_fine(fit.mouth + moved[:, :2]) - [columns.start, rows.start]
    light = vertex_light(fit, moves)
    colour = _albedo(mouth.part, white) * light[:, None]
    values = np.hstack([colour, (mouth.part >= UPPER_TEETH)[:, None]]).astype(np.float32)
    drawn, covered = rasterise(
        xy.astype(np.float32), fit.mouth_depth + moved[:, 2].astype(np.float32), mouth.triangles, values, height, width
    )
    picture, tooth = drawn[..., :3], drawn[..., 3]
    picture[~covered] = _NOTHING
    iod = FINE * fit.photo.iod
    picture = _close_gaps(picture, tooth > 0.5, iod)
    picture = picture * _occlusion(lips - [columns.start, rows.start], opening, iod)[..., None]
    gap = cv2.GaussianBlur(opening.sum(0).astype(np.float32)[None], (0, 0), 0.03 * iod) / iod
    wide = np.clip((gap - _SLIT[0]) / (_SLIT[1] - _SLIT[0]), 0, 1)
    return _matched(picture, fit), np.broadcast_to(wide * wide * (3 - 2 * wide), (height, width))


def vertex_light(fit: Fit, moves: Float) -> Float:
    """(V,) brightness: light from in front, less of it the further back, teeth darker to the sides."""
    mouth = fit.rig.kit.mouth
    normals = vertex_normals(mouth.vertices + moves, mouth.triangles)
    towards = np.array(_LIGHT) / np.linalg.norm(_LIGHT) @ fit.rotation
    facing = np.abs(normals @ towards)
    behind = np.clip(mouth.vertices[:, 2] - mouth.vertices[mouth.part == UPPER_TEETH, 2].min(), 0, None)
    aside = np.clip(np.abs(mouth.vertices[:, 0]) / 0.30, 0, 1)
    left = _LEFT_LIT * max(1 - abs(float(fit.rotation[0, 2])) / _TURNED, 0.0)
    teeth = (0.72 + 0.28 * facing) * (left + (1 - left) * np.exp(-behind / _LIT_DEPTH)) * (1 - 0.25 * aside**2)
    flesh = (0.5 + 0.5 * facing) * (0.16 + 0.62 * np.exp(-np.clip(behind - 0.05, 0, None) / 0.30))
    return np.where(mouth.part >= UPPER_TEETH, teeth, flesh).astype(np.float32)


def _albedo(part: NDArray[np.int8], white: Float | None) -> Float:
    tint = np.ones(3)
    if white is not None:
        tint = np.clip(0.4 + 0.6 * white / max(float(white.max()), 1.0), 0.6, 1.0)
    colour = np.array([_ALBEDO[k] for k in range(4)])
    colour[UPPER_TEETH:] *= tint
    return colour[part].astype(np.float32)


def _close_gaps(picture: Float, tooth: NDArray[np.bool_], iod: float) -> Float:
    """Fill the gaps between teeth with their neighbours' colour, a little darker: the model's stand apart."""
    across = np.ones((1, round(0.06 * iod) | 1), np.uint8)
    row = cv2.morphologyEx(tooth.astype(np.uint8), cv2.MORPH_CLOSE, across) > 0
    size = round(0.045 * iod) | 1, round(0.020 * iod) | 1
    weight = cv2.blur(tooth.astype(np.float32), size)
    mean = cv2.blur(picture * tooth[..., None], size) / np.maximum(weight, 1e-3)[..., None]
    gap = row & ~tooth & (weight > 0.1)
    out = np.where(tooth[..., None], 0.2 * mean + 0.8 * picture, picture)
    out[gap] = 0.72 * mean[gap]
    return np.asarray(out, np.float32)


def _occlusion(lips: Array, opening: NDArray[np.uint8], iod: float) -> Float:
    """Shadow of the upper lip, along all edges and in the corners."""
    height, width = opening.shape
    inside = cv2.distanceTransform(opening, cv2.DIST_L2, 5) / iod
    upper = lips[: len(INNER_LIPS) // 2 + 1]
    upper = upper[np.argsort(upper[:, 0])]
    x = np.arange(width)
    below = (np.arange(height)[:, None] - np.interp(x, upper[:, 0], upper[:, 1])) / iod
    shade = (1 - 0.55 * np.exp(-np.clip(below, 0, None) / 0.02)) * (1 - 0.35 * np.exp(-inside / 0.012))
    middle, half = (upper[0, 0] + upper[-1, 0]) / 2, max((upper[-1, 0] - upper[0, 0]) / 2, 1.0)
    return (shade * (1 - 0.55 * np.clip(np.abs(x - middle) / half, 0, 1) ** 3)).astype(np.float32)


def _matched(picture: Float, fit: Fit) -> Float:
    """As bright as the face and as colourful as it; in a picture of one tone, of that tone."""
    gain = np.clip(0.62 + 0.38 * fit.lightness / 88.0, 0.6, 1.05)
    colour = float(np.clip(fit.chroma / 18, 0, 1.1))
    picture = picture * np.float32(gain)
    grey = (picture @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
    coloured = np.clip(grey + colour * (picture - grey), 0, 255)
    matched = coloured + np.float32(fit.toned) * (_in_tones(grey[..., 0], fit) - coloured)
    return np.asarray(cv2.GaussianBlur(matched, (0, 0), 0.35 * FINE), np.float32)


def _in_tones(grey: Float, fit: Fit) -> Float:
    """(h, w, 3) of brightness (h, w), both 0 to 255, in the face's tones.

    A mouth may be darker than all else, surprise is read by it, but not in a faded print.
    """
    levels = np.linspace(0, 1, 256, dtype=np.float32)
    lab = cv2.cvtColor(np.repeat(levels[:, None, None], 3, 2), cv2.COLOR_RGB2LAB)
    lab[..., 0] = np.maximum(lab[..., 0], min(_FADED * (1 - fit.contrast), 1) * fit.palette[0, 0])
    tones = np.vstack([np.zeros(3), fit.palette])
    for k in (1, 2):
        lab[:, 0, k] = np.interp(lab[:, 0, 0], tones[:, 0], tones[:, k])
    colours = 255 * cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[:, 0]
    return colours[np.clip(np.round(grey), 0, 255).astype(np.uint8)]
