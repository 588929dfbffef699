"""The inside of an opened mouth, finer than the rest.

Skin keeps the picture's own sharpness, because it is moved. What was not in the picture, teeth above all, is painted on
the 256 x 256 grid, and that is soft in a portrait of 3000 pixels. But a mouth is known: lips have an edge, and teeth
look much the same in everybody. So a small network looks at the mouth of the refined crop and says no more than what is
smooth, and can be enlarged without becoming soft: how far it is to the lips, which place of each row of teeth would lie
where, and the colours of teeth and of what is behind them. The teeth themselves are drawn by `reggan.teeth`, which has
their shapes from photographs, at any size. On a grid three times as fine as the crop's that is

    paint(u) = behind(u), then the lower and the upper row over it: teeth(u) T(place(u)) with the opacity of T
    refined(u) + share(u) inside(u) (paint(u) - up(refined)(u)),  share = up(min(1, 2 m))             (7)

with T the look of a row, m the opacity of equation (4), and inside 1 between the lips. (Twice m: half a row of teeth
over half of a shut mouth is neither.) Faces that are small in their picture have no use for it. Our choice; the paper
has nothing like it.
"""

import functools
from typing import NamedTuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.faces.topology import CONTROL, LEFT_EYE, MOUTH_CORNERS, MOUTH_SPANS, RIGHT_EYE
from reggan.model.arrays import smoothstep
from reggan.model.frame import LandmarkFrame, sample
from reggan.teeth import LOWER, UPPER, draw_row, measured

SIDE = 112  # of the square around the mouth, in pixels of the crop: a wide laugh fits, and a jaw that drops
FACTOR = 3  # how much finer it is
EDGE = 4.0  # pixels of the crop, the unit of the distance to the lips
_DOWN = 0.05  # the square's centre lies below the corners of the mouth by this share of the crop: mouths open downwards
_RIM = 8  # pixels of the crop over which the detail sets in at the square's border
_FULL = 2.0  # times the opacity of what is painted: the share of the detail
_SHARP = 16.0  # of the lips' edge: it is passed within two pixels of the finer grid
_IOD = 77.0  # pixels of the crop, of a usual face
_WHITE = 0.6  # what a network that knows nothing takes for the brightness of teeth
_ALONG, _UP = (-0.66, 0.66), (-0.08, 0.37)  # of what is drawn of a row, IOD
_STEP = 1 / (FACTOR * _IOD)  # IOD, a pixel of the finer grid


class MouthOutput(NamedTuple):
    """What is added to the crop around the mouth."""

    corner: Tensor  # (B, 2) whole numbers, (x, y) of the square's first pixel in the crop
    value: Tensor  # (B, 3, FACTOR SIDE, FACTOR SIDE)


class MouthFields(NamedTuple):
    """What the network says of mouths, (B, *, SIDE, SIDE)."""

    lips: Tensor  # (B, 1) distance to the inner edge of the lips in units of `EDGE`, positive between them
    upper: Tensor  # (B, 2) place on the upper row of teeth: along it, up from its edge; IOD
    lower: Tensor  # (B, 2) on the lower
    behind: Tensor  # (B, 3) colour where no tooth is
    teeth: Tensor  # (B, 3) colour of the incisors


class MouthDetail(nn.Module):
    """Mouths of refined crops (B, 3, 112, 112) and the opacity of what was painted (B, 1, 112, 112), both in [0, 1] ->
    `MouthFields`."""

    def __init__(self, widths: tuple[int, ...] = (32, 48, 56), blocks: tuple[int, ...] = (1, 2, 2)) -> None:
        super().__init__()
        first, steps = widths[0], list(zip(widths, widths[1:], strict=False))
        self.stem = nn.Conv2d(4 * (3 + 1 + 2), first, 3, padding=1)  # at half the size
        self.scales = nn.ModuleList(
            nn.ModuleList(_block(width) for _ in range(n)) for width, n in zip(widths, blocks, strict=True)
        )
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in steps)
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in steps)
        self.merge = nn.ModuleList(_block(width) for width in widths[:-1])
        self.head = nn.Conv2d(first, 4 * (1 + 2 + 2 + 3 + 3), 3, padding=1)
        nn.init.zeros_(self.head.weight)
        assert self.head.bias is not None
        nn.init.zeros_(self.head.bias)

    def forward(self, mouth: Tensor, opacity: Tensor) -> MouthFields:
        where = _position(mouth)
        h = self.stem(F.pixel_unshuffle(torch.cat([mouth * 2 - 1, opacity * 2 - 1, where], 1), 2))
        passed = []
        for k, blocks in enumerate(self.scales):
            h = self.down[k - 1](h) if k else h
            for block in blocks:  # type: ignore[attr-defined]
                h = h + block(h)
            passed.append(h)
        for k in reversed(range(len(self.up))):
            h = passed[k] + F.interpolate(self.up[k](h), scale_factor=2, mode="bilinear", align_corners=False)
            h = h + self.merge[k](h)
        lips, upper, lower, behind, teeth = F.pixel_shuffle(self.head(F.silu(h)), 2).split([1, 2, 2, 3, 3], 1)
        flat = where * (SIDE / 2 / _IOD)  # where the rows lie if nothing is known: in the middle, and flat
        up = flat * flat.new_tensor([1.0, -1.0])[:, None, None]
        return MouthFields(4 * lips.float(), up + upper, flat + lower, mouth + behind, _WHITE + teeth)


