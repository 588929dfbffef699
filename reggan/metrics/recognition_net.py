"""face-api's face embedder in torch: dlib's ResNet with 29 convolutions and 128 outputs.

The same numbers as FaceRecognitionNet of @vladmandic/face-api 1.7.15 (`src/faceRecognitionNet`), checked against the
JavaScript in tests/evaluate/test_metrics_networks.py. The architecture is dlib's (Davis King, "High quality face
recognition with deep metric learning", 2017).
"""

import torch
import torch.nn.functional as F

from reggan.metrics import weights
from reggan.metrics.expression_net import MEAN_RGB

SIDE = 150  # pixels
BLOCKS = (
    *("conv32_1", "conv32_2", "conv32_3"),
    *("conv64_down", "conv64_1", "conv64_2", "conv64_3"),
    *("conv128_down", "conv128_1", "conv128_2"),
    *("conv256_down", "conv256_1", "conv256_2", "conv256_down_out"),
)


@torch.inference_mode()
def embed(images: torch.Tensor) -> torch.Tensor:
    """Face descriptors, not normalised (their length is near 1.4).

    Args:
        images: (B, 3, 150, 150) float32, RGB in [0, 255].

    Returns:
        (B, 128) float32.
    """
    w = weights.load("recognition")
    x = (images - images.new_tensor(MEAN_RGB).view(1, 3, 1, 1)) / 255
    x = _conv(x, w, "conv32_down", stride=2, padding=0).relu()  # (B, 32, 72, 72)
    x = F.max_pool2d(x, 3, 2)  # (B, 32, 35, 35)
    for block in BLOCKS:
        x = _residual(x, w, block)  # sides 35, 17, 8, 4, and 2 at the end
    return x.mean((2, 3)) @ w["fc"]


def _residual(x: torch.Tensor, w: dict[str, torch.Tensor], block: str) -> torch.Tensor:
    down = "down" in block
    out = _conv(x, w, f"{block}/conv1", stride=2, padding=0) if down else _conv(x, w, f"{block}/conv1")
    out = _conv(out.relu(), w, f"{block}/conv2")
    if down:
        x = F.avg_pool2d(x, 2)
        x = F.pad(x, (0, 0, 0, 0, 0, out.shape[1] - x.shape[1]))  # new channels start at zero
        out = F.pad(out, (0, x.shape[3] - out.shape[3], 0, x.shape[2] - out.shape[2]))  # pooled may be 1 longer
    return (x + out).relu()


def _conv(x: torch.Tensor, w: dict[str, torch.Tensor], name: str, stride: int = 1, padding: int = 1) -> torch.Tensor:
    x = F.conv2d(x, w[f"{name}/conv/filters"], w[f"{name}/conv/bias"], stride, padding)
    return x * w[f"{name}/scale/weights"].view(1, -1, 1, 1) + w[f"{name}/scale/biases"].view(1, -1, 1, 1)
