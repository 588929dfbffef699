"""Where stage 2 starts from: the displacement that all faces have in common, in closed form.

Its data are optical flow between each target and its neutral, or the true displacement where the data have it.

Photometric losses alone see a brow only where it already overlaps its target. Dense inverse search flow (DIS;
Kroeger et al., "Fast optical flow using dense inverse search", ECCV 2016) between the images of a pair is a rough
teacher, used with a weight that fades during training. It is wrong inside an opening mouth, where nothing
corresponds; that is what the paint is for. Pairs of the data engine bring the true displacement, which is used instead.
"""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from reggan.faces import SIZE
from reggan.model.frame import LandmarkFrame, mirrored, sample
from reggan.model.refinement.shape import FaceShape
from reggan.model.reggan import RegGAN
from reggan.pairs.layout import Subject

GRID = 64


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


def into_frame(flow: Tensor, to_crop: Tensor) -> Tensor:
    """The same distances on the frame's grid: (B, 2, h, w) in the crop, (B, S, S, 2) -> (B, 2, 64, 64)."""
    b = F.interpolate(to_crop.permute(0, 3, 1, 2), size=(GRID, GRID), mode="bilinear", align_corners=False)
    return sample(flow, b.permute(0, 2, 3, 1), "bilinear")


def fit_displacement(
    subjects: list[Subject], flows: list[Tensor], frame: LandmarkFrame, shape: FaceShape, ridge: float = 0.5
) -> tuple[Tensor, Tensor]:
    """Equation (5) of `refinement/mean_edit.py` in closed form: least squares of the displacement on c and c z, for
    each position, with every pair and its mirror image.

    Strong expressions count most. Where a pixel of the target comes from is not quite proportional to the strength, and
    the network adds the difference where it is small. A smaller `ridge` trusts the shapes more.

    Returns:
        D_k (6, 2, 64, 64) and D_kj (components, 6, 2, 64, 64).
    """
    size = 6 * (1 + shape.basis.shape[1])
    penalty = torch.full((size,), ridge * sum(len(f) for f in flows) / 6)
    penalty[:6] = 1.0
    gram, moment = penalty.diag(), torch.zeros(size, 2 * GRID * GRID)
    for s, flow in zip(subjects, flows, strict=True):
        to_crop = frame(s.landmarks[None], s.neutral.shape[-1]).to_crop
        d = into_frame(flow.float(), to_crop.expand(len(flow), -1, -1, -1))
        for b, seen in ((to_crop, d), (mirrored(to_crop.movedim(-1, 1)).movedim(1, -1), mirrored(d))):
            given = torch.cat([torch.ones(1, 1), shape(b)], 1)  # (1, 1 + components)
            given = (given[:, :, None] * s.c[:, None]).flatten(1)  # (N, size), first c, then z_0 c, z_1 c ...
            weight = s.c.amax(1, keepdim=True) ** 4
            gram += given.T @ (weight * given)
            moment += given.T @ (weight * seen.flatten(1))
    fitted = torch.linalg.solve(gram, moment).reshape(-1, 6, 2, GRID, GRID)
    return fitted[0], fitted[1:]


def load_flows(subjects: list[Subject], cache: Path) -> list[Tensor]:
    """`subject_flows` of everybody, kept in `cache` for the next time."""
    if cache.is_file():
        known: list[Tensor] = torch.load(cache, weights_only=True)
        return known
    flows = [subject_flows(s) for s in tqdm(subjects, desc="optical flow", unit="face")]
    cache.parent.mkdir(parents=True, exist_ok=True)
    torch.save(flows, cache)
    return flows


@torch.no_grad()
def untrained(
    stage1: RegGAN, subjects: list[Subject], flows: list[Tensor], kind: type[RegGAN] = RegGAN, shape: int | None = None
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
    mean, by_shape = fit_displacement(subjects, flows, model.frame, net.shape)
    net.mean.displacement.copy_(mean)
    if config.shape:
        goal = net.mean.displacement_by_shape
        goal.copy_(F.interpolate(by_shape.flatten(1, 2), size=goal.shape[-2:], mode="area"))
    return model
