"""Drawn mouths at 768 pixels, to learn the mouth's detail from (`reggan/model/mouth_detail.py`)."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from reggan.errors import InputError
from reggan.faces import SIZE
from reggan.faces.align import rescaled
from reggan.faces.topology import INNER_LIPS, LIP_MIDDLES
from reggan.model.arrays import shrink, to_float
from reggan.model.frame import pixel_grid
from reggan.model.mouth_detail import EDGE, FACTOR, SIDE, enlarged
from reggan.model.refinement import Edit
from reggan.model.reggan import RegGAN, channels_last, compose
from reggan.pairs import layout
from reggan.pairs.layout import Subject, ToothPlaces
from reggan.train.restyle import blur, restyle

CROP = FACTOR * SIZE  # side of the crops that are wanted
_MARGIN = 8  # pixels of 256 by which a mouth may lie elsewhere in its square than in the middle
_OPEN = 0.012  # of the crop, the least distance between the lips that makes a mouth worth learning from
_REACH = 2.0  # units of `EDGE` up to which the distance to the lips is learned
_FINE = 2  # for distances, pixels to one of the crop of 768


@dataclass(frozen=True)
class Mouth:
    """An open mouth and the skin around it; P = 3 p and p = 112 + 2 _MARGIN.

    Attributes:
        images: (6, P, P) uint8, what stage 2 makes of it without the detail, and the target.
        opacity: (1, p, p) uint8 of what stage 2 paints, in the crop of 256.
        lips: (1, p, p) float32 distance to their inner edge, positive inside, units of `EDGE`.
        places: (2, 3, p, p) float16 of the rows of teeth, as `reggan.pairs.layout` has them.
        kind: of teeth.
    """

    images: Tensor
    opacity: Tensor
    lips: Tensor
    places: Tensor
    kind: int


class Squares(NamedTuple):
    """A batch; S = 336 and s = 112."""

    plain: Tensor  # (B, 3, S, S) in [0, 1], to which the detail is added
    target: Tensor  # (B, 3, S, S)
    seen: Tensor  # (B, 3, s, s) from which it is made
    opacity: Tensor  # (B, 1, s, s) with which it is added
    lips: Tensor  # (B, 1, s, s)
    places: Tensor  # (B, 2, 3, s, s)
    kind: Tensor  # (B,)


def load_mouths(
    model: RegGAN, folder: Path, only: set[str] | None = None, without: set[str] | None = None
) -> list[Mouth]:
    """All open mouths of a folder of pairs with crops of 768 x 768, and what `model` makes of these people.

    Raises:
        InputError: other crops, or no open mouth of which it is known where its teeth are.
    """
    mouths = []
    for name in tqdm(layout.identities(folder, only, without), desc="mouths", unit="face"):
        (subject,) = layout.load(folder, only={name})
        side = subject.neutral.shape[-1]
        if side != CROP:
            raise InputError(
                "The detail of mouths is learned from crops of {wanted}, not {side}.", wanted=CROP, side=side
            )
        mouths += _mouths(model, subject, layout.read_teeth(folder, name))
    if not mouths:
        raise InputError("There is no open mouth in {folder} of which it is known where its teeth are.", folder=folder)
    return mouths


@torch.inference_mode()
def _mouths(model: RegGAN, s: Subject, teeth: dict[str, ToothPlaces]) -> list[Mouth]:
    known = {k: teeth[name] for k, name in enumerate(s.names) if name in teeth}
    opened = {k: t for k, t in known.items() if _gap(t.lips) > _OPEN * CROP}
    if not opened:
        return []
    neutral, which = to_float(s.neutral[None]), list(opened)
    out = model(shrink(neutral, SIZE), rescaled(s.landmarks[None], 1 / FACTOR), s.c[which])
    made = [_full_size(neutral, Edit(*(t[n : n + 1] for t in out.edit)))[0] for n in range(len(which))]
    return [
        _cut(torch.cat([_to_bytes(plain), s.targets[k]]), _to_bytes(opacity), opened[k])
        for k, plain, opacity in zip(which, made, out.edit.opacity, strict=True)
    ]


def _gap(lips: NDArray[np.floating]) -> float:
    upper, lower = (lips[INNER_LIPS.index(k)] for k in LIP_MIDDLES)
    return float(np.linalg.norm(lower - upper))


def _to_bytes(image: Tensor) -> Tensor:
    return (image.clamp(0, 1) * 255).round().byte()


def _full_size(image: Tensor, edit: Edit) -> Tensor:
    """Equation (4) at the picture's own size, as `reggan.faces.paste` has it: (1, 3, 768, 768)."""
    large = Edit(*map(enlarged, edit))
    return compose(image, pixel_grid(CROP, image) + channels_last(large.displacement), large)


