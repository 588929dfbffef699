"""Squares of the crop on a grid three times as fine, for what stage 2's own is too coarse for: teeth, lips, folds."""

import functools
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from reggan.model.arrays import smoothstep
from reggan.model.refinement import Edit

SIDE = 112  # of a square, in pixels of the crop: a wide laugh fits, and a jaw that drops
FACTOR = 3  # how much finer it is
_RIM = 8  # pixels of the crop over which what is finer sets in at the square's border
_THIN = 0.02  # opacity below which what is painted counts as shading


class FinerOutput(NamedTuple):
    """What comes to the crop's opacity and to what is added there, m paint + r, in a square of it."""

    corner: Tensor  # (B, 2) whole numbers, (x, y) of the square's first pixel in the crop
    opacity: Tensor  # (B, 1, FACTOR SIDE, FACTOR SIDE)
    added: Tensor  # (B, 3, FACTOR SIDE, FACTOR SIDE)


def with_finer(edit: Edit, finer: FinerOutput) -> tuple[Edit, FinerOutput]:
    """What is finer, in the mean over each pixel of the crop, as part of the edit (N, ., S, S); and what is left."""
    fine = torch.cat([finer.opacity, finer.added], 1)
    mean = F.avg_pool2d(fine, FACTOR)
    rest = FinerOutput(finer.corner, *(fine - enlarged(mean)).split([1, 3], 1))
    opacity, painted = edit.opacity.clone(), edit.opacity * edit.paint
    for n, (x, y) in enumerate(finer.corner.tolist()):
        opacity[n, :, y : y + SIDE, x : x + SIDE] += mean[n, :1]
        painted[n, :, y : y + SIDE, x : x + SIDE] += mean[n, 1:]
    if not finer.opacity.any():  # light and shadow
        return edit._replace(residual=edit.residual + painted - edit.opacity * edit.paint), rest
    opacity = opacity.clamp(0, 1)
    paint = torch.where(opacity > _THIN, painted / opacity.clamp_min(_THIN), edit.paint).clamp(0, 1)
    residual = edit.residual + painted - opacity * paint
    return Edit(edit.displacement, opacity, paint, residual), rest


def square_points(corner: Tensor, side: int) -> Tensor:
    """The pixels of squares that begin at `corner` (B, 2): (B, side, side, 2) positions in the crop."""
    y, x = torch.meshgrid(*2 * [torch.arange(side, device=corner.device, dtype=torch.float32)], indexing="ij")
    return corner[:, None, None].float() + torch.stack([x, y], -1)


def enlarged(x: Tensor) -> Tensor:
    """(B, C, h, w) -> (B, C, 3 h, 3 w), bicubic, as `reggan.faces.paste` enlarges; as two products of matrices, a
    multiple as fast as `F.interpolate`."""
    rows, columns = (_bicubic(side).to(x) for side in x.shape[-2:])
    return rows @ x @ columns.T


@functools.lru_cache(maxsize=8)
@torch.inference_mode(False)  # kept for training too
def _bicubic(side: int) -> Tensor:
    """(3 side, side) weights with which a line of pixels is enlarged."""
    line = torch.eye(side)[:, None, None]  # (side, 1, 1, side), one pixel each
    return F.interpolate(line, scale_factor=(1, FACTOR), mode="bicubic", align_corners=False)[:, 0, 0].T.contiguous()


def cut(images: Tensor, corner: Tensor, side: int = SIDE) -> Tensor:
    """The squares (B, C, side, side) of images (B, C, S, S)."""
    pairs = zip(images, corner.tolist(), strict=True)
    return torch.stack([image[:, y : y + side, x : x + side] for image, (x, y) in pairs])


def window(like: Tensor) -> Tensor:
    """1 inside the square, 0 at its border, smooth in between: (1, 1, SIDE, SIDE)."""
    t = torch.arange(SIDE, device=like.device, dtype=like.dtype) + 0.5
    rise = smoothstep(torch.minimum(t, SIDE - t) / _RIM)
    return (rise[:, None] * rise)[None, None]
