"""Mouths at 768 pixels, to learn the mouth's detail from (`reggan/model/mouth_detail.py`)."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.faces import SIZE
from reggan.faces.align import rescaled
from reggan.faces.topology import INNER_LIPS
from reggan.model.arrays import blur, shrink, to_float
from reggan.model.finer_grid import FACTOR, SIDE, enlarged, square_points
from reggan.model.frame import pixel_grid, sample
from reggan.model.mouth_detail import EDGE, MouthGuess, mouth_guess
from reggan.model.mouth_geometry import lip_distance
from reggan.model.reference_colours import reference_colours
from reggan.model.refinement import Edit
from reggan.model.reggan import RegGAN, channels_last
from reggan.pairs import layout
from reggan.pairs.layout import AT_REST, Subject, ToothPlaces
from reggan.train.restyle import restyle

CROP = FACTOR * SIZE  # side of the crops that are wanted
_MARGIN = 8  # pixels of 256 by which a mouth may lie elsewhere in its square than in the middle
_OTHERS = 1  # expressions of a person that are sources too, besides the face at rest
_GOALS = 2  # of each of them, and rest
_FIELD = 16  # pixels of the finer grid, height of what shows a colour to `restyle`
_REACH = 2.0  # units of `EDGE` up to which the distance to the lips is learned


@dataclass(frozen=True)
class Mouth:
    """A mouth and the skin around it; P = 3 p and p = 112 + 2 _MARGIN.

    Attributes:
        images: (9, P, P) uint8, what stage 2 makes of it without the detail, the same with nothing painted, and the
            target.
        opacity: (1, p, p) uint8 of what stage 2 paints, in the crop of 256.
        lips: (1, p, p) float32 distance to their inner edge, positive inside, units of `EDGE`.
        guess: (5, p, p) float32, where lips and rows should be, as `MouthGuess` has them.
        places: (2, 3, p, p) float16 of the rows of teeth, as `reggan.pairs.layout` has them.
        open: in [0, 1], whether the mouth should be open, as `MouthGuess` has it.
        kind: of teeth.
        around: (3, 3) uint8 colours elsewhere in the face, `reference_colours` of the picture.
    """

    images: Tensor
    opacity: Tensor
    lips: Tensor
    guess: Tensor
    places: Tensor
    open: float
    kind: int
    around: Tensor


class Squares(NamedTuple):
    """A batch; S = 336 and s = 112."""

    plain: Tensor  # (B, 3, S, S) in [0, 1], what the detail replaces
    bare: Tensor  # (B, 3, S, S), with nothing painted
    target: Tensor  # (B, 3, S, S)
    seen: Tensor  # (B, 3, s, s) from which it is made, with the next two
    seen_bare: Tensor  # (B, 3, s, s)
    opacity: Tensor  # (B, 1, s, s)
    lips: Tensor  # (B, 1, s, s)
    places: Tensor  # (B, 2, 3, s, s)
    guess: MouthGuess
    kind: Tensor  # (B,)
    around: Tensor  # (B, 3, 3)

    def to(self, device: torch.device) -> "Squares":
        """The same on a device."""
        guess = MouthGuess(*(t.to(device) for t in self.guess))
        tensors = {name: t.to(device) for name, t in self._asdict().items() if name != "guess"}
        return Squares(**tensors, guess=guess)


def load_mouths(
    model: RegGAN, folder: Path, only: set[str] | None = None, without: set[str] | None = None
) -> list[Mouth]:
    """Mouths of a folder of pairs with crops of 768 x 768, and what `model` makes of these people: of the face at rest
    every expression, and of a few faces that have one already a few others and rest.

    Raises:
        InputError: other crops, or no mouth of which it is known where its teeth are.
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
        raise InputError("There is no mouth in {folder} of which it is known where its teeth are.", folder=folder)
    return mouths


def _mouths(model: RegGAN, s: Subject, teeth: dict[str, ToothPlaces]) -> list[Mouth]:
    known = [k for k, name in enumerate(s.names) if name in teeth]
    if not known:
        return []
    first = teeth[s.names[known[0]]]
    at_rest = ToothPlaces(s.landmarks[list(INNER_LIPS)].numpy(), np.zeros_like(first.places), first.kind)
    mouths = _from_source(model, s, AT_REST, {k: teeth[s.names[k]] for k in known})
    if s.target_landmarks is None:
        return mouths
    pick = np.random.default_rng(zlib.crc32(s.name.encode()))
    for source in pick.permutation(known)[:_OTHERS].tolist():
        goals = pick.permutation([k for k in known if k != source])[:_GOALS].tolist()
        mouths += _from_source(model, s, source, {AT_REST: at_rest} | {k: teeth[s.names[k]] for k in goals})
    return mouths


