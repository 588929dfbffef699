"""Is moved skin as sharp as it should be? Gradient energy of the output over that of the target.

An averaging model blurs exactly where skin moved; elsewhere it copies the input and every method looks sharp. So the
energy, the sum of squared central differences of the luma, is taken where the target differs from the input. 1 is the
target's sharpness, below 1 is blur, above 1 is noise or haloes. An energy says nothing of whether the detail is right.
"""

import cv2
import numpy as np

from reggan.metrics.crops import check_images
from reggan.metrics.regions import skin

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_MOVED = 4.0  # grey levels (of 255), mean over the window: above JPEG noise, below any visible motion
_WINDOW = 9  # pixels


def moved_skin(inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Where the target differs from the input: (N, H, W, 3) uint8 twice to (N, H, W) bool.

    A pixel counts when the absolute luma difference, averaged over 9 x 9 pixels, exceeds 4 grey levels.
    """
    check_images(inputs, targets)
    difference = np.abs(luma(inputs) - luma(targets))
    return np.stack([cv2.blur(d, (_WINDOW, _WINDOW)) for d in difference]) > _MOVED


def sharpness_ratio(outputs: np.ndarray, targets: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Gradient energy of the outputs over that of the targets.

    Args:
        outputs, targets: (N, H, W, 3) uint8 RGB.
        moved: (N, H, W) bool, where to look, from `moved_skin`.

    Returns:
        (N,) float64; nan where nothing moved or the target is flat.
    """
    check_images(outputs, targets)
    ours = (gradient_energy(outputs) * moved).sum((1, 2))
    theirs = (gradient_energy(targets) * moved).sum((1, 2))
    return np.divide(ours, theirs, out=np.full_like(theirs, np.nan), where=theirs > 0)


def skin_detail(inputs: np.ndarray, outputs: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Gradient energy of the skin, away from eyes, brows and mouth, over the input's: needs no target.

    1 keeps pores, brush strokes and grain as they were; blur is below, noise and haloes are above, and so are, a
    little, the folds that an expression brings.

    Args:
        inputs, outputs: (N, H, W, 3) uint8 RGB.
        landmarks: (N, 478, 2) of the input, pixels.

    Returns:
        (N,) float64; nan where no skin is seen or the input is flat.
    """
    return sharpness_ratio(outputs, inputs, skin(landmarks, *inputs.shape[1:3]))


def luma(images: np.ndarray) -> np.ndarray:
    """(N, H, W, 3) -> (N, H, W) float64."""
    return images @ _LUMA


def gradient_energy(images: np.ndarray) -> np.ndarray:
    """Squared slope of the luma, (N, H, W, 3) -> (N, H, W) float64."""
    dy, dx = np.gradient(luma(images), axis=(1, 2))
    return dx**2 + dy**2
