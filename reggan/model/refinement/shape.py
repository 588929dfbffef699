"""The shape of a face in a few numbers: how it differs from the mean shape.

The frame hides this difference, since all faces have the same shape there, but an expression's movements depend on it:
how far a brow rises in the picture depends on how far the head leans back, and which way a lip corner moves on how wide
the mouth is. The numbers are principal components of the frame's map B. This is our choice: 12 of them explain half of
what the mean displacement leaves unexplained on people kept out of training (docs/experiments.md).
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.model.frame import mirrored, pixel_grid

_POOLED = 8  # B - v is smooth, so it is averaged over 8 x 8 tiles first
_REACH = 2.5  # standard deviations; limits shapes unlike any in training


class FaceShape(nn.Module):
    """Turns B into `components` numbers, each with variance 1 over the faces they were fitted on."""

    centre: Tensor
    basis: Tensor

    def __init__(self, components: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(2 * _POOLED**2))
        self.register_buffer("basis", torch.zeros(2 * _POOLED**2, components))

    def forward(self, to_crop: Tensor) -> Tensor:
        """(B, S, S, 2) normalised positions -> (B, components), between -2.5 and 2.5."""
        with torch.autocast(to_crop.device.type, enabled=False):
            z = (_tiles(to_crop).flatten(1) - self.centre) @ self.basis
            return _REACH * torch.tanh(z / _REACH)

    def fit(self, to_crop: Tensor) -> None:
        """Principal components of these faces' maps, (N, S, S, 2), and their mirror images'."""
        tiles = _tiles(to_crop)
        tiles = torch.cat([tiles, mirrored(tiles)]).flatten(1).double()  # (2 N, 128)
        centre = tiles.mean(0)
        _, spread, directions = torch.linalg.svd(tiles - centre, full_matrices=False)
        k = min(self.basis.shape[1], int((spread > 1e-6 * spread[0]).sum()))  # components; the rest stay 0
        basis = directions[:k].T / (spread[:k] / len(tiles) ** 0.5)
        self.centre.copy_(centre)
        self.basis.zero_()[:, :k] = basis.to(self.basis)


def _tiles(to_crop: Tensor) -> Tensor:
    """(B, S, S, 2) -> (B, 2, 8, 8), the mean of B(v) - v over tiles."""
    offset = to_crop.float() - pixel_grid(to_crop.shape[1], to_crop.float())
    return F.adaptive_avg_pool2d(offset.permute(0, 3, 1, 2), _POOLED)
