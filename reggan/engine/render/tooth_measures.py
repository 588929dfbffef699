"""What teeth look like, measured on photographs of people who smile: what teeth.json holds.

The mouth is unrolled along the dental arch, so that all teeth are seen from in front. Teeth are what is bright and not
red between the lips; the lines between them are found by the darkest path of plausible widths. Lengths are in IOD, y
goes down, brightness is the log of luma.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit
from reggan.engine.kit.arch import LIP_LINE, Arch, dental_arch
from reggan.engine.kit.facekit import UPPER_TEETH
from reggan.engine.pixels import grey
from reggan.engine.render.eyes import filled, smooth_curve
from reggan.engine.render.teeth import mouth_shape
from reggan.errors import InputError
from reggan.faces.topology import INNER_LIPS, LIP_MIDDLES
from reggan.teeth import LIP_SHADE, RISE

Float = NDArray[np.float32]
Array = NDArray[np.float64]

TEETH = 5  # of either side: two incisors, the canine, two premolars
ACROSS, UP = 9, 9  # samples over a tooth, from the middle of the mouth outwards and from its edge upwards
KINDS = 4

_SCALE = 300  # pixels per IOD of the unrolled mouth
_HALF, _TOP, _BOTTOM = 0.60, 0.85, 1.30  # of which this is unrolled
_EXPECTED = (0.143, 0.110, 0.117, 0.102, 0.092)  # widths, to begin with
_OPEN = 0.08  # IOD between the lips, from which on teeth are looked for
_SKULL = (1, 4, 5, 195)  # the nose: it stays when the mouth smiles
_SHADE_STEPS = 8
_TALL = 0.045  # IOD: the least height of an incisor that is worth measuring
_GUM_SEEN = 90  # percentile of the heights at which teeth are seen; the lips of the others hide more
_WHOLE, _MOST_GAIN = 0.5, 2.0  # share of a tooth that is seen; of the relief
_SHRINK = 4  # people: what a kind's few members count against everybody
_FEWEST = 12  # of teeth, that must show a place to say something of it


@dataclass(frozen=True)
class Smile:
    """One person's teeth. NaN where a tooth was not to be seen; sides are stacked.

    Attributes:
        widths, edges, bright: (2, 5) width, lower edge below the incisors', log brightness over the incisors'.
        lines: (2, 5) log brightness of the line at the tooth's inner side over its surroundings.
        outline: (2, 5, 9) how far the lower edge rises across the tooth.
        tall: (2, 5) how far up from its edge each tooth is seen.
        inside: (2, 5, 9, 9) log brightness over the tooth's own.
        tint: (2, 5, 2) CIE a and b over the incisors'.
        white: (3,) CIE Lab of the incisors.
        lightness: of the neutral face, 95th percentile of CIE L.
        edge: of the incisors below the neutral face's lip line.
        shade: (8,) log brightness of teeth at a distance from the upper lip, over the steps to `LIP_SHADE`.
        face: what the neutral mouth looks like, `mouth_shape`.
    """

    widths: Array
    edges: Array
    bright: Array
    lines: Array
    outline: Array
    tall: Array
    inside: Array
    tint: Array
    white: Array
    lightness: float
    edge: float
    shade: Array
    face: Array


def tooth_measures(pairs: Iterable[tuple[Fit, Fit]]) -> tuple[dict[str, Any], int]:
    """What teeth.json holds, and of how many people.

    Args:
        pairs: fits of a neutral and a smiling photograph of the same person.

    Raises:
        InputError: fewer than two people per kind show their teeth.
    """
    seen = [smile for neutral, smiling in pairs if (smile := measure(neutral, smiling)) is not None]
    if len(seen) < 2 * KINDS:
        raise InputError("Only {number} people show their teeth.", number=len(seen))
    lightness = np.array([s.lightness for s in seen])
    white = np.array([s.white for s in seen])
    slope, at_zero = np.polyfit(lightness, white[:, 0], 1)
    expected = at_zero + slope * lightness
    return {
        "people": len(seen),
        "lightness": _rounded([at_zero, slope]),
        "ab": _rounded(np.median(white[:, 1:], 0)),
        "edge": _rounded(np.median([s.edge for s in seen])),
        "shade": _rounded(np.nanmedian([s.shade for s in seen], 0)),
        "outline": _rounded(_middle([s.outline for s in seen])),
        "gum": _rounded(np.nanpercentile(np.concatenate([s.tall for s in seen]), _GUM_SEEN, axis=0)),
        "inside": _rounded(_filled(np.concatenate([s.inside for s in seen]))),
        "tint": _rounded(_middle([s.tint for s in seen])),
        "kinds": _kinds(seen, white[:, 0] - expected),
    }, len(seen)


def measure(neutral: Fit, smiling: Fit) -> Smile | None:
    """One person's teeth, or None if too little of them is seen."""
    lips = smiling.photo.landmarks[list(LIP_MIDDLES)]
    if np.linalg.norm(lips[0] - lips[1]) < _OPEN * smiling.photo.iod:
        return None
    arch = dental_arch(smiling.rig.kit, UPPER_TEETH)
    picture, between = unroll(smiling, arch)
    tooth = tooth_mask(picture, between)
    middle = tooth.shape[1] // 2
    front = tooth.copy()
    front[:, : middle - 40] = front[:, middle + 40 :] = False
    if front.sum() < 20 * 40:
        return None
    luma = np.log(grey(picture) + 4)
    lab = np.asarray(cv2.cvtColor(picture / 255, cv2.COLOR_RGB2LAB))
    bright = front & (luma > np.percentile(luma[front], 60))
    white, level = np.median(lab[bright], 0), float(np.percentile(luma[front], 75))
    sides = tooth_borders(picture, tooth)
    out = {
        name: np.full((2, TEETH, *more), np.nan)
        for name, more in (
            ("widths", ()),
            ("edges", ()),
            ("tall", ()),
            ("bright", ()),
            ("lines", ()),
            ("outline", (ACROSS,)),
            ("inside", (UP, ACROSS)),
            ("tint", (2,)),
        )
    }
    for side, borders in enumerate(sides):
        for k in range(min(TEETH, len(borders) - 1)):
            found = _tooth(luma - level, lab - white, tooth, between, borders[k], borders[k + 1])
            for name, value in found.items():
                out[name][side, k] = value
    if not (out["tall"][:, 0] > _TALL).any():
        return None
    first = float(np.nanmean(out["edges"][:, 0]))
    shade = _shade(luma - level, tooth, between, middle)
    edges = out.pop("edges") - first
    return Smile(
        **out,
        edges=edges,
        white=white,
        lightness=neutral.lightness,
        edge=first - _lip_line(neutral),
        shade=shade,
        face=mouth_shape(neutral),
    )


