"""Monochrome pictures: grey and sepia photographs, marble, engravings. What is painted there must have their colour.

In such a picture the colour is a function of the luma l: colour = l + t(l), with one offset t per channel. Averaging
over the face gives t, and how far the face's own pixels are from it tells whether the picture is monochrome at all: of
60 photographs from before 1930, 55 certainly are, and of 60 press portraits in colour none is. All of this is our
choice.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from reggan.model.arrays import face_ellipse, luma, smoothstep

_KNOTS = 17  # of t, which is linear in between
_POOLED = 4  # pixels, side of the blocks averaged first: grain and JPEG artefacts have colours of their own
_SURE, _NEVER = 0.012, 0.020  # distance of the face's pixels from t: certainly monochrome up to, never from
_PRIOR = 0.002  # share of the face's pixels: weight of a t proportional to l, for knots with few pixels


class Palette(NamedTuple):
    """The single colour of each monochrome picture."""

    weight: Tensor  # (B, 1, 1, 1) in [0, 1], how certainly the picture is monochrome
    offset: Tensor  # (B, 17, 3), t at the knots

    def toned(self, colour: Tensor) -> Tensor:
        """Colours (B, 3, H, W) replaced by those of the palette with the same luma."""
        if not self.weight.any():
            return colour
        brightness = luma(colour)
        at = brightness.clamp(0, 1) * (_KNOTS - 1)
        low = at.floor().clamp_max(_KNOTS - 2)
        share = (at - low)[:, 0, ..., None]  # (B, H, W, 1)
        index = low[:, 0].long().flatten(1)[..., None].expand(-1, -1, 3)  # (B, H W, 3)
        below, above = (self.offset.gather(1, index + k).unflatten(1, colour.shape[-2:]) for k in (0, 1))
        offset = (below + share * (above - below)).permute(0, 3, 1, 2)
        return torch.lerp(colour, brightness + offset, self.weight)

    def in_hue(self, light: Tensor) -> Tensor:
        """Added light and shadow (B, 3, H, W), without any hue of their own."""
        return torch.lerp(light, light.mean(1, keepdim=True).expand_as(light), self.weight)


def palette_of(x: Tensor) -> Palette:
    """The palettes of faces in the frame, (B, 3, S, S) in [0, 1]."""
    small = F.avg_pool2d(x, _POOLED)
    face = face_ellipse(small.shape[-1], x)  # (s, s)
    brightness = luma(small)
    own = small - brightness  # (B, 3, s, s)
    knots = torch.arange(_KNOTS, device=x.device, dtype=x.dtype)
    hats = (1 - (brightness * (_KNOTS - 1) - knots[:, None, None]).abs()).clamp_min(0)  # (B, 17, s, s)
    count = (hats * face).sum((2, 3))[..., None]  # (B, 17, 1)
    slope = (own * face).sum((2, 3)) / (brightness * face).sum((2, 3)).clamp_min(1e-6)  # (B, 3)
    prior = slope[:, None] * knots[:, None] / (_KNOTS - 1)
    weight = _PRIOR * face.sum()
    offset = (torch.einsum("bkhw,bchw->bkc", hats * face, own) + weight * prior) / (count + weight)
    away = own - torch.einsum("bkhw,bkc->bchw", hats, offset)
    spread = ((away.square().sum(1) * face).sum((1, 2)) / face.sum()).sqrt()
    sure = smoothstep((_NEVER - spread) / (_NEVER - _SURE))
    return Palette(sure[:, None, None, None], offset)
