"""Mouths at 768 pixels, real and drawn, to learn the mouth's detail from (`reggan/model/mouth_detail.py`).

Inputs are of two kinds: what stage 2 paints for that person and expression, which is what the detail will be added to;
and the target itself made small and softer, restyled too, where the output can be right to the pixel.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from reggan.errors import InputError
from reggan.faces import SIZE
from reggan.faces.align import rescaled
from reggan.faces.topology import INNER_LIPS, LIP_MIDDLES, MOUTH_CORNERS
from reggan.model.arrays import shrink, to_float
from reggan.model.frame import pixel_grid
from reggan.model.mouth_detail import FACTOR, SIDE, enlarged
from reggan.model.refinement import Edit
from reggan.model.reggan import RegGAN, channels_last, compose
from reggan.pairs import layout
from reggan.pairs.layout import SMILING, Subject
from reggan.train.restyle import blur, restyle

CROP = FACTOR * SIZE  # side of the crops that are wanted
_MARGIN = 8  # pixels of 256 by which a mouth may lie elsewhere in its square than in the middle
_OPEN = 0.012  # of the crop, the least distance between the lips that makes a mouth worth learning from
_SOFT = 0.6  # pixels of blur of what is validated where stage 2 painted nothing


@dataclass(frozen=True)
class Mouth:
    """An open mouth and the skin around it, uint8; P = 3 p and p = 112 + 2 _MARGIN.

    Attributes:
        target: (3, P, P).
        inside: (1, P, P), 255 between the lips.
        plain: (3, P, P) what stage 2 makes of it without the detail; None for a real photograph.
        painted: (4, p, p) the same in the crop of 256, and the opacity of what is painted; likewise.
    """

    target: Tensor
    inside: Tensor
    plain: Tensor | None = None
    painted: Tensor | None = None


class Squares(NamedTuple):
    """A batch, in [0, 1]; S = 336 and s = 112."""

    target: Tensor  # (B, 3, S, S)
    inside: Tensor  # (B, 1, S, S)
    plain: Tensor  # (B, 3, S, S) to which the detail is added
    seen: Tensor  # (B, 3, s, s) from which it is made
    opacity: Tensor  # (B, 1, s, s) with which it is added


def load_mouths(
    model: RegGAN, folder: Path, only: set[str] | None = None, without: set[str] | None = None
) -> list[Mouth]:
    """All open mouths of a folder of pairs with crops of 768 x 768, and what `model` makes of these people.

    Raises:
        InputError: other crops, or no open mouth.
    """
    mouths = []
    for name in tqdm(layout.identities(folder, only, without), desc="mouths", unit="face"):
        (subject,) = layout.load(folder, only={name})
        side = subject.neutral.shape[-1]
        if side != CROP:
            raise InputError(
                "The detail of mouths is learned from crops of {wanted}, not {side}.", wanted=CROP, side=side
            )
        mouths += _mouths(model, subject)
    if not mouths:
        raise InputError("There is no open mouth in {folder}.", folder=folder)
    return mouths


@torch.inference_mode()
def _mouths(model: RegGAN, s: Subject) -> list[Mouth]:
    """The open ones among all pictures that are not neutral and whose landmarks are known."""
    neutral = to_float(s.neutral[None])
    pictures = [] if s.target_landmarks is None else [s.picture(k) for k in range(len(s.c))]
    opened = [k for k, (_, points) in enumerate(pictures) if _open(points)]
    found = []
    if opened:
        out = model(shrink(neutral, SIZE), rescaled(s.landmarks[None], 1 / FACTOR), s.c[opened])
        painted = torch.cat([out.refined, out.edit.opacity], 1)
        found = [
            _cut(*pictures[k], _full_size(neutral, Edit(*(t[n : n + 1] for t in out.edit))), painted[n : n + 1])
            for n, k in enumerate(opened)
        ]
    if s.smile is not None and _open(s.picture(SMILING)[1]):
        found.append(_cut(*s.picture(SMILING)))
    return found


def _full_size(image: Tensor, edit: Edit) -> Tensor:
    """Equation (4) at the picture's own size, as `reggan.faces.paste` has it: (1, 3, 768, 768)."""
    large = Edit(*map(enlarged, edit))
    return compose(image, pixel_grid(CROP, image) + channels_last(large.displacement), large)


def _open(points: Tensor) -> bool:
    upper, lower = points[list(LIP_MIDDLES)]
    return float((lower - upper).norm()) > _OPEN * CROP