def _cut(images: Tensor, opacity: Tensor, teeth: ToothPlaces) -> Mouth:
    """The square around a mouth, of images (6, 768, 768) and opacity (1, 256, 256), uint8."""
    lips = rescaled(teeth.lips, 1 / FACTOR)
    side = SIDE + 2 * _MARGIN
    corners = lips[[0, len(lips) // 2]].mean(0)
    x, y = np.round((corners + lips.mean(0)) / 2 - side / 2).astype(int).clip(0, SIZE - side).tolist()
    return Mouth(
        square(images, x, y, side, FACTOR),
        square(opacity, x, y, side),
        square(torch.from_numpy(lip_distance(teeth.lips))[None], x, y, side),
        square(torch.from_numpy(teeth.places).half(), x, y, side),
        teeth.kind,
    )


def lip_distance(lips: NDArray[np.floating]) -> NDArray[np.float32]:
    """(256, 256) distance to the lips' inner edge (20, 2), pixels of 768, in units of `EDGE`; positive inside."""
    inside = np.zeros((_FINE * CROP, _FINE * CROP), np.uint8)
    cv2.fillPoly(inside, [np.round(rescaled(lips, _FINE)).astype(np.int32)], (1,))
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    small = cv2.resize(distance, (SIZE, SIZE), interpolation=cv2.INTER_AREA) / (_FINE * FACTOR * EDGE)
    return np.asarray(small.clip(-_REACH, _REACH), np.float32)


def square(image: Tensor, x: int, y: int, side: int, factor: int = 1) -> Tensor:
    """A square of an image `factor` times as fine as the crop, whose pixels x, y and side are in."""
    return image[..., factor * y : factor * (y + side), factor * x : factor * (x + side)].clone()


def draw(mouths: list[Mouth], restyled: float, reduced: float) -> Squares:
    """Mouths at random places of their margins, half of them mirrored.

    Args:
        mouths: B of them.
        restyled: share of the batches that get another look.
        reduced: share of the batches in which the network is shown the target, small and softer, instead of what stage
            2 made: mouths better than those it paints.
    """
    rows = []
    for mouth in mouths:
        x, y = torch.randint(2 * _MARGIN + 1, (2,)).tolist()
        parts = _at(mouth, x, y)
        rows.append(_mirrored(parts) if float(torch.rand(())) < 0.5 else parts)
    images, *others = (torch.stack(t) for t in zip(*rows, strict=True))
    if float(torch.rand(())) < restyled:
        images = restyle(images)
    soft = float(torch.empty(()).uniform_(0, 1.2)) if float(torch.rand(())) < reduced else None
    return _squares(images, others, [m.kind for m in mouths], soft)


def middle(mouth: Mouth) -> Squares:
    """One mouth as it is, to judge by."""
    images, *others = (t[None] for t in _at(mouth, _MARGIN, _MARGIN))
    return _squares(images, others, [mouth.kind], None)


def _at(mouth: Mouth, x: int, y: int) -> list[Tensor]:
    """Images (6, 336, 336), opacity and lips (1, 112, 112) and places (2, 3, 112, 112) at a place of the margin."""
    small = [square(t, x, y, SIDE).float() for t in (mouth.opacity, mouth.lips, mouth.places)]
    return [to_float(square(mouth.images, x, y, SIDE, FACTOR)), small[0] / 255, *small[1:]]


def _mirrored(parts: list[Tensor]) -> list[Tensor]:
    *others, places = (t.flip(-1) for t in parts)
    places[:, 0] *= -1  # left is negative
    return [*others, places]


def _squares(images: Tensor, others: list[Tensor], kinds: list[int], soft: float | None) -> Squares:
    plain, target = images.split(3, 1)
    opacity, lips, places = others
    seen = plain
    if soft is not None:
        seen = torch.lerp(plain, target, enlarged((lips > -1).float()).clamp(0, 1))
    seen = shrink(seen, SIDE)
    seen = blur(seen, soft) if soft is not None and soft > 0.2 else seen
    return Squares(plain, target, seen, opacity, lips, places, torch.tensor(kinds))