def unroll(fit: Fit, arch: Arch) -> tuple[Float, NDArray[np.bool_]]:
    """The teeth as on a flat wall, (135, 361, 3) float32 RGB, 300 pixels per IOD, and what lies between the lips."""
    along = np.linspace(-_HALF, _HALF, round(2 * _HALF * _SCALE) + 1)
    y = np.arange(_TOP, _BOTTOM, 1 / _SCALE)
    x, z = arch.at(along)
    shape = len(y), len(along)
    points = np.stack([np.broadcast_to(x, shape), np.broadcast_to(y[:, None], shape), np.broadcast_to(z, shape)], -1)
    at = fit.photo.to_fine(fit.project(points.reshape(-1, 3)) + fit.misfit[list(_SKULL)].mean(0))
    at = at.reshape(*shape, 2).astype(np.float32)
    side = len(fit.photo.pixels)
    hole = filled(smooth_curve(fit.photo.to_fine(fit.photo.landmarks[list(INNER_LIPS)]), 4), (side, side))
    picture = cv2.remap(fit.photo.pixels, at[..., 0], at[..., 1], cv2.INTER_LINEAR).astype(np.float32)
    between = cv2.remap(hole, at[..., 0], at[..., 1], cv2.INTER_NEAREST)
    return picture, cv2.erode(between, np.ones((3, 3), np.uint8)) > 0


