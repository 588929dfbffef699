"""Fitting what a face does already (`reggan/model/neutral.py`): from landmarks of people at rest and not.

The data are all pairs, photographs of the same people really smiling where there are any, and everybody at rest:
without turned heads, beards and old age among these, all of them would be taken for expressions.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from reggan.expressions import BASIC
from reggan.faces import SIZE
from reggan.faces.topology import CONTROL
from reggan.model.frame import mirrored_control, normalise
from reggan.model.neutral import COMPONENTS, NeutralEstimator
from reggan.pairs.layout import Subject

_RIDGE, _RIDGE_OF_PRODUCTS = 0.3, 9.0
_WEIGHT_AT_REST, _WEIGHT_SMILE = 6.0, 8.0  # a target counts 1


class Observed(NamedTuple):
    """A face whose landmarks at rest are known."""

    position: Tensor  # (84, 2) normalised
    at_rest: Tensor  # (84, 2) of the same face
    c: Tensor | None  # (6,) the expression it has; None if that is not known
    weight: float


def observe(subjects: list[Subject]) -> list[Observed]:
    """Every subject at rest, and its targets and real smile where their landmarks are known."""
    observed = []
    for s in subjects:
        rest = _control(s.landmarks)
        observed.append(Observed(rest, rest, torch.zeros(len(BASIC)), _WEIGHT_AT_REST))
        if s.target_landmarks is not None:
            observed += [Observed(_control(p), rest, c, 1.0) for p, c in zip(s.target_landmarks, s.c, strict=True)]
        if s.smile_landmarks is not None:
            observed.append(Observed(_control(s.smile_landmarks), rest, None, _WEIGHT_SMILE))
    return observed


@torch.no_grad()
def fit_neutral(estimator: NeutralEstimator, observed: list[Observed]) -> None:
    """Equation (6) by weighted ridge regression, in place, from the faces and their mirror images."""
    mirrored = [
        o._replace(position=mirrored_control(o.position), at_rest=mirrored_control(o.at_rest)) for o in observed
    ]
    both = observed + mirrored
    p = torch.stack([o.position.flatten() for o in both]).double()  # (2 N, 168)
    move = torch.stack([o.at_rest.flatten() for o in both]).double() - p
    unknown = torch.full((len(BASIC),), torch.nan)
    c = torch.stack([unknown if o.c is None else o.c for o in both]).double()
    weight = torch.tensor([o.weight for o in both], dtype=torch.float64)[:, None]

    estimator.mean.copy_(p.mean(0))
    _, spread, directions = torch.linalg.svd(p - p.mean(0), full_matrices=False)
    k = min(COMPONENTS, int((spread > 1e-6 * spread[0]).sum()))
    estimator.directions.zero_()[:, :k] = (directions[:k].T / (spread[:k] / len(p) ** 0.5)).float()
    features = estimator.features(p.float()).double()
    penalty = torch.full((features.shape[1],), _RIDGE, dtype=torch.float64)
    penalty[0], penalty[1 + p.shape[1] :] = 1e-6, _RIDGE_OF_PRODUCTS
    known = ~c[:, 0].isnan()
    for rows, wanted, columns in (
        (torch.ones_like(known), move, slice(0, p.shape[1])),
        (known, c, slice(p.shape[1], None)),
    ):
        z, w = features[rows], weight[rows]
        gram = z.T @ (w * z) + penalty.diag()
        estimator.weight[:, columns] = torch.linalg.solve(gram, z.T @ (w * wanted[rows])).float()


@torch.no_grad()
def errors_of_neutral(estimator: NeutralEstimator, observed: list[Observed]) -> dict[str, float]:
    """How far faces are from where they would be at rest, pixels, mean over the control points: faces at rest, real
    smiles and full expressions, as they are and as estimated."""
    errors: dict[str, list[float]] = {}
    for o in observed:
        kind = "smile" if o.c is None else "rest" if not o.c.any() else "full" if o.c.max() == 1 else "weaker"
        landmarks = torch.zeros(1, 478, 2)
        landmarks[0, list(CONTROL)] = (o.position + 1) * (SIZE / 2) - 0.5
        found = normalise(estimator(landmarks, SIZE)[0][0, list(CONTROL)], SIZE)
        for name, p in (("as_it_is", o.position), ("estimated", found)):
            distance = float((p - o.at_rest).norm(dim=1).mean()) * SIZE / 2
            errors.setdefault(f"{kind}_{name}", []).append(distance)
    return {name: float(np.mean(values)) for name, values in errors.items()}


def _control(landmarks: Tensor) -> Tensor:
    """(478, 2) pixels of a crop -> (84, 2) normalised."""
    return normalise(landmarks[list(CONTROL)].float(), SIZE)
