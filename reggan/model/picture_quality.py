"""How black, how sharp and how white a picture is: what is drawn into it is as pale and as soft, and no whiter.

In a bleached print, in mist or behind glass the pupils are grey, and so is everything dark. A mouth that opens there to
the black of a fresh photograph looks cut out with scissors. A veil of white with opacity v makes c into c + v (1 - c);
how dense it is, the darkest places of the picture tell.

Out of focus, enlarged or painted with a soft brush, no edge is sharp. Teeth drawn with a pen look pasted in. An edge
with the spread s0, blurred by s more, has a gradient in proportion to 1 / sqrt(s0^2 + s^2), so that the steepest places
of a face tell s0 after two blurs a < b:

    q = (gradient after a / gradient after b)^2,  s0^2 = (b^2 - q a^2) / (q - 1)                     (12)

Skin that is nearly white already, and gets the light of a raised brow or of a full cheek on top, becomes a patch of
paper. So it gets no lighter than the lightest skin near by. All of this is our choice, seen on 150 pictures.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from reggan.model.arrays import blur, face_ellipse, luma, resize
from reggan.model.refinement import Edit

_POOLED = 2  # pixels of the crop: one dark pixel is noise
_DARKEST = 0.002  # share of the crop, hair, clothes and background with it: what is dark in it
_BLACK = 0.14  # luma up to which that is dark enough for any mouth
_BLURS = 0.7, 1.7  # a and b of (12), pixels of the crop: less would see the grain
_STEEPEST = 0.03  # share of the face
_SHARP = 1.3  # s0 of pictures as sharp as can be, pixels of the crop: lids and lips are no knife's edges
_SOFTEST = 2.5
_NEARLY_WHITE = 0.8  # luma
_CELL, _NEAR = 4, 4  # pixels of the crop; cells to each side that are near by


class Quality(NamedTuple):
    """Of B pictures."""

    veil: Tensor  # (B,) in [0, 1), how dense a veil lies over them; 0 where something is black
    softness: Tensor  # (B,) standard deviation of the blur of their edges, pixels of the crop; 0 where they are sharp


def quality_of(crop: Tensor) -> Quality:
    """Of crops (B, 3, S, S) in [0, 1]."""
    bright = luma(crop)
    pooled = F.avg_pool2d(bright, _POOLED).flatten(1)
    darkest = pooled.kthvalue(max(1, round(_DARKEST * pooled.shape[1])), dim=1).values
    first, second = (_steepest(blur(bright, sigma)) for sigma in _BLURS)
    q = (first / second.clamp_min(1e-6)).square()
    spread = (_BLURS[1] ** 2 - q * _BLURS[0] ** 2) / (q - 1).clamp_min(1e-6)
    softness = (spread - _SHARP**2).clamp(0, _SOFTEST**2).sqrt()
    return Quality(((darkest - _BLACK) / (1 - _BLACK)).clamp_min(0), torch.where(first > 0, softness, 0))


def veiled(colour: Tensor, veil: Tensor) -> Tensor:
    """Colours (B, 3, H, W) in [0, 1] behind veils (B,)."""
    return colour + veil[:, None, None, None] * (1 - colour)


def softened(x: Tensor, sigma: Tensor) -> Tensor:
    """Images (B, C, H, H), each with a Gaussian blur of its own, sigma (B,) in pixels; as two products of matrices."""
    if not sigma.any():
        return x
    t = torch.arange(x.shape[-1], dtype=x.dtype, device=x.device)
    weights = torch.exp(-0.5 * ((t[:, None] - t) / sigma[:, None, None].clamp_min(0.1)).square())
    weights = (weights / weights.sum(2, keepdim=True))[:, None]
    return weights @ x @ weights.transpose(2, 3)


def no_whiter(edit: Edit, moved: Tensor) -> Edit:
    """The same edit of moved skin (B, 3, S, S) with less light where it is nearly white."""
    bright, light = luma(moved), luma(edit.residual)
    lightest = blur(F.max_pool2d(F.avg_pool2d(bright, _CELL), 2 * _NEAR + 1, 1, _NEAR), 1.0)
    most = resize(lightest, moved.shape[-1]).clamp_min(_NEARLY_WHITE)
    less = torch.minimum(bright + light - most, light).clamp_min(0)
    return edit._replace(residual=edit.residual - (1 - edit.opacity) * less)


def _steepest(bright: Tensor) -> Tensor:
    """Mean gradient of (B, 1, S, S) in the steepest places of the face, (B,)."""
    across, down = bright[..., 1:-1, 2:] - bright[..., 1:-1, :-2], bright[..., 2:, 1:-1] - bright[..., :-2, 1:-1]
    face = face_ellipse(bright.shape[-1], bright)[1:-1, 1:-1] > 0
    gradient = (across.square() + down.square()).sqrt()[:, 0, face]
    return gradient.topk(max(1, round(_STEEPEST * gradient.shape[1])), dim=1).values.mean(1)
