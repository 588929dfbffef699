"""SARGAN, our re-implementation after Akram and Khan, "SARGAN: Spatial attention-based residuals for facial expression
manipulation" (IEEE TCSVT, 2023; arXiv 2303.17212).

Public: US-GAN's network with the residual block's output multiplied by a one-channel sigmoid attention map from an
hourglass of depth 2; about 3.0 million weights. Our choice: the hourglass's layers, which are made wide enough to
reach that number, and what `blocks.py` and `rival_trainer.py` describe.
"""

import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.baselines.blocks import Generator, ResidualBlock, decoder, encoder, instance_norm, with_label


class HourglassMap(nn.Module):
    """Down two scales and up again: (B, C, H, W) -> one attention map (B, 1, H, W) in (0, 1)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(i, width, 3, stride=2, padding=1), instance_norm(width), nn.ReLU())
            for i in (channels, width)
        )
        self.up = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1), instance_norm(width), nn.ReLU()) for _ in range(2)
        )
        self.map = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        half = self.down[0](x)
        h = half + self.up[0](F.interpolate(self.down[1](half), scale_factor=2.0))
        return self.map(self.up[1](F.interpolate(h, scale_factor=2.0))).sigmoid()


class SARGAN(Generator):
    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.config = {"width": width}
        self.encoder, self.block, self.decoder = encoder(width), ResidualBlock(4 * width), decoder(width)
        self.attention = HourglassMap(4 * width, 3 * width // 2)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        h = self.encoder(with_label(2 * x - 1, c))
        h = h + self.attention(h) * self.block.branch(h)
        return x + 0.5 * self.decoder(h).float()
