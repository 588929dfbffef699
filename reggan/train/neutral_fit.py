"""Fitting what a face does already (`reggan/model/neutral.py`): from landmarks of people at rest and not.

The data are all pairs, photographs of the same people really smiling where there are any, and everybody at rest:
without turned heads, beards and old age among these, all of them would be taken for expressions. Once there is a model,
(6a) is solved anew: for the skin instead of the landmarks, and with what the model makes of these people among the
faces, because results are edited again.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from reggan.expressions import BASIC
from reggan.faces import SIZE
from reggan.faces.align import alignment_matrix, transform
from reggan.faces.topology import CONTROL
from reggan.model.forward import OnDevice
from reggan.model.frame import mirrored_control, normalise, sample
from reggan.model.neutral import COMPONENTS, NeutralEstimator
from reggan.model.reggan import RegGAN
from reggan.pairs.layout import Subject
from reggan.train.initialise import pair_flow

_WEAKER = 6  # every so many of the targets that are not full
_RIDGE, _RIDGE_OF_PRODUCTS, _RIDGE_BY_EXPRESSION = 0.3, 9.0, 3.0
_WEIGHT_AT_REST, _WEIGHT_SMILE = 6.0, 8.0  # a target counts 1
# In (6a) faces at rest count as little as a target: the estimator leaves them alone anyway, and if they count much, a
# smile is only taken away in part. Two photographs of a person differ by more than the smile.
_REST_OF_MOVE, _SMILE_OF_MOVE = 1.0, 2.0


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


class Changed(NamedTuple):
    """A face that does something, in the crop of the same face at rest."""

    image: NDArray[np.uint8]  # (S, S, 3)
    landmarks: NDArray[np.float32]  # (478, 2) pixels
    c: Tensor  # (6,)
    rest: NDArray[np.uint8]  # (S, S, 3)


def changed(model: RegGAN, subjects: list[Subject], device: str = "cpu") -> list[Changed]:
    """Everybody's targets, and what the model makes of everybody at rest, found anew as it would be on the page: the
    full expressions of both, and every `_WEAKER`-th of the other targets."""
    from reggan.faces.detect import find_faces  # here, because MediaPipe takes seconds to load

    here, found = OnDevice(model, device), list[Changed]()
    every = np.eye(len(BASIC), dtype=np.float32)
    for s in tqdm(subjects, desc="results", unit="face"):
        rest = _image(s.neutral)
        made = here(rest[None], s.landmarks.numpy()[None], every, np.ones(len(every), np.float32))
        for c, image in zip(every, made.refined, strict=True):
            if faces := find_faces(image):
                found.append(Changed(image, faces[0].landmarks.astype(np.float32), torch.from_numpy(c), rest))
        if s.target_landmarks is not None:
            weaker = (s.c.amax(1) < 1).nonzero()[::_WEAKER, 0].tolist()
            for k in [*(s.c.amax(1) == 1).nonzero()[:, 0].tolist(), *weaker]:
                found.append(Changed(_image(s.targets[k]), s.target_landmarks[k].numpy(), s.c[k], rest))
    return found


def observe_skin(model: RegGAN, faces: list[Changed], device: str = "cpu") -> list[Observed]:
    """Where the skin under the landmarks was at rest, by what is left when the model takes the expression away.

    Landmarks found in two pictures of a face do not lie on the same skin: they are off by a pixel or two, other ones
    on every face. Told to reach them, the estimator moves the skin by as much, and editing again adds it up. What is
    left between the model's face at rest and the true one, by optical flow, is what the landmarks at rest lack.
    """
    here, observed = OnDevice(model, device), list[Observed]()
    nothing, all_of_it = np.zeros((1, len(BASIC)), np.float32), np.ones(1, np.float32)
    for face in tqdm(faces, desc="skin", unit="face"):
        landmarks = torch.from_numpy(face.landmarks)
        with torch.inference_mode():
            rest = model.neutral(landmarks[None].to(device), SIZE)[0][0].cpu()
        made = here(face.image[None], face.landmarks[None], nothing, all_of_it).refined[0]
        left = pair_flow(_tensor(face.rest), _tensor(made))  # made(u) = rest(u + left), (2, 64, 64) normalised
        control = rest[list(CONTROL)]
        lacking = sample(left[None].float(), normalise(control, SIZE)[None, None], "bilinear")[0, :, 0].T
        matrix = alignment_matrix(face.landmarks)  # as the page aligns it
        positions = (face.landmarks[list(CONTROL)], (control + (SIZE / 2) * lacking).numpy())
        now, at_rest = (torch.from_numpy(transform(p, matrix)).float() for p in positions)
        observed.append(Observed(normalise(now, SIZE), normalise(at_rest, SIZE), face.c, 1.0))
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
    estimator.present.copy_(_solve(estimator.features(_positions(known).float()), c, weight, _RIDGE_OF_PRODUCTS))
    fit_move(estimator, observed)


@torch.no_grad()
def fit_move(estimator: NeutralEstimator, observed: list[Observed]) -> None:
    """Equation (6a), in place, to what is there already by (6)."""
    both = _with_mirrored(observed)
    p = _positions(both)
    move = torch.stack([o.at_rest.flatten() for o in both]).double() - p
    weight = torch.tensor([_weight_of_move(o) for o in both], dtype=torch.float64)
    features, _ = estimator.features_of_move(p.float())
    estimator.move.copy_(_solve(features, move, weight, _RIDGE_BY_EXPRESSION))


def _weight_of_move(o: Observed) -> float:
    if o.c is None:
        return _SMILE_OF_MOVE
    return o.weight if o.c.any() else _REST_OF_MOVE


def _solve(features: Tensor, wanted: Tensor, weight: Tensor, others: float) -> Tensor:
    """Weighted ridge regression (K, M) from features (N, K) to what is wanted (N, M), weights (N,); the ridge of the
    features after the linear ones is `others`."""
    z, w = features.double(), weight[:, None]
    penalty = torch.full((z.shape[1],), others, dtype=torch.float64)
    penalty[0], penalty[1 : 1 + 2 * len(CONTROL)] = 1e-6, _RIDGE
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


def _image(t: Tensor) -> NDArray[np.uint8]:
    """(3, S, S) uint8 -> (S, S, 3)."""
    return np.ascontiguousarray(t.permute(1, 2, 0).numpy())


def _tensor(image: NDArray[np.uint8]) -> Tensor:
    """(S, S, 3) uint8 -> (3, S, S)."""
    return torch.from_numpy(image).permute(2, 0, 1)
