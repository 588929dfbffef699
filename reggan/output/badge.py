"""A small mark in the picture itself, for everyone who sees it without its metadata."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

TEXT = "AI-edited"

_HEIGHT = 0.035  # as a share of the picture's shorter side
_SMALLEST, _LARGEST = 12, 120  # pixels
_DARK, _LIGHT = (0, 0, 0, 150), (255, 255, 255, 255)


def badge(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with "AI-edited" in its lower right corner, at most half as wide as the picture.

    Args:
        image: (H, W, 3) uint8 RGB or (H, W, 4) RGBA, not modified.

    Returns:
        the same shape, uint8, unchanged outside the mark.
    """
    height, width = image.shape[:2]
    tall = float(np.clip(_HEIGHT * min(height, width), _SMALLEST, _LARGEST))
    font = ImageFont.load_default(0.62 * tall)
    wide = font.getlength(TEXT) + 0.8 * tall
    shrink = min(1.0, 0.5 * width / (wide + 0.4 * tall), 0.5 * height / (1.4 * tall))
    tall, wide, font = tall * shrink, wide * shrink, ImageFont.load_default(max(1.0, 0.62 * tall * shrink))
    gap = 0.4 * tall
    left, top = max(0, int(width - wide - gap)), max(0, int(height - tall - gap))
    corner = Image.fromarray(image[top:, left:]).convert("RGBA")
    layer = Image.new("RGBA", corner.size)
    draw = ImageDraw.Draw(layer)
    draw.rounded_rectangle((0, 0, wide, tall), tall / 4, _DARK)
    draw.text((wide / 2, tall / 2), TEXT, _LIGHT, font, "mm")
    out = image.copy()
    out[top:, left:] = np.asarray(Image.alpha_composite(corner, layer))[..., : image.shape[2]]
    return out
