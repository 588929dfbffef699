"""RegGAN: both stages in the landmark-normalised frame, and the way back into the crop."""

from typing import NamedTuple, TypeVar

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.faces import SIZE
from reggan.frame import FrameMaps, LandmarkFrame, pixel_grid, sample
from reggan.refinement import Edit, RefinementNetwork
from reggan.regression import RegressionLayer


class Output(NamedTuple):
    """What the model makes of a batch of aligned crops."""

    coarse: Tensor  # (B, 3, S, S) in [0, 1], stage 1
    refined: Tensor  # (B, 3, S, S) in [0, 1], stage 2
    edit: Edit  # in the crop, for pasting back at full resolution


def compose(image: Tensor, where: Tensor, edit: Edit) -> Tensor:
    """Equation (4): `image` (B, 3, S, S) looked up at `where` (B, h, w, 2), painted over and shaded; not clipped."""
    return (1 - edit.opacity) * sample(image, where) + edit.opacity * edit.paint + edit.residual


def channels_last(t: Tensor) -> Tensor:
    """(B, 2, H, W) to (B, H, W, 2): a field to positions for `sample`."""
    return t.permute(0, 2, 3, 1)


AnyModule = TypeVar("AnyModule", bound=nn.Module)


def fast_layout(module: AnyModule) -> AnyModule:
    """Weights as (height, width, channel): convolutions on a CPU are about 1.4 times as fast."""
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


class RegGAN(nn.Module):
    """Stage 1 and stage 2 as one module.

    Args:
        grid: side of stage 1's grid.
        r: side of stage 1's window.
        widths: channels of stage 2, fine to coarse.
        moves: False for the residual-only ablation.
    """

    def __init__(
        self,
        grid: int = 128,
        r: int = 3,
        widths: tuple[int, ...] = (24, 64, 112, 160),
        moves: bool = True,
    ) -> None:
        super().__init__()
        self.config = {"grid": grid, "r": r, "widths": list(widths), "moves": moves}
        self.frame = LandmarkFrame()
        self.regression = RegressionLayer(grid, r)
        self.refinement = RefinementNetwork(tuple(widths), SIZE, moves=moves)

    def coarse_change(self, x: Tensor, c: Tensor) -> Tensor:
        """Stage 1 in the frame: x (B, 3, S, S) in [0, 1], c (B, 6) -> coarse - x, (B, 3, grid, grid)."""
        grid = self.regression.size
        if x.shape[-1] != grid:
            x = F.interpolate(x, size=(grid, grid), mode="bilinear", antialias=True, align_corners=False)
        return self.regression.change(x, c)

    def half_size(self, change: Tensor) -> Tensor:
        """Stage 1's change as stage 2 takes it: (B, 3, grid, grid) -> (B, 3, S/2, S/2)."""
        return F.interpolate(change, size=(SIZE // 2, SIZE // 2), mode="bilinear", align_corners=False)

    def forward(self, crop: Tensor, landmarks: Tensor, c: Tensor, maps: dict[str, Tensor] | None = None) -> Output:
        """Edit aligned crops.

        Args:
            crop: (B, 3, 256, 256) in [0, 1].
            landmarks: (B, 478, 2) MediaPipe landmarks, pixels in the crop.
            c: (B, 6) in [0, 1]. If B is 1 for crop and landmarks, N expressions of that face are made at once.
            maps: if given, filled with stage 2's attention maps, in the frame.

        Returns:
            `Output`; where c is 0, both images equal the crop.
        """
        f: FrameMaps = self.frame(landmarks, crop.shape[-1])
        x = sample(crop, f.to_crop).clamp(0, 1)
        n = len(c)
        crop, x = crop.expand(n, -1, -1, -1), x.expand(n, -1, -1, -1)
        to_crop, to_frame = (m.expand(n, -1, -1, -1) for m in f)

        change = self.coarse_change(x, c)
        edit = self.refinement(x, self.half_size(change), c, maps)
        coarse = crop + sample(change, to_frame, "bilinear")

        # Back into the crop: the frame's output at v = A(u) shows the crop at B(v + d(v)).
        parts = sample(torch.cat(list(edit), 1), to_frame, "bilinear")
        d, opacity, paint, residual = parts.split([2, 1, 3, 3], 1)
        b = to_crop.permute(0, 3, 1, 2)
        there = sample(b, to_frame + channels_last(d), "bilinear")
        displacement = there - sample(b, to_frame, "bilinear")
        edit = Edit(displacement, opacity, paint, residual)

        refined = compose(crop, pixel_grid(crop.shape[-1], crop) + channels_last(displacement), edit)
        unchanged = (c == 0).all(1)[:, None, None, None]
        coarse, refined = (torch.where(unchanged, crop, t.clamp(0, 1)) for t in (coarse, refined))
        return Output(coarse, refined, edit)
