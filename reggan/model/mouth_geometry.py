"""Where the lips and the teeth of an expression will be: ridge regression, closed form.

How a mouth opens is nearly a linear function of the expression and of the face: on people kept out of the fit the inner
edge of the lips is within half a pixel of the 256 x 256 crop, and the rows of teeth within two thirds, closer than a
network found them in the refined image. With q the first principal components of a face's control landmarks at rest,
bounded, and s what its face will show,

    (lips, rows) = (closed, 0) + W (1, q, s, s_k q)                                             (8)

lips are the 20 landmarks of the inner edge, closed a parabola through the corners and the middle of the mouth at rest,
and rows are the coefficients of cubic polynomials that say which place of the upper and of the lower row of teeth lies
at a point (x, y) between the lips. Our choice; fitted by `reggan.train.mouth_fit`.
"""

from typing import NamedTuple

import torch
import torch.nn as nn
from torch import Tensor

from reggan.expressions import BASIC
from reggan.faces.topology import CONTROL, INNER_LIPS, LIP_MIDDLES, MOUTH_CORNERS
from reggan.model.arrays import resize
from reggan.model.frame import normalise, pixel_grid, sample_at

COMPONENTS = 32
_REACH = 2.5  # standard deviations; shapes unlike any seen in the fit go no further
_LIP, _NEAREST, _FADE = 2.0, 4.0, 10.0  # pixels of the crop, see `lip_correction`
_COARSER = 4
_IOD = 0.3  # of the crop, about a usual face's eye distance: the unit
#: Exponents of x and y in the polynomials.
POWERS = tuple((n - k, k) for n in range(4) for k in range(n + 1))
OTHER_LIP = [(-k) % len(INNER_LIPS) for k in range(len(INNER_LIPS))]  # at the same place
_LIPS, _ROWS = 2 * len(INNER_LIPS), 2 * 2 * len(POWERS)


XY = tuple[Tensor, Tensor]  # of the same shape


class MouthShape(NamedTuple):
    """Lips and teeth of B faces."""

    centre: Tensor  # (B, 2) of the mouth at rest, pixels of the crop
    lips: Tensor  # (B, 20, 2) their inner edge, pixels of the crop
    rows: Tensor  # (B, 2, 2, 10) of upper and lower row: place along it and up, coefficients of `POWERS`
    unit: float  # pixels in which `rows` measure the distance from the centre


class MouthGeometry(nn.Module):
    """Equation (8). Without a fit every mouth is shut."""

    mean: Tensor
    directions: Tensor
    weight: Tensor

    def __init__(self) -> None:
        super().__init__()
        n = 2 * len(CONTROL)
        self.register_buffer("mean", torch.zeros(n))
        self.register_buffer("directions", torch.zeros(n, COMPONENTS))  # each with variance 1 over the faces of the fit
        self.register_buffer("weight", torch.zeros((1 + len(BASIC)) * (1 + COMPONENTS), _LIPS + _ROWS))

    @property
    def fitted(self) -> bool:
        return bool(self.weight.any())

    @staticmethod
    def unit(size: int) -> float:
        """Pixels of the crop in which the mouth is measured: about a usual face's eye distance."""
        return _IOD * size

    def features(self, rest: Tensor, shows: Tensor) -> Tensor:
        """Normalised control landmarks (B, 84, 2) and s (B, 6) -> (B, 231)."""
        q = _REACH * torch.tanh((rest.flatten(1) - self.mean) @ self.directions / _REACH)
        face = torch.cat([torch.ones_like(q[:, :1]), q], 1)
        told = torch.cat([torch.ones_like(shows[:, :1]), shows], 1)
        return (told[:, :, None] * face[:, None]).flatten(1)

    def forward(self, rest: Tensor, shows: Tensor, size: int) -> MouthShape:
        """
        Args:
            rest: (B, 478, 2) landmarks at rest, pixels in crops of side `size`.
            shows: (B, 6) in [0, 1], the expression that the face will have.
        """
        unit = self.unit(size)
        control = rest[:, list(CONTROL)].float()
        out = self.features(normalise(control, size), shows.float()) @ self.weight
        lips, rows = out.split([_LIPS, _ROWS], 1)
        lips = closed(control) + unit * lips.unflatten(1, (len(INNER_LIPS), 2))
        return MouthShape(centre(control), lips, rows.unflatten(1, (2, 2, len(POWERS))), unit)


def centre(control: Tensor) -> Tensor:
    """Between the corners of mouths at rest: (B, 84, 2) -> (B, 2)."""
    return control[:, [CONTROL.index(k) for k in MOUTH_CORNERS]].mean(1)


def closed(control: Tensor) -> Tensor:
    """Parabolas through the corners and the middle of mouths at rest, there and back: (B, 84, 2) -> (B, 20, 2)."""
    left, right = (control[:, None, CONTROL.index(k)] for k in MOUTH_CORNERS)
    middle = control[:, [CONTROL.index(k) for k in LIP_MIDDLES]].mean(1, keepdim=True)
    n = len(INNER_LIPS) // 2
    t = torch.arange(n + 1, device=control.device, dtype=control.dtype) / n
    t = torch.cat([t, t[1:-1].flip(0)])[:, None]
    return (1 - t) * (1 - 2 * t) * left + 4 * t * (1 - t) * middle + t * (2 * t - 1) * right


def polynomial(x: Tensor, y: Tensor) -> Tensor:
    """The products x^i y^j of `POWERS`, in a new last dimension."""
    return torch.stack([x**i * y**j for i, j in POWERS], -1)