@torch.inference_mode()
def _from_source(model: RegGAN, s: Subject, source: int, goals: dict[int, ToothPlaces]) -> list[Mouth]:
    """Mouths of one picture of a person, with the expressions in `goals`, numbers as in `Subject.picture`."""
    picture, landmarks = s.picture(source)
    image = to_float(picture[None])
    c = torch.stack([torch.zeros(len(BASIC)) if k == AT_REST else s.c[k] for k in goals])
    points = rescaled(landmarks[None], 1 / FACTOR)
    out = model(shrink(image, SIZE), points, c, torch.ones(len(c)))
    rest, _ = model.neutral(points, SIZE)
    around = _to_bytes(reference_colours(shrink(image, SIZE), points))[0]
    mouths = []
    for n, (k, places) in enumerate(goals.items()):
        edge = torch.from_numpy(rescaled(places.lips, 1 / FACTOR)).float()
        x, y = _corner(edge.numpy())
        at = x, y, SIDE + 2 * _MARGIN
        corner = torch.tensor([[x, y]])
        guess = mouth_guess(model.mouth.geometry(rest, c[n : n + 1], SIZE), corner, at[2])
        lips = (lip_distance(edge[None], square_points(corner, at[2])) / EDGE).clamp(-_REACH, _REACH)
        edit = Edit(*(square(t[n : n + 1], *at) for t in out.edit))
        images = [*full_size(image, edit, at), square(to_float(s.picture(k)[0][None]), *at, FACTOR)]
        mouths.append(
            Mouth(
                _to_bytes(torch.cat(images, 1))[0],
                _to_bytes(edit.opacity[0]),
                lips,
                torch.cat([guess.lips, guess.rows], 1)[0],
                square(torch.from_numpy(places.places).half(), *at),
                float(guess.open),
                places.kind,
                around,
            )
        )
    return mouths


def _corner(lips: NDArray[np.floating]) -> tuple[int, int]:
    """Where the square around lips (20, 2) begins, pixels of the crop of 256."""
    side = SIDE + 2 * _MARGIN
    corners = lips[[0, len(lips) // 2]].mean(0)
    x, y = np.round((corners + lips.mean(0)) / 2 - side / 2).astype(int).clip(0, SIZE - side).tolist()
    return x, y


def _to_bytes(image: Tensor) -> Tensor:
    return (image.clamp(0, 1) * 255).round().byte()


def full_size(image: Tensor, edit: Edit, at: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """Equation (4) at the picture's own size, as `reggan.faces.paste` has it, and the same with nothing painted:
    (1, 3, 3 side, 3 side) each. `at` is the square of the crop in which `edit` is."""
    displacement, opacity, painted, residual = map(
        enlarged, (edit.displacement, edit.opacity, edit.opacity * edit.paint, edit.residual)
    )
    grid = square(pixel_grid(CROP, image).permute(0, 3, 1, 2), *at, FACTOR)
    moved = sample(image, channels_last(grid + displacement))
    return (1 - opacity) * moved + painted + residual, moved + residual


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
    around = _around(mouths)
    if float(torch.rand(())) < restyled:
        images, around = _restyled(images, around)
    soft = float(torch.empty(()).uniform_(0, 1.2)) if float(torch.rand(())) < reduced else None
    return _squares(images, others, mouths, soft, around)


def middle(mouth: Mouth) -> Squares:
    """One mouth as it is, to judge by."""
    images, *others = (t[None] for t in _at(mouth, _MARGIN, _MARGIN))
    return _squares(images, others, [mouth], None, _around([mouth]))


def _at(mouth: Mouth, x: int, y: int) -> list[Tensor]:
    """Images (9, 336, 336), opacity and lips (1, 112, 112), guess (5, 112, 112) and places (2, 3, 112, 112) at a place
    of the margin."""
    small = [square(t, x, y, SIDE).float() for t in (mouth.opacity, mouth.lips, mouth.guess, mouth.places)]
    return [to_float(square(mouth.images, x, y, SIDE, FACTOR)), small[0] / 255, *small[1:]]


def _mirrored(parts: list[Tensor]) -> list[Tensor]:
    *others, guess, places = (t.flip(-1) for t in parts)
    guess[[1, 3]] *= -1  # left is negative
    places[:, 0] *= -1
    return [*others, guess, places]


def _around(mouths: list[Mouth]) -> Tensor:
    return to_float(torch.stack([m.around for m in mouths]))


def _restyled(images: Tensor, around: Tensor) -> tuple[Tensor, Tensor]:
    """Images (B, 9, S, S) and colours elsewhere in the face (B, 3, 3) of one new look: the colours become fields below
    the images."""
    size, n = images.shape[-1], around.shape[1]
    fields = around.repeat_interleave(size // n, 1).transpose(1, 2)[:, :, None]  # (B, 3, 1, S)
    both = restyle(torch.cat([images, fields.expand(-1, -1, _FIELD, -1).repeat(1, 3, 1, 1)], 2))
    images, fields = both.split([size, _FIELD], 2)
    middles = torch.arange(n) * (size // n) + size // (2 * n)
    near = range(-_FIELD // 4, _FIELD // 4)
    around = torch.stack([fields[:, :3, _FIELD // 2, middles + k] for k in near]).mean(0).transpose(1, 2)
    return images, around


def _squares(images: Tensor, others: list[Tensor], mouths: list[Mouth], soft: float | None, around: Tensor) -> Squares:
    plain, bare, target = images.split(3, 1)
    opacity, lips, guess, places = others
    seen = plain
    if soft is not None:
        seen = torch.lerp(plain, target, enlarged((lips > -1).float()).clamp(0, 1))
    seen, seen_bare = (shrink(t, SIDE) for t in (seen, bare))
    seen = blur(seen, soft) if soft is not None and soft > 0.2 else seen
    is_open = torch.tensor([m.open for m in mouths])[:, None, None, None]
    known = MouthGuess(guess[:, :1], guess[:, 1:], is_open)
    kind = torch.tensor([m.kind for m in mouths])
    return Squares(plain, bare, target, seen, seen_bare, opacity, lips, places, known, kind, around)
