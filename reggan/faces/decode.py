"""Converts pictures opened by Pillow to (H, W, 3) uint8 sRGB: any mode, depth, colour profile and orientation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, TiffImagePlugin

from reggan.faces.colours import PLAIN_MODES, Transform, srgb_transform, to_srgb

_STRIP = 1_000_000  # pixels converted at a time, because conversion takes several times the memory of the result
_BITS, _PHOTOMETRIC, _MAX_VALUE, _SAMPLE_FORMAT = 258, 262, 281, 339  # tags of TIFF


@dataclass(frozen=True)
class Depth:
    """How to read grey of more than 8 bits; irrelevant for other pictures."""

    white: float | None = None  # the value of white; None if the file does not say
    unsigned: bool = False  # 32-bit numbers are unsigned, though Pillow reads them as signed
    negative: bool = False  # zero is white, not black


def depth_of(picture: Image.Image) -> Depth:
    """What the file says about its numbers. Call it before `upright`, which loses the tags of pictures it turns."""
    if not isinstance(picture, TiffImagePlugin.TiffImageFile):
        return Depth()
    tags = picture.tag_v2

    def first(tag: int, default: int) -> int:
        value = tags.get(tag, default)
        value = value[0] if isinstance(value, tuple) and value else value
        return value if isinstance(value, int) else default

    bits, signed = first(_BITS, 8), first(_SAMPLE_FORMAT, 1) == 2
    white = first(_MAX_VALUE, 0) or (2 ** (bits - signed) - 1 if bits <= 16 else 0)
    return Depth(white or None, bits == 32 and not signed, first(_PHOTOMETRIC, 1) == 0)


def upright(picture: Image.Image) -> Image.Image:
    """Decode the picture and apply its EXIF orientation."""
    picture.load()
    return ImageOps.exif_transpose(picture)


def to_rgb(picture: Image.Image, depth: Depth) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """A loaded picture of any mode to sRGB.

    Returns:
        (H, W, 3) uint8, over white, and the opacity (H, W) uint8, None if nothing is transparent.
    """
    width, height = picture.size
    white = _white(picture, depth)
    transform: dict[str, Transform | None] = {}
    out = np.empty((height, width, 3), np.uint8)
    opacity: NDArray[np.uint8] | None = None
    rows = max(1, _STRIP // width)
    for y in range(0, height, rows):
        here = slice(y, min(y + rows, height))
        strip, alpha = _plain(picture.crop((0, y, width, here.stop)), white, depth)
        if strip.mode not in transform:
            transform[strip.mode] = srgb_transform(picture.info.get("icc_profile"), strip.mode)
        strip = to_srgb(strip, transform[strip.mode])
        if alpha is not None:
            opacity = np.full((height, width), 255, np.uint8) if opacity is None else opacity
            opacity[here] = np.asarray(alpha)
            strip = Image.composite(strip, Image.new("RGB", strip.size, "white"), alpha)
        out[here] = np.asarray(strip)
    return out, None if opacity is None or opacity.min() == 255 else opacity


def _plain(picture: Image.Image, white: float, depth: Depth) -> tuple[Image.Image, Image.Image | None]:
    """The picture in a mode of `PLAIN_MODES`, and its opacity (mode "L") if it has any."""
    if _is_deep(picture):
        grey = np.clip(_numbers(picture, depth) / white, 0.0, 1.0)
        grey = np.nan_to_num(1.0 - grey if depth.negative else grey)
        return Image.fromarray(np.rint(grey * 255.0).astype(np.uint8)), None
    if picture.mode in ("LA", "La") or (picture.mode == "L" and "transparency" in picture.info):
        picture = picture.convert("LA")
        return picture.getchannel("L"), picture.getchannel("A")
    if picture.mode in ("RGBA", "RGBa", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")  # reads palettes, premultiplied alpha and PNG's transparent colour
        return picture.convert("RGB"), picture.getchannel("A")
    if picture.mode in PLAIN_MODES:
        return picture, None
    return picture.convert("L" if picture.mode == "1" else "RGB"), None


def _is_deep(picture: Image.Image) -> bool:
    return picture.mode.startswith("I") or picture.mode == "F"


def _numbers(picture: Image.Image, depth: Depth) -> NDArray[np.float64]:
    numbers = np.asarray(picture)
    return (numbers.view(np.uint32) if depth.unsigned and numbers.dtype == np.int32 else numbers).astype(np.float64)


def _white(picture: Image.Image, depth: Depth) -> float:
    """The value of white. If the file does not say: 65535 or 1, or the brightest value if that is higher."""
    if not _is_deep(picture):
        return 255.0
    if depth.white and picture.mode != "F":
        return depth.white
    white = 1.0 if picture.mode == "F" else 65535.0  # mode "I" often carries 16 bits
    brightest = float(_numbers(picture, depth).max())
    return brightest if white < brightest < np.inf else white  # 32-bit data have no standard range
