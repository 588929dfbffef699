"""Lips that close over teeth.

Where an open mouth shuts, two edges that lie far apart come together, and what was between them is no longer seen. A
smooth displacement squeezes it instead: a bar of teeth a few pixels high stays between lips that have become thinner.
Here each lip is stretched from its outer edge, where stage 2 has put it, to the line where both meet. Between closed
lips there is a shadow, which the picture does not have where they were apart; it is drawn, on the finer grid, as deep
and as wide as it is in photographs of closed mouths. Our choice; the paper has nothing like it.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from reggan.faces.topology import CONTROL, INNER_LIPS, OUTER_LIPS
from reggan.model.arrays import smoothstep
from reggan.model.finer_grid import FACTOR, SIDE, FinerOutput
from reggan.model.frame import pixel_grid, sample
from reggan.model.mouth_detail import is_open
from reggan.model.mouth_geometry import OTHER_LIP, MouthShape, line_at, opening, uncrossed
from reggan.model.refinement import Edit

_N = len(INNER_LIPS) // 2 + 1  # points from corner to corner
#: Outer edges of the upper and of the lower lip from left to right, as far as the estimator brings them to rest.
_OUTER = tuple(
    [k for k in lip if k in CONTROL] for lip in (OUTER_LIPS[:_N], (OUTER_LIPS[0], *OUTER_LIPS[: _N - 2 : -1]))
)
_APART = 3.0  # pixels of the crop, how far lips were apart, from which they close altogether
_LEAST = 0.5  # pixels, below which there is nothing to close
_THICK = 3.0, 12.0  # pixels, of lips
_BEYOND = 1.5  # times as thick: where what stage 2 says sets in again
_COVERED, _BESIDE = 1.5, 2.5  # pixels from the line, up to which the seam is drawn, and from where it has its colour
# Of the shadow, from 49 photographs of closed mouths: logarithm of the gain in its middle, and its spread in pixels.
_DEEP, _WIDE = 0.35, 1.1


class _Column(NamedTuple):
    """What is known of columns of pixels, (B, 1, W) each."""

    line: Tensor  # where lips meet
    closes: Tensor  # how far they close there, in [0, 1]


class Closing:
    """Where lips meet in the crop, of B mouths; false if none closes.

    Args:
        shape: of the mouths as they will be.
        now: (B, 478, 2) landmarks as they are, pixels of the crop.
        rest: (B, 478, 2) landmarks at rest.
    """

    def __init__(self, shape: MouthShape, now: Tensor, rest: Tensor) -> None:
        lips, inner = uncrossed(shape.lips), now[:, list(INNER_LIPS)]
        line = 0.5 * (lips + lips[:, OTHER_LIP])
        moves = inner - line
        self.line = line[:, :_N]  # (B, 11, 2)
        self.moves = moves[:, :_N], moves[:, OTHER_LIP][:, :_N]  # (B, 11, 2) where the edges are now, from the line
        outer = (line_at(rest[:, lip], rest[:, lip, 1], self.line[..., 0]) for lip in _OUTER)
        self.thick = [(edge - self.line[..., 1]).abs().clamp(*_THICK) for edge in outer]  # (B, 11) each
        self.gap = (inner[:, OTHER_LIP] - inner)[:, :_N, 1].clamp_min(0)  # (B, 11)
        self.share = 1 - is_open(opening(lips)).flatten(1)  # (B, 1), where `mouth_detail.py` draws no inside

    def __bool__(self) -> bool:
        return bool((self.share * self.gap > _LEAST).any())

    def _along(self, values: Tensor, x: Tensor) -> Tensor:
        """Values (B, 11) at columns x (B, W): (B, 1, W)."""
        return line_at(self.line, values, x)[:, None]

    def _column(self, x: Tensor) -> _Column:
        inside = (x > self.line[:, :1, 0]) & (x < self.line[:, -1:, 0])
        apart = smoothstep(self._along(self.gap, x) / _APART)
        return _Column(self._along(self.line[..., 1], x), self.share[:, None] * inside[:, None] * apart)

    def __call__(self, edit: Edit, otherwise: Tensor) -> Edit:
        """Each lip up to the line, and nothing painted on them.

        Args:
            edit: by stage 2.
            otherwise: (B, 2, S, S) the displacement where no lips close.
        """
        size = otherwise.shape[-1]
        t = torch.arange(size, device=otherwise.device, dtype=otherwise.dtype)
        x = t.expand(len(otherwise), -1)
        line, closes = self._column(x)
        below = t[:, None] - line  # (B, S, S)
        is_upper = below < 0

        def of_lip(upper: Tensor, lower: Tensor) -> Tensor:
            return torch.where(is_upper, self._along(upper, x), self._along(lower, x))

        thick = of_lip(*self.thick)
        away = below.abs() / thick
        outwards = torch.where(is_upper, -1.0, 1.0) * below.abs().maximum(thick) - below
        where = pixel_grid(size, otherwise) + torch.stack([torch.zeros_like(outwards), outwards * (2 / size)], -1)
        at_edge = sample(edit.displacement, where, "bilinear")
        at_line = torch.stack([of_lip(*(m[..., k] for m in self.moves)) for k in (0, 1)], 1) * (2 / size)
        lips = torch.lerp(at_line, at_edge, away.clamp_max(1)[:, None])
        near = (closes * smoothstep((_BEYOND - away) / (_BEYOND - 1)))[:, None]
        return edit._replace(
            displacement=torch.lerp(otherwise, lips, near),
            opacity=edit.opacity * (1 - near),
        )

    def seam(self, refined: Tensor, corner: Tensor) -> FinerOutput:
        """What is drawn where lips meet that were apart, in squares of the refined crop (B, 3, S, S)."""
        size = refined.shape[-1]
        t = (torch.arange(FACTOR * SIDE, device=refined.device, dtype=refined.dtype) + 0.5) / FACTOR - 0.5
        x, y = (corner[:, k, None] + t for k in (0, 1))  # (B, W), (B, H)
        line, closes = self._column(x)
        below = y[..., None] - line  # (B, H, W)
        opacity = (closes * smoothstep(_COVERED + 1 - below.abs()))[:, None]
        added = opacity.new_zeros(len(opacity), 3, *opacity.shape[-2:])
        rows = opacity.any(-1).flatten(0, 1).any(0).nonzero()[:, 0].tolist()
        if rows:
            few = slice(rows[0], rows[-1] + 1)
            below = below[:, few]
            beside = line + torch.where(below < 0, -1.0, 1.0) * below.abs().clamp_min(_BESIDE)
            where = torch.stack([x[:, None].expand_as(beside), beside], -1)
            lips = sample(refined, (where + 0.5) * (2 / size) - 1)
            gain = torch.exp(-_DEEP * torch.exp(-0.5 * (below / _WIDE).square()))[:, None]
            added[:, :, few] = opacity[:, :, few] * gain * lips
        return FinerOutput(corner, opacity, added)
