"""Augmentation for generalisation: gives input and target the same new look, batched, in torch.

Every function takes and returns (B, C, H, W) in [0, 1] with C = 3 k: k images of the same face (input,
target) stacked along the channels, so that all of them are treated alike.
"""

import cv2
import torch
import torch.nn.functional as F
from torch import Tensor

from reggan.model.arrays import blur, luma


def _rand(b: int, like: Tensor, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(b, 1, 1, 1, dtype=like.dtype, device=like.device)


def _per_image(x: Tensor) -> Tensor:
    """(B, 3 k, H, W) -> (B k, 3, H, W)."""
    return x.reshape(-1, 3, *x.shape[-2:])


def grey(x: Tensor) -> Tensor:
    """Luma (Rec. 601) in all three channels."""
    return luma(_per_image(x)).expand(-1, 3, -1, -1).reshape(x.shape)


def colour(x: Tensor) -> Tensor:
    """Random gain per channel, gamma, contrast and saturation; a fifth of the images end up grey or nearly so."""
    b, k = len(x), x.shape[1] // 3
    gain = (1 + 0.25 * torch.randn(b, 3, 1, 1, device=x.device) * _rand(b, x, 0, 1)).repeat(1, k, 1, 1)
    x = (x * gain).clamp(1e-4, 1) ** torch.exp(_rand(b, x, -0.5, 0.5))
    x = (x - 0.5) * _rand(b, x, 0.65, 1.3) + 0.5 + _rand(b, x, -0.12, 0.12)
    saturation = _rand(b, x, 0, 1.5) * (torch.rand(b, 1, 1, 1, device=x.device) > 0.15)
    g = grey(x)
    return (g + saturation.clamp_max(1.3) * (x - g)).clamp(0, 1)


def kuwahara(x: Tensor, radius: int) -> Tensor:
    """Kuwahara's filter: each pixel becomes the mean of the most uniform of four windows around it. Looks like oil."""
    images = _per_image(x)
    side = radius + 1
    p = F.pad(images, (radius,) * 4, mode="reflect")
    mean = F.avg_pool2d(p, side, 1)  # windows of side r + 1, (H + r) x (W + r)
    variance = (F.avg_pool2d(p * p, side, 1) - mean * mean).sum(1, keepdim=True)
    h, w = images.shape[-2:]
    out, best = None, None
    for dy in (0, radius):
        for dx in (0, radius):
            m, v = mean[:, :, dy : dy + h, dx : dx + w], variance[:, :, dy : dy + h, dx : dx + w]
            if out is None or best is None:
                out, best = m, v
            else:
                out = torch.where(v < best, m, out)
                best = torch.minimum(v, best)
    assert out is not None
    return out.reshape(x.shape)


def oil(x: Tensor) -> Tensor:
    """Flat strokes with a little more colour."""
    painted = kuwahara(x, int(torch.randint(2, 6, ())))
    g = grey(painted)
    return (g + _rand(len(x), x, 0.8, 1.6) * (painted - g)).clamp(0, 1)


def pencil(x: Tensor) -> Tensor:
    """Dodge: dividing the grey image by its blur leaves dark lines on white; some tone is kept."""
    g = grey(x)
    lines = (g / blur(g, 6.0).clamp_min(0.05)).clamp(0, 1.05) / 1.05
    keep = _rand(len(x), x, 0.1, 0.6)
    return (lines * (1 - keep) + keep * lines * (0.35 + 0.65 * g)).clamp(0, 1)


def cartoon(x: Tensor) -> Tensor:
    """Flat areas in a few tones, with dark outlines."""
    flat = kuwahara(kuwahara(x, 3), 2)
    levels = _rand(len(x), x, 5, 10)
    soft = flat * levels
    soft = (soft.floor() + torch.sigmoid(12 * (soft - soft.floor() - 0.5))) / levels
    g = grey(flat)
    outline = (1 - 4 * (blur(g, 1.5) - g).clamp_min(0)).clamp(0.2, 1)
    g = grey(soft)
    return ((g + _rand(len(x), x, 1.0, 1.7) * (soft - g)) * outline).clamp(0, 1)


def sculpture(x: Tensor) -> Tensor:
    """Stone or metal: local contrast without colour, a tone curve, a tint, and a shine for metal."""
    g = grey(x)
    local = g - blur(g, 12.0)  # mostly removes albedo (dark hair, lips, irises), keeps relief
    base = _rand(len(x), x, 0.15, 0.55) * (g - 0.5) + 0.5
    tone = (base + _rand(len(x), x, 0.6, 1.3) * local + _rand(len(x), x, -0.15, 0.2)).clamp(0.01, 0.99)
    metal = torch.rand(len(x), 1, 1, 1, device=x.device) < 0.4
    tone = torch.where(metal, (tone**1.8 + 0.8 * (tone - 0.62).clamp_min(0)).clamp(0, 1), tone)
    stone_tint = 1 + 0.08 * torch.randn(len(x), 3, 1, 1, device=x.device)
    metal_tint = torch.tensor([1.15, 0.85, 0.55], device=x.device)[None, :, None, None] * stone_tint
    tint = torch.where(metal, metal_tint, stone_tint).repeat(1, x.shape[1] // 3, 1, 1)
    return (tone * tint).clamp(0, 1)


_STYLES = ((oil, 0.18), (pencil, 0.05), (cartoon, 0.09), (sculpture, 0.14))


def jpeg(x: Tensor, quality: int) -> Tensor:
    """JPEG artefacts of a given quality, one image at a time: (B, 3, H, W) -> (B, 3, H, W)."""
    out = []
    for image in (x * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy():
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        out.append(torch.from_numpy(cv2.imdecode(coded, cv2.IMREAD_COLOR)).permute(2, 0, 1))
    return torch.stack(out).to(x) / 255


def restyle(x: Tensor) -> Tensor:
    """Change all colours, and give about half of the batch an art style: (B, 3 k, H, W) -> (B, 3 k, H, W)."""
    draw = torch.rand(len(x))
    low = 0.0
    out = x.clone()
    for style, share in _STYLES:
        chosen = ((draw >= low) & (draw < low + share)).nonzero()[:, 0]
        low += share
        if len(chosen):
            out[chosen] = style(x[chosen])
    if torch.rand(()) < 0.15:
        soft = int(torch.randint(len(x), ()))
        out[soft : soft + 1] = blur(out[soft : soft + 1], float(torch.empty(()).uniform_(0.5, 1.5)))
    return colour(out)
