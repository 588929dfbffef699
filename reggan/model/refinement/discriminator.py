"""The patch discriminator of the adversarial phase, conditioned on the expression.

Conditioning is by projection: a patch's score is psi(f) + <V c, f> for its feature f (Miyato and Koyama, "cGANs with
projection discriminator", ICLR 2018). Faces are judged in the landmark-normalised frame, where an eye is always in the
same place, so the position is an input too; so is the image's fine detail, because that is where a refined face differs
from a real one. Sizes are our choice.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.expressions import BASIC


class PatchDiscriminator(nn.Module):
    """Scores for overlapping patches of about 46 x 46 pixels: (B, 3, S, S), (B, 6) -> (B, 1, S/8, S/8)."""

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128, 192)) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3 + 3 + 2, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.last = nn.Conv2d(widths[-1], widths[-1], 3, padding=1)
        self.score = nn.Conv2d(widths[-1], 1, 1)
        self.projection = nn.Linear(len(BASIC), widths[-1], bias=False)
        # Without normalisation the signal fades and nothing is learned unless the gain is right (He et al. 2015).
        for layer in [self.stem, *self.down, self.last]:
            nn.init.kaiming_normal_(layer.weight, a=0.2)

    def forward(self, image: Tensor, c: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Patch scores, and the features of each scale for feature matching."""
        t = torch.linspace(-1, 1, image.shape[-1], device=image.device, dtype=image.dtype)
        y, x = torch.meshgrid(t, t, indexing="ij")
        position = torch.stack([x, y])[None].expand(len(image), -1, -1, -1)
        detail = image - F.avg_pool2d(image, 5, 1, 2, count_include_pad=False)
        h = F.leaky_relu(self.stem(torch.cat([image * 2 - 1, 8 * detail, position], 1)), 0.2)
        features = []
        for down in self.down:
            h = F.leaky_relu(down(h), 0.2)
            features.append(h)
        h = F.leaky_relu(self.last(h), 0.2)
        score = self.score(h) + (self.projection(c)[:, :, None, None] * h).mean(1, keepdim=True)
        return score, features
