"""TIFF files whose colours have 10, 12 or 14 bits, or fewer than 16 in 16, as raw converters and scanners write them.

Pillow opens none of the first, and of the others takes the upper eight bits, which are nearly black. OpenCV unpacks
them.
"""

import io
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES, _MAX_VALUE, _PROFILE = 256, 257, 258, 262, 277, 281, 34675
_RGB = 2
_STRIP = 1_000_000  # pixels at a time


@dataclass(frozen=True)
class DeepTiff:
    """What the file's header says."""

    width: int
    height: int
    white: int  # the value of white in 16 bits, as OpenCV returns them
    profile: bytes | None


def deep_tiff(data: bytes) -> DeepTiff | None:
    """The header, if this is such a file; None for everything else, and for what is damaged."""
    if data[:4] not in (b"II*\0", b"MM\0*"):
        return None
    file, tags = io.BytesIO(data), TiffImagePlugin.ImageFileDirectory_v2(data[:8])
    try:
        file.seek(tags.next)
        tags.load(file)
        bits, white = tags.get(_BITS, (8,)), _number(tags.get(_MAX_VALUE, 0))
        if tags.get(_SAMPLES) != 3 or tags.get(_PHOTOMETRIC) != _RGB or len(set(bits)) != 1:
            return None
        if bits[0] in (10, 12, 14):  # OpenCV moves them to the top of 16
            white = (2 ** bits[0] - 1) << (16 - bits[0])
        elif bits[0] != 16 or not 255 < white < 65535:
            return None
        return DeepTiff(int(tags[_WIDTH]), int(tags[_HEIGHT]), white, tags.get(_PROFILE))
    except Exception:  # noqa: BLE001 - a damaged directory raises almost anything; Pillow says what is to be said
        return None


def decode(data: bytes, header: DeepTiff) -> Image.Image:
    """The picture, upright, mode "RGB", with its colour profile in `info`.

    Raises:
        ValueError: the file is damaged.
    """
    numbers = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if numbers is None or numbers.ndim != 3 or numbers.shape[2] != 3 or numbers.dtype != np.uint16:
        raise ValueError("OpenCV cannot read it")
    out: NDArray[np.uint8] = np.empty(numbers.shape, np.uint8)
    rows = max(1, _STRIP // numbers.shape[1])
    for y in range(0, len(numbers), rows):
        strip = numbers[y : y + rows, :, ::-1].astype(np.float32) * np.float32(255 / header.white)
        out[y : y + rows] = np.rint(np.minimum(strip, 255)).astype(np.uint8)
    picture = Image.fromarray(out)
    if header.profile:
        picture.info["icc_profile"] = header.profile
    return picture


def _number(value: Any) -> int:
    """A tag's only or first value."""
    return int(value[0] if isinstance(value, tuple) else value)
