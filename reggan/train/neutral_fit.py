"""Fitting what a face does already (`reggan/model/neutral.py`): from landmarks of people at rest and not.

The data are all pairs, photographs of the same people really smiling where there are any, and everybody at rest:
without turned heads, beards and old age among these, all of them would be taken for expressions. Once there is a model,
what it makes of these people is added, because results are edited again.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from reggan.expressions import BASIC
from reggan.faces import SIZE
from reggan.faces.align import alignment_matrix, transform
from reggan.faces.topology import CONTROL
from reggan.model.forward import OnDevice
from reggan.model.frame import mirrored_control, normalise
from reggan.model.neutral import COMPONENTS, NeutralEstimator
from reggan.model.reggan import RegGAN
from reggan.pairs.layout import Subject

_RIDGE, _RIDGE_OF_PRODUCTS, _RIDGE_BY_EXPRESSION = 0.3, 9.0, 3.0
_WEIGHT_AT_REST, _WEIGHT_SMILE = 6.0, 8.0  # a target counts 1
# In (6a) faces at rest count as little: the estimator leaves them alone anyway, and if they count much, a smile is only
# taken away in part.
_REST_OF_MOVE = 1.0


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


def observe_results(model: RegGAN, subjects: list[Subject], device: str = "cpu") -> list[Observed]:
    """What the model makes of every subject at rest in each basic expression, found anew as it would be on the page."""
    from reggan.faces.detect import find_faces  # here, because MediaPipe takes seconds to load

    here, observed = OnDevice(model, device), list[Observed]()
    every = np.eye(len(BASIC), dtype=np.float32)
    for s in tqdm(subjects, desc="results", unit="face"):
        rest, crop = s.landmarks.numpy(), s.neutral.permute(1, 2, 0).numpy()
        made = here(crop[None], rest[None], every, np.ones(len(every), np.float32))
        for c, image in zip(every, made.refined, strict=True):
            if found := find_faces(image):
                matrix = alignment_matrix(found[0].landmarks)
                position, at_rest = (torch.from_numpy(transform(p, matrix)) for p in (found[0].landmarks, rest))
                observed.append(Observed(_control(position), _control(at_rest), torch.from_numpy(c), 1.0))
    return observed


@torch.no_grad()
def fit_neutral(estimator: NeutralEstimator, observed: list[Observed]) -> None:
    """Equations (6) and (6a), in place, from the faces and their mirror images."""
    both = _with_mirrored(observed)
    p = _positions(both)
    estimator.mean.copy_(p.mean(0))
    _, spread, directions = torch.linalg.svd(p - p.mean(0), full_matrices=False)
    k = min(COMPONENTS, int((spread > 1e-6 * spread[0]).sum()))
    estimator.directions.zero_()[:, :k] = (directions[:k].T / (spread[:k] / len(p) ** 0.5)).float()

    known = [o for o in both if o.c is not None]
    c = torch.stack([o.c for o in known if o.c is not None]).double()
    weight = torch.tensor([o.weight for o in known], dtype=torch.float64)
    estimator.present.copy_(_solve(estimator.features(_positions(known).float()), c, weight))
    fit_move(estimator, observed)


@torch.no_grad()
def fit_move(estimator: NeutralEstimator, observed: list[Observed]) -> None:
    """Equation (6a), in place, to what is there already by (6)."""
    both = _with_mirrored(observed)
    p = _positions(both)
    move = torch.stack([o.at_rest.flatten() for o in both]).double() - p
    at_rest = torch.tensor([o.c is not None and not o.c.any() for o in both])
    weight = torch.tensor([o.weight for o in both], dtype=torch.float64).where(~at_rest, _REST_OF_MOVE)
    features, _ = estimator.features_of_move(p.float())
    estimator.move.copy_(_solve(features, move, weight))


def _solve(features: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Weighted ridge regression (K, M) from features (N, K) to what is wanted (N, M), weights (N,)."""
    z, w = features.double(), weight[:, None]
    linear, products = 1 + 2 * len(CONTROL), COMPONENTS * (COMPONENTS + 1) // 2
    penalty = torch.full((z.shape[1],), _RIDGE_BY_EXPRESSION, dtype=torch.float64)
    penalty[0], penalty[1:linear], penalty[linear : linear + products] = 1e-6, _RIDGE, _RIDGE_OF_PRODUCTS
    return torch.linalg.solve(z.T @ (w * z) + penalty.diag(), z.T @ (w * wanted)).float()


def _with_mirrored(observed: list[Observed]) -> list[Observed]:
    flipped = [(mirrored_control(o.position), mirrored_control(o.at_rest)) for o in observed]
    mirrored = [o._replace(position=p, at_rest=q) for o, (p, q) in zip(observed, flipped, strict=True)]
    return [*observed, *mirrored]


def _positions(observed: list[Observed]) -> Tensor:
    """(N, 168) float64."""
    return torch.stack([o.position.flatten() for o in observed]).double()


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
