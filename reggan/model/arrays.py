"""Conversion between image arrays, (N, H, W, 3) uint8, and tensors, (N, 3, H, W) in [0, 1]; resizing."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Image = NDArray[np.uint8]

_LUMA = (0.299, 0.587, 0.114)  # Rec. 601


def to_tensor(images: Image, device: str | torch.device = "cpu") -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) float32 in [0, 1]."""
    return to_float(torch.from_numpy(np.ascontiguousarray(images)).to(device).permute(0, 3, 1, 2))


def to_uint8(images: Tensor) -> Image:
    """(N, 3, H, W) in [0, 1] -> (N, H, W, 3) uint8."""
    return np.ascontiguousarray((images * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy())


def to_float(images: Tensor) -> Tensor:
    """uint8 -> float32 in [0, 1], of any shape."""
    return images.float() / 255


def luma(x: Tensor) -> Tensor:
    """(B, 3, H, W) -> (B, 1, H, W)."""
    return (x * x.new_tensor(_LUMA)[:, None, None]).sum(1, keepdim=True)


def smoothstep(t: Tensor) -> Tensor:
    """0 for t <= 0, 1 for t >= 1, and a smooth step (C1) in between."""
    t = t.clamp(0, 1)
    return t * t * (3 - 2 * t)


def resize(x: Tensor, size: int) -> Tensor:
    """(B, C, h, w) -> (B, C, size, size), bilinear, without averaging on the way down."""
    return F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)


def shrink(x: Tensor, size: int) -> Tensor:
    """(B, C, h, w) -> (B, C, size, size), bilinear, averaged on the way down; x itself if it has that size."""
    if x.shape[-1] == size:
        return x
    return F.interpolate(x, size=(size, size), mode="bilinear", antialias=True, align_corners=False)


def blur(x: Tensor, sigma: float) -> Tensor:
    """Separable Gaussian blur, reflected at the border."""
    r = max(1, int(3 * sigma + 0.5))
    t = torch.arange(-r, r + 1, dtype=x.dtype, device=x.device)
    g = torch.exp(-0.5 * (t / sigma) ** 2)
    g = g / g.sum()
    flat = F.pad(x.reshape(-1, 1, *x.shape[-2:]), (r,) * 4, mode="reflect")
    flat = F.conv2d(F.conv2d(flat, g.view(1, 1, 1, -1)), g.view(1, 1, -1, 1))
    return flat.reshape(x.shape)


def face_ellipse(size: int, like: Tensor) -> Tensor:
    """(size, size), 1 roughly where the face is in the frame and in aligned crops, 0 elsewhere."""
    t = torch.linspace(-1, 1, size, device=like.device, dtype=like.dtype)
    return ((t / 0.6).square() + ((t[:, None] - 0.08) / 0.72).square() < 1).to(like)