def places(shape: MouthShape, points: Tensor) -> Tensor:
    """Which place of the rows of teeth lies at points (B, h, w, 2), pixels of the crop: (B, 2, 2, h, w)."""
    x, y = ((points - shape.centre[:, None, None]) / shape.unit).unbind(-1)
    return torch.einsum("bhwk,brck->brchw", polynomial(x, y), shape.rows)


def lip_distance(lips: Tensor, points: Tensor) -> Tensor:
    """Distance of points (B, h, w, 2) from a closed line (B, 20, 2), positive inside: (B, h, w)."""
    away, edge, distance = _from_segments(lips, lips.roll(-1, 1), points)
    # A ray to the right crosses the line an odd number of times from inside.
    below = away[1] >= 0
    passes = below != below.roll(-1, -1)
    x = away[1] * edge[0] - away[0] * edge[1]
    crossed = passes & ((x > 0) == (edge[1] > 0))
    inside = crossed.sum(-1) % 2 == 1
    return torch.where(inside, distance, -distance)


def line_distance(line: Tensor, points: Tensor) -> Tensor:
    """Distance of points (B, h, w, 2) from an open line (B, K, 2): (B, h, w)."""
    return _from_segments(line[:, :-1], line[:, 1:], points)[2]


def _from_segments(start: Tensor, end: Tensor, points: Tensor) -> tuple[XY, XY, Tensor]:
    """Points (B, h, w, 2) seen from the beginnings of segments (B, K, 2), (B, h, w, K) twice; the segments from there,
    (B, 1, 1, K) twice; and the distance of the nearest, (B, h, w)."""
    ex, ey = (end - start)[:, None, None].unbind(-1)
    ax, ay = (p[..., None] - s[:, None, None] for p, s in zip(points.unbind(-1), start.unbind(-1), strict=True))
    t = ((ax * ex + ay * ey) / (ex.square() + ey.square()).clamp_min(1e-6)).clamp(0, 1)
    squared = (ax - t * ex).square() + (ay - t * ey).square()
    return (ax, ay), (ex, ey), squared.amin(-1).clamp_min(1e-12).sqrt()


def opening(lips: Tensor) -> Tensor:
    """How far mouths are open, mean over their width: (B, 20, 2) -> (B,), pixels."""
    x, y = lips.unbind(-1)
    area = 0.5 * (x * y.roll(-1, 1) - y * x.roll(-1, 1)).sum(1)
    return area / (lips[:, len(INNER_LIPS) // 2] - lips[:, 0]).norm(dim=-1).clamp_min(1e-3)


def uncrossed(lips: Tensor) -> Tensor:
    """Pressed lips overlap in the face model; they meet half way: (B, 20, 2) -> (B, 20, 2)."""
    other = lips[:, OTHER_LIP]
    n = len(INNER_LIPS) // 2
    is_upper = torch.arange(len(INNER_LIPS), device=lips.device)[:, None] <= n
    crossed = (lips[..., 1:] > other[..., 1:]) == is_upper
    return torch.where(crossed, (lips + other) / 2, lips)


def line_at(line: Tensor, values: Tensor, x: Tensor) -> Tensor:
    """Values (B, K) known along lines from left to right, (B, K, 2), at x (B, W): linear, constant beyond."""
    start, step = line[:, None, :-1, 0], (line[:, None, 1:, 0] - line[:, None, :-1, 0]).clamp_min(1e-3)
    along = torch.minimum((x[..., None] - start).clamp_min(0), step)  # (B, W, K - 1)
    return values[:, :1] + (along * ((values[:, 1:] - values[:, :-1])[:, None] / step)).sum(-1)


def lip_correction(displacement: Tensor, shape: MouthShape, now: Tensor) -> Tensor:
    """What a displacement (B, 2, S, S) lacks to bring the lips to where they will be: the same shape, normalised.

    Between lips that open, stage 2 has learned where to put them. Lips that have to close over teeth, as where a laugh
    becomes disgust, are often left half way. At the edge of the lips the displacement is known: it leads from where
    they will be to where they are now. The correction is that of the nearest part of the same lip, and fades outwards.

    Args:
        now: (B, 20, 2) the lips' inner edge in the crop, pixels.
    """
    size, n = displacement.shape[-1], len(INNER_LIPS) // 2
    outwards = now.new_zeros(len(INNER_LIPS), 2)
    outwards[1:n, 1], outwards[n + 1 :, 1] = -_LIP, _LIP
    outwards[0, 0], outwards[n, 0] = -_LIP, _LIP
    lips = uncrossed(shape.lips)
    at = lips + outwards  # just beyond the edge, where there is lip
    lacking = (2 / size) * (now - lips) - sample_at(displacement, at)
    side = size // _COARSER  # of what is smooth
    points = ((pixel_grid(side, now) + 1) * (size / 2) - 0.5).expand(len(now), -1, -1, -1)
    away = (points[..., None, :] - at[:, None, None]).square().sum(-1)  # (B, side, side, 20)
    fade = torch.exp(-away.amin(-1, keepdim=True) / (2 * _FADE**2))

    def nearest(lip: list[int]) -> Tensor:
        share = torch.softmax(-away[..., lip] / (2 * _NEAREST**2), -1)
        moves = fade * torch.einsum("bhwk,bkc->bhwc", share, lacking[:, lip])
        return resize(moves.permute(0, 3, 1, 2), size)

    upper, lower = nearest(list(range(n + 1))), nearest([*range(n, 2 * n), 0])
    pixels = torch.arange(size, device=now.device, dtype=now.dtype)
    line = (0.5 * (lips + lips[:, OTHER_LIP]))[:, : n + 1]
    between = line_at(line, line[..., 1], pixels.expand(len(now), -1))  # (B, S)
    below = torch.sigmoid(pixels[:, None] - between[:, None])  # (B, S, S)
    return torch.lerp(upper, lower, below[:, None])
