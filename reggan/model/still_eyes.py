"""Eyeballs stay where they are while lids move over them.

Stage 2's displacement D is smooth, so lids that open stretch the iris, and its catch-light, into an egg. But where lids
are is known from the landmarks, and where they go from D; and what is between them does not move. With d and d' the
distance to the lids before and after, positive between them,

    D(u) <- (1 - still(u)) D(u),   still = step(d') step(d) step(distance to the upper lid before - margin)      (9)

and what was behind a lid, d' > 0 and not still, is painted: an iris is round, so that what was hidden of it is what
lies opposite, without a second catch-light; around it is the white of the same eye; a lid throws a shadow. The margin
takes the old lid's shadow and its lashes along. Only where eyes open, and where an iris and some white are to be seen:
carved eyes and dark ones stay as stage 2 has them. Above the lid D would stretch its lashes and its make-up; there the
skin goes where the lid goes, and stretches further up. Nothing of this is trained. Our choice; the paper has nothing
like it.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from reggan.faces.topology import EYES, IRISES, UPPER_LID
from reggan.model.arrays import smoothstep
from reggan.model.finer_grid import cut, square_points
from reggan.model.frame import normalise, sample, sample_at
from reggan.model.iris import find_irises, over_both
from reggan.model.mouth_geometry import line_distance, lip_distance
from reggan.model.refinement import Edit

SIDE = 64  # of the square around an eye, pixels of the crop
_STEPS, _STEP = 12, 0.7  # of the search for where a lid goes
_MARGIN, _SOFT = 1.6, 1.5  # pixels under the upper lid that its lashes and its shadow darken; over which things set in
_LASHES, _HANG = (0.7, 0.2), 5.0  # of the white's brightness, what is darker is a lash; pixels under the upper lid
_EDGE = 1.5  # pixels over which what is painted sets in at the new lid
_RISE = 0.7, 2.2  # pixels by which a lid opens from which something is painted, and all of it
_WHITER = 0.85, 1.1  # times the brightness of the skin around it
_WHITEST = 25.0  # per brightness, how sharply the whitest is told from the rest
_NO_LIGHT = 1.4, 0.03  # times an iris' own colour and more, what is brighter is a catch-light
_OPENS = -0.5, 0.5  # pixels by which an eye opens from which anything of this is done, and all of it
_LIMBUS = 0.7  # pixels, softness of the iris' rim
_WITHIN = 0.8  # of its radius, from where on outwards it is taken to look alike
_ENOUGH = 1.0, 4.0  # pixels of white that must be seen to know it
_DARKER = 0.12, 0.22  # of the white's brightness by which an iris must be darker, to be one
_SHADOW, _DEEP = 0.3, 2.5  # of a lid on the eyeball: how dark, and how many pixels deep
_AJAR = 0.14, 0.22  # height over width of an eye from which it counts as open, and altogether
# Pixels: of the upper lid by which its motion is smoothed; above it from which less of it is followed, and none; of
# stretching from which it is followed.
_ALONG, _LIFT, _STRETCHED = 6.0, (1.5, 14.0), 1.0
_THIN = 1e-3


class Eyeballs(NamedTuple):
    """Of M eyes, in squares around them."""

    before: Tensor  # (M, 1, SIDE, SIDE) distance to the lids, positive between them
    under: Tensor  # (M, 1, SIDE, SIDE) distance to the upper lid
    colour: Tensor  # (M, 3, SIDE, SIDE) behind the lids too
    lashes: Tensor  # (M, 1, SIDE, SIDE) in [0, 1], where lashes hang over what is seen
    sure: Tensor  # (M, 1, 1, 1) in [0, 1], how sure that is


def with_still_eyes(edit: Edit, crop: Tensor, landmarks: Tensor) -> Edit:
    """
    Args:
        edit: of N edits, N / B of each face, on the crop's grid.
        crop: (B, 3, S, S) in [0, 1].
        landmarks: (B, 478, 2) of the faces in it, pixels.
    """
    lids = torch.stack([landmarks[:, list(eye)] for eye in EYES], 1)  # (B, 2, 16, 2), left and right
    n = len(edit.displacement) // len(crop)
    goal = moved_to(lids.flatten(1, 2).repeat_interleave(n, 0), edit.displacement).unflatten(1, lids.shape[1:3])
    wider = _height(goal) - _height(lids).repeat_interleave(n, 0)  # (N, 2)
    opens = smoothstep((wider.mean(1) - _OPENS[0]) / (_OPENS[1] - _OPENS[0]))
    rows = opens.nonzero()[:, 0]
    if not len(rows):
        return edit
    faces, face = (rows // n).unique(return_inverse=True)
    corner = (lids[faces].mean(2) - SIDE / 2).round().long().clamp(0, crop.shape[-1] - SIDE)  # (F, 2, 2)
    irises = landmarks[faces][:, [iris[0] for iris in IRISES]] - corner
    seen = cut(crop[faces].repeat_interleave(2, 0), corner.flatten(0, 1), SIDE)
    eyeballs = _eyeballs(seen, (lids[faces] - corner[:, :, None]).flatten(0, 1), irises.flatten(0, 1))
    eyeballs = Eyeballs(*(t.unflatten(0, (-1, 2))[face].flatten(0, 1) for t in eyeballs))
    before = (lids[faces] - corner[:, :, None])[face].flatten(0, 1)
    corner = corner[face]  # (M, 2, 2)
    goal = (goal[rows] - corner[:, :, None]).flatten(0, 1)
    corner, row = corner.flatten(0, 1), rows.repeat_interleave(2)
    part = Edit(*(cut(t[row], corner, SIDE) for t in edit))
    after, lifts = lip_distance(goal, _pixels(goal))[:, None], opens[row] * _ajar(before)
    part = part._replace(displacement=with_lashes(part.displacement, before, goal, after, lifts, crop.shape[-1]))
    new, whole = _still(part, eyeballs, after, opens[row]), Edit(*(t.clone() for t in edit))
    for k, (x, y) in enumerate(corner.tolist()):
        for t, square in zip(whole, new, strict=True):
            t[row[k], :, y : y + SIDE, x : x + SIDE] = square[k]
    return whole


def with_lashes(displacement: Tensor, lids: Tensor, goal: Tensor, after: Tensor, opens: Tensor, size: int) -> Tensor:
    """`displacement` with lashes that go where their lid goes, and are as long as before.

    Args:
        displacement: (M, 2, SIDE, SIDE) of squares of a crop of side `size`.
        lids, goal: (M, 16, 2) where lids are, and where they will be, pixels of the squares.
        after: (M, 1, SIDE, SIDE) distance to where they will be, positive between them.
        opens: (M,) in [0, 1], whether lids open that were not shut.
    """
    upper, lower = slice(0, UPPER_LID.stop + 1), [*range(UPPER_LID.stop, len(EYES[0])), 0]
    points = _pixels(goal)
    away = (points[..., None, :] - goal[:, None, None, upper]).square().sum(-1)
    share = torch.softmax(-away / (2 * _ALONG**2), -1)
    rigid = (2 / size) * torch.einsum("bhwk,bkc->bchw", share, (lids - goal)[:, upper])
    above, below = (line_distance(goal[:, which], points)[:, None] for which in (upper, lower))
    fade = 1 - smoothstep((above - _LIFT[0]) / (_LIFT[1] - _LIFT[0]))
    outside = smoothstep(1 - after) * smoothstep((below - above) / _SOFT)
    stretched = smoothstep((displacement - rigid)[:, 1:] * (size / 2) / _STRETCHED)
    return torch.lerp(displacement, rigid, opens[:, None, None, None] * stretched * fade * outside)


def _height(lids: Tensor) -> Tensor:
    """How far eyes (..., 16, 2) are open in their middle, pixels: (...)."""
    upper, lower = (len(EYES[0]) // 4, 3 * len(EYES[0]) // 4)
    return (lids[..., upper, :] - lids[..., lower, :]).norm(dim=-1)


def _ajar(lids: Tensor) -> Tensor:
    """Whether eyes (M, 16, 2) are open: (M,) in [0, 1]."""
    span = (lids[:, 0] - lids[:, 8]).norm(dim=-1)
    return smoothstep((_height(lids) / span - _AJAR[0]) / (_AJAR[1] - _AJAR[0]))


def _still(part: Edit, eyeballs: Eyeballs, after: Tensor, opens: Tensor) -> Edit:
    """
    Args:
        part: (M, ., SIDE, SIDE) around the eyes.
        eyeballs: of the same eyes.
        after: (M, 1, SIDE, SIDE) distance to where lids will be, positive between them.
        opens: (M,) in [0, 1], whether eyes open.
    """
    before, under = eyeballs.before, eyeballs.under
    colour = eyeballs.colour * (1 - _SHADOW * torch.exp(-after.clamp_min(0) / _DEEP))
    sure = opens[:, None, None, None] * eyeballs.sure

    rise = smoothstep((after - before - _RISE[0]) / (_RISE[1] - _RISE[0]))
    seen = smoothstep(before) * smoothstep((under - _MARGIN * rise) / _SOFT) * (1 - eyeballs.lashes)
    uncovered = sure * rise * smoothstep(after / _EDGE) * (1 - seen)
    still = sure * smoothstep(after / _SOFT) * seen
    stays = (1 - uncovered) * (1 - still) * part.opacity
    opacity = uncovered + stays
    paint = (uncovered * colour + stays * part.paint) / opacity.clamp_min(_THIN)
    return Edit(
        (1 - still) * part.displacement,
        opacity,
        torch.where(opacity > _THIN, paint, part.paint),
        part.residual * (1 - torch.maximum(uncovered, still)),
    )


def _eyeballs(crop: Tensor, lids: Tensor, irises: Tensor) -> Eyeballs:
    """Eyeballs as they are, and as they go on behind the lids.

    Args:
        crop: (M, 3, SIDE, SIDE) squares around eyes, every other one the right eye of the same face.
        lids: (M, 16, 2) pixels of the squares.
        irises: (M, 2) about where they are.
    """
    points = _pixels(lids)
    before = lip_distance(lids, points)[:, None]
    under = line_distance(lids[:, : UPPER_LID.stop + 1], points)[:, None]
    span = (lids[:, 0] - lids[:, 8]).norm(dim=-1)
    found = find_irises(crop, smoothstep(before + 0.5), irises, span)
    radius = found.radius[:, None, None, None]
    off = points - found.centre[:, None, None]
    away = off.norm(dim=-1)[:, None]
    light = crop.amin(1, keepdim=True)  # high in what is bright and has no colour
    seen = smoothstep(before) * smoothstep((under - _MARGIN) / _SOFT)

    # What was hidden of an iris is what lies opposite, or its usual colour; its rim looks as what is next to it.
    inwards = (_WITHIN * radius / away.clamp_min(1e-3)).clamp_max(1)[:, 0, ..., None]
    opposite = off * inwards * off.new_tensor([1, -1]) + found.centre[:, None, None]
    there, visible = (sample(t, normalise(opposite, SIDE), "bilinear") for t in (crop, seen))
    ring = seen * smoothstep(1 - (away / radius - _WITHIN).abs() / 0.25)
    usual = _mean(crop, ring * torch.sigmoid(-_WHITEST * (light - _mean(light, ring))))
    iris = torch.lerp(usual, torch.minimum(there, _NO_LIGHT[0] * usual + _NO_LIGHT[1]), visible)
    outside = seen * smoothstep((away - 1.1 * radius) / 1.5)
    known = outside.sum((1, 2, 3))
    for _ in range(2):  # lids lie a little elsewhere than they were found: the whitest of it is no skin
        outside = outside * torch.sigmoid(_WHITEST * (light - _mean(light, outside)))
    colour = torch.lerp(_mean(crop, outside), iris, torch.sigmoid((radius - away) / _LIMBUS))

    skin = smoothstep(-before - 3) * smoothstep(before + 10)
    white, skin = (_mean(light, where).flatten().clamp_min(0.01) for where in (outside, skin))
    dark = smoothstep((_LASHES[0] - light / white[:, None, None, None]) / _LASHES[1])
    lashes = dark * smoothstep((_HANG - under) / _SOFT) * torch.sigmoid((away - 1.1 * radius) / _LIMBUS)
    limits = (known, _ENOUGH), (found.contrast / white, _DARKER), (white / skin, _WHITER)
    sure = [smoothstep((over_both(t) - low) / (high - low)) for t, (low, high) in limits]
    # One of them may wink.
    return Eyeballs(before, under, colour, lashes, (_ajar(lids) * torch.stack(sure).prod(0))[:, None, None, None])


def _pixels(line: Tensor) -> Tensor:
    """(M, SIDE, SIDE, 2) the pixels of M squares."""
    return square_points(line.new_zeros(len(line), 2), SIDE)


def moved_to(points: Tensor, field: Tensor) -> Tensor:
    """Where what is at `points` (N, K, 2), pixels, lies after a displacement (N, 2, S, S): u with u + D(u) = p."""
    size = field.shape[-1]
    where = points
    for _ in range(_STEPS):
        where = where + _STEP * (points - (size / 2) * sample_at(field, where) - where)
    return where


def _mean(image: Tensor, weight: Tensor) -> Tensor:
    """Weighted means of (N, C, h, w): (N, C, 1, 1)."""
    return (image * weight).sum((2, 3), keepdim=True) / weight.sum((2, 3), keepdim=True).clamp_min(1e-3)
