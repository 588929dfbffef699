"""Where stage 2 starts from: the displacement that all faces have in common, in closed form.

Its data are optical flow between each target and its neutral, or the true displacement where the data have it.

Photometric losses alone see a brow only where it already overlaps its target. Dense inverse search flow (DIS;
Kroeger et al., "Fast optical flow using dense inverse search", ECCV 2016) between the images of a pair is a rough
teacher, used with a weight that fades during training. It is wrong inside an opening mouth, where nothing
corresponds; that is what the paint is for. Pairs of the data engine bring the true displacement, which is used instead.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from reggan.faces import SIZE
from reggan.model.frame import inverse, mirrored, nodes, pixel_grid, sample
from reggan.model.reggan import RegGAN
from reggan.pairs.layout import Subject

GRID = 64


class Flows(NamedTuple):
    """Displacements between every subject's neutral and its targets, (N, 2, 64, 64) float16 each, in the crop."""

    there: list[Tensor]  # target(u) = neutral(u + there)
    back: list[Tensor]  # neutral(u) = target(u + back)


def pair_flow(neutral: Tensor, target: Tensor) -> Tensor:
    """Backward flow f, target(u) = neutral(u + f): (3, S, S) uint8 twice -> (2, 64, 64) normalised units."""
    a, b = (cv2.cvtColor(t.permute(1, 2, 0).numpy(), cv2.COLOR_RGB2GRAY) for t in (target, neutral))
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = cv2.GaussianBlur(dis.calc(a, b, np.zeros((*a.shape, 2), np.float32)), (0, 0), 2.0)  # (S, S, 2) pixels
    flow = cv2.resize(flow, (GRID, GRID), interpolation=cv2.INTER_AREA) * (2.0 / neutral.shape[-1])
    return torch.from_numpy(flow).permute(2, 0, 1).contiguous()


def subject_flows(subject: Subject) -> Tensor:
    """(N, 2, 64, 64) float16 in the crop: the true flow where the data have it, else what DIS finds."""
    known = [None] * len(subject.targets) if subject.flow is None else list(subject.flow)
    flows = [
        pair_flow(subject.neutral, target).half() if flow is None or flow.isnan().any() else flow
        for target, flow in zip(subject.targets, known, strict=True)
    ]
    return torch.stack(flows)


def inverse_flows(there: Tensor) -> Tensor:
    """The way back: (N, 2, 64, 64) in the crop -> the same."""
    at = nodes(there.float()).expand(len(there), -1, -1, -1)
    forward = at + sample(there.float(), at, "bilinear").permute(0, 2, 3, 1)
    back = inverse(forward, GRID) - pixel_grid(GRID, forward)
    return back.permute(0, 3, 1, 2).half()


def displacement_between(there: Tensor, back: Tensor, to_crop: Tensor, to_goal: Tensor) -> Tensor:
    """D, on the frame's grid, of an edit from a source with an expression to a target.

    A frame pixel lies at B(v) of the source and at G(v) of the goal; the target shows there what lies at
    w = G(v) + there of the neutral, which is w + back of the source: D = w + back(w) - B(v).

    Args:
        there: of the target, (B, 2, 64, 64); 0 if that is the neutral.
        back: of the source, likewise.
        to_crop, to_goal: B and G, (B, S, S, 2).

    Returns:
        (B, 2, 64, 64).
    """
    source, goal = (
        F.interpolate(t.permute(0, 3, 1, 2), size=(GRID, GRID), mode="bilinear", align_corners=False)
        for t in (to_crop, to_goal)
    )
    at_rest = goal + sample(there, goal.permute(0, 2, 3, 1), "bilinear")
    return at_rest + sample(back, at_rest.permute(0, 2, 3, 1), "bilinear") - source


class _Given(NamedTuple):
    """Pairs of one source, for the fit of equation (5)."""

    c: Tensor  # (N, 6) what comes
    leaving: Tensor  # (N, 6)
    to_goal: Tensor  # (1, S, S, 2)
    d: Tensor  # (N, 2, 64, 64)
    weight: Tensor  # (N, 1)


