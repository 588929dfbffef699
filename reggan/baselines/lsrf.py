"""LSRF, our re-implementation after Akram and Khan, "LSRF: localized and sparse receptive fields for linear facial
expression synthesis based on global face context" (Multimedia Tools and Applications, 2023).

Public, and followed: every output pixel is a linear function of a few input pixels, which orthogonal matching pursuit
picks one by one under a locality constraint, so that neighbouring pixels look at neighbouring places; the weights are
shared by the three colours; ridge regression with lambda 0.4; 128 x 128. Our choice: the constraint is a window of
11 x 11 pixels around the output pixel, and each pixel of it is judged by its share in the residuals of the 3 x 3 output
pixels around, all at the same offset; eight pixels and a constant for each output pixel, as many numbers as masked
regression's window of 3 x 3 less one. Strengths below 1 and mixtures are as in `masked_regression.py`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from reggan.baselines.blocks import Generator
from reggan.expressions import BASIC
from reggan.model.frame import LandmarkFrame
from reggan.pairs.layout import Subject
from reggan.train.regression import in_frame

_ROWS = 4  # of the image that are solved at once: the matrices of all would take gigabytes


class LSRF(Generator):
    """`offset` (6, q, H, W) says which pixel of the window is looked at, `weight` (6, q + 1, H, W) how much it counts;
    the last is the constant."""

    weight: Tensor
    offset: Tensor

    def __init__(self, fields: int = 8, window: int = 11, size: int = 128) -> None:
        super().__init__()
        self.config = {"fields": fields, "window": window, "size": size}
        self.fields, self.window, self.size = fields, window, size
        self.register_buffer("weight", torch.zeros(len(BASIC), fields + 1, size, size))
        self.register_buffer("offset", torch.zeros(len(BASIC), fields, size, size))

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        out = (1 - c.sum(1)[:, None, None, None]) * x
        padded = F.pad(x, (self.window // 2,) * 4, mode="replicate").flatten(2)  # (B, 3, (H + w - 1) (W + w - 1))
        for k in c.any(0).nonzero()[:, 0].tolist():
            made = self.weight[k, -1].expand_as(x).clone()
            for offset, weight in zip(self.offset[k], self.weight[k], strict=False):
                made += weight * padded[..., self._index(offset).flatten()].unflatten(2, (self.size, self.size))
            out = out + c[:, k, None, None, None] * made
        return out

    def _index(self, offset: Tensor) -> Tensor:
        """Positions in the window, (H, W) numbers, as positions in the padded image, flattened."""
        row = torch.arange(self.size, device=offset.device)
        stride = self.size + self.window - 1
        return (row[:, None] + offset.long() // self.window) * stride + row + offset.long() % self.window

    @torch.no_grad()
    def fit(self, subjects: list[Subject], ridge: float = 0.4, frame: LandmarkFrame | None = None) -> None:
        """Pick and solve, in closed form, from the pairs at full strength, in the frame or in the crop."""
        faces = [in_frame(frame, s, self.size) for s in tqdm(subjects, desc="LSRF, reading", unit="face")]
        eye = torch.eye(len(BASIC))
        pairs = [[(n, j) for n, s in enumerate(subjects) for j in (s.c == e).all(1).nonzero()[:, 0]] for e in eye]
        inputs = F.pad(torch.stack([x for x, _ in faces]), (self.window // 2,) * 4, mode="replicate")
        for top in tqdm(range(0, self.size, _ROWS), desc="LSRF", unit="rows"):
            low, high = max(0, top - 1), min(self.size, top + _ROWS + 1)  # a row more, for the neighbours
            seen = inputs[:, :, low : high + self.window - 1]
            w = seen.unfold(2, self.window, 1).unfold(3, self.window, 1)  # (N, 3, rows, W, window, window)
            w = torch.cat([w.flatten(4), torch.ones_like(w[..., 0, :1])], 4).permute(2, 3, 0, 1, 4)
            w = w.flatten(0, 1)  # (P, N, 3, window^2 + 1), P output pixels
            for k, chosen in enumerate(pairs):
                if not chosen:
                    continue
                who = torch.tensor([n for n, _ in chosen])
                p = w[:, who].flatten(1, 2)  # (P, 3 n, window^2 + 1)
                y = torch.stack([faces[n][1][j, :, low:high] for n, j in chosen])  # (n, 3, rows, W)
                y = y.permute(2, 3, 0, 1).flatten(0, 1).flatten(1)[..., None]  # (P, 3 n, 1)
                picked, weight = self._pursue(p.mT @ p, (p.mT @ y)[..., 0], high - low, ridge)
                inner = slice(top - low, top - low + min(_ROWS, self.size - top))
                rows = slice(top, top + _ROWS)
                self.offset[k, :, rows] = picked.mT.unflatten(1, (high - low, self.size))[:, inner].float()
                self.weight[k, :, rows] = weight.mT.unflatten(1, (high - low, self.size))[:, inner]

    def _pursue(self, gram: Tensor, moment: Tensor, rows: int, ridge: float) -> tuple[Tensor, Tensor]:
        """Orthogonal matching pursuit for P pixels at once, from their Gram matrices.

        Args:
            gram: (P, w^2 + 1, w^2 + 1), the constant last, which is always taken.
            moment: (P, w^2 + 1).
            rows: of the image that the pixels are.

        Returns:
            picked (P, q) and weights (P, q + 1).
        """
        count, constant = len(gram), gram.shape[-1] - 1
        support = torch.full((count, 1), constant)
        energy = gram.diagonal(dim1=1, dim2=2).clamp_min(1e-6)
        weight = self._solve(gram, moment, support, ridge)
        for _ in range(self.fields):
            explained = gram.gather(2, support[:, None].expand(-1, gram.shape[1], -1)) @ weight[..., None]
            gain = (moment - explained[..., 0]).square() / energy  # how much of the residual each would take
            gain = F.avg_pool2d(gain.mT.unflatten(1, (rows, self.size)), 3, 1, 1, count_include_pad=False)
            gain = gain.flatten(1).mT.scatter(1, support, -1.0)
            gain[:, constant] = -1.0
            support = torch.cat([support, gain.argmax(1, keepdim=True)], 1)
            weight = self._solve(gram, moment, support, ridge)
        return support[:, 1:], torch.cat([weight[:, 1:], weight[:, :1]], 1)

    @staticmethod
    def _solve(gram: Tensor, moment: Tensor, support: Tensor, ridge: float) -> Tensor:
        """Ridge regression on the support: (P, s)."""
        q = support.shape[1]
        rows = gram.gather(1, support[..., None].expand(-1, -1, gram.shape[2]))
        g = rows.gather(2, support[:, None].expand(-1, q, -1)).double() + ridge * torch.eye(q, dtype=torch.float64)
        return torch.linalg.solve(g, moment.gather(1, support).double()[..., None])[..., 0].float()
