"""The inside of an opened mouth, finer than the rest.

Skin keeps the picture's own sharpness, because it is moved. What was not in the picture, teeth above all, is painted on
the 256 x 256 grid, and that is soft in a portrait of 3000 pixels. A small network looks at the mouth of the refined
crop and says what detail belongs there, on a grid three times as fine: super-resolution of one thing only, learned from
real and drawn mouths. It is added, on its own grid, where something is painted:

    refined(u) + up(m)(u) detail(u)                                                             (7)

with m the opacity of equation (4). Faces that are small in their picture have no use for it. Our choice; the paper has
nothing like it.
"""

from typing import NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.faces.topology import CONTROL, MOUTH_CORNERS
from reggan.model.arrays import smoothstep
from reggan.model.frame import LandmarkFrame, sample

SIDE = 112  # of the square around the mouth, in pixels of the crop: a wide laugh fits, and a jaw that drops
FACTOR = 3  # how much finer it is
_DOWN = 0.05  # the square's centre lies below the corners of the mouth by this share of the crop: mouths open downwards
_RIM = 8  # pixels of the crop over which the detail sets in at the square's border


class MouthOutput(NamedTuple):
    """What is added to the crop around the mouth."""

    corner: Tensor  # (B, 2) whole numbers, (x, y) of the square's first pixel in the crop
    value: Tensor  # (B, 3, FACTOR SIDE, FACTOR SIDE)


class MouthDetail(nn.Module):
    """Mouths (B, 3, 112, 112) in [0, 1] -> what is missing in them when they are enlarged, (B, 3, 336, 336)."""

    def __init__(self, width: int = 32, blocks: int = 4) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3 * 4, width, 3, padding=1)  # at half the size
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1))
            for _ in range(blocks)
        )
        self.head = nn.Conv2d(width, 3 * (2 * FACTOR) ** 2, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        assert self.head.bias is not None
        nn.init.zeros_(self.head.bias)

    def forward(self, mouth: Tensor) -> Tensor:
        h = self.stem(F.pixel_unshuffle(mouth, 2) * 2 - 1)
        for block in self.blocks:
            h = h + block(F.silu(h))
        return F.pixel_shuffle(self.head(F.silu(h)), 2 * FACTOR)


def enlarged(x: Tensor) -> Tensor:
    """(B, C, h, w) -> (B, C, 3 h, 3 w), bicubic, as `reggan.faces.paste` enlarges."""
    return F.interpolate(x, scale_factor=FACTOR, mode="bicubic", align_corners=False)


def mouth_corner(frame: LandmarkFrame, to_crop: Tensor) -> Tensor:
    """Where the square around the mouth begins, (B, 2) whole pixels of the crop, (x, y).

    Args:
        frame: whose shape says where mouths are.
        to_crop: (B, S, S, 2), the map B of the faces.
    """
    size = to_crop.shape[1]
    centre = frame.shape[[CONTROL.index(k) for k in MOUTH_CORNERS]].mean(0)
    where = centre.expand(len(to_crop), 1, 1, 2)
    found = sample(to_crop.permute(0, 3, 1, 2), where, "bilinear")[..., 0, 0]  # (B, 2) normalised
    middle = (found + 1) * (size / 2) + found.new_tensor([0.0, _DOWN * size])
    return (middle - SIDE / 2).round().long().clamp(0, size - SIDE)


def cut(images: Tensor, corner: Tensor) -> Tensor:
    """The squares (B, C, SIDE, SIDE) of images (B, C, S, S)."""
    pairs = zip(images, corner.tolist(), strict=True)
    return torch.stack([image[:, y : y + SIDE, x : x + SIDE] for image, (x, y) in pairs])


def window(like: Tensor) -> Tensor:
    """1 inside the square, 0 at its border, smooth in between: (1, 1, SIDE, SIDE)."""
    t = torch.arange(SIDE, device=like.device, dtype=like.dtype) + 0.5
    rise = smoothstep(torch.minimum(t, SIDE - t) / _RIM)
    return (rise[:, None] * rise)[None, None]
