"""What rows of teeth look like: as people's, measured on photographs of smiles, teeth.json.

Highlights and the unevenness of enamel, crown heights and the lower row are not measured; the constants say so.
`python -m reggan.engine teeth` makes teeth.json again (reggan/engine/render/tooth_measures.py). Lengths are in IOD, eye
distances; widths along the dental arch, y goes down; brightness is the log of luma.
"""

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Array = NDArray[np.float64]

UPPER, LOWER = 0, 1
#: Units of teeth.json, IOD: between samples upwards; below the upper lip, as far as teeth are in its shadow.
RISE, LIP_SHADE = 0.020, 0.045
#: Tint of the incisors, CIE ab: of 34 people's sclera in the light in which teeth were measured, by how much one may be
#: redder without the light being so; chroma of skin in white light, and the share of the rest that teeth have too.
SCLERA, VEINS = (3.5, 1.7), 5.0
SKIN_CHROMA, FROM_SKIN = 22.0, 0.6

_LOWER_WIDTHS = (0.62, 0.80, 0.92, 0.95, 0.98, 1.0)  # over the upper tooth's; of textbooks: few smiles show them
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
_RIDGE = 0.08  # IOD of gum above the teeth, before the cheek begins
_GUM = (0.84, 0.53, 0.52)  # colour over the teeth's
_BEYOND = -0.40  # log brightness of each tooth further back than the measured ones over the one before
_KIND = ("widths", "edges", "bright", "lines", "white", "mouth")
_MEASURED = ("lightness", "ab", "edge", "shade", "outline", "gum", "inside", "tint")
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


def draw_row(kind: Kind, row: int, along: Float, up: Float, iod: float) -> tuple[Float, Float, Float]:
    """Teeth at places along the arch and above the incisors' edge, (h, w) each.

    Args:
        kind: of teeth.
        row: `UPPER` or `LOWER`.
        along: from the middle, negative on the viewer's left.
        up: from the incisors' edge towards the gums.
        iod: pixels to an eye distance; edges are as sharp as the pixels.

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
