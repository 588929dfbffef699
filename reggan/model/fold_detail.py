"""Folds of forehead and nose, finer than stage 2's grid.

A forehead folds where brows rise, a nose where it is wrinkled. These folds are hardly wider than a pixel of the 256 x
256 grid, and lie a little elsewhere in every face, so stage 2 leaves out most of them. But they are known: they are
drawn by `reggan.folds` on the mean face, at any size, and travel with the skin. On a grid three times as fine as the
crop's that is

    refined(u) + skin(u) (exp(lined sum_kg c_k depth_k share_kg fold_g(place(u + D(u)))) - 1) refined(u)   (10)

with D the displacement, place where on the mean face the skin of the crop lies, c what comes, share which folds an
expression has, and depth what targets have of them more than stage 2's output, in closed form
(`reggan.train.fold_fit`). Skin that is lined already folds deeper; hair does not fold, and on what is burnt to
white no shadow is to be seen. The crop gets its mean over each pixel. Our choice; the paper has nothing like it.
"""

import functools
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.expressions import BASIC
from reggan.faces.align import EYE_DISTANCE, EYE_MIDPOINT
from reggan.folds import HEIGHT, LEFT, ROUGH_BAND, ROUGH_PATCHES, TOP, WIDTH, folds
from reggan.folds import SIDE as MAP
from reggan.model.arrays import blur, luma, smoothstep
from reggan.model.finer_grid import FACTOR, SIDE, FinerOutput, cut, enlarged, square_points, window
from reggan.model.frame import FrameMaps, normalise, sample
from reggan.model.refinement import Edit
from reggan.model.refinement.network import burnt

#: Which folds come with an expression, by their names in `reggan.folds`. Surprise raises the brows, sadness their inner
#: ends alone, fear does both; disgust wrinkles the nose, and anger does a little.
SHARES: Mapping[str, Mapping[str, float]] = {
    "sad": {"omega": 1.0},
    "fearful": {"omega": 1.0, "forehead": 0.9},
    "angry": {"bunny": 1.0},
    "surprised": {"forehead": 1.0},
    "disgusted": {"bunny": 1.0},
}
_CENTRE = 0.0, -0.22  # of the square, eye distances from the middle between the eyes
_USUAL, _LEAST, _MOST = 0.0064, 0.67, 1.42  # roughness of 99 young adults, median; how deep folds are at least, at most
_BLACK = 0.16  # added to the brightness before its logarithm is taken
_HAIR, _SKIN = 0.5, 0.75  # brightness over that of the skin between the brows


class FoldDetail(nn.Module):
    """Equation (10). Without a fit nothing is folded."""

    depth: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("depth", torch.zeros(len(BASIC)))

    def fold(self, c: Tensor) -> bool:
        """Whether any of the expressions (N, 6) folds something."""
        return bool((c * self.depth).any())

    def forward(
        self, refined: Tensor, edit: Edit, frame: FrameMaps, lined: Tensor, c: Tensor, between_brows: Tensor
    ) -> FinerOutput:
        """
        Args:
            refined: (N, 3, S, S) in [0, 1].
            edit: of N faces, on the crop's grid.
            frame: maps between frame and crop of the faces as they are, (N, S, S, 2) each.
            lined: (N,) how lined the skin is, `how_lined`.
            c: (N, 6) in [0, 1], what comes.
            between_brows: (N, 3) colour of the skin there.
        """
        size = refined.shape[-1]
        corner = fold_corner(size).expand(len(refined), 2)
        drawn = lined[:, None, None, None] * drawn_folds(edit.displacement, frame, corner, c * self.depth)
        seen = cut(refined, corner)
        bright = luma(seen) / luma(between_brows[..., None, None]).clamp_min(1e-3)
        skin = smoothstep((bright - _HAIR) / (_SKIN - _HAIR)) * (1 - burnt(seen)) * window(seen)
        added = (drawn.exp() - 1) * enlarged(skin * seen)
        return FinerOutput(corner, torch.zeros_like(added[:, :1]), added)


def fold_corner(size: int) -> Tensor:
    """Where the square of forehead and nose begins in a crop of side `size`: (1, 2) whole pixels. The crop is aligned
    by the eyes, so that is the same place in all of them."""
    where = [(m + EYE_DISTANCE * c) * size - SIDE / 2 for m, c in zip(EYE_MIDPOINT, _CENTRE, strict=True)]
    return torch.tensor([where]).round().long().clamp(0, size - SIDE)


def drawn_folds(displacement: Tensor, frame: FrameMaps, corner: Tensor, amounts: Tensor) -> Tensor:
    """Log brightness of folds in squares that begin at `corner` (N, 2), (N, 1, 336, 336).

    Args:
        displacement: (N, 2, S, S) of the skin, in the crop.
        frame: of the same faces as they are.
        amounts: (N, 6) of the folds of each expression.
    """
    size = displacement.shape[-1]
    moved = enlarged(cut(displacement, corner)).permute(0, 2, 3, 1)
    points = square_points(FACTOR * corner, FACTOR * SIDE)
    where = normalise((points + 0.5) / FACTOR - 0.5, size) + moved  # in the crop
    place = mean_face(sample(frame.to_frame.permute(0, 3, 1, 2), where, "bilinear").permute(0, 2, 3, 1))
    at = (place - place.new_tensor([LEFT, TOP])) / place.new_tensor([WIDTH, HEIGHT]) * 2 - 1
    maps = torch.einsum("nk,khw->nhw", amounts, _maps().to(at.device))[:, None]
    return F.grid_sample(maps, at, mode="bicubic", align_corners=True)


@functools.lru_cache(maxsize=1)
@torch.inference_mode(False)
def _maps() -> Tensor:
    """(6, 512, 512) log brightness of each expression's folds on the mean face, at full depth."""
    drawn = [sum(share * folds(g) for g, share in SHARES.get(k, {}).items()) for k in BASIC]
    return torch.from_numpy(np.stack([np.broadcast_to(np.float32(t), (MAP, MAP)) for t in drawn]))


def mean_face(position: Tensor) -> Tensor:
    """Positions (..., 2) in the frame, or in an aligned crop, normalised, on the mean face: IOD from the middle between
    the eyes."""
    return ((position + 1) / 2 - position.new_tensor(EYE_MIDPOINT)) / EYE_DISTANCE


def how_lined(x: Tensor) -> Tensor:
    """Of faces in the frame, (B, 3, S, S) in [0, 1], by how much deeper than usual their folds are: (B,).

    By the spread of the logarithm of brightness on forehead and cheeks, in details of 1/60 to 1/20 of the eye distance,
    as the data engine has it (`reggan.engine.fit.traits`).
    """
    size = x.shape[-1]
    unit = EYE_DISTANCE * size
    light = torch.log(luma(x) + _BLACK)
    band = blur(light, unit / ROUGH_BAND[0]) - blur(light, unit / ROUGH_BAND[1])
    spreads = []
    for centre_x, centre_y, width, height in ROUGH_PATCHES:
        left, top = (
            round(m * size + unit * (c - s / 2))
            for m, c, s in zip(EYE_MIDPOINT, (centre_x, centre_y), (width, height), strict=True)
        )
        patch = band[..., top : top + round(unit * height), left : left + round(unit * width)]
        spreads.append(patch.flatten(1).std(1))
    rough = torch.stack(spreads).median(0).values
    return (rough / _USUAL).sqrt().clamp(_LEAST, _MOST)
