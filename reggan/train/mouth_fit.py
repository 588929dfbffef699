"""Fitting where lips and teeth will be (`reggan/model/mouth_geometry.py`), from drawn mouths."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from reggan.faces import SIZE
from reggan.faces.align import rescaled
from reggan.faces.topology import CONTROL, INNER_LIPS
from reggan.model.frame import mirrored_control, normalise
from reggan.model.mouth_geometry import COMPONENTS, POWERS, MouthGeometry, centre, closed, lip_distance, polynomial
from reggan.pairs import layout
from reggan.pairs.layout import ToothPlaces

_RIDGE = 5.0
_NEAR = 0.6, 0.5  # half axes, units, of the ellipse around the mouth in which rows of teeth are looked at
_LOWER = 0.15  # units by which it lies below the corners of the mouth
_LEAST = 50  # pixels of a row


class Drawn(NamedTuple):
    """A drawn mouth; lengths in pixels of the crop of 256."""

    rest: Tensor  # (84, 2) control landmarks of the same face at rest
    shows: Tensor  # (6,)
    lips: Tensor  # (20, 2)
    rows: Tensor  # (2, 2, 10) as in `MouthShape`


def read_drawn(folder: Path, only: set[str] | None = None, without: set[str] | None = None) -> list[Drawn]:
    """All mouths of a folder of pairs of which it is known where their lips and teeth are."""
    found = []
    for name in tqdm(layout.identities(folder, only, without), desc="lips", unit="face"):
        (s,) = layout.load(folder, only={name})
        factor = SIZE / s.neutral.shape[-1]
        rest = rescaled(s.landmarks, factor)[list(CONTROL)].float()
        for which, teeth in layout.read_teeth(folder, name).items():
            rows = _rows(teeth, rest)
            if rows is not None:
                lips = torch.from_numpy(np.asarray(rescaled(teeth.lips, factor), np.float32))
                found.append(Drawn(rest, s.c[s.names.index(which)], lips, rows))
    return found


def _rows(teeth: ToothPlaces, rest: Tensor) -> Tensor | None:
    """Polynomials through the places of both rows, (2, 2, 10); None if too little of them is known."""
    unit = MouthGeometry.unit(SIZE)
    y, x = torch.meshgrid(*2 * [torch.arange(float(SIZE))], indexing="ij")
    x, y = ((t - c) / unit for t, c in zip((x, y), centre(rest[None])[0], strict=True))
    near = (x / _NEAR[0]).square() + ((y - _LOWER) / _NEAR[1]).square() < 1
    rows = []
    for along, up, known in torch.from_numpy(teeth.places.astype(np.float32)):
        there = near & (known > 0)
        if there.sum() < _LEAST:
            return None
        through = polynomial(x[there], y[there])
        wanted = torch.stack([along[there], up[there]], 1)
        rows.append(torch.linalg.lstsq(through, wanted).solution.T)
    return torch.stack(rows)


@torch.no_grad()
def fit_geometry(geometry: MouthGeometry, drawn: list[Drawn]) -> None:
    """Equation (8) by ridge regression, in place, from these mouths and their mirror images."""
    both = drawn + [_mirrored(d) for d in drawn]
    rest, shows, lips, rows = (torch.stack(t).double() for t in zip(*both, strict=True))
    p = normalise(rest, SIZE).flatten(1)
    geometry.mean.copy_(p.mean(0))
    _, spread, directions = torch.linalg.svd(p - p.mean(0), full_matrices=False)
    k = min(COMPONENTS, int((spread > 1e-6 * spread[0]).sum()))
    geometry.directions.zero_()[:, :k] = (directions[:k].T / (spread[:k] / len(p) ** 0.5)).float()
    moved = (lips - closed(rest)).flatten(1) / MouthGeometry.unit(SIZE)
    features = geometry.features(normalise(rest, SIZE).float(), shows.float()).double()
    penalty = torch.full((features.shape[1],), _RIDGE, dtype=torch.float64)
    penalty[:: 1 + COMPONENTS] = 1e-3
    gram = features.T @ features + penalty.diag()
    wanted = torch.cat([moved, rows.flatten(1)], 1)
    geometry.weight.copy_(torch.linalg.solve(gram, features.T @ wanted).float())


def _mirrored(d: Drawn) -> Drawn:
    order = torch.cat(
        [torch.arange(len(INNER_LIPS) // 2, -1, -1), torch.arange(len(INNER_LIPS) - 1, len(INNER_LIPS) // 2, -1)]
    )
    lips = d.lips[order] * d.lips.new_tensor([-1.0, 1.0]) + d.lips.new_tensor([SIZE - 1.0, 0.0])
    odd = torch.tensor([(-1.0) ** i for i, _ in POWERS])
    rows = d.rows * odd * d.rows.new_tensor([-1.0, 1.0])[:, None]  # along the row the other way
    rest = mirrored_control(normalise(d.rest, SIZE))
    return Drawn((rest + 1) * (SIZE / 2) - 0.5, d.shows, lips, rows)


@torch.no_grad()
def errors_of_geometry(geometry: MouthGeometry, drawn: list[Drawn]) -> dict[str, float]:
    """How far lips and teeth are from where they should be, pixels of the crop, means over the lips' landmarks and over
    what is between them."""
    errors: dict[str, list[float]] = {"lips": [], "teeth": []}
    y, x = torch.meshgrid(*2 * [torch.arange(float(SIZE))], indexing="ij")
    points = torch.stack([x, y], -1)[None]
    for d in drawn:
        rest = torch.zeros(1, 478, 2)
        rest[0, list(CONTROL)] = d.rest
        shape = geometry(rest, d.shows[None], SIZE)
        errors["lips"].append(float((shape.lips[0] - d.lips).norm(dim=-1).mean()))
        between = lip_distance(d.lips[None], points)[0] > 0
        if between.any():
            around = (points[0][between] - shape.centre[0]) / shape.unit
            away = torch.einsum("nk,rck->nrc", polynomial(*around.unbind(-1)), shape.rows[0] - d.rows)
            errors["teeth"].append(float(away.norm(dim=-1).mean()) * shape.unit)
    return {name: float(np.mean(values)) for name, values in errors.items() if values}
