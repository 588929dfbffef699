"""Stage 1's training: normalise every face, accumulate, solve."""

from collections import defaultdict

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from reggan.model.frame import LandmarkFrame, mean_shape, sample
from reggan.model.reggan import SIZE, RegGAN
from reggan.model.regression import RidgeAccumulator
from reggan.pairs.layout import Subject


def in_frame(frame: LandmarkFrame | None, subject: Subject, grid: int) -> tuple[Tensor, Tensor]:
    """Neutral (3, grid, grid) and targets (N, 3, grid, grid) of a subject in [0, 1]; without a frame, in the crop."""
    images = torch.cat([subject.neutral[None], subject.targets])
    if frame is None:
        images = images.float() / 255
    else:
        device = frame.shape.device
        maps = frame(subject.landmarks[None].to(device), SIZE)
        images = images.to(device).float() / 255
        images = sample(images.flatten(0, 1)[None], maps.to_crop).reshape(images.shape).clamp(0, 1)
    if grid != SIZE:
        images = F.interpolate(images, size=(grid, grid), mode="bilinear", antialias=True, align_corners=False)
    return images[0], images[1:]


@torch.no_grad()
def fit(model: RegGAN, subjects: list[Subject], ridge: float) -> None:
    """Set the frame's mean shape and fit the regression layer, in place."""
    device = model.frame.shape.device
    model.frame = type(model.frame)(mean_shape(torch.stack([s.landmarks for s in subjects]), SIZE)).to(device)
    layer = model.regression
    sums = RidgeAccumulator(layer.size, layer.r, device)
    for s in tqdm(subjects, desc="stage 1", unit="face"):
        x, y = in_frame(model.frame, s, layer.size)
        sums.add(x, y, s.c.to(device))
    layer.weight.copy_(sums.solve(ridge).weight)


class Errors:
    """Mean MSE and L1 of several kinds of image, and the L1's ratio to the unchanged input's.

    The ratio is taken at 128 x 128 too, for systems that work there: doubled in size, even a perfect image of theirs
    lacks the target's finest detail.
    """

    def __init__(self) -> None:
        self._sums: dict[str, float] = defaultdict(float)
        self._count = 0

    def add(self, target: Tensor, **images: Tensor) -> None:
        """`target` (N, 3, S, S) in [0, 1]; an image of each kind for it, one of them `input`."""
        for kind, image in images.items():
            error = image - target
            self._sums[f"{kind}_mse"] += float(error.square().mean((1, 2, 3)).sum())
            self._sums[f"{kind}_l1"] += float(error.abs().mean((1, 2, 3)).sum())
            small = F.interpolate(error, size=(128, 128), mode="bilinear", antialias=True, align_corners=False)
            self._sums[f"{kind}_l1_128"] += float(small.abs().mean((1, 2, 3)).sum())
        self._count += len(target)

    def figures(self) -> dict[str, float]:
        means = {k: v / self._count for k, v in self._sums.items()}
        for kind in [k.removesuffix("_mse") for k in means if k.endswith("_mse") and k != "input_mse"]:
            means[f"{kind}_ratio"] = means[f"{kind}_l1"] / means["input_l1"]
            means[f"{kind}_ratio_128"] = means[f"{kind}_l1_128"] / means["input_l1_128"]
        return means


@torch.inference_mode()
def validate(model: RegGAN, subjects: list[Subject], full_strength: bool = True) -> dict[str, float]:
    """Errors in the aligned crop over all subjects' targets: MSE and L1 of coarse, refined, unchanged input."""
    device = model.frame.shape.device
    errors = Errors()
    for s in subjects:
        keep = s.c.amax(1) == 1 if full_strength else s.c.amax(1) > 0
        y = s.targets[keep].to(device).float() / 255
        x = s.neutral[None].to(device).float() / 255
        out = model(x, s.landmarks[None].to(device), s.c[keep].to(device))
        errors.add(y, input=x, coarse=out.coarse, refined=out.refined)
    return errors.figures()


def count_numbers(model: RegGAN) -> int:
    """How many learned numbers the model consists of, stage 1's weights included."""
    return sum(t.numel() for t in model.state_dict().values()) - model.frame.shape.numel()
