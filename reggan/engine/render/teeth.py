"""Rows of teeth as people have them: drawn from what was measured on photographs of smiles, teeth.json.

Highlights and the unevenness of enamel, crown heights and the lower row are not measured; the constants say so.
`python -m reggan.engine teeth` makes teeth.json again (reggan/engine/render/tooth_measures.py). Lengths are in IOD,
widths along the dental arch, y goes down; brightness is the log of luma.
"""

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit
from reggan.engine.fit.photo import FINE
from reggan.engine.kit.arch import LIP_LINE, Arch
from reggan.engine.kit.facekit import LOWER_TEETH, UPPER_TEETH
from reggan.engine.pixels import grey
from reggan.engine.raster import rasterise
from reggan.faces.topology import LIP_MIDDLES

Float = NDArray[np.float32]
Array = NDArray[np.float64]

UPPER, LOWER = 0, 1
_PARTS = UPPER_TEETH, LOWER_TEETH
#: Units of teeth.json, IOD: between samples upwards; below the upper lip, as far as teeth are in its shadow.
RISE, LIP_SHADE = 0.020, 0.045

_LOWER_WIDTHS = (0.62, 0.80, 0.92, 0.95, 0.98, 1.0)  # over the upper tooth's; of textbooks: few smiles show them
_LOWER_EDGE = 0.012  # IOD below the lip line while the jaws are shut
_LOWER_LIGHT = -0.16  # log brightness over the upper row's
_LOWER_RELIEF = 0.4  # their edges are worn flatter
_LINE = 0.0042  # IOD: standard deviation of the dark line between two teeth
_CONTACT = 0.55, 0.05, 0.05  # share of the line that is left where the teeth touch, so far above the edge, over so much
_LINE_COLOUR = (0.75, 1.0, 1.15)  # exponents: what is dark between teeth is brown
_CORNER = (0.013, 0.018, 0.018, 0.016, 0.014, 0.012)  # IOD by which corners are rounded beyond the measured outline
_SHINE = 0.085, 0.14, 0.085, 0.028  # by eye, of wet enamel: log brightness, size across (share), height and size (IOD)
_ENAMEL = 0.010, 0.011  # by eye: log brightness of its small unevenness; IOD, its size
_ENAMEL_SIDE = 128
_REDDER = 0.4  # share of the measured red of hinder teeth: the rest was the lips' and the gums' light
_CROWNS = (1.0, 0.86, 0.96, 0.84, 0.80)  # heights over the middle incisor's; of textbooks, lips hide the hinder ones
_PAPILLA, _GUM_SOFT = 0.04, 0.010  # IOD: how far gums come down between teeth; softness of their rim
_GUM_SHOWN = 0.012  # IOD of gum above the middle incisors that a raised lip may bare; beyond it the row rises too
_RIDGE = 0.08  # IOD of gum above the teeth, before the cheek begins
_GUM = (0.84, 0.53, 0.52)  # colour over the teeth's
_BEYOND = -0.40  # log brightness of each tooth further back than the measured ones over the one before
_ABOVE, _BELOW = 0.36, 0.08  # IOD from the edge, of the band on which a row is drawn
_COLUMNS = 49
_KIND = ("widths", "edges", "bright", "lines", "white", "mouth")
_MEASURED = ("lightness", "ab", "edge", "shade", "outline", "gum", "inside", "tint")
_COLOURFUL = 12.0  # CIE chroma of the face from which on teeth and gums have their full colour
_TURNED, _HIDDEN = 0.4, 0.8  # sine of the yaw from which on the hindmost teeth are darker by this log brightness
_UNEVEN = 0.004  # IOD, standard deviation of the edges of one mouth


@dataclass(frozen=True)
class Kind:
    """Teeth of some people with similar ones, the middle incisor first.

    Attributes:
        widths: (5,) of the teeth.
        edges: (5,) where they end below the incisors (negative: above).
        bright, lines: (5,) log brightness over the incisors', and of the line at the inner side over its surroundings.
        white: CIE L over what the skin's lightness lets expect.
        mouth: (3,) shape of these people's neutral mouths, `mouth_shape`.
    """

    widths: Array
    edges: Array
    bright: Array
    lines: Array
    white: float
    mouth: Array


