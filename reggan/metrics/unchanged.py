"""What should not change: the background, the colour of the skin, the greys of a grey picture, and the edge of the crop
where it is pasted back.

All compare output and input, need no target, and are 0 for a method that changes nothing. They say nothing of
the expression, so read them beside ECS.
"""

import cv2
import numpy as np

from reggan.metrics.crops import check_images
from reggan.metrics.regions import background, skin

_RING = 2  # pixels
_GREY = 6  # grey levels between a pixel's channels, up to which a picture is grey: JPEG leaves some


def background_change(inputs: np.ndarray, outputs: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Mean absolute change at least 0.6 eye distances away from the face, in grey levels of 255.

    Args:
        inputs, outputs: (N, H, W, 3) uint8 RGB.
        landmarks: (N, 478, 2) of the input, pixels.

    Returns:
        (N,) float64, nan where the face fills the crop.
    """
    return _mean_in(_change(inputs, outputs), background(landmarks, *inputs.shape[1:3]))


def colour_shift(inputs: np.ndarray, outputs: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Distance between the mean skin colours of output and input in CIE L*a*b* (CIE 1976 colour difference).

    The mean is over skin away from eyes, brows and mouth, so folds and highlights that come and go nearly cancel. About
    1 is just visible side by side, 5 is another complexion. Arguments and result as `background_change`.
    """
    check_images(inputs, outputs)
    where = skin(landmarks, *inputs.shape[1:3])
    before, after = (_mean_lab(images, where) for images in (inputs, outputs))
    return np.linalg.norm(after - before, axis=1)


def seam(inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Mean absolute change of the crop's outermost 2 pixels, in grey levels of 255: (N,) float64.

    It is the step that shows when the crop is pasted back into its picture as it is. RegGAN pastes a change that has
    faded to 0 there (`faces/paste.py`); for a method that only gives a crop this is what a user would see.
    """
    check_images(inputs, outputs)
    ring = np.ones(inputs.shape[:3], bool)
    ring[:, _RING:-_RING, _RING:-_RING] = False
    return _mean_in(_change(inputs, outputs), ring)


def colour_of_grey(inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Colour in the output of a grey input: the distance between a pixel's channels, in grey levels of 255, that one
    pixel in a thousand exceeds. 0 stays grey.

    Returns:
        (N,) float64, nan for an input that is not grey.
    """
    check_images(inputs, outputs)
    before, after = (np.quantile(np.ptp(images, 3), 0.999, axis=(1, 2)) for images in (inputs, outputs))
    return np.where(before <= _GREY, after, np.nan)


def _change(inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    check_images(inputs, outputs)
    return np.abs(outputs.astype(np.float64) - inputs).mean(3)  # (N, H, W)


def _mean_in(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    total, count = (values * where).sum((1, 2)), where.sum((1, 2))
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)


def _mean_lab(images: np.ndarray, where: np.ndarray) -> np.ndarray:
    """(N, 3), L* in [0, 100]; nan where there is nothing to look at."""
    lab = (cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for image in images)
    skins = (x[w].astype(np.float64) for x, w in zip(lab, where, strict=True))
    return np.stack([pixels.mean(0) if len(pixels) else np.full(3, np.nan) for pixels in skins])
