"""The shape of a face as a few numbers: how it differs from the mean, of which the frame shows nothing any more.

In the frame all faces have the same shape, but what an expression moves depends on it: how far a brow rises in the
picture, on how far the head leans back; which way a lip corner goes, on how wide the mouth is. Principal components of
the frame's map B say it (our choice: 12 of them explain half of what the mean displacement leaves unexplained on people
kept out of training, see docs/experiments.md).
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.model.frame import mirrored, pixel_grid

_POOLED = 8  # B - v is averaged over 8 x 8 tiles first: it is smooth
_REACH = 2.5  # standard deviations; shapes outside of what was trained on do not go further


class FaceShape(nn.Module):
    """B in, `components` numbers out, each with variance 1 over the faces it was fitted on."""

    centre: Tensor
    basis: Tensor

    def __init__(self, components: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(2 * _POOLED**2))
        self.register_buffer("basis", torch.zeros(2 * _POOLED**2, components))

    def forward(self, to_crop: Tensor) -> Tensor:
        """(B, S, S, 2) normalised positions -> (B, components), within 2.5 of 0."""
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