def _cut(image: Tensor, points: Tensor, plain: Tensor | None = None, painted: Tensor | None = None) -> Mouth:
    """The square around the mouth of a crop (3, 768, 768) uint8, of what stage 2 makes (1, 3, 768, 768) and of its
    crop (1, 4, 256, 256), both in [0, 1]."""
    landmarks = rescaled(points.numpy(), 1 / FACTOR)
    side = SIDE + 2 * _MARGIN
    lips = landmarks[list(INNER_LIPS)]
    middle = (landmarks[list(MOUTH_CORNERS)].mean(0) + lips.mean(0)) / 2
    x, y = np.round(middle - side / 2).astype(int).clip(0, SIZE - side).tolist()
    inside = np.zeros((CROP, CROP), np.uint8)
    cv2.fillPoly(inside, [np.round(rescaled(lips, FACTOR)).astype(np.int32)], (255,), cv2.LINE_AA)
    square = _square(torch.cat([image, torch.from_numpy(inside)[None]]), x, y, side, FACTOR)
    if plain is None or painted is None:
        return Mouth(square[:3], square[3:])
    parts = [
        _square((t[0].clamp(0, 1) * 255).round().byte(), x, y, side, f) for t, f in ((plain, FACTOR), (painted, 1))
    ]
    return Mouth(square[:3], square[3:], *parts)


def _square(image: Tensor, x: int, y: int, side: int, factor: int) -> Tensor:
    """A square of an image `factor` times as fine as the crop, whose pixels x, y and side are in."""
    return image[:, factor * y : factor * (y + side), factor * x : factor * (x + side)].clone()


def painted_squares(mouths: list[Mouth]) -> Squares:
    """What stage 2 made of mouths, which must have it, at random places of their margins, half of them mirrored."""
    return _painted([_flipped(_parts(m, *_anywhere())) for m in mouths])


def reduced_squares(mouths: list[Mouth], restyled: float) -> Squares:
    """Mouths made small and softer, likewise; a share `restyled` of the batches gets another look."""
    target, inside = _stack([_flipped(_parts(m, *_anywhere())[:2]) for m in mouths])
    if float(torch.rand(())) < restyled:
        target = restyle(target)
    return _reduced(target, inside, float(torch.empty(()).uniform_(0, 1.2)))


def middle_square(mouth: Mouth) -> Squares:
    """One mouth to judge by, always the same: what stage 2 made of it, or itself a little softer."""
    parts = _parts(mouth, _MARGIN, _MARGIN)
    if mouth.plain is not None:
        return _painted([parts])
    target, inside = _stack([parts])
    return _reduced(target, inside, _SOFT)


def _anywhere() -> tuple[int, int]:
    x, y = torch.randint(2 * _MARGIN + 1, (2,)).tolist()
    return x, y


def _parts(mouth: Mouth, x: int, y: int) -> list[Tensor]:
    """The square at a place of the margin: of the target, where it is open, and of what stage 2 made, if it did."""
    large = [t for t in (mouth.target, mouth.inside, mouth.plain) if t is not None]
    small = [] if mouth.painted is None else [_square(mouth.painted, x, y, SIDE, 1)]
    return [_square(t, x, y, SIDE, FACTOR) for t in large] + small


def _flipped(parts: list[Tensor]) -> list[Tensor]:
    return [t.flip(-1) for t in parts] if float(torch.rand(())) < 0.5 else parts


def _stack(rows: list[list[Tensor]]) -> list[Tensor]:
    return [to_float(torch.stack(t)) for t in zip(*rows, strict=True)]


def _painted(rows: list[list[Tensor]]) -> Squares:
    target, inside, plain, small = _stack(rows)
    return Squares(target, inside, plain, *small.split([3, 1], 1))


def _reduced(target: Tensor, inside: Tensor, sigma: float) -> Squares:
    """As if stage 2 had painted an open mouth, softly, and left the rest as it is."""
    seen, opacity = soften(shrink(target, SIDE), sigma), shrink(inside, SIDE)
    return Squares(target, inside, torch.lerp(target, enlarged(seen), enlarged(opacity).clamp(0, 1)), seen, opacity)


def soften(mouths: Tensor, sigma: float) -> Tensor:
    """(B, 3, h, w), blurred by `sigma` pixels."""
    return blur(mouths, sigma) if sigma > 0.2 else mouths
