"""What the baselines share. All are our re-implementations; none is its authors' code.

They work in the plain aligned crop, as published, or in RegGAN's frame (`placement.py`).
"""

from typing import Any

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.expressions import BASIC


class Generator(nn.Module):
    """forward(x (B, 3, size, size) in [0, 1], c (B, 6) in [0, 1]) -> (B, 3, size, size), not clipped.

    `config` holds the constructor's arguments, to build it again.
    """

    size = 128
    config: dict[str, Any]

    def count(self) -> int:
        """Number of learned values."""
        return sum(t.numel() for t in self.state_dict().values())


def with_label(x: Tensor, c: Tensor) -> Tensor:
    """x (B, C, H, W) followed by the label map, one constant channel per expression: (B, C + 6, H, W)."""
    return torch.cat([x, c[:, :, None, None].expand(-1, -1, *x.shape[-2:]).to(x.dtype)], 1)


def instance_norm(channels: int) -> nn.GroupNorm:
    """Instance normalisation with scale and shift: groups of one channel, which torch does up to six times as fast in
    bfloat16. It needs contiguous tensors, not channels-last ones."""
    return nn.GroupNorm(channels, channels)


class ResidualBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))); `branch` alone is what is added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            instance_norm(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            instance_norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.branch(x)


def encoder(width: int) -> nn.Sequential:
    """StarGAN's: (B, 9, S, S) -> (B, 4 width, S/4, S/4).

    The published encoder also normalises after the first layer. This cancels the constant label maps except near the
    zero padding, and takes long training to work around; we leave it out, in the baselines' favour.
    """
    return nn.Sequential(
        nn.Conv2d(3 + len(BASIC), width, 7, padding=3),
        nn.ReLU(),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False),
        instance_norm(2 * width),
        nn.ReLU(),
        nn.Conv2d(2 * width, 4 * width, 4, stride=2, padding=1, bias=False),
        instance_norm(4 * width),
        nn.ReLU(),
    )


def decoder(width: int) -> nn.Sequential:
    """StarGAN's: (B, 4 width, S/4, S/4) -> (B, 3, S, S) in (-1, 1)."""
    return nn.Sequential(
        nn.ConvTranspose2d(4 * width, 2 * width, 4, stride=2, padding=1, bias=False),
        instance_norm(2 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, bias=False),
        instance_norm(width),
        nn.ReLU(),
        nn.Conv2d(width, 3, 7, padding=3, bias=False),
        nn.Tanh(),
    )


class ClassCritic(nn.Module):
    """StarGAN's discriminator: is a patch real, and which expression does the image show?

    The published one has six layers and 45 million weights; five, with up to 1,024 channels, are our choice.
    """

    def __init__(self, width: int = 64, layers: int = 5) -> None:
        super().__init__()
        sizes = [3, *(width * 2**i for i in range(layers))]
        self.layers = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in zip(sizes[:-1], sizes[1:], strict=True)
        )
        self.real = nn.Conv2d(sizes[-1], 1, 3, padding=1, bias=False)
        self.expression = nn.Conv2d(sizes[-1], len(BASIC), 128 // 2**layers, bias=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, 128, 128) in [-1, 1] -> patch scores (B, 1, 4, 4) and logits (B, 6)."""
        h = image
        for layer in self.layers:
            h = F.leaky_relu(layer(h), 0.01)
        return self.real(h), self.expression(h).flatten(1)
