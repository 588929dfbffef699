"""The sample sheets that training leaves behind at every checkpoint."""

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image

from reggan.expressions import BASIC
from reggan.model.arrays import to_float, to_uint8
from reggan.model.reggan import RegGAN
from reggan.output.contact_sheet import grid
from reggan.pairs.layout import Subject

_PEOPLE = 4


def sheet(subjects: list[Subject], make: Callable[[Subject], list[list[np.ndarray]]]) -> Image.Image:
    """For each of four people, the rows that `make` returns, (6, S, S, 3) uint8 each, and the targets.

    In front of every row stands the input; the columns are the six basics at full strength.
    """
    rows = []
    for s in subjects[:: max(1, len(subjects) // _PEOPLE)][:_PEOPLE]:
        neutral = s.neutral.permute(1, 2, 0).numpy()
        index = {n: k for k, n in enumerate(s.names)}
        targets = [
            s.targets[index[f"{e}_100"]].permute(1, 2, 0).numpy() if f"{e}_100" in index else 0 * neutral for e in BASIC
        ]
        rows += [[neutral, *images] for images in [*make(s), targets]]
    return grid(rows)


@torch.inference_mode()
def sample_sheet(model: RegGAN, subjects: list[Subject]) -> Image.Image:
    """Three rows per person: coarse, refined, target."""
    device = model.frame.shape.device

    def make(s: Subject) -> list[list[np.ndarray]]:
        x = to_float(s.neutral[None].to(device))
        out = model(x, s.landmarks[None].to(device), torch.eye(len(BASIC), device=device))
        return [list(to_uint8(out.coarse)), list(to_uint8(out.refined))]

    return sheet(subjects, make)
