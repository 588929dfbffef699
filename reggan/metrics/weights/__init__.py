"""The embedded weights of the two metric networks, and how to read them.

Both come from the npm package @vladmandic/face-api 1.7.15 (MIT, `LICENSE-face-api.txt`), converted by
`reggan/metrics/convert_faceapi.py`. They are for measuring only, never for training or choosing a checkpoint.
"""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

FOLDER = Path(__file__).parent
RANGE_SUFFIX = "#quantization"


@cache
def load(name: str) -> dict[str, torch.Tensor]:
    """Weights of one network by face-api's names, float32, convolutions in torch's order. Cached: do not change them.

    Args:
        name: "expression" or "recognition".

    Returns:
        Filters as (out, in, height, width), depthwise filters as (channels, 1, height, width), the rest as stored.
    """
    stored = load_file(FOLDER / f"{name}.safetensors")
    weights = {}
    for key, value in stored.items():
        if key.endswith(RANGE_SUFFIX):
            continue
        if value.dtype == np.uint8:
            scale, minimum = stored[key + RANGE_SUFFIX]
            value = value * scale + minimum  # in float64, as tfjs does
        tensor = torch.from_numpy(value.astype(np.float32))
        if key.endswith("depthwise_filter"):  # (height, width, channels, 1)
            tensor = tensor.permute(2, 3, 0, 1)
        elif tensor.ndim == 4:  # (height, width, in, out)
            tensor = tensor.permute(3, 2, 0, 1)
        weights[key] = tensor.contiguous()
    return weights