@dataclass(frozen=True)
class Teeth:
    """What was measured.

    Attributes:
        lightness: (2,) CIE L of the incisors = first + second x the skin's 95th percentile of L.
        ab: (2,) CIE a and b of the incisors in studio light.
        edge: of the incisors below the neutral mouth's lip line.
        shade: (8,) log brightness under the upper lip, over `LIP_SHADE`.
        outline: (5, 9) how far the lower edge rises across the tooth, from its inner side to its outer.
        gum: (5,) from the edge to the gum, or as far up as lips let it be seen.
        inside: (5, 9, 9) log brightness over the tooth's own, upwards from the edge by `RISE`, and across.
        tint: (5, 2) CIE a and b over the incisors'.
        kinds: of mouths.
    """

    lightness: Array
    ab: Array
    edge: float
    shade: Array
    outline: Array
    gum: Array
    inside: Array
    tint: Array
    kinds: tuple[Kind, ...]


@functools.lru_cache(maxsize=1)
def measured() -> Teeth:
    """teeth.json."""
    stored: dict[str, Any] = json.loads(Path(__file__).with_name("teeth.json").read_text(encoding="utf-8"))
    kinds = [Kind(**{name: _numbers(kind[name]) for name in _KIND}) for kind in stored["kinds"]]
    return Teeth(**{name: _numbers(stored[name]) for name in _MEASURED}, kinds=tuple(kinds))


def _numbers(value: Any) -> Any:
    return np.array(value) if isinstance(value, list) else float(value)


def mouth_shape(fit: Fit) -> Array:
    """(3,) width of the mouth, height of the lips, height of the skin above them, of the neutral photograph."""
    points = fit.photo.landmarks / fit.scale
    return np.array([np.linalg.norm(points[a] - points[b]) for a, b in ((61, 291), (0, 17), (2, 0))])


def kind_of(fit: Fit) -> Kind:
    """The kind whose people have the mouth most like this one."""
    kinds = measured().kinds
    mouths = np.array([kind.mouth for kind in kinds])
    away = (mouth_shape(fit) - mouths) / (mouths.std(0) + 1e-6)
    return kinds[int((away**2).sum(1).argmin())]


