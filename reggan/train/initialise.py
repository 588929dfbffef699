"""A first guess of the displacement fields: optical flow between each target and its neutral.

Photometric losses alone see a brow only where it already overlaps its target. Dense inverse search flow (DIS;
Kroeger et al., "Fast optical flow using dense inverse search", ECCV 2016) between the images of a pair is a rough
teacher, used with a weight that fades during training. It is wrong inside an opening mouth, where nothing
corresponds; that is what the paint is for. Pairs of the data engine bring the true displacement, which is used instead;
and who has trained weights already may `follow` them.
"""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from reggan.model.frame import LandmarkFrame, mirrored, pixel_grid, sample
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


@torch.inference_mode()
def follow(model: RegGAN, subject: Subject) -> Tensor:
    """Flow (N, 2, 128, 128) float16 in the crop, from trained weights: what they move, and the optical flow of what
    that leaves to the target. Where motion is large that is far closer than optical flow alone.
    """
    device = next(model.parameters()).device
    x = subject.neutral[None].to(device).float() / 255
    out = model(x, subject.landmarks[None].to(device), subject.c.to(device))
    refined = (out.refined.cpu() * 255).round().byte()
    left = torch.stack([pair_flow(*pair) for pair in zip(refined, subject.targets, strict=True)])
    # Twice as fine as optical flow: lids and lips are edges of the displacement.
    left = F.interpolate(left, scale_factor=2.0, mode="bilinear", align_corners=False)
    there = pixel_grid(2 * GRID, left) + left.permute(0, 2, 3, 1)
    # target(u) = refined(u + left) = neutral(there + D(there))
    return (left + sample(out.edit.displacement.cpu(), there, "bilinear")).half()


def into_frame(flow: Tensor, to_crop: Tensor) -> Tensor:
    """The same distances on the frame's grid: (B, 2, h, w) in the crop, (B, S, S, 2) -> (B, 2, 64, 64)."""
    b = F.interpolate(to_crop.permute(0, 3, 1, 2), size=(GRID, GRID), mode="bilinear", align_corners=False)
    return sample(flow, b.permute(0, 2, 3, 1), "bilinear")


def fit_displacement(
    subjects: list[Subject], flows: list[Tensor], frame: LandmarkFrame, shape: FaceShape, ridge: float = 0.5
) -> tuple[Tensor, Tensor]:
    """Equation (5) of `refinement/network.py` in closed form: least squares of the displacement on c and c z, for
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
