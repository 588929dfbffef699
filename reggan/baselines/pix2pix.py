"""pix2pix, our re-implementation after Isola et al., "Image-to-image translation with conditional adversarial networks"
(CVPR 2017).

Public, and followed: the U-Net, whose innermost level is a single pixel (eight levels at 256 x 256, as published; seven
at 128 x 128, the size of the other systems), the 70 x 70 patch discriminator that also sees the input, L1 with weight
100. Our choice: both networks get the expression as label maps (the paper has no labels), dropout is
used in training only, and normalisation is per instance, as it is in effect with the paper's batches of one.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.baselines.blocks import Generator, instance_norm, with_label
from reggan.expressions import BASIC


class Pix2Pix(Generator):
    def __init__(self, width: int = 64, size: int = 128) -> None:
        super().__init__()
        self.config = {"width": width, "size": size}
        self.size = size
        levels = size.bit_length() - 1
        down = [width * min(2**k, 8) for k in range(levels)]
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in zip([3 + len(BASIC), *down[:-1]], down, strict=True)
        )
        # No normalisation at the outermost level, nor at the innermost, where the image is a single pixel.
        self.down_norm = nn.ModuleList([nn.Identity(), *(instance_norm(w) for w in down[1:-1]), nn.Identity()])
        joined = [down[-1], *(2 * w for w in down[-2::-1])]  # decoder and skip connection
        up = [*down[-2::-1], 3]
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 4, stride=2, padding=1) for a, b in zip(joined, up, strict=True)
        )
        self.up_norm = nn.ModuleList([*(instance_norm(w) for w in up[:-1]), nn.Identity()])

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        h, skips = with_label(2 * x - 1, c), []
        for i, (down, norm) in enumerate(zip(self.down, self.down_norm, strict=True)):
            h = norm(down(F.leaky_relu(h, 0.2) if i else h))
            skips.append(h)
        skips.pop()
        for i, (up, norm) in enumerate(zip(self.up, self.up_norm, strict=True)):
            h = norm(up(F.relu(h)))
            if 0 <= i < 3:
                h = F.dropout(h, 0.5, self.training)
            if skips:
                h = torch.cat([h, skips.pop()], 1)
        return 0.5 + 0.5 * torch.tanh(h.float())


class PatchCritic(nn.Module):
    """The 70 x 70 patch discriminator: input and output side by side, with the label maps."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        sizes = [6 + len(BASIC), width, 2 * width, 4 * width, 8 * width]
        self.layers = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2 if i < 3 else 1, padding=1)
            for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:], strict=True))
        )
        self.norms = nn.ModuleList([nn.Identity(), *(instance_norm(w) for w in sizes[2:])])
        self.score = nn.Conv2d(sizes[-1], 1, 4, padding=1)

    def forward(self, x: Tensor, image: Tensor, c: Tensor) -> Tensor:
        """x and image (B, 3, S, S) in [-1, 1], c (B, 6) -> logits (B, 1, S / 8 - 2, S / 8 - 2)."""
        h = with_label(torch.cat([x, image], 1), c)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            h = F.leaky_relu(norm(layer(h)), 0.2)
        return self.score(h)
