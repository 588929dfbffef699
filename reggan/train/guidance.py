"""A first guess of the displacement fields: optical flow between each target and its neutral.

Photometric losses alone see a brow only where it already overlaps its target. Dense inverse search flow (DIS;
Kroeger et al., "Fast optical flow using dense inverse search", ECCV 2016) between the images of a pair is a rough
teacher, used with a weight that fades during training. It is wrong inside an opening mouth, where nothing
corresponds; that is what the paint is for. Pairs of the data engine bring the true displacement, which is used instead.
"""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from reggan.frame import LandmarkFrame, pixel_grid, sample
from reggan.train.pairs import Subject

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


def into_frame(flow: Tensor, to_crop: Tensor, to_frame: Tensor) -> Tensor:
    """The frame's displacement d with B(v + d) = B(v) + f(B(v)).

    Args:
        flow: (B, 2, 64, 64) in the crop.
        to_crop, to_frame: (B, S, S, 2), `FrameMaps`.

    Returns:
        (B, 2, 64, 64).
    """
    b = F.interpolate(to_crop.permute(0, 3, 1, 2), size=(GRID, GRID), mode="bilinear", align_corners=False)
    b = b.permute(0, 2, 3, 1)  # B at 64 x 64 frame positions
    there = b + sample(flow, b, "bilinear").permute(0, 2, 3, 1)
    a = to_frame.permute(0, 3, 1, 2)
    return sample(a, there, "bilinear") - pixel_grid(GRID, flow).permute(0, 3, 1, 2)


def mean_displacement(subjects: list[Subject], flows: list[Tensor], frame: LandmarkFrame) -> Tensor:
    """Least squares of the displacement on the strengths, per position: (6, 2, 64, 64), made mirror-symmetric."""
    gram, moment = torch.eye(6), torch.zeros(6, 2 * GRID * GRID)
    for s, flow in zip(subjects, flows, strict=True):
        maps = frame(s.landmarks[None], s.neutral.shape[-1])
        n = len(flow)
        d = into_frame(flow.float(), *(m.expand(n, -1, -1, -1) for m in maps))
        gram += s.c.T @ s.c
        moment += s.c.T @ d.reshape(n, -1)
    mean = torch.linalg.solve(gram, moment).reshape(6, 2, GRID, GRID)
    mirrored = mean.flip(-1) * torch.tensor([-1.0, 1.0])[None, :, None, None]
    return 0.5 * (mean + mirrored)
