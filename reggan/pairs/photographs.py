"""A folder of photographs: which people are in it, and reading one of them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.faces.images import picture_files, read_image


def find_photos(folder: Path, pattern: str = "*") -> dict[str, Path]:
    """Photographs by identity: the file's name without its suffix and without a trailing "_neutral".

    Raises:
        InputError: no folder, no photograph, or two of one name.
    """
    if not folder.is_dir():
        raise InputError("The folder {folder} does not exist.", folder=folder)
    photos: dict[str, Path] = {}
    for path in picture_files(folder, pattern):
        name = path.stem.removesuffix("_neutral")
        if name in photos:
            raise InputError(
                "{first} and {second} would both be called {name}.",
                first=path.name,
                second=photos[name].name,
                name=name,
            )
        photos[name] = path
    if not photos:
        raise InputError("There are no pictures in {folder} that match {pattern}.", folder=folder, pattern=pattern)
    return photos


def select(photos: dict[str, Path], only: set[str] | None, without: set[str]) -> dict[str, Path]:
    """Keep the listed identities, leave out others. A name in `without` also stands for names that go on after it with
    an underscore, so that no other photograph of the same person slips through."""
    left_out = tuple(f"{name}_" for name in without)
    return {
        name: path
        for name, path in photos.items()
        if (only is None or name in only) and name not in without and not name.startswith(left_out)
    }


def read_photo(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB, upright.

    Raises:
        InputError: it cannot be read; the reason has no capital and no full stop, to follow a name.
    """
    try:
        return read_image(path)
    except InputError:
        raise InputError("the picture cannot be read") from None
