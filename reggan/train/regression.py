"""The closed-form fits: the frame's mean shape, what a face does already, and stage 1, in this order."""

from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from reggan.faces import SIZE
from reggan.model.arrays import shrink, to_float
from reggan.model.config import ModelConfig
from reggan.model.frame import LandmarkFrame, mean_shape, sample
from reggan.model.reggan import RegGAN
from reggan.model.regression import RidgeAccumulator
from reggan.pairs.layout import SMILING, Subject
from reggan.train.initialise import expressive_sources
from reggan.train.neutral_fit import errors_of_neutral, fit_neutral, observe
from reggan.train.validate import validate
from reggan.weights.files import save_model


def in_frame(frame: LandmarkFrame | None, subject: Subject, grid: int) -> tuple[Tensor, Tensor]:
    """Neutral (3, grid, grid) and targets (N, 3, grid, grid) of a subject in [0, 1]; without a frame, in the crop."""
    images = torch.cat([subject.neutral[None], subject.targets])
    if frame is None:
        images = to_float(images)
    else:
        device = frame.shape.device
        maps = frame(subject.landmarks[None].to(device), SIZE)
        images = to_float(images.to(device))
        images = sample(images.flatten(0, 1)[None], maps.to_crop).reshape(images.shape).clamp(0, 1)
    images = shrink(images, grid)
    return images[0], images[1:]


@torch.no_grad()
def fit(model: RegGAN, subjects: list[Subject], ridge: float) -> None:
    """Set the frame's mean shape, fit what a face does already and the regression layer, in place."""
    device = model.frame.shape.device
    model.frame = LandmarkFrame(mean_shape(torch.stack([s.landmarks for s in subjects]), SIZE)).to(device)
    fit_neutral(model.neutral, observe(subjects))
    layer = model.regression
    sums = RidgeAccumulator(layer.size, layer.r, device)
    for s in tqdm(subjects, desc="stage 1", unit="face"):
        x, y = in_frame(model.frame, s, layer.size)
        c = s.c.to(device)
        sums.add(x, y, c)
        y, c = torch.cat([y, x[None]]), torch.cat([c, torch.zeros_like(c[:1])])
        for which in expressive_sources(s) + ([] if s.smile is None else [SMILING]):
            image, points = s.picture(which)
            landmarks = points[None].to(device)
            leaving = model.neutral.leaving(model.neutral(landmarks, SIZE)[1])
            keep = torch.tensor([j != which for j in range(len(y))])
            seen = sample(to_float(image[None].to(device)), model.frame.to_crop(landmarks, SIZE)).clamp(0, 1)
            sums.add(shrink(seen, layer.size)[0], y[keep], c[keep], leaving.expand(int(keep.sum()), -1))
    solved = sums.solve(ridge)
    layer.weight.copy_(solved.weight)
    layer.leaving.copy_(solved.leaving)


def train_regression(
    config: ModelConfig,
    ridge: float,
    training: list[Subject],
    validation: list[Subject],
    out: Path,
    device: torch.device,
) -> dict[str, float]:
    """Solve for stage 1 and write it, with a stage 2 that has learned nothing, as a weights file.

    Returns:
        errors of the coarse image, over all strengths and at full strength, of the landmarks at rest, and how many
        numbers stage 1 has.
    """
    model = RegGAN(config).to(device)
    fit(model, training, ridge)
    save_model(model, out)
    figures = {"all_strengths_mse": validate(model, validation, full_strength=False)["coarse_mse"]}
    figures |= validate(model, validation) | errors_of_neutral(model.neutral, observe(validation))
    figures["numbers"] = sum(t.numel() for t in model.regression.state_dict().values())
    return {k: v for k, v in figures.items() if not k.startswith("refined")}
