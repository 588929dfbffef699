"""The forward pass from arrays to arrays, which the predictor runs on this machine or on a borrowed graphics card."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reggan.faces import SIZE, Change, Detail
from reggan.model.arrays import Image, to_tensor, to_uint8
from reggan.model.finer_grid import FACTOR
from reggan.model.reggan import Output, RegGAN

Float = NDArray[np.float32]


@dataclass(frozen=True)
class ModelOutput:
    """The model's output for N rows, as arrays, so that it can be sent to another process."""

    coarse: Image  # (N, 256, 256, 3) stage 1
    refined: Image  # (N, 256, 256, 3) stage 2
    changes: list[Change]  # by stage 2, on the crop's grid; displacement in crop pixels
    attention: dict[str, NDArray[np.float32]]  # name -> (h, w), for the first row; empty unless asked for


class Forward(Protocol):
    """Takes aligned faces (B, 256, 256, 3) uint8, their landmarks (B, 478, 2), strengths c (N, 6), and relax (N,): how
    much of the expression already in the face to take away. There are N / B rows for each face."""

    def __call__(
        self, crops: Image, landmarks: Float, c: Float, relax: Float, attention: bool = False
    ) -> ModelOutput: ...


class OnDevice:
    """`Forward` on one device, in float32 on each: on a graphics card float16 is no faster, see docs/hub.md."""

    def __init__(self, model: RegGAN, device: str | torch.device) -> None:
        self.device = torch.device(device)
        self.model = model.to(self.device).eval().requires_grad_(False)

    @torch.inference_mode()
    def __call__(self, crops: Image, landmarks: Float, c: Float, relax: Float, attention: bool = False) -> ModelOutput:
        given = (torch.from_numpy(np.ascontiguousarray(a)).to(self.device) for a in (landmarks, c, relax))
        maps: dict[str, torch.Tensor] | None = {} if attention else None
        out = self.model(to_tensor(crops, self.device), *given, maps, detail=True)
        seen = {name: m[0].mean(0).float().cpu().numpy() for name, m in (maps or {}).items()}
        return ModelOutput(to_uint8(out.coarse), to_uint8(out.refined), _changes(out), seen)


def _changes(out: Output) -> list[Change]:
    d, opacity, paint, residual = (_array(t) for t in out.edit)
    details: list[tuple[Detail, ...]] = [()] * len(d)
    for finer in out.details:
        values = _array(torch.cat([finer.opacity, finer.added], 1))
        for n, ((x, y), value) in enumerate(zip(finer.corner.tolist(), values, strict=True)):
            if value.any():
                details[n] += (Detail((x, y), FACTOR, value),)
    parts = zip(d * np.float32(SIZE / 2), opacity, paint, residual, details, strict=True)
    return [Change(*of_one) for of_one in parts]


def _array(t: Tensor) -> NDArray[np.float32]:
    """(N, C, H, W) -> (N, H, W, C)."""
    return np.ascontiguousarray(t.permute(0, 2, 3, 1).float().cpu().numpy())
