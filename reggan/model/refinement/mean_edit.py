"""What an expression does to every face alike, learned or fitted: the network only adds what this face needs beyond it.

    displacement   mean D(c, s, z) = sum_k c_k (D_k + sum_j z_j D_kj) + sum_k s_k E_k            (5)
    paint          logits of opacity and colour of what is uncovered, in proportion to c and s
    shading        logarithm of a gain on the skin before it moves, in proportion to c and s

on the frame's grid, for strengths c of what comes, s of what leaves, and the shape z of the face (`shape.py`). What
leaves takes little with it that is the same on all faces, so its maps are coarser.
"""

import torch
import torch.nn as nn
from torch import Tensor

from reggan.expressions import BASIC
from reggan.model.arrays import resize

_PAINT_GAIN = 5.0  # the learned logits are multiplied by it: they have further to go than the displacements


class MeanEdit(nn.Module):
    """The learned maps, all zero at the start.

    Args:
        size: side S of the frame's grid.
        shading: side of the gain's map.
        shape: how many numbers say the face's shape.
    """

    def __init__(self, size: int, shading: int, shape: int) -> None:
        super().__init__()
        k = len(BASIC)
        self.displacement = nn.Parameter(torch.zeros(k, 2, 64, 64))  # D_k, as `Edit` has it
        self.displacement_by_shape = nn.Parameter(torch.zeros(shape, k * 2, 24, 24))  # D_kj
        self.displacement_leaving = nn.Parameter(torch.zeros(k, 2, 64, 64))  # E_k
        self.paint = nn.Parameter(torch.zeros(k, 1 + 3, size // 2, size // 2))
        self.paint_leaving = nn.Parameter(torch.zeros(k, 1 + 3, size // 4, size // 4))
        self.shading = nn.Parameter(torch.zeros(k, shading, shading))
        self.shading_leaving = nn.Parameter(torch.zeros(k, shading // 2, shading // 2))

    # In the following, `told` (B, 12) is c, then s.

    def move(self, told: Tensor, z: Tensor) -> Tensor:
        """Equation (5): told (B, 12), z (B, shape) -> (B, 2, 64, 64)."""
        c, leaving = told.chunk(2, 1)
        mean = torch.einsum("bk,kdij->bdij", c, self.displacement.float())
        mean = mean + torch.einsum("bk,kdij->bdij", leaving, self.displacement_leaving.float())
        by_shape = self.displacement_by_shape.float().unflatten(1, (len(BASIC), 2))
        return mean + resize(torch.einsum("bs,bk,skdij->bdij", z, c, by_shape), mean.shape[-1])

    def uncover(self, told: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of opacity (B, 1, S/2, S/2) and of colour (B, 3, S/2, S/2)."""
        c, leaving = told.chunk(2, 1)
        comes = torch.einsum("bk,kdij->bdij", c, self.paint.float())
        leaves = torch.einsum("bk,kdij->bdij", leaving, self.paint_leaving.float())
        logits = _PAINT_GAIN * (comes + resize(leaves, comes.shape[-1]))
        return logits[:, :1], logits[:, 1:]

    def shade(self, told: Tensor) -> Tensor:
        """Logarithm of the gain, (B, 1, shading, shading)."""
        c, leaving = told.chunk(2, 1)
        comes = torch.einsum("bk,khw->bhw", c, self.shading.float())[:, None]
        leaves = torch.einsum("bk,khw->bhw", leaving, self.shading_leaving.float())[:, None]
        return comes + resize(leaves, comes.shape[-1])
