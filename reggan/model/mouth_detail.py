"""The inside of an opened mouth, finer than the rest.

Skin keeps the picture's own sharpness, because it is moved. What was not in the picture, teeth above all, is painted on
the 256 x 256 grid, and that is soft in a portrait of 3000 pixels; so are the lips' edges, where what is painted meets
what is moved. But a mouth is known: where its lips and its teeth will be is a linear function (`mouth_geometry.py`),
beyond the lips is their own moved skin, and teeth look much the same in everybody. So a small network looks at the
mouth of the refined crop and says no more than what is smooth, and can be enlarged without becoming soft: by how much
the lips and the rows of teeth are elsewhere, the colours of teeth and of what is behind them, and how much of all that
to believe. The teeth themselves are drawn by `reggan.teeth`, which has their shapes from photographs, at any size. On a
grid three times as fine as the crop's that is

    paint(u) = behind(u), then the lower and the upper row over it: teeth(u) T(place(u)) with the opacity of T
    mouth(u) = inside(u) paint(u) + (1 - inside(u)) (crop(u + D(u)) + r(u))
    refined(u) + share(u) (mouth(u) - refined(u)),  share = up(belief min(1, 4 m'))                    (7)

with T the look of a row, D, r and m the displacement, the residual and the opacity of equation (4), m' the largest m
within a few pixels, and inside 1 between the lips. It is equation (4) again, with an opacity and a paint on the finer
grid. (4 m': where nothing is painted there is nothing to do again.) The crop gets its mean over each pixel; what is
finer is pasted into pictures that have as many pixels. Our choice; the paper has nothing like it.
"""

import functools
from typing import NamedTuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.faces.topology import CONTROL, LEFT_EYE, MOUTH_CORNERS, MOUTH_SPANS, RIGHT_EYE
from reggan.model.arrays import luma, smoothstep
from reggan.model.finer_grid import FACTOR, SIDE, enlarged, square_points, window
from reggan.model.frame import LandmarkFrame, sample
from reggan.model.mouth_geometry import MouthGeometry, MouthShape, lip_distance, opening, places
from reggan.model.reference_colours import tint_behind_teeth, tint_of_teeth
from reggan.teeth import LOWER, UPPER, draw_row, measured

EDGE = 4.0  # pixels of the crop, the unit of the distance to the lips
_DOWN = 0.05  # the square's centre lies below the corners of the mouth by this share of the crop: mouths open downwards
_FULL = 4.0  # times the opacity of what is painted near by: the most that the detail takes over
_NEAR = 4  # pixels of the crop
_SHARP = 32.0  # of the lips' edge: it is passed within a pixel of the finer grid, as sharp as that can show
_IOD = 77.0  # pixels of the crop, of a usual face
_WHITE, _DARK = 0.6, 0.15  # what a network that knows nothing takes for the brightness of teeth, and behind them
_BELIEF = 2.0  # logit
_OPEN = 0.75, 2.25  # pixels of the crop, how far a mouth is open, from which it has an inside, and all of it
_SEEN = 2.0, 1.0  # furthest distance to the lips and places of teeth that the network is shown
_ALONG, _UP = (-0.66, 0.66), (-0.08, 0.37)  # of what is drawn of a row, IOD
_STEP = 1 / (FACTOR * _IOD)  # IOD, a pixel of the finer grid


class MouthGuess(NamedTuple):
    """Where lips and teeth should be, (B, *, SIDE, SIDE)."""

    lips: Tensor  # (B, 1) distance to the inner edge of the lips in units of `EDGE`, positive between them
    rows: Tensor  # (B, 4) places on the upper and on the lower row of teeth: along it, up from its edge; IOD
    open: Tensor  # (B, 1, 1, 1) in [0, 1], whether the mouth is open


class MouthFields(NamedTuple):
    """What is known of mouths in the end, (B, *, SIDE, SIDE)."""

    lips: Tensor  # (B, 1) as `MouthGuess` has them
    upper: Tensor  # (B, 2)
    lower: Tensor  # (B, 2)
    behind: Tensor  # (B, 3) colour where no tooth is
    teeth: Tensor  # (B, 3) colour of the incisors
    belief: Tensor  # (B, 2) in [0, 1], how much of that to believe between the lips, and beyond them


