"""QualiCLIP: opinion-unaware image quality in [0, 1], higher is better (Agnolucci et al., arXiv 2403.11176).

Through the package `pyiqa`, which downloads the weights from their authors at first use. Package and weights are for
non-commercial use only (PolyForm Noncommercial, CC BY-NC 4.0), so neither is a dependency of RegGAN.
"""

import functools
import sys
from typing import Any

import numpy as np
import torch

from reggan.metrics.crops import check_images
from reggan.metrics.optional import package, unavailable

LICENCE = "QualiCLIP: pyiqa and its weights are licensed for non-commercial use only."
_BATCH = 16


def qualiclip(outputs: np.ndarray) -> np.ndarray:
    """Scores of (N, H, W, 3) uint8 RGB images: (N,) float64.

    Raises:
        NotAvailable: `pyiqa` is not installed, or the weights cannot be had.
    """
    check_images(outputs)
    judge = _judge()
    scores = []
    for start in range(0, len(outputs), _BATCH):
        x = torch.from_numpy(np.ascontiguousarray(outputs[start : start + _BATCH])).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            scores.append(judge(x).double().reshape(-1).cpu().numpy())
    return np.concatenate(scores)


@functools.cache
def _judge() -> Any:
    pyiqa = package("pyiqa", "pip install pyiqa; non-commercial use only")
    print(LICENCE, file=sys.stderr)
    try:
        return pyiqa.create_metric("qualiclip", device="cpu")
    except Exception as error:  # network and package errors of many kinds, none of them ours
        raise unavailable("the weights could not be downloaded", error) from error
