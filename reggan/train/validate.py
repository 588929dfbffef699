"""Errors on people kept out of training, in the aligned crop; no metric network takes part."""

from collections import defaultdict
from collections.abc import Callable

import torch
from torch import Tensor

from reggan.model.arrays import shrink, to_float
from reggan.model.reggan import Output, RegGAN
from reggan.pairs.layout import SMILING, Subject
from reggan.train.initialise import expressive_sources

#: Input (1, 3, S, S) in [0, 1], who it is, strengths (N, 6) -> images (N, 3, S, S) by kind.
Edit = Callable[[Tensor, Subject, Tensor], dict[str, Tensor]]


class Errors:
    """Mean MSE and L1 of several kinds of image, and the L1's ratio to the unchanged input's.

    The ratio is taken at 128 x 128 too, for systems that work there: doubled in size, even a perfect image of theirs
    lacks the target's finest detail.
    """

    def __init__(self) -> None:
        self._sums: dict[str, float] = defaultdict(float)
        self.count = 0

    def add(self, target: Tensor, **images: Tensor) -> None:
        """`target` (N, 3, S, S) in [0, 1]; an image of each kind for it, one of them `input`."""
        for kind, image in images.items():
            error = image - target
            self._sums[f"{kind}_mse"] += float(error.square().mean((1, 2, 3)).sum())
            self._sums[f"{kind}_l1"] += float(error.abs().mean((1, 2, 3)).sum())
            self._sums[f"{kind}_l1_128"] += float(shrink(error, 128).abs().mean((1, 2, 3)).sum())
        self.count += len(target)

    def figures(self) -> dict[str, float]:
        means = {k: v / self.count for k, v in self._sums.items()}
        for kind in [k.removesuffix("_mse") for k in means if k.endswith("_mse") and k != "input_mse"]:
            means[f"{kind}_ratio"] = means[f"{kind}_l1"] / means["input_l1"]
            means[f"{kind}_ratio_128"] = means[f"{kind}_l1_128"] / means["input_l1_128"]
        return means


@torch.inference_mode()
def errors_of(
    edit: Edit, subjects: list[Subject], device: torch.device, full_strength: bool = True
) -> dict[str, float]:
    """Errors of what `edit` makes, over all subjects' targets: at full strength alone, or at all strengths."""
    errors = Errors()
    for s in subjects:
        keep = s.c.amax(1) == 1 if full_strength else s.c.amax(1) > 0
        x = to_float(s.neutral[None].to(device))
        errors.add(to_float(s.targets[keep].to(device)), input=x, **edit(x, s, s.c[keep].to(device)))
    return errors.figures()


def validate(model: RegGAN, subjects: list[Subject], full_strength: bool = True) -> dict[str, float]:
    """`errors_of` stage 1, "coarse", and stage 2, "refined", from neutral faces; and `errors_from_expressions`."""
    device = model.frame.shape.device

    def edit(x: Tensor, subject: Subject, c: Tensor) -> dict[str, Tensor]:
        out = model(x, subject.landmarks[None].to(device), c)
        return {"coarse": out.coarse, "refined": out.refined}

    return errors_of(edit, subjects, device, full_strength) | errors_from_expressions(model, subjects)


@torch.inference_mode()
def errors_from_expressions(model: RegGAN, subjects: list[Subject]) -> dict[str, float]:
    """Errors of both stages where the face has an expression already: from every full one to the neutral and to the
    next, "changed"; and from a real smile to the neutral photograph, "smile". Only what the data have."""
    device = model.frame.shape.device
    changed, smiles = Errors(), Errors()
    for s in subjects:
        full = expressive_sources(s)
        for n, j in enumerate(full):
            after = full[(n + 1) % len(full)]
            x, made = _changed(model, s, j, torch.stack([torch.zeros_like(s.c[0]), s.c[after]]))
            target = to_float(torch.stack([s.neutral, s.targets[after]]))
            changed.add(target.to(device), input=x, changed_coarse=made.coarse, changed=made.refined)
        if s.smile is not None:
            x, made = _changed(model, s, SMILING, torch.zeros_like(s.c[:1]))
            smiles.add(to_float(s.neutral[None]).to(device), input=x, smile_coarse=made.coarse, smile=made.refined)
    found = [e.figures() for e in (changed, smiles) if e.count]
    return {k: v for figures in found for k, v in figures.items() if not k.startswith("input")}


def _changed(model: RegGAN, s: Subject, which: int, c: Tensor) -> tuple[Tensor, Output]:
    """One of a subject's pictures (1, 3, S, S), and what the model makes of it when all of its expression goes and
    c (N, 6) comes."""
    device = model.frame.shape.device
    image, landmarks = s.picture(which)
    x = to_float(image[None].to(device))
    return x, model(x, landmarks[None].to(device), c.to(device), torch.ones(len(c), device=device))


def count_numbers(model: RegGAN) -> int:
    """How many learned numbers the model consists of, stage 1's weights included."""
    return sum(t.numel() for t in model.state_dict().values()) - model.frame.shape.numel()
