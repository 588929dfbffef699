"""face-api's expression classifier in torch: a small densely connected network of separable convolutions.

The same numbers as FaceExpressionNet of @vladmandic/face-api 1.7.15 (`src/faceExpressionNet`,
`src/faceFeatureExtractor`), checked against the JavaScript in tests/evaluate/test_metrics_networks.py.
"""

import torch
import torch.nn.functional as F

from reggan.metrics import weights

SIDE = 112  # pixels
CLASSES = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised")
MEAN_RGB = (122.782, 117.001, 104.298)


@torch.inference_mode()
def logits(images: torch.Tensor) -> torch.Tensor:
    """Scores before the softmax.

    Args:
        images: (B, 3, 112, 112) float32, RGB in [0, 255].

    Returns:
        (B, 7) float32 in the order of `CLASSES`.
    """
    w = weights.load("expression")
    x = (images - images.new_tensor(MEAN_RGB).view(1, 3, 1, 1)) / 255
    for block in ("dense0", "dense1", "dense2", "dense3"):
        x = _dense_block(x, w, block)  # (B, 32, 56, 56), (B, 64, 28, 28), (B, 128, 14, 14), (B, 256, 7, 7)
    x = x.mean((2, 3))  # (B, 256)
    return x @ w["fc/weights"] + w["fc/bias"]


def _dense_block(x: torch.Tensor, w: dict[str, torch.Tensor], block: str) -> torch.Tensor:
    """Four convolutions, the first with stride 2, each fed the sum of all before: (B, C, 2n, 2n) to (B, D, n, n)."""
    x = F.pad(x, (0, 1, 0, 1))  # TensorFlow's "same" for an even side and stride 2 pads right and below only
    if block == "dense0":
        out = F.conv2d(x, w["dense0/conv0/filters"], w["dense0/conv0/bias"], stride=2).relu()
    else:
        out = _separable(x, w, f"{block}/conv0", stride=2).relu()
    total = out
    for conv in ("conv1", "conv2", "conv3"):
        total = total + _separable(total.relu(), w, f"{block}/{conv}", padding=1)
    return total.relu()


def _separable(
    x: torch.Tensor, w: dict[str, torch.Tensor], name: str, stride: int = 1, padding: int = 0
) -> torch.Tensor:
    x = F.conv2d(x, w[f"{name}/depthwise_filter"], None, stride, padding, groups=x.shape[1])
    return F.conv2d(x, w[f"{name}/pointwise_filter"], w[f"{name}/bias"])
