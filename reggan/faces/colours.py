"""Colours as every screen shows them: what a picture's ICC profile says is converted to sRGB.

Phones write Display P3, scanners Adobe RGB, print shops CMYK, and grey pictures have a gamma of their own. The numbers
in such a file mean other colours than the same numbers in sRGB, which is what the model has learned from and what is
saved. What sRGB cannot show is clipped, channel by channel.
"""

import functools
import io
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageCms

Transform: TypeAlias = ImageCms.ImageCmsTransform

#: Pixels that a transform to sRGB takes; `Image.convert` brings all others to one of them.
PLAIN_MODES = ("RGB", "L", "CMYK", "LAB")

_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # of a profile's colour space, as ICC writes it
_SAME = 2  # levels of 255: a profile that moves no colour further is sRGB by another name, and only rounds


def srgb_transform(profile: bytes | None, mode: str) -> Transform | None:
    """What brings a picture's pixels to sRGB.

    Args:
        profile: the file's ICC profile, if it has one.
        mode: of its pixels, one of `PLAIN_MODES`.

    Returns:
        a transform to mode "RGB" from the mode `transform.input_mode`; None if there is nothing to convert: no
        profile, one that is damaged or belongs to other pixels than these, or one that is sRGB anyway. Lab pixels
        mean the same without a profile, and always have a transform.
    """
    if mode == "LAB":
        return _transform(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB")
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        needed = _MODES.get(source.profile.xcolor_space, "")
        if needed != mode and (needed, mode) != ("RGB", "L"):  # grey in an RGB space is its grey axis
            return None
        transform = _transform(source, needed)
        return None if needed != "CMYK" and _changes_nothing(transform, needed) else transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # whatever is wrong with it, the pixels are there
        return None


def to_srgb(picture: Image.Image, transform: Transform | None) -> Image.Image:
    """The picture, of a mode in `PLAIN_MODES`, in mode "RGB"."""
    if transform is None:
        return picture.convert("RGB")
    converted = ImageCms.applyTransform(picture.convert(transform.input_mode), transform)
    assert converted is not None  # only in place there is no result
    return converted


def _transform(source: ImageCms.ImageCmsProfile, mode: str) -> Transform:
    """Perceptual where the profile has that, and black to black, as browsers and picture editors do it."""
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB", flags=flags)


def _changes_nothing(transform: Transform, mode: str) -> bool:
    before = _samples(mode)
    after = np.asarray(to_srgb(before, transform)).astype(int)
    return bool(np.abs(after - np.asarray(before.convert("RGB"))).max() <= _SAME)


@functools.lru_cache(maxsize=2)
def _samples(mode: str) -> Image.Image:
    """All greys, or 4096 colours from all over the cube."""
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    levels = np.arange(0, 256, 17, dtype=np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(levels, levels, levels), -1).reshape(64, 64, 3))
