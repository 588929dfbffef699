"""RegGAN: both stages in the landmark-normalised frame, and the way back into the crop."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple, TypeVar

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.faces import SIZE
from reggan.model.frame import FrameMaps, LandmarkFrame, pixel_grid, sample
from reggan.model.refinement import Edit, RefinementNetwork
from reggan.model.refinement.attention import TYPES
from reggan.model.regression import RegressionLayer

#: What stage 2 may be shown, see `RegGAN`; "both" unless it is an ablation.
SEES = ("both", "input", "coarse")


class Output(NamedTuple):
    """What the model makes of a batch of aligned crops."""

    coarse: Tensor  # (B, 3, S, S) in [0, 1], stage 1
    refined: Tensor  # (B, 3, S, S) in [0, 1], stage 2
    edit: Edit  # on the crop's grid, for pasting back at full resolution


def compose(image: Tensor, where: Tensor, edit: Edit) -> Tensor:
    """Equation (4): `image` (B, 3, S, S) looked up at `where` (B, h, w, 2), painted over and shaded; not clipped."""
    return (1 - edit.opacity) * sample(image, where) + edit.opacity * edit.paint + edit.residual


def channels_last(t: Tensor) -> Tensor:
    """(B, 2, H, W) to (B, H, W, 2): a field to positions for `sample`."""
    return t.permute(0, 2, 3, 1)


def _resize(x: Tensor, size: int) -> Tensor:
    return F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)


def _repeat(t: Tensor, n: int) -> Tensor:
    """(B, ...) to (B n, ...), each n times in a row; without a copy where B or n is 1."""
    return t[:, None].expand(-1, n, *t.shape[1:]).flatten(0, 1)


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
        moves, attention, sees: ablations of stage 2. Without moves it only adds a residual; attention names the types
            of `refinement/attention.py` to build; it sees "both" the face and stage 1's change, the "input" face
            alone, or stage 1's "coarse" image in the place of both. What it edits is the face in any case.
        shading: side of stage 2's learned mean gain, 0 for none.
        shape: how many numbers tell stage 2 the shape of the face, 0 for none.
    """

    def __init__(
        self,
        grid: int = 128,
        r: int = 3,
        widths: Sequence[int] = (24, 64, 112, 160),
        moves: bool = True,
        attention: Sequence[str] = TYPES,
        sees: str = "both",
        shading: int = 192,
        shape: int = 12,
    ) -> None:
        super().__init__()
        if not set(attention) <= set(TYPES) or sees not in SEES:
            raise ValueError(f"No such ablation: attention {attention}, sees {sees!r}.")
        attention = [kind for kind in TYPES if kind in attention]
        self.config: dict[str, Any] = {"grid": grid, "r": r, "widths": list(widths), "moves": moves}
        self.config |= {"attention": attention, "sees": sees, "shading": shading, "shape": shape}
        self.sees = sees
        self.frame = LandmarkFrame()
        self.regression = RegressionLayer(grid, r)
        self.refinement = RefinementNetwork(tuple(widths), SIZE, moves, tuple(attention), shading, shape)

    def coarse_change(self, x: Tensor, c: Tensor) -> Tensor:
        """Stage 1 in the frame: x (B, 3, S, S) in [0, 1], c (B, 6) -> coarse - x, (B, 3, grid, grid)."""
        grid = self.regression.size
        if x.shape[-1] != grid:
            x = F.interpolate(x, size=(grid, grid), mode="bilinear", antialias=True, align_corners=False)
        return self.regression.change(x, c)

    def shown(self, x: Tensor, change: Tensor) -> tuple[Tensor, Tensor]:
        """What stage 2 is shown of x (B, 3, S, S) and of stage 1's change (B, 3, grid, grid): (B, 3, S, S) and
        (B, 3, S/2, S/2)."""
        hint = _resize(change, SIZE // 2)
        if self.sees == "both":
            return x, hint
        return x + _resize(change, SIZE) if self.sees == "coarse" else x, torch.zeros_like(hint)

    def forward(
        self,
        crop: Tensor,
        landmarks: Tensor,
        c: Tensor,
        maps: dict[str, Tensor] | None = None,
        precision: torch.dtype | None = None,
    ) -> Output:
        """Edit aligned crops.

        Args:
            crop: (B, 3, 256, 256) in [0, 1].
            landmarks: (B, 478, 2) MediaPipe landmarks, pixels in the crop.
            c: (N, 6) in [0, 1]: N / B expressions of each face, the first face's first.
            maps: if given, filled with stage 2's attention maps, in the frame.
            precision: of stage 2's convolutions, float16 or bfloat16; positions need float32 and keep it.

        Returns:
            `Output` with N rows; where c is 0, both images equal the crop.
        """
        f: FrameMaps = self.frame(landmarks, crop.shape[-1])
        x = sample(crop, f.to_crop).clamp(0, 1)
        crop, x, to_crop, to_frame = (_repeat(t, len(c) // len(crop)) for t in (crop, x, *f))
        f = FrameMaps(to_crop, to_frame)

        change = self.coarse_change(x, c)
        with torch.autocast(x.device.type, precision) if precision else nullcontext():
            edit = self.refinement(*self.shown(x, change), c, f, maps)

        # Back onto the crop's grid, at v = A(u).
        coarse = crop + sample(change, f.to_frame, "bilinear")
        edit = Edit(*sample(torch.cat(list(edit), 1), f.to_frame, "bilinear").split([2, 1, 3, 3], 1))
        refined = compose(crop, pixel_grid(crop.shape[-1], crop) + channels_last(edit.displacement), edit)
        unchanged = (c == 0).all(1)[:, None, None, None]
        coarse, refined = (torch.where(unchanged, crop, t.clamp(0, 1)) for t in (coarse, refined))
        return Output(coarse, refined, edit)