class MouthDetail(nn.Module):
    """Mouths of refined crops, the opacity of what was painted there, what had been without, (B, 3 or 1, 112, 112) in
    [0, 1], where lips and teeth should be, and `reference_colours` of the face -> `MouthFields`."""

    def __init__(self, widths: tuple[int, ...] = (24, 40, 48), blocks: tuple[int, ...] = (1, 2, 2)) -> None:
        super().__init__()
        first, steps = widths[0], list(zip(widths, widths[1:], strict=False))
        self.geometry = MouthGeometry()
        self.stem = nn.Conv2d(4 * (3 + 1 + 3 + 1 + 4), first, 3, padding=1)  # at half the size
        self.scales = nn.ModuleList(
            nn.ModuleList(_block(width) for _ in range(n)) for width, n in zip(widths, blocks, strict=True)
        )
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in steps)
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in steps)
        self.merge = nn.ModuleList(_block(width) for width in widths[:-1])
        self.head = nn.Conv2d(first, 4 * (1 + 4 + 2), 3, padding=1)
        # Of the coarsest scale: what is soft in the refined mouth must not come through.
        self.colours = nn.Conv2d(widths[-1], 3 + 3, 1)
        for parameter in (*self.head.parameters(), *self.colours.parameters()):
            nn.init.zeros_(parameter)

    def forward(self, mouth: Tensor, opacity: Tensor, bare: Tensor, guess: MouthGuess, around: Tensor) -> MouthFields:
        known = [
            mouth * 2 - 1,
            opacity * 2 - 1,
            bare * 2 - 1,
            guess.lips.clamp(-_SEEN[0], _SEEN[0]),
            guess.rows.clamp(-_SEEN[1], _SEEN[1]),
        ]
        h = self.stem(F.pixel_unshuffle(torch.cat(known, 1), 2))
        passed = []
        for k, blocks in enumerate(self.scales):
            h = self.down[k - 1](h) if k else h
            for block in blocks:  # type: ignore[attr-defined]
                h = h + block(h)
            passed.append(h)
        colours = F.interpolate(self.colours(F.silu(h)).float(), SIDE, mode="bicubic", align_corners=False)
        for k in reversed(range(len(self.up))):
            h = passed[k] + F.interpolate(self.up[k](h), scale_factor=2, mode="bilinear", align_corners=False)
            h = h + self.merge[k](h)
        out = F.pixel_shuffle(self.head(F.silu(h)), 2).float()
        lips, rows, belief = out.split([1, 4, 2], 1)
        behind, teeth = colours.split(3, 1)
        tint = tint_of_teeth(around)
        teeth = luma(_WHITE + teeth) * tint[..., None, None]
        behind = luma(_DARK + behind) * tint_behind_teeth(around, tint)[..., None, None]
        upper, lower = (guess.rows + rows).split(2, 1)
        belief = guess.open * torch.sigmoid(_BELIEF + 4 * belief)
        return MouthFields(guess.lips + lips, upper, lower, behind, teeth, belief)


def mouth_guess(shape: MouthShape, corner: Tensor, side: int = SIDE) -> MouthGuess:
    """What equation (8) says of B mouths in squares that begin at `corner` (B, 2)."""
    points = square_points(corner, side)
    lips = lip_distance(shape.lips, points)[:, None] / EDGE
    return MouthGuess(lips, places(shape, points).flatten(1, 2), is_open(opening(shape.lips)))


def is_open(opening: Tensor) -> Tensor:
    """Whether mouths that are open so far, (B,) pixels of the crop, have an inside: (B, 1, 1, 1) in [0, 1]."""
    low, high = _OPEN
    return smoothstep((opening - low) / (high - low))[:, None, None, None]


def _block(width: int) -> nn.Sequential:
    convolutions = [nn.Conv2d(width, width, 3, padding=1) for _ in range(2)]
    return nn.Sequential(nn.SiLU(), convolutions[0], nn.SiLU(), convolutions[1])


def paint(fields: MouthFields, kind: Tensor) -> tuple[Tensor, Tensor]:
    """Mouths drawn on the finer grid.

    Args:
        fields: of B mouths.
        kind: (B,) numbers of their kinds of teeth, `kind_of_teeth`.

    Returns:
        (B, 3, 336, 336) colour, and (B, 1, 336, 336) in [0, 1] where they are open.
    """
    upper, lower, colour, teeth = (enlarged(t.float()) for t in fields[1:5])
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


def share(fields: MouthFields, inside: Tensor, opacity: Tensor) -> Tensor:
    """How much of mouths the detail takes over, (B, 1, 336, 336), where `opacity` (B, 1, 112, 112) is painted; `inside`
    as `paint` has it."""
    near = F.max_pool2d(opacity, 2 * _NEAR + 1, 1, _NEAR)
    between, beyond = enlarged(window(opacity) * fields.belief * (_FULL * near).clamp(max=1)).split(1, 1)
    return torch.lerp(beyond, between, inside)


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
