"""The closed-form fit of the regression layer: one small ridge problem per pixel.

For pixel i, pair n and colour channel h, the features are z = c_n (x) p_ih (Kronecker product of the strength
vector with the window and its constant 1) and the wanted change is d = y - x. Ridge regression solves

    (sum z z^T + Lambda) w_i = sum z d                                                         (2)

All expressions, strengths and compounds enter one joint system of 6 (r^2 + 1) unknowns per pixel. Pairs that share
their input (one neutral photo, many expressions) share the window, so that with S = sum_n c_n c_n^T over the pairs
of that photo

    sum_n z_n z_n^T = S (x) (sum_h p_h p_h^T)                                                  (3)

and the Gram matrix costs one outer product per photo, not one per pair. Memory does not grow with the number of
photos: both sums are accumulated.
"""

import torch
from torch import Tensor

from reggan.expressions import BASIC
from reggan.model.regression.layer import RegressionLayer, windows

_BLOCK = 16  # photos whose outer products are summed by one matrix product


class RidgeAccumulator:
    """Running sums of equation (2) for every pixel of a grid of side `size`, windows of side `r`."""

    def __init__(self, size: int, r: int, device: str | torch.device = "cpu") -> None:
        k, j, n = len(BASIC), r * r + 1, size * size
        self.size, self.r = size, r
        self.gram = torch.zeros(k * k, n * j * j, device=device)  # one row per pair of expressions
        self.moment = torch.zeros(n, k, j, device=device)
        self._strengths: list[Tensor] = []
        self._outers: list[Tensor] = []

    def add(self, x: Tensor, targets: Tensor, c: Tensor) -> None:
        """Add all pairs of one input image.

        Args:
            x: (3, H, W) in [0, 1].
            targets: (N, 3, H, W) in [0, 1].
            c: (N, 6) strengths of the targets.
        """
        n = self.size**2
        p = windows(x[None], self.r)[0].flatten(2).permute(2, 0, 1)  # (H W, 3, j)
        wanted = torch.einsum("nk,nchw->kchw", c, targets - x)  # (6, 3, H, W)
        self.moment += wanted.reshape(len(BASIC), 3, n).permute(2, 0, 1) @ p  # (H W, 6, j)
        self._strengths.append((c.T @ c).flatten())
        self._outers.append((p.mT @ p).flatten())
        if len(self._outers) == _BLOCK:
            self._flush()

    def _flush(self) -> None:
        if self._outers:
            self.gram.addmm_(torch.stack(self._strengths, 1), torch.stack(self._outers))
            self._strengths, self._outers = [], []

    def solve(self, ridge: float, chunk: int = 1024) -> RegressionLayer:
        """Solve equation (2) in float64. `ridge` penalises window weights; the bias is penalised 100 times less."""
        self._flush()
        k, j, n = len(BASIC), self.r**2 + 1, self.size**2
        penalty = torch.full((k, j), ridge, dtype=torch.float64, device=self.gram.device)
        penalty[:, -1] = 0.01 * ridge
        gram, solved = self.gram.view(k, k, n, j, j), []
        for i in range(0, n, chunk):
            g = gram[:, :, i : i + chunk].permute(2, 0, 3, 1, 4).reshape(-1, k * j, k * j).double()
            g.diagonal(dim1=1, dim2=2).add_(penalty.flatten())
            moment = self.moment[i : i + chunk].reshape(-1, k * j, 1).double()
            solved.append(torch.cholesky_solve(moment, torch.linalg.cholesky(g)))
        layer = RegressionLayer(self.size, self.r).to(self.gram.device)
        layer.weight.copy_(torch.cat(solved).reshape(self.size, self.size, k, j).permute(2, 3, 0, 1))
        return layer