def _block(width: int) -> nn.Sequential:
    convolutions = [nn.Conv2d(width, width, 3, padding=1) for _ in range(2)]
    return nn.Sequential(nn.SiLU(), convolutions[0], nn.SiLU(), convolutions[1])


def _position(like: Tensor) -> Tensor:
    """(B, 2, h, w) x and y, -1 to 1."""
    t = (torch.arange(like.shape[-1], device=like.device, dtype=like.dtype) + 0.5) * (2 / like.shape[-1]) - 1
    y, x = torch.meshgrid(t, t, indexing="ij")
    return torch.stack([x, y])[None].expand(len(like), -1, -1, -1)


def paint(fields: MouthFields, kind: Tensor) -> tuple[Tensor, Tensor]:
    """Mouths drawn on the finer grid.

    Args:
        fields: of B mouths.
        kind: (B,) numbers of their kinds of teeth, `kind_of_teeth`.

    Returns:
        (B, 3, 336, 336) colour, and (B, 1, 336, 336) in [0, 1] where they are open.
    """
    upper, lower, colour, teeth = (enlarged(t.float()) for t in fields[1:])
    for row, place in ((LOWER, lower), (UPPER, upper)):
        look = _looked_up(_looks().to(place.device)[kind, row], place)
        colour = colour + look[:, 3:] * (teeth * look[:, :3] - colour)
    return colour, inside_lips(fields.lips)


def inside_lips(distance: Tensor) -> Tensor:
    """Where mouths are open on the finer grid, (B, 1, 336, 336) in [0, 1], of `MouthFields.lips`."""
    return torch.sigmoid(_SHARP * enlarged(distance.float()))


def _looked_up(looks: Tensor, place: Tensor) -> Tensor:
    """Looks (B, 4, h, w) of rows at places (B, 2, H, W) of them; beyond its ends a row is transparent."""
    ends = [place.new_tensor(v) for v in (_ALONG, _UP)]
    x, y = ((place[:, k] - low) / (high - low) * 2 - 1 for k, (low, high) in enumerate(ends))
    return F.grid_sample(looks, torch.stack([x, y], -1), align_corners=False, padding_mode="zeros")


@functools.lru_cache(maxsize=1)
def _looks() -> Tensor:
    """(kinds, 2, 4, h, w) colour of teeth and gums over the incisors', and opacity, of the upper and the lower row."""
    along, up = (np.arange(low + _STEP / 2, high, _STEP, dtype=np.float32) for low, high in (_ALONG, _UP))
    x, y = np.meshgrid(along, up)
    drawn = [draw_row(kind, row, x, y, 1 / _STEP) for kind in measured().kinds for row in (UPPER, LOWER)]
    rows = [np.dstack([colour * np.exp(light)[..., None], opacity]) for light, colour, opacity in drawn]
    looks = torch.from_numpy(np.stack(rows)).float().permute(0, 3, 1, 2)
    return looks.reshape(-1, 2, *looks.shape[1:])


def kind_of_teeth(rest: Tensor) -> Tensor:
    """The kind whose people have the mouth most like these: (B,) of landmarks (B, 478, 2) at rest; as
    `reggan.engine.render.teeth.kind_number` has it."""
    mouths = torch.tensor(np.array([kind.mouth for kind in measured().kinds]), dtype=torch.float32, device=rest.device)
    left, right = (rest[:, list(eye)].mean(1) for eye in (LEFT_EYE, RIGHT_EYE))
    spans = torch.stack([(rest[:, a] - rest[:, b]).norm(dim=-1) for a, b in MOUTH_SPANS], 1)
    shape = spans / (left - right).norm(dim=-1)[:, None]
    away = (shape[:, None] - mouths) / (mouths.std(0, correction=0) + 1e-6)
    return away.square().sum(-1).argmin(1)


def share(opacity: Tensor) -> Tensor:
    """How much of mouths the detail takes over, (B, 1, 336, 336), where `opacity` (B, 1, 112, 112) is painted."""
    return enlarged(window(opacity) * (_FULL * opacity).clamp(max=1))


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
