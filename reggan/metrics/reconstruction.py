"""How close the output's pixels are to the target's: MSE, L1, and L1 relative to changing nothing.

All on the [0, 1] scale, mean over pixels and channels. Most of a face does not move, so plain L1 is small for anything;
`relative_l1` divides by what the unchanged input would score: 0 is the target, 1 is no better than doing nothing.
"""

import numpy as np

from reggan.metrics.crops import check_images


def mse(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Mean squared error of (N, H, W, 3) uint8 images: (N,) float64 in [0, 1]."""
    return np.square(_difference(outputs, targets)).mean((1, 2, 3))


def l1(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Mean absolute error of (N, H, W, 3) uint8 images: (N,) float64 in [0, 1]."""
    return np.abs(_difference(outputs, targets)).mean((1, 2, 3))


def relative_l1(outputs: np.ndarray, targets: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """L1 of the output over L1 of the unchanged input: (N,) float64, nan where input and target are the same."""
    unchanged = l1(inputs, targets)
    return np.divide(l1(outputs, targets), unchanged, out=np.full_like(unchanged, np.nan), where=unchanged > 0)


def _difference(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    check_images(outputs, targets)
    return (outputs.astype(np.float64) - targets) / 255
