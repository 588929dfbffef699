"""What an opening mouth shows: teeth, gums, tongue and the dark behind them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit
from reggan.engine.fit.photo import FINE
from reggan.engine.kit.facekit import GUMS, UPPER_TEETH
from reggan.engine.pixels import grey, to_lab
from reggan.engine.raster import rasterise, vertex_normals
from reggan.engine.render.teeth import kind_of, tooth_row
from reggan.faces.topology import INNER_LIPS, LIP_MIDDLES
from reggan.teeth import FROM_SKIN, LIP_SHADE, LOWER, SCLERA, SKIN_CHROMA, UPPER, VEINS, measured

Float = NDArray[np.float32]
Array = NDArray[np.float64]

_ALBEDO = np.array([(150.0, 62.0, 55.0), (186.0, 104.0, 98.0)])  # of SOCKET and GUMS, sRGB, 0 to 255
_NOTHING = (34.0, 12.0, 10.0)
_LIGHT = (0.0, -0.25, -0.97)  # towards it
_SKIN_TONE = 5  # of the palette
_OVER_PRINT = 0.35  # share by which teeth may be lighter than the skin of a print of one tone and full contrast
_UNSHADED = 1.04  # what edges and the lip's shadow take of the brightness that was measured with them
_OVER_SCLERA, _OVER_SKIN = 1.4, 1.0  # CIE L of teeth: at most over the sclera's, at least over the skin's
_FADED = 2.0  # how fast the darkest tone of a print that fades becomes the mouth's
_SHADE_AT = (np.arange(8) + 0.5) / 8 * LIP_SHADE
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
    flesh = mouth.part < UPPER_TEETH
    colour = _ALBEDO[np.where(flesh, mouth.part, GUMS)] * flesh_light(fit, moves)[:, None]
    drawn, covered = rasterise(
        xy.astype(np.float32),
        fit.mouth_depth + moved[:, 2].astype(np.float32),
        mouth.triangles[flesh[mouth.triangles].all(1)],
        colour.astype(np.float32),
        height,
        width,
    )
    drawn[~covered] = _NOTHING
    iod = FINE * fit.photo.iod
    inside = cv2.distanceTransform(opening, cv2.DIST_L2, 5) / iod
    below, aside = _from_lip(lips - [columns.start, rows.start], height, width, iod)
    dark = (1 - 0.55 * np.exp(-below / 0.02)) * (1 - 0.35 * np.exp(-inside / 0.012)) * (1 - 0.55 * aside**3)
    picture = _matched(drawn * dark[..., None].astype(np.float32), fit)
    shade = np.exp(fit.contrast * np.interp(below, _SHADE_AT, measured().shade, right=0.0))
    shade = (shade * (1 - 0.2 * np.exp(-inside / 0.010)) * (1 - 0.5 * aside**5)).astype(np.float32)
    tooth_white = _white(fit, white)
    lip = float(lips[INNER_LIPS.index(LIP_MIDDLES[0]), 1]) - rows.start
    for row in (LOWER, UPPER):
        teeth, alpha = tooth_row(fit, row, moves, lip, tooth_white, region)
        picture = picture + alpha[..., None] * (_toned(teeth * shade[..., None], fit) - picture)
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.35 * FINE), np.float32)
    gap = cv2.GaussianBlur(opening.sum(0).astype(np.float32)[None], (0, 0), 0.03 * iod) / iod
    wide = np.clip((gap - _SLIT[0]) / (_SLIT[1] - _SLIT[0]), 0, 1)
    return picture, np.broadcast_to(wide * wide * (3 - 2 * wide), (height, width))


def flesh_light(fit: Fit, moves: Float) -> Float:
    """(V,) brightness of gums, tongue and socket: light from in front, less of it the further back."""
    mouth = fit.rig.kit.mouth
    normals = vertex_normals(mouth.vertices + moves, mouth.triangles)
    towards = np.array(_LIGHT) / np.linalg.norm(_LIGHT) @ fit.rotation
    facing = np.abs(normals @ towards)
    behind = np.clip(mouth.vertices[:, 2] - fit.rig.arches[UPPER].z.min() - 0.05, 0, None)
    return ((0.5 + 0.5 * facing) * (0.16 + 0.62 * np.exp(-behind / 0.30))).astype(np.float32)


def _white(fit: Fit, sclera: Float | None) -> Float:
    """(3,) colour of the incisors, 0 to 255, in the picture's light: as bright and warm as people's, against their skin
    and the white of their eyes."""
    teeth = measured()
    light = float(teeth.lightness[0] + teeth.lightness[1] * fit.lightness + kind_of(fit).white)
    cast = _beyond(fit.palette[_SKIN_TONE, 1:], SKIN_CHROMA) * FROM_SKIN
    if sclera is None:
        light = min(light, 1.15 * fit.lightness)
    else:
        seen = to_lab(np.clip(sclera, 0, 255).round().astype(np.uint8)[None, None])[0, 0]
        light = min(light, max(_OVER_SCLERA * float(seen[0]), _OVER_SKIN * fit.lightness))
        cast = cast + _beyond(seen[1:] - np.array(SCLERA), VEINS)
    light -= fit.toned * max(light - (1 + _OVER_PRINT * fit.contrast) * fit.lightness, 0.0)
    hue = teeth.ab + cast
    lab = np.array([[[min(light, 97.0), *hue]]], np.float32)
    return np.asarray(255 * np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0, 0], 0, 1) * _UNSHADED, np.float32)


def _beyond(ab: NDArray[np.floating], usual: float) -> NDArray[np.floating]:
    """What a colour (2,) CIE ab has over the usual length, in its direction."""
    return ab * max(1 - usual / max(float(np.linalg.norm(ab)), 1e-3), 0.0)


def _from_lip(lips: Array, height: int, width: int, iod: float) -> tuple[Array, Array]:
    """(h, w) distance below the upper lip in IOD, zero above it, and (w,) from the middle of the mouth, 1 in its
    corners."""
    upper = lips[: len(INNER_LIPS) // 2 + 1]
    upper = upper[np.argsort(upper[:, 0])]
    x = np.arange(width)
    below = (np.arange(height)[:, None] - np.interp(x, upper[:, 0], upper[:, 1])) / iod
    middle, half = (upper[0, 0] + upper[-1, 0]) / 2, max((upper[-1, 0] - upper[0, 0]) / 2, 1.0)
    return np.clip(below, 0, None), np.clip(np.abs(x - middle) / half, 0, 1)


def _matched(picture: Float, fit: Fit) -> Float:
    """Flesh as bright as the face and as colourful as it; in a picture of one tone, of that tone."""
    gain = np.clip(0.62 + 0.38 * fit.lightness / 88.0, 0.6, 1.05)
    colour = float(np.clip(fit.chroma / 18, 0, 1.1))
    picture = picture * np.float32(gain)
    luma = grey(picture)[..., None]
    return _toned(luma + colour * (picture - luma), fit)


def _toned(picture: Float, fit: Fit) -> Float:
    """In a picture of one tone, of that tone."""
    picture = np.clip(picture, 0, 255)
    if not fit.toned:
        return picture
    return np.asarray(picture + np.float32(fit.toned) * (_in_tones(grey(picture), fit) - picture), np.float32)


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
