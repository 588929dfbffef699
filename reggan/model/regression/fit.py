"""The closed-form fit of the regression layer: one small ridge problem per pixel.

For pixel i, pair n and colour channel h, the features are z = (c_n (x) p_ih, s_n (x) q_ih), Kronecker products of the
strengths that come with the window and its constant 1, and of those that leave with the pixel q = (x_ih, 1); the wanted
change is d = y - x. Ridge regression solves

    (sum z z^T + Lambda) w_i = sum z d                                                         (2)

All expressions, strengths and compounds enter one joint system of 6 (r^2 + 3) unknowns per pixel. Pairs that share
their input (one photo, many expressions) share the window, so that with S = sum_n c_n c_n^T over the pairs of that
photo

    sum_n (c_n (x) p) (c_n (x) p)^T = S (x) (sum_h p_h p_h^T)                                  (3)

likewise for the other two blocks, and the Gram matrix costs one outer product per photo, not one per pair. Memory does
not grow with the number of photos: all sums are accumulated.
"""

import torch
from torch import Tensor

from reggan.expressions import BASIC
from reggan.model.regression.layer import RegressionLayer, windows

_BLOCK = 16  # photos whose outer products are summed by one matrix product


class _Gram:
    """Sum of S (x) outer over photos, for one block of equation (2): rows of a features, columns of b."""

    def __init__(self, pixels: int, a: int, b: int, device: str | torch.device) -> None:
        k = len(BASIC)
        self.total = torch.zeros(k * k, pixels * a * b, device=device)  # one row per pair of expressions
        self.shape = (k, k, pixels, a, b)
        self._strengths: list[Tensor] = []
        self._outers: list[Tensor] = []

    def add(self, strengths: Tensor, outer: Tensor) -> None:
        """strengths (6, 6), outer (pixels, a, b)."""
        self._strengths.append(strengths.flatten())
        self._outers.append(outer.flatten())
        if len(self._outers) == _BLOCK:
            self._flush()

    def _flush(self) -> None:
        if self._outers:
            self.total.addmm_(torch.stack(self._strengths, 1), torch.stack(self._outers))
            self._strengths, self._outers = [], []

    def rows(self, some: slice) -> Tensor:
        """(n, 6 a, 6 b) float64 of some pixels."""
        self._flush()
        k, _, _, a, b = self.shape
        return self.total.view(self.shape)[:, :, some].permute(2, 0, 3, 1, 4).reshape(-1, k * a, k * b).double()


class RidgeAccumulator:
    """Running sums of equation (2) for every pixel of a grid of side `size`, windows of side `r`."""

    def __init__(self, size: int, r: int, device: str | torch.device = "cpu") -> None:
        k, j, n = len(BASIC), r * r + 1, size * size
        self.size, self.r = size, r
        self.comes, self.both, self.leaves = (_Gram(n, a, b, device) for a, b in ((j, j), (j, 2), (2, 2)))
        self.moment = torch.zeros(n, k * (j + 2), device=device)

    def add(self, x: Tensor, targets: Tensor, c: Tensor, leaving: Tensor | None = None) -> None:
        """Add all pairs of one input image.

        Args:
            x: (3, H, W) in [0, 1].
            targets: (N, 3, H, W) in [0, 1].
            c: (N, 6) strengths of the targets.
            leaving: (N, 6) strengths of what leaves; nothing if not given.
        """
        n, k = self.size**2, len(BASIC)
        p = windows(x[None], self.r)[0].flatten(2).permute(2, 0, 1)  # (H W, 3, j)
        q = p[..., [self.r**2 // 2, self.r**2]]  # (H W, 3, 2) the pixel itself and the constant
        change = (targets - x).flatten(2)  # (N, 3, H W)

        def moments(strengths: Tensor, features: Tensor) -> Tensor:
            wanted = torch.einsum("nk,nci->ikc", strengths, change)  # (H W, 6, 3)
            return (wanted @ features).flatten(1)

        self.comes.add(c.T @ c, p.mT @ p)
        if leaving is None:
            self.moment[:, : k * p.shape[-1]] += moments(c, p)
            return
        self.both.add(c.T @ leaving, p.mT @ q)
        self.leaves.add(leaving.T @ leaving, q.mT @ q)
        self.moment += torch.cat([moments(c, p), moments(leaving, q)], 1)
        assert self.moment.shape == (n, k * (p.shape[-1] + 2))

    def solve(self, ridge: float, chunk: int = 1024) -> RegressionLayer:
        """Solve equation (2) in float64. `ridge` penalises window weights; the bias is penalised 100 times less."""
        k, j, n = len(BASIC), self.r**2 + 1, self.size**2
        penalty = torch.cat([self._penalty(ridge, j), self._penalty(ridge, 2)]).to(self.moment.device)
        solved = []
        for i in range(0, n, chunk):
            some = slice(i, i + chunk)
            both = self.both.rows(some)
            upper, lower = torch.cat([self.comes.rows(some), both], 2), torch.cat([both.mT, self.leaves.rows(some)], 2)
            g = torch.cat([upper, lower], 1)
            g.diagonal(dim1=1, dim2=2).add_(penalty)
            moment = self.moment[some, :, None].double()
            solved.append(torch.cholesky_solve(moment, torch.linalg.cholesky(g))[..., 0])
        layer = RegressionLayer(self.size, self.r).to(self.moment.device)
        for weight, part in zip((layer.weight, layer.leaving), torch.cat(solved).split([k * j, k * 2], 1), strict=True):
            weight.copy_(part.reshape(self.size, self.size, k, -1).permute(2, 3, 0, 1))
        return layer

    @staticmethod
    def _penalty(ridge: float, features: int) -> Tensor:
        """Of one expression's features, the last of them the bias: (6 features,)."""
        one = torch.full((features,), ridge, dtype=torch.float64)
        one[-1] = 0.01 * ridge
        return one.repeat(len(BASIC))
