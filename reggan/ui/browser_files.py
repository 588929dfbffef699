"""Files that the browser fetches: small views to look at, and downloads. They are deleted after an hour."""

import base64
import io
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from gradio.data_classes import FileData
from gradio.utils import get_upload_folder
from numpy.typing import NDArray
from PIL import Image

from reggan.faces.images import scaled_down

VIEW = 1280  # longest side in pixels of what is only looked at


def new_path(name: str) -> Path:
    """Where a file of this name can be written, in a folder that nobody can guess."""
    folder = Path(get_upload_folder()) / secrets.token_hex(16)
    folder.mkdir(parents=True)
    return folder / name


def shrink(image: NDArray[np.uint8], largest: int = VIEW) -> NDArray[np.uint8]:
    """The picture (H, W, 3) with at most `largest` pixels on the longer side."""
    scale = largest / max(image.shape[:2])
    return image if scale >= 1.0 else scaled_down(image, scale)


def write_view(image: NDArray[np.uint8], path: Path, said: Mapping[str, Any] | None = None) -> Path:
    """The picture as a small JPEG: PNG would take ten times as long, at every move of a slider.

    `said`: `reggan.output.provenance.save_options` for "jpeg", for a picture that was edited.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(shrink(image)).save(path, quality=92, subsampling=0, **(said or {}))
    return path


def write_png(image: NDArray[np.uint8], path: Path, said: Mapping[str, Any] | None = None) -> Path:
    """A small picture as it is. `said`: `reggan.output.provenance.save_options` for "png"."""
    Image.fromarray(image).save(path, compress_level=1, **(said or {}))
    return path


def served(path: Path) -> dict[str, Any]:
    """A file within the value of a widget; the browser finds its address under "url"."""
    return FileData(path=str(path), orig_name=path.name).model_dump()


def thumbnail(image: NDArray[np.uint8], side: int = 144, said: Mapping[str, Any] | None = None) -> str:
    """The middle of the picture, `side` pixels square, as a data URI; `said` as in `write_view`."""
    height, width = image.shape[:2]
    square = min(height, width)
    top, left = (height - square) // 3, (width - square) // 2  # faces are rather in the upper half
    small = cv2.resize(image[top : top + square, left : left + square], (side, side), interpolation=cv2.INTER_AREA)
    file = io.BytesIO()
    Image.fromarray(small).save(file, "JPEG", quality=85, **(said or {}))
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
