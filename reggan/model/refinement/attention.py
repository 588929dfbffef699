"""The three types of spatial attention block of the refinement network.

The RegGAN paper says that there are three types but does not describe them; these are our choice, from the same family.
(a) and (b) follow SPARNet (Chen et al., "Learning spatial attention for face super-resolution", IEEE TIP 2021), where a
small hourglass makes the map; (c) is an attention gate (Oktay et al., "Attention U-Net", 2018) that also depends on the
expression.
"""

import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor


def norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(channels // 8, channels)


def start_open(logits: nn.Conv2d) -> None:
    """Set the bias to 1, so that the attention map starts at about sigmoid(1) = 0.73."""
    assert logits.bias is not None
    nn.init.constant_(logits.bias, 1.0)


class Hourglass(nn.Module):
    """Attention logits from the surroundings: down two scales and up again, with a skip connection."""

    def __init__(self, channels: int, maps: int, width: int = 32) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, width, 1)
        self.at_half = nn.Conv2d(width, width, 3, padding=1)
        self.at_quarter = nn.Conv2d(width, width, 3, padding=1)
        self.expand = nn.Conv2d(width, maps, 1)
        start_open(self.expand)

    def forward(self, x: Tensor) -> Tensor:
        h = F.silu(self.reduce(F.avg_pool2d(x, 2)))  # (B, width, H/2, W/2)
        q = F.silu(self.at_half(h))
        q = F.silu(self.at_quarter(F.avg_pool2d(q, 2)))  # (B, width, H/4, W/4)
        h = h + F.interpolate(q, scale_factor=2.0, mode="bilinear", align_corners=False)
        return F.interpolate(self.expand(h), scale_factor=2.0, mode="bilinear", align_corners=False)


class AttentionBlock(nn.Module):
    """Residual block whose branch is conditioned on the expression and multiplied by an attention map:

    out = x + sigmoid(hourglass(x)) * conv(silu(film(norm(conv(silu(norm(x)))), c)))
    """

    def __init__(self, channels: int, condition: int, maps: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = norm(channels), norm(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.film = nn.Linear(condition, 2 * channels)  # scale and shift per channel (Perez et al., FiLM, 2018)
        self.attention = Hourglass(channels, maps)
        nn.init.zeros_(self.film.bias)

    def attention_map(self, x: Tensor) -> Tensor:
        """(B, maps, H, W) in (0, 1)."""
        return self.attention(x).sigmoid()

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        """x (B, C, H, W), e (B, condition) -> (B, C, H, W)."""
        scale, shift = self.film(e)[:, :, None, None].chunk(2, 1)
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))
        return x + self.attention_map(x) * h


class SharedAttentionBlock(AttentionBlock):
    """Type (a): one attention map shared by all channels: where something has to change."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__(channels, condition, 1)


class ChannelwiseAttentionBlock(AttentionBlock):
    """Type (b): one attention map per channel: where each feature matters."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__(channels, condition, channels)


class SkipGate(nn.Module):
    """Type (c): gates a skip connection by the decoder's features and the expression."""

    def __init__(self, skip: int, decoder: int, condition: int) -> None:
        super().__init__()
        width = max(8, skip // 2)
        self.from_skip = nn.Conv2d(skip, width, 1)
        self.from_decoder = nn.Conv2d(decoder, width, 1)
        self.from_expression = nn.Linear(condition, width)
        self.logit = nn.Conv2d(width, 1, 3, padding=1)
        start_open(self.logit)

    def attention_map(self, skip: Tensor, decoder: Tensor, e: Tensor) -> Tensor:
        """(B, 1, H, W) in (0, 1)."""
        h = self.from_skip(skip) + self.from_decoder(decoder) + self.from_expression(e)[:, :, None, None]
        return self.logit(F.silu(h)).sigmoid()

    def forward(self, skip: Tensor, decoder: Tensor, e: Tensor) -> Tensor:
        """skip (B, C, H, W) and decoder (B, D, H, W), already at the same size -> gated skip (B, C, H, W)."""
        return skip * self.attention_map(skip, decoder, e)