def tooth_row(
    fit: Fit, row: int, moves: Float, lip: float, white: Float, region: tuple[slice, slice]
) -> tuple[Float, Float]:
    """Draw the upper or the lower teeth with their gums.

    Args:
        fit: where the face lies.
        row: `UPPER` or `LOWER`.
        moves: (V, 3) displacement of the mouth's vertices, model units.
        lip: row of the region at which the upper lip ends in its middle.
        white: (3,) colour of the incisors, 0 to 255.
        region: rows and columns of the working picture.

    Returns:
        (h, w, 3) colour and (h, w) opacity.
    """
    rows, columns = region
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if not (fit.rig.kit.mouth.part == _PARTS[row]).any():
        return np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    kind, down = kind_of(fit), 1 if row == UPPER else -1
    arch = fit.rig.arches[row]
    edge = LIP_LINE + (measured().edge if row == UPPER else _LOWER_EDGE)
    points, triangles = _band(arch, edge, down)
    camera = fit.offset(points + _carried(fit, row, points, moves))
    xy = camera[:, :2] + fit.shift + fit.misfit[list(LIP_MIDDLES)].mean(0)
    xy = fit.photo.to_fine(xy) - [columns.start, rows.start]
    if row == UPPER:
        xy[:, 1] -= _rise(xy[_COLUMNS // 2 :: _COLUMNS, 1], lip, FINE * fit.photo.iod)
    place = np.stack([_along(arch), down * (edge - points[:, 1])], 1)
    drawn, there = rasterise(
        xy.astype(np.float32), camera[:, 2].astype(np.float32), triangles, place.astype(np.float32), height, width
    )
    light, colour, opacity = _drawn(kind, row, drawn[..., 0], drawn[..., 1], FINE * fit.photo.iod)
    turned = min(abs(float(fit.rotation[0, 2])) / _TURNED, 1.0)  # the cheek hides what is far back from the light
    light = light - turned * _HIDDEN * np.clip((np.abs(drawn[..., 0]) - 0.35) / 0.25, 0, 1)
    picture = white * colour * np.exp(np.float32(fit.contrast) * light)[..., None]
    luma = grey(picture)[..., None]
    share = np.float32(min(fit.chroma / _COLOURFUL, 1.0))
    return luma + share * (picture - luma), opacity * there


def _rise(middle: Array, lip: float, iod: float) -> float:
    """Pixels by which the row is drawn higher, so that a raised lip bares teeth and not gums alone.

    Args:
        middle: (2,) rows of the band's upper and lower end in the middle of the face.
        lip: row of the upper lip's edge there.
        iod: pixels.
    """
    above = (_ABOVE - measured().gum[0]) / (_ABOVE + _BELOW)  # share of the band above the middle incisors
    gum_line = middle[0] + above * (middle[1] - middle[0])
    return float(max(gum_line - _GUM_SHOWN * iod - lip, 0.0))


def _along(arch: Arch) -> Array:
    return np.tile(np.linspace(arch.along[0], arch.along[-1], _COLUMNS), 2)


def _band(arch: Arch, edge: float, down: int) -> tuple[Array, NDArray[np.int32]]:
    """(2 _COLUMNS, 3) points on the wall along the arch, and triangles."""
    x, z = arch.at(_along(arch))
    y = np.repeat([edge - down * _ABOVE, edge + down * _BELOW], _COLUMNS)
    k = np.arange(_COLUMNS - 1)
    first = np.stack([k, k + 1, k + _COLUMNS], 1)
    second = np.stack([k + 1, k + _COLUMNS + 1, k + _COLUMNS], 1)
    return np.stack([x, y, z], 1), np.concatenate([first, second]).astype(np.int32)


def _carried(fit: Fit, row: int, points: Array, moves: Float) -> Array:
    """(N, 3) how far the jaw carries points, an affine map of how it carries the model's own teeth of that row."""
    mouth = fit.rig.kit.mouth
    own = mouth.part == _PARTS[row]
    known, to = mouth.vertices[own][::8], moves[own][::8]
    terms, wanted = (np.hstack([np.ones((len(p), 1)), p[:, 1:]]) for p in (known, points))
    return np.asarray(wanted @ np.linalg.lstsq(terms, to, rcond=1e-6)[0], np.float64)


def _drawn(kind: Kind, row: int, along: Float, up: Float, iod: float) -> tuple[Float, Float, Float]:
    """Teeth at places along the arch and above the incisors' edge, (h, w) each.

    Returns:
        (h, w) log brightness, (h, w, 3) colour over the incisors', (h, w) opacity.
    """
    teeth = measured()
    number = len(kind.widths) + 1
    widths = np.append(kind.widths, kind.widths[-1] * 1.2)
    edges = np.append(kind.edges, kind.edges[-1] - 0.008)
    bright = np.append(kind.bright, kind.bright[-1] + _BEYOND)
    lines, gum = (np.append(v, v[-1]) for v in (kind.lines, teeth.gum[0] * np.array(_CROWNS)))
    if row == LOWER:
        widths, edges, bright = widths * _LOWER_WIDTHS, -0.8 * edges, bright + _LOWER_LIGHT
    borders = np.concatenate([[0.0], np.cumsum(widths)])

    aside = np.abs(along)
    k = np.clip(np.searchsorted(borders, aside, side="right") - 1, 0, number - 1)
    across = np.clip((aside - borders[k]) / widths[k], 0, 1)  # from the inner side to the outer
    uneven = _UNEVEN * np.random.default_rng(row).standard_normal((2, number))  # always the same: to be learned
    level = edges[k] if row == UPPER else np.interp(aside, borders[:-1] + widths / 2, edges)  # outlines slope above
    height = up + level + uneven[(along > 0).astype(int), k]
    stored = np.minimum(k, len(teeth.outline) - 1)
    if row == LOWER:
        stored = np.maximum(stored, 1)  # the lower incisors are like the upper lateral ones

    outline = _looked_up(teeth.outline[:, None], stored, across, np.zeros_like(across))
    corner = np.clip((np.abs(2 * across - 1) - 0.55) / 0.45, 0, 1) ** 2
    if row == LOWER:
        outline, corner = np.zeros_like(outline), _LOWER_RELIEF * corner
    rise = outline + np.array(_CORNER)[k] * corner * np.where(across > 0.5, 1.3, 0.7)
    opacity = np.clip((height - rise) * iod + 0.5, 0, 1)

    from_line = np.minimum(across, 1 - across) * widths[k]
    depth = np.where(across < 0.5, lines[k], lines[np.minimum(k + 1, number - 1)])
    touching = np.exp(-(((height - _CONTACT[1]) / _CONTACT[2]) ** 2))
    line = 1.25 * depth * (1 - (1 - _CONTACT[0]) * touching) * np.exp(-0.5 * (from_line / _LINE) ** 2)
    inside = _looked_up(teeth.inside, stored, across, np.maximum(height, 0))
    between = bright[k] + (bright[np.minimum(k + 1, number - 1)] - bright[k]) * np.clip(across - 0.5, 0, 0.5)
    light = between + inside + _edge_light(height - rise) + _shine(across, height, k, along > 0)
    x, y = ((v / _ENAMEL[1] * 4) % (_ENAMEL_SIDE - 1) for v in (along + 10, height + 10))
    light = light + cv2.remap(_enamel(), x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    tint = _tint(teeth.tint - teeth.tint[0])[stored] * np.exp(line[..., None] * np.array(_LINE_COLOUR))
    over = gum[k] - _PAPILLA * np.abs(2 * across - 1) ** 2.5
    red = np.clip((height - over) / _GUM_SOFT + 0.5, 0, 1)
    light = light + red * (np.where(aside < borders[-1], bright[k], bright[-1]) - light)
    colour = tint + red[..., None] * (np.array(_GUM) - tint)
    opacity = opacity * (aside < borders[-1]) * np.clip((over + _RIDGE - height) / (0.4 * _RIDGE), 0, 1)
    return light.astype(np.float32), colour.astype(np.float32), opacity.astype(np.float32)


def _edge_light(height: Array) -> Array:
    """Enamel is thin at the edge and lets the dark behind it through."""
    return -0.10 * np.exp(-np.maximum(height, 0) / 0.010)


def _shine(across: Array, height: Array, tooth: NDArray[np.intp], side: NDArray[np.bool_]) -> Array:
    """Where a wet tooth mirrors the light: a soft spot, a little elsewhere on each."""
    off = 0.08 * np.random.default_rng(7).standard_normal((2, tooth.max() + 1))[side.astype(int), tooth]
    strength, wide, at, tall = _SHINE
    return strength * np.exp(-(((across - 0.36 - off) / wide) ** 2) - ((height - at - 0.2 * off) / tall) ** 2)


@functools.lru_cache(maxsize=1)
def _enamel() -> Float:
    """(128, 128) smooth noise, 4 pixels to its size, that has no seam."""
    white = np.random.default_rng(3).standard_normal((_ENAMEL_SIDE - 1,) * 2).astype(np.float32)
    soft = cv2.GaussianBlur(np.tile(white, (3, 3)), (0, 0), 1.6)[_ENAMEL_SIDE - 1 :][:_ENAMEL_SIDE, _ENAMEL_SIDE - 1 :]
    soft = soft[:, :_ENAMEL_SIDE]
    return np.asarray(_ENAMEL[0] * soft / soft.std(), np.float32)


def _looked_up(table: Array, tooth: NDArray[np.intp], across: Array, height: Array) -> Float:
    """Values of (T, R, C) tables at places on teeth, linearly; rows are `RISE` apart."""
    number, rows, columns = table.shape
    side_by_side = np.asarray(table.transpose(1, 0, 2).reshape(rows, number * columns), np.float32)
    x = tooth * columns + np.clip(across * columns - 0.5, 0, columns - 1)
    y = np.clip(height / RISE, 0, rows - 1)
    return np.asarray(cv2.remap(side_by_side, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR), np.float32)


def _tint(ab: Array) -> Array:
    """(N, 3) colour over the incisors' of CIE a and b over theirs."""
    own = ab * np.array([_REDDER, 1.0]) + measured().ab
    lab = np.concatenate([np.full((len(ab), 1), 85.0), own], 1).astype(np.float32)
    white = np.array([[85.0, *measured().ab]], np.float32)
    colours, base = (cv2.cvtColor(v[None], cv2.COLOR_LAB2RGB)[0] for v in (lab, white))
    return np.asarray(colours / base, np.float64)