def tooth_mask(picture: Float, between: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where teeth are: between the lips, at least 0.72 as light as the lightest around, and not red."""
    lab = np.asarray(cv2.cvtColor(picture / 255, cv2.COLOR_RGB2LAB))
    light, red = lab[..., 0], lab[..., 1]
    middle = picture.shape[1] // 2
    front = between.copy()
    front[:, : middle - 75] = front[:, middle + 75 :] = False
    if front.sum() < 50:
        return np.zeros_like(between)
    white = float(np.percentile(light[front], 80))
    hue = float(np.median(red[front & (light > white - 4)]))
    around = np.zeros(picture.shape[1])
    for k in range(len(around)):
        near = slice(max(k - 12, 0), k + 13)
        if between[:, near].sum() > 40:
            around[k] = np.percentile(light[:, near][between[:, near]], 85)
    least = 0.72 * np.minimum(white, np.maximum(around, 0.45 * white))
    mask = between & (light > least) & (red < hue + 9)
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0


def tooth_borders(picture: Float, tooth: NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    """Columns of the lines between teeth, from the middle to the viewer's left and to the right, six each at most.

    The darkest path: every tooth may have 0.72 to 1.3 times its expected width, at a cost.
    """
    light = grey(picture)
    row = cv2.morphologyEx(tooth.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, 15), np.uint8)) > 0
    height = row.sum(0)
    known = np.flatnonzero(height >= 4)
    columns = np.arange(len(height))
    mean = np.interp(columns, known, (light * row).sum(0)[known] / height[known]).astype(np.float32)[None]
    dark = 1 - mean / np.maximum(cv2.dilate(mean, np.ones((1, 31), np.uint8)), 1)
    dark = (cv2.GaussianBlur(dark, (0, 0), 1.2) - cv2.GaussianBlur(dark, (0, 0), 9))[0]
    middle = len(columns) // 2
    best: tuple[float, list[int], list[int]] = (-np.inf, [], [])
    for start in range(middle - 20, middle + 21):
        (left, to_left), (right, to_right) = (_darkest_path(dark, start, sign) for sign in (-1, 1))
        total = float(dark[start]) - 0.0008 * abs(start - middle) + left + right
        if total > best[0]:
            best = total, to_left, to_right
    return best[1:]


def _darkest_path(dark: Float, start: int, sign: int) -> tuple[float, list[int]]:
    states: dict[int, tuple[float, list[int]]] = {start: (0.0, [start])}
    for width in _EXPECTED:
        full = width * _SCALE
        reached: dict[int, tuple[float, list[int]]] = {}
        for place, (score, path) in states.items():
            for step in range(int(0.72 * full), int(1.3 * full) + 1):
                to = place + sign * step
                if not 0 <= to < len(dark):
                    continue
                value = score + float(dark[to]) - 0.25 * (step / full - 1) ** 2
                if to not in reached or value > reached[to][0]:
                    reached[to] = value, [*path, to]
        if not reached:
            break
        states = reached
    return max(states.values(), key=lambda state: state[0])


def _tooth(
    luma: Float, lab: Float, tooth: NDArray[np.bool_], between: NDArray[np.bool_], inner: int, outer: int
) -> dict[str, Any]:
    """What is measured of one tooth between two borders; nothing if too little of it is seen."""
    width = abs(outer - inner)
    low = min(inner, outer)
    middle = slice(low + width // 3, low + width - width // 3 + 1)
    columns = [np.flatnonzero(tooth[:, k]) for k in range(middle.start, middle.stop) if tooth[:, k].any()]
    if not columns:
        return {}
    top, bottom = (float(np.median([c[k] for c in columns])) for k in (0, -1))
    across = inner + (outer - inner) * (np.arange(ACROSS) + 0.5) / ACROSS
    up = bottom - RISE * _SCALE * np.arange(UP)
    grid_x, grid_y = (g.astype(np.float32) for g in np.meshgrid(across, up))

    def at(values: NDArray[Any]) -> Float:
        return np.asarray(cv2.remap(values.astype(np.float32), grid_x, grid_y, cv2.INTER_LINEAR), np.float32)

    if bottom - top < 7:
        return {}
    own = float(np.median(luma[:, middle][tooth[:, middle]]))
    lip = np.array([np.flatnonzero(between[:, round(k)])[0] if between[:, round(k)].any() else 999 for k in across])
    clean = (at(tooth) > 0.95) & (grid_y > lip + LIP_SHADE * _SCALE)
    lowest = [np.flatnonzero(tooth[:, round(k)])[-1] if tooth[:, round(k)].any() else np.nan for k in across]
    found: dict[str, Any] = {
        "widths": width / _SCALE,
        "edges": bottom / _SCALE + _TOP,
        "tall": (bottom - top) / _SCALE,
        "bright": own,
        "inside": np.where(clean, at(luma) - own, np.nan),
        "outline": np.clip((bottom - np.array(lowest)) / _SCALE, -0.01, 0.06),
        "tint": np.median(lab[:, middle][tooth[:, middle]], 0)[1:],
    }
    rows = slice(int(top) + 4, int(bottom) - 4)
    if rows.stop - rows.start > 4:
        near = luma[rows, max(inner - 18, 0) : inner + 19]
        line = luma[rows, max(inner - 3, 0) : inner + 4].min(1)
        found["lines"] = float(np.median(line - np.percentile(near, 80, axis=1)))
    return found


def _shade(luma: Float, tooth: NDArray[np.bool_], between: NDArray[np.bool_], middle: int) -> Array:
    """(8,) log brightness of the incisors at a distance from the upper lip, over that beyond its shadow."""
    rows: list[list[float]] = [[] for _ in range(_SHADE_STEPS)]
    for k in range(middle - 60, middle + 61):
        inside = np.flatnonzero(between[:, k])
        if len(inside) < 1.5 * LIP_SHADE * _SCALE:
            continue
        teeth = tooth[:, k]
        base = luma[inside[0] + round(LIP_SHADE * _SCALE) :, k][teeth[inside[0] + round(LIP_SHADE * _SCALE) :]]
        if len(base) < 5 or not teeth[inside[0] + 4]:
            continue
        for step in range(_SHADE_STEPS):
            row = inside[0] + round((step + 0.5) / _SHADE_STEPS * LIP_SHADE * _SCALE)
            rows[step].append(float(luma[row, k] - np.median(base)))
    return np.array([np.median(r) if len(r) > 5 else np.nan for r in rows])


def _lip_line(neutral: Fit) -> float:
    """y of the line between the lips on the mean face, measured from the nose."""
    lips = neutral.photo.landmarks[list(LIP_MIDDLES)].mean(0) - neutral.misfit[list(_SKULL)].mean(0)
    model = neutral.rig.kit.landmarks[list(LIP_MIDDLES)].mean(0)
    return LIP_LINE + float((lips - neutral.project(model[None])[0])[1]) / neutral.scale


def _kinds(seen: list[Smile], white: Array) -> list[dict[str, Any]]:
    """Groups of people with similar teeth: their means, and the mean shape of their neutral mouths."""
    means = [np.nanmedian([getattr(s, name) for s in seen], (0, 1)) for name in ("widths", "edges", "bright", "lines")]
    features = []
    for k, s in enumerate(seen):
        own = [
            np.where(np.isfinite(v := np.nanmean(np.vstack([getattr(s, n), m]), 0)), v, m)
            for n, m in zip(("widths", "edges", "bright", "lines"), means, strict=True)
        ]
        wide, edge, bright, line = own
        features.append(
            [wide[1] / wide[0], wide[:3].sum(), edge[1], edge[2], line[:3].mean(), bright[1:4].mean(), white[k]]
        )
    table = np.array(features)
    table = (table - table.mean(0)) / table.std(0)
    labels = _grouped(table, KINDS)
    kinds = []
    for label in range(KINDS):
        group = [s for s, of in zip(seen, labels, strict=True) if of == label]
        entry: dict[str, Any] = {"people": len(group)}
        share = len(group) / (len(group) + _SHRINK)
        for name, whole in zip(("widths", "edges", "bright", "lines"), means, strict=True):
            values = np.array([getattr(s, name) for s in group])
            enough = np.isfinite(values).sum((0, 1)) >= 3
            typical = np.where(enough, np.nanmedian(values, (0, 1)), whole)
            entry[name] = _rounded(whole + share * (typical - whole))
        entry["bright"] = np.minimum.accumulate(
            entry["bright"]
        ).tolist()  # the hindmost are seen only where it is light
        entry["white"] = _rounded(share * np.median(white[labels == label]))
        entry["mouth"] = _rounded(np.median([s.face for s in group], 0))
        kinds.append(entry)
    return kinds


def _grouped(table: Array, number: int) -> NDArray[np.intp]:
    """Labels of k-means, begun with rows that are far from each other; groups are kept of similar size."""
    chosen = [int(np.linalg.norm(table, axis=1).argmin())]
    while len(chosen) < number:
        away = np.min([np.linalg.norm(table - table[c], axis=1) for c in chosen], 0)
        chosen.append(int(np.argsort(away)[-3]))  # not the oddest of all
    centres = table[chosen]
    most = int(np.ceil(1.4 * len(table) / number))
    labels = np.zeros(len(table), np.intp)
    for _ in range(20):
        away = np.stack([np.linalg.norm(table - c, axis=1) for c in centres], 1)
        room = [most] * number
        for row in np.argsort(away.min(1)):
            labels[row] = next(int(k) for k in np.argsort(away[row]) if room[int(k)])
            room[labels[row]] -= 1
        centres = np.stack([table[labels == k].mean(0) if (labels == k).any() else centres[k] for k in range(number)])
    return labels


def _middle(values: list[Array]) -> Array:
    """Median over people and sides."""
    return np.asarray(np.nanmedian(np.concatenate(values), 0))


def _filled(inside: Array) -> Array:
    """(5, 9, 9) medians of (N, 5, 9, 9); what few show is as what lies below it; then smoothed a little."""
    enough = np.isfinite(inside).sum(0) >= _FEWEST
    out = np.where(enough, np.nanmedian(inside, 0), np.nan)
    for tooth in out:
        for row in range(UP):
            below = tooth[row - 1] if row else np.zeros(ACROSS)
            tooth[row] = np.where(np.isfinite(tooth[row]), tooth[row], below)
    smooth = np.stack([cv2.GaussianBlur(tooth, (0, 0), 0.8) for tooth in out])
    single = np.where(np.isfinite(inside).mean((2, 3), keepdims=True) > _WHOLE, inside, np.nan)
    own, mean = np.nanmedian(np.nanstd(single, (2, 3)), 0), np.nanstd(smooth, (1, 2))
    gain = np.clip(own / mean, 1, _MOST_GAIN)  # as much relief as one tooth has, which a mean of many loses
    return np.asarray(np.where(np.isfinite(gain), gain, 1)[:, None, None] * smooth, np.float64)


def _rounded(values: Any) -> Any:
    return np.round(np.asarray(values, np.float64), 3).tolist()


def written(table: dict[str, Any]) -> str:
    """The table as JSON, a line for every row of numbers."""
    text = json.dumps(table, indent=1)
    return re.sub(r"\[[^\[\]{}]*\]", lambda row: " ".join(row[0].split()), text) + "\n"
