"""Pictures as arrays: whatever the user has is read as (H, W, 3) uint8 RGB, or an error says why not."""

import io
import os
import warnings
from pathlib import Path
from typing import IO, Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from reggan.errors import InputError
from reggan.faces.cut_off import without_its_end
from reggan.faces.decode import Depth, depth_of, to_rgb, upright
from reggan.faces.deep_tiff import decode as decode_deep
from reggan.faces.deep_tiff import deep_tiff

MAX_PIXELS = 50_000_000
MAX_SIDE = 65_535  # pixels; a picture one pixel wide takes nine times the memory of a square one
MAX_BYTES = 400_000_000  # of a file: 50 million uncompressed pixels of 16-bit RGBA

# Formats that Pillow decodes by itself, without starting another program (EPS would start Ghostscript, for instance).
_FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "PPM", "ICO", "JPEG2000")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
_SUFFIXES = {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"}
_NOT_READ = "The file is not a picture in a format that can be read, such as JPEG, PNG or WebP."
_HEIC = "HEIC pictures, as iPhones store them, cannot be read; save it as JPEG and choose that."
_DAMAGED = "The picture is damaged or incomplete."
_TOO_LARGE = "The picture is too large: at most {n} million pixels can be processed."
_TOO_HEAVY = "The picture's file is too large: at most {n} MB can be read."

Picture: TypeAlias = "tuple[NDArray[np.uint8], NDArray[np.uint8] | None]"  # what `read_picture` returns
ImageSource: TypeAlias = "str | os.PathLike[str] | bytes | IO[bytes] | Image.Image | NDArray[Any]"


def picture_files(folder: Path, pattern: str = "**/*") -> list[Path]:
    """Files that match `pattern` and have a picture's file extension, or none but a picture's content, sorted.

    By default those in sub-folders too.
    """
    return sorted(path for path in folder.glob(pattern) if path.is_file() and _looks_like_a_picture(path))


def _looks_like_a_picture(path: Path) -> bool:
    if path.suffix:
        return path.suffix.lower() in _SUFFIXES
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Image.open(path, formats=_readable()).close()
    except Exception:  # noqa: BLE001 - whatever else it is, it is no picture
        return False
    return True


def _readable() -> list[str]:
    """The formats that are read here; some builds of Pillow lack AVIF."""
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def scaled_down(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """(H, W, 3) to (max(1, round(scale H)), max(1, round(scale W)), 3): each pixel the mean of those it covers."""
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def read_image(source: ImageSource) -> NDArray[np.uint8]:
    """Read one picture, upright and opaque.

    The EXIF orientation is applied and transparent pictures are laid over white. Of an animation the first frame is
    read, of a picture with a gain map (HDR) the base picture. Deeper grey is scaled to 8 bits, and colours with an ICC
    profile are converted to sRGB. Files without their last bytes are read if at most a twentieth of the picture is
    missing.

    Args:
        source: a path, the bytes of a file, a binary file object, a PIL image, or an array: (H, W), (H, W, 1) grey,
            (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGBA, of uint8, uint16, bool or float in [0, 1].

    Returns:
        (H, W, 3) uint8 RGB; never a view of `source`.

    Raises:
        InputError: the source is not a picture, is damaged, or is larger than `MAX_PIXELS`, `MAX_SIDE` or
            `MAX_BYTES`.
    """
    return read_picture(source)[0]


def read_picture(source: ImageSource) -> Picture:
    """The same as `read_image`, and what is transparent.

    Returns:
        (H, W, 3) uint8 RGB, over white, and the opacity (H, W) uint8, None if all of it is opaque.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        return _decode(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _from_bytes(bytes(source))
    if isinstance(source, (str, os.PathLike)):
        return _from_bytes(_file_content(Path(source)))
    if not hasattr(source, "read"):
        raise InputError("A picture cannot be read from an object of type {type}.", type=type(source).__name__)
    data = source.read()
    if not isinstance(data, bytes):
        raise InputError("The picture's file must be opened in binary mode.")
    return _from_bytes(data)


def _file_content(path: Path) -> bytes:
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise InputError(_TOO_HEAVY, n=MAX_BYTES // 1_000_000)
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError("There is no file {name}.", name=repr(path.name)) from None
    except IsADirectoryError:
        raise InputError("{name} is a folder, not a picture.", name=repr(path.name)) from None
    except InputError:
        raise
    except (OSError, ValueError):  # ValueError: a null character in the path
        raise InputError("The picture's file cannot be read.") from None


def _from_bytes(data: bytes) -> Picture:
    if not data:
        raise InputError("The picture's file is empty.")
    if len(data) > MAX_BYTES:
        raise InputError(_TOO_HEAVY, n=MAX_BYTES // 1_000_000)
    if _is_heic(data):
        raise InputError(_HEIC)
    try:
        with warnings.catch_warnings():
            # Warnings about odd metadata do not matter here, nor about the size: `_check_size` sets our own limit.
            warnings.simplefilter("ignore")
            deep = deep_tiff(data)
            if deep is not None:
                _check_size(deep.width, deep.height)
                return to_rgb(decode_deep(data, deep), Depth())
            with Image.open(io.BytesIO(data), formats=_readable()) as picture:
                return _decode(picture, data)
    except UnidentifiedImageError:
        raise InputError(_NOT_READ) from None
    except Image.DecompressionBombError:
        raise InputError(_TOO_LARGE, n=MAX_PIXELS // 1_000_000) from None
    except InputError:
        raise
    except Exception:  # noqa: BLE001 - for a damaged header, each format raises something else
        raise InputError(_DAMAGED) from None


def _is_heic(data: bytes) -> bool:
    """Whether a file's first box says that it holds pictures in HEVC, the format of iPhones."""
    size = int.from_bytes(data[:4], "big")
    brands = {data[at : at + 4] for at in (8, *range(16, min(size, 512), 4))}
    return data[4:8] == b"ftyp" and not brands.isdisjoint(_HEIC_BRANDS)


def _decode(picture: Image.Image, data: bytes = b"") -> Picture:
    """Any PIL image to (H, W, 3) uint8; `data` is the content of its file, if there is one."""
    _check_size(*picture.size)
    depth = depth_of(picture)
    try:
        picture = upright(picture)  # decodes; so far `size` is only what the header says
    except Exception:  # noqa: BLE001 - a damaged file raises almost anything in Pillow's decoders, SyntaxError included
        saved = without_its_end(data)
        if saved is None:
            raise InputError(_DAMAGED) from None
        picture = upright(saved)
    _check_size(*picture.size)  # the real size of an icon is known only now
    return to_rgb(picture, depth)


def _from_array(array: NDArray[Any]) -> Picture:
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4):
        raise InputError(
            "An array of shape {shape} is not a picture; (H, W), (H, W, 3) or (H, W, 4) is.", shape=array.shape
        )
    _check_size(array.shape[1], array.shape[0])
    if array.dtype == np.uint16:
        array = np.round(array / np.float32(257.0)).astype(np.uint8)
    elif array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    elif np.issubdtype(array.dtype, np.floating):
        if not np.isfinite(array).all() or array.min() < 0.0 or array.max() > 1.0:
            raise InputError("A picture given as floating-point numbers must lie between 0 and 1.")
        array = np.round(array * 255.0).astype(np.uint8)
    elif array.dtype != np.uint8:
        raise InputError(
            "A picture of type {type} cannot be read; uint8, uint16 or float in [0, 1] can.", type=array.dtype
        )
    opacity: NDArray[np.uint8] | None = None
    if array.shape[2] in (2, 4):
        opacity = np.array(array[..., -1])
        alpha = opacity[..., None].astype(np.float32) / 255.0
        array = np.round(array[..., :-1] * alpha + 255.0 * (1.0 - alpha)).astype(np.uint8)
        opacity = None if opacity.min() == 255 else opacity
    return np.array(np.broadcast_to(array, (*array.shape[:2], 3))), opacity  # grey repeats itself


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise InputError("The picture has no pixels.")
    if width * height > MAX_PIXELS:
        raise InputError(_TOO_LARGE, n=MAX_PIXELS // 1_000_000)
    if max(width, height) > MAX_SIDE:
        raise InputError("The picture is too long: at most {n} pixels on a side can be processed.", n=MAX_SIDE)
