"""Stage 1: the regression layer with local receptive fields.

Every output pixel is a linear function of a small window of input pixels around it (Masked Regression, IJCV 2020,
arXiv 2011.09104). Here one layer serves all expressions and all strengths:

    coarse_i = x_i + sum_k c_k (w_ik . p_i + b_ik) + sum_k s_k (g_ik x_i + a_ik)               (1)

with p_i the r x r window around pixel i, shared by R, G and B, c_k the strength of basic expression k that comes and
s_k of what leaves. The weights exist only inside the windows: 6 (r^2 + 3) numbers per pixel, never a dense matrix. That
what leaves has a window of one pixel is our choice: its teeth and folds lie elsewhere on every face.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.expressions import BASIC


def windows(x: Tensor, r: int) -> Tensor:
    """The r x r window of every pixel and a constant 1: (B, 3, H, W) -> (B, 3, r^2 + 1, H, W), edges replicated."""
    b, ch, h, w = x.shape
    padded = F.pad(x, (r // 2,) * 4, mode="replicate")
    p = F.unfold(padded.reshape(b * ch, 1, h + r - 1, w + r - 1), r).reshape(b, ch, r * r, h, w)
    return torch.cat([p, torch.ones_like(p[:, :, :1])], 2)


class RegressionLayer(nn.Module):
    """Equation (1) on a fixed grid: `weight` (6, r^2 + 1, H, W) holds w and b, `leaving` (6, 2, H, W) g and a. Fitted
    in closed form, never by gradient."""

    weight: Tensor
    leaving: Tensor

    def __init__(self, size: int = 128, r: int = 3) -> None:
        super().__init__()
        if r % 2 == 0:
            raise ValueError(f"The window must have an odd side, not {r}.")
        self.size, self.r = size, r
        self.register_buffer("weight", torch.zeros(len(BASIC), r * r + 1, size, size))
        self.register_buffer("leaving", torch.zeros(len(BASIC), 2, size, size))

    def change(self, x: Tensor, c: Tensor, leaving: Tensor | None = None) -> Tensor:
        """`coarse - x` for x (B, 3, H, W) in [0, 1], c and what leaves (B, 6): (B, 3, H, W), linear in both."""
        w = torch.einsum("bk,kjhw->bjhw", c, self.weight)  # one filter per pixel, mixed by strength
        # The bias, then one shifted copy of the image per window position: no (r^2 + 1)-fold copy in memory.
        padded = F.pad(x, (self.r // 2,) * 4, mode="replicate")
        out = w[:, -1:].expand_as(x).clone()
        for j in range(self.r * self.r):
            dy, dx = divmod(j, self.r)
            out.addcmul_(w[:, j : j + 1], padded[:, :, dy : dy + self.size, dx : dx + self.size])
        if leaving is not None:
            gain, offset = torch.einsum("bk,kjhw->bjhw", leaving, self.leaving).unsqueeze(2).unbind(1)  # (B, 1, H, W)
            out.add_(gain * x + offset)
        return out

    def forward(self, x: Tensor, c: Tensor, leaving: Tensor | None = None) -> Tensor:
        """x (B, 3, H, W), c and what leaves (B, 6), all in [0, 1] -> coarse image (B, 3, H, W), not clipped."""
        return x + self.change(x, c, leaving)
