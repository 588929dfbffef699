"""The sample sheet that training leaves behind at every checkpoint."""

import torch
from PIL import Image

from reggan.expressions import BASIC
from reggan.model import RegGAN
from reggan.predictor import to_uint8
from reggan.sheet import grid
from reggan.train.pairs import Subject


@torch.inference_mode()
def sample_sheet(model: RegGAN, subjects: list[Subject], people: int = 4) -> Image.Image:
    """Three rows per person: coarse, refined, target; the input, then the six basics at full strength."""
    device = model.frame.shape.device
    rows = []
    for s in subjects[:: max(1, len(subjects) // people)][:people]:
        x = s.neutral[None].to(device).float() / 255
        out = model(x, s.landmarks[None].to(device), torch.eye(len(BASIC), device=device))
        neutral = s.neutral.permute(1, 2, 0).numpy()
        index = {n: k for k, n in enumerate(s.names)}
        targets = [
            s.targets[index[f"{e}_100"]].permute(1, 2, 0).numpy() if f"{e}_100" in index else 0 * neutral for e in BASIC
        ]
        rows += [[neutral, *to_uint8(out.coarse)], [neutral, *to_uint8(out.refined)], [neutral, *targets]]
    return grid(rows)
