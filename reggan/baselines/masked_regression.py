"""Masked regression, our re-implementation after Khan, Akram, Mahmood, Ashraf and Murtaza, "Masked linear regression
for learning local receptive fields for facial expression synthesis" (IJCV 2020; arXiv 2011.09104).

Public, and followed: every output pixel is a linear function of the r x r window of input pixels around it and a bias,
w_i = (X_i^T X_i + lambda I)^-1 X_i^T t_i, separately for each colour channel and each expression; lambda 0.4, r = 3,
128 x 128, pairs at full strength. The window is clipped at the image's border. Our choice: strengths below 1 and
mixtures, which the paper does not cover, are x + sum_k c_k (f_k(x) - x); at strength 0 that is the input.
"""

import torch
from torch import Tensor
from tqdm import tqdm

from reggan.baselines.blocks import Generator
from reggan.expressions import BASIC
from reggan.model.frame import LandmarkFrame
from reggan.model.regression.layer import windows
from reggan.pairs.layout import Subject
from reggan.train.regression import in_frame


class MaskedRegression(Generator):
    weight: Tensor

    def __init__(self, r: int = 3, size: int = 128) -> None:
        super().__init__()
        self.config = {"r": r, "size": size}
        self.r, self.size = r, size
        self.register_buffer("weight", torch.zeros(len(BASIC), 3, r * r + 1, size, size))

    def count(self) -> int:
        """Number of weights within the image: 162,308 per channel at 128 x 128 and r = 3, as published."""
        inside = self._windows(torch.ones(1, 3, self.size, self.size))
        return len(BASIC) * int(inside.sum())

    def _windows(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 3, r^2 + 1, H, W), 0 outside the image, so that weights there become 0."""
        edge = self.r // 2
        padded = torch.nn.functional.pad(x, (edge,) * 4)
        return windows(padded, self.r)[..., edge : edge + self.size, edge : edge + self.size]

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        w = torch.einsum("bk,khjyx->bhjyx", c, self.weight)
        return (1 - c.sum(1)[:, None, None, None]) * x + (w * self._windows(x)).sum(2)

    @torch.no_grad()
    def fit(self, subjects: list[Subject], ridge: float = 0.4, frame: LandmarkFrame | None = None) -> None:
        """Solve for all weights, in closed form, in the frame or in the crop. An expression without a pair at full
        strength keeps weights of 0."""
        k, j, n = len(BASIC), self.r**2 + 1, self.size**2
        gram, moment = torch.zeros(k, 3, n, j, j), torch.zeros(k, 3, n, j)
        for s in tqdm(subjects, desc="masked regression", unit="face"):
            x, targets = in_frame(frame, s, self.size)
            p = self._windows(x[None])[0].flatten(2).mT  # (3, n, j)
            outer = p[..., :, None] * p[..., None, :]
            for e in range(k):
                for y in targets[(s.c == torch.eye(k)[e]).all(1)]:
                    gram[e] += outer
                    moment[e] += p * y.flatten(1)[..., None]
        for e in range(k):
            g = gram[e].double() + ridge * torch.eye(j, dtype=torch.float64)
            solved = torch.linalg.solve(g, moment[e].double()[..., None])[..., 0]  # (3, n, j)
            self.weight[e] = solved.mT.reshape(3, j, self.size, self.size)
