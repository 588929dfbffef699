"""Fitting how deep folds are that stage 2 leaves out (`reggan/model/fold_detail.py`), from crops of 768 x 768.

Which folds an expression has is known. They lie a little elsewhere in every face, by as much as they are apart, so the
difference between output and target does not tell how deep they are; but powers do not ask where something lies. With h
a band of the logarithm of brightness, and means over many pixels of many people,

    h(target)^2 = h(refined)^2 + (depth_k lined sum_g share_kg h(fold_g))^2                             (11)

for the full expression k, which is solved for depth_k^2 by least squares.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.faces import SIZE
from reggan.faces.align import rescaled
from reggan.model.arrays import blur, luma, shrink, to_float
from reggan.model.finer_grid import FACTOR, SIDE
from reggan.model.fold_detail import drawn_folds, fold_corner, how_lined
from reggan.model.frame import sample
from reggan.model.refinement import Edit
from reggan.model.reggan import RegGAN
from reggan.pairs import layout
from reggan.pairs.layout import Subject
from reggan.train.mouths import CROP, full_size, square

_FINE, _COARSE = 0.7, 8.0  # pixels of 768: the band in which folds are seen
_BLACK = 0.04  # added to the brightness before its logarithm is taken
_MOST = 0.12  # log brightness in the band: what differs more is hair, or the eye
_THERE = 0.02  # log brightness of a fold from which a pixel counts


class Powers(NamedTuple):
    """In P pixels of a target."""

    folds: Tensor  # (P,) of the folds at full depth, times how lined the skin is
    lacking: Tensor  # (P,) of the target, less that of stage 2's output without them


@torch.inference_mode()
def fit_folds(model: RegGAN, folder: Path, only: set[str] | None = None, without: set[str] | None = None) -> None:
    """Equation (11), in place, from a folder of pairs with crops of 768 x 768.

    Raises:
        InputError: the crops are of another size.
    """
    model.folds.depth.zero_()
    seen: list[list[Powers]] = [[] for _ in BASIC]
    for name in tqdm(layout.identities(folder, only, without), desc="folds", unit="face"):
        (s,) = layout.load(folder, only={name})
        side = s.neutral.shape[-1]
        if side != CROP:
            raise InputError("Folds are measured in crops of {wanted}, not {side}.", wanted=CROP, side=side)
        full = [n for n, c in enumerate(s.c) if c.max() == 1 and c.sum() == 1]
        for n, powers in zip(full, _powers(model, s, full), strict=True):
            seen[int(s.c[n].argmax())].append(powers)
    model.folds.depth.copy_(torch.tensor([depth_of(of_one) for of_one in seen]))


def _powers(model: RegGAN, s: Subject, full: list[int]) -> Iterator[Powers]:
    """Of the targets `full` of a person, in this order."""
    image, points = to_float(s.neutral[None]), rescaled(s.landmarks[None], 1 / FACTOR)
    crop, c = shrink(image, SIZE), s.c[full]
    edit = model(crop, points, c, torch.ones(len(c)), detail=True).edit
    frame = model.frame(points, SIZE)
    lined = how_lined(sample(crop, frame.to_crop))
    corner = fold_corner(SIZE)
    x, y = corner[0].tolist()
    at = x, y, SIDE
    for n, k in enumerate(full):
        one = Edit(*(t[n : n + 1] for t in edit))
        folds = lined * drawn_folds(one.displacement, frame, corner, c[n : n + 1])
        refined, _ = full_size(image, Edit(*(square(t, *at) for t in one)), at)
        target = square(to_float(s.picture(k)[0][None]), *at, FACTOR)
        there = folds.abs() > _THERE
        before, after = (_band(torch.log(luma(t.clamp(0, 1)) + _BLACK)).clamp(-_MOST, _MOST) for t in (refined, target))
        yield Powers(_band(folds)[there].square(), (after.square() - before.square())[there])


def depth_of(seen: list[Powers]) -> float:
    """Equation (11) for one expression."""
    lacking = sum(float(powers.folds @ powers.lacking) for powers in seen)
    squared = sum(float(powers.folds.square().sum()) for powers in seen)
    return math.sqrt(max(lacking, 0) / squared) if squared else 0.0


def _band(image: Tensor) -> Tensor:
    """What is neither noise nor broad in (B, 1, H, W)."""
    return blur(image, _FINE) - blur(image, _COARSE)