def _given(model: RegGAN, s: Subject, there: Tensor, back: Tensor) -> Iterator[_Given]:
    """From the neutral to every target, and from every full expression to the neutral and to every target."""
    side = s.neutral.shape[-1]
    to_goal = model.frame.to_crop(s.landmarks[None], side)
    # Strong expressions count most. Where a pixel of the target comes from is not quite proportional to the strength,
    # and the network adds the difference where it is small.
    weight = s.c.amax(1, keepdim=True) ** 4
    none = torch.zeros_like(there[:1])

    def between(to: Tensor, of: Tensor, to_crop: Tensor) -> Tensor:
        both = (t.expand(len(to), -1, -1, -1) for t in (of, to_crop, to_goal))
        return displacement_between(to, *both)

    yield _Given(s.c, torch.zeros_like(s.c), to_goal, between(there, none, to_goal), weight)
    sources = expressive_sources(s)
    for j in sources:
        landmarks = s.picture(j)[1][None]
        leaving = model.neutral.leaving(model.neutral(landmarks, side)[1]).expand(len(s.c) + 1, -1)
        c, to = torch.cat([s.c, torch.zeros_like(s.c[:1])]), torch.cat([there, none])
        d = between(to, back[j : j + 1], model.frame.to_crop(landmarks, side))
        yield _Given(c, leaving, to_goal, d, torch.cat([weight, torch.ones_like(weight[:1])]) / len(sources))


def expressive_sources(s: Subject) -> list[int]:
    """Which of a subject's targets stand for sources with an expression in the closed-form fits: the full ones."""
    if s.target_landmarks is None:
        return []
    full: list[int] = (s.c.amax(1) == 1).nonzero()[:, 0].tolist()
    return full


@torch.no_grad()
def fit_displacement(
    model: RegGAN, subjects: list[Subject], flows: Flows, ridge: float = 0.5
) -> tuple[Tensor, Tensor, Tensor]:
    """Equation (5) of `refinement/mean_edit.py` in closed form: least squares of the displacement on c, c z and what
    leaves, for each position, with every pair and its mirror image.

    Args:
        model: whose frame, estimator of the neutral and `refinement.shape` are fitted.
        ridge: of D_kj; a smaller one trusts the shapes more.

    Returns:
        D_k (6, 2, 64, 64), D_kj (components, 6, 2, 64, 64) and E_k (6, 2, 64, 64).
    """
    shape = model.refinement.shape
    k = shape.basis.shape[1]
    size = 6 * (2 + k)
    penalty = torch.full((size,), ridge * sum(len(f) for f in flows.there) / 6)
    penalty[:6] = penalty[-6:] = 1.0
    gram, moment = penalty.diag(), torch.zeros(size, 2 * GRID * GRID)
    for s, there, back in zip(subjects, flows.there, flows.back, strict=True):
        for g in _given(model, s, there.float(), back.float()):
            b = g.to_goal
            for at, seen in ((b, g.d), (mirrored(b.movedim(-1, 1)).movedim(1, -1), mirrored(g.d))):
                z = torch.cat([torch.ones(1, 1), shape(at)], 1)  # (1, 1 + components)
                features = (z[:, :, None] * g.c[:, None]).flatten(1)  # first c, then z_0 c, z_1 c ...
                features = torch.cat([features, g.leaving], 1)  # (N, size)
                gram += features.T @ (g.weight * features)
                moment += features.T @ (g.weight * seen.flatten(1))
    fitted = torch.linalg.solve(gram, moment).reshape(-1, 6, 2, GRID, GRID)
    return fitted[0], fitted[1:-1], fitted[-1]


def load_flows(subjects: list[Subject], cache: Path) -> Flows:
    """`subject_flows` of everybody and the ways back, kept in `cache` for the next time."""
    if cache.is_file():
        return Flows(*torch.load(cache, weights_only=True))
    there = [subject_flows(s) for s in tqdm(subjects, desc="optical flow", unit="face")]
    flows = Flows(there, [inverse_flows(f) for f in there])
    cache.parent.mkdir(parents=True, exist_ok=True)
    torch.save(tuple(flows), cache)
    return flows


@torch.no_grad()
def untrained(
    stage1: RegGAN, subjects: list[Subject], flows: Flows, kind: type[RegGAN] = RegGAN, shape: int | None = None
) -> RegGAN:
    """A model with a new stage 2: the shape of the face and equation (5) fitted, nothing that the network itself moves.

    Args:
        stage1: a model whose frame and regression layer are fitted.
        kind: `RegGAN`, or an ablation of it.
        shape: how many numbers tell the face's shape, if another number than `stage1` has.
    """
    config = stage1.config if shape is None else replace(stage1.config, shape=shape)
    model = kind(config)
    model.frame, model.regression, model.neutral = stage1.frame, stage1.regression, stage1.neutral
    net = model.refinement
    net.shape.fit(torch.cat([model.frame(s.landmarks[None], SIZE).to_crop for s in subjects]))
    mean, by_shape, leaving = fit_displacement(model, subjects, flows)
    net.mean.displacement.copy_(mean)
    net.mean.displacement_leaving.copy_(leaving)
    if config.shape:
        goal = net.mean.displacement_by_shape
        goal.copy_(F.interpolate(by_shape.flatten(1, 2), size=goal.shape[-2:], mode="area"))
    return model
