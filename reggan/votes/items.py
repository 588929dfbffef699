"""The gallery: what is rated. A folder with `gallery.json` and pictures under random names.

`python -m reggan.votes gallery` writes one (`make_gallery.py`). Its `gallery.json`:

    {"schema": 1, "study": "examples", "size": 256, "source": "where the pictures are from, and who agreed",
     "methods": ["refined", "coarse", "input"],
     "items": [{"id": "photo_hopper_happy", "expression": "happy", "image_class": "photo",
                "input": "<random>.jpg", "files": {"refined": "<random>.jpg", ...},
                "clear": true, "stranger": "statue_marble_happy"}]}

`clear`: nobody confuses the expression with the unchanged face. `stranger`: the item of a person who looks different,
or null. Attention checks are made from these two.
"""

import base64
import hashlib
import io
import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from reggan.errors import InputError
from reggan.votes.records import IMAGE_CLASSES, INPUT, STRANGER
from reggan.votes.store import Pair

SCHEMA = 1
METHOD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,39}")
_FILE = re.compile(r"[0-9a-f]{16}\.(jpg|png)")
_BLOCK = 65536  # bytes; the brush strokes of a painting take more than half of it
_TYPES = {".jpg": "image/jpeg", ".png": "image/png"}


@dataclass(frozen=True)
class Item:
    """A face with an expression that was asked for, and what each method made of it. File names are in the folder."""

    id: str
    expression: str
    image_class: str
    input: str
    files: Mapping[str, str]  # method to file
    clear: bool
    stranger: str | None  # id of an item

    @property
    def check_method(self) -> str | None:
        """The method that attention checks are made with: the first that changes something."""
        return next((method for method in self.files if method != INPUT), None)


@dataclass(frozen=True)
class Gallery:
    """A study's pictures; never changed once loaded."""

    folder: Path
    study: str
    source: str
    methods: tuple[str, ...]
    items: Mapping[str, Item]

    @classmethod
    def load(cls, folder: Path) -> "Gallery":
        """Read and check `gallery.json`.

        Raises:
            InputError: there is none, it is damaged, or files that it names are missing.
        """
        try:
            content = json.loads((folder / "gallery.json").read_text(encoding="utf-8"))
            if content["schema"] != SCHEMA:
                raise InputError(
                    "The gallery {folder} has schema {found}; this RegGAN reads {known}.",
                    folder=folder,
                    found=content["schema"],
                    known=SCHEMA,
                )
            methods = tuple(content["methods"])
            items = [_item(entry, methods) for entry in content["items"]]
            gallery = cls(folder, str(content["study"]), str(content["source"]), methods, {i.id: i for i in items})
        except FileNotFoundError:
            raise InputError(
                "There is no gallery in {folder}; make one with python -m reggan.votes gallery.", folder=folder
            ) from None
        except (OSError, KeyError, TypeError, AttributeError, json.JSONDecodeError):
            raise InputError("The gallery.json in {folder} is damaged.", folder=folder) from None
        for item in items:
            if item.stranger is not None and item.stranger not in gallery.items:
                raise InputError("The gallery {folder} has no item {name}.", folder=folder, name=repr(item.stranger))
            for file in (item.input, *item.files.values()):
                if not _FILE.fullmatch(file) or not (folder / file).is_file():
                    raise InputError("The gallery {folder} lacks the picture {name}.", folder=folder, name=repr(file))
        return gallery

    @cached_property
    def pairs(self) -> list[Pair]:
        """All pairs of results to be compared."""
        two = itertools.combinations
        return [(item.id, *pair) for item in self.items.values() for pair in two(sorted(item.files), 2)]

    @cached_property
    def singles(self) -> list[Pair]:
        """All results, each to be rated alone."""
        return [(item.id, "", method) for item in self.items.values() for method in item.files]

    def file(self, item: Item, method: str) -> str:
        """The picture shown for a method; for STRANGER the check method's result on another person."""
        if method == STRANGER:
            other = self.items[item.stranger or ""]
            return other.files[item.check_method or ""]
        return item.files[method]

    def picture(self, file: str, place: str) -> str:
        """A picture as a data URL, so that neither a file name nor a cached address tells who made it.

        Every picture, whoever made it, is encoded anew with noise of at most one grey level (`disguise`): else the
        result of a method that changes nothing would be the input byte for byte.

        Args:
            file: in the folder.
            place: "face" or "result"; one file shown at both gets other noise at each.
        """
        data = disguise(self.folder / file, place)
        return f"data:{_TYPES[Path(file).suffix]};base64,{base64.b64encode(data).decode()}"


@lru_cache(maxsize=256)
def disguise(path: Path, place: str) -> bytes:
    """A picture file encoded anew in its own format, every value with -1, 0 or 1 added: the same at every call.

    Zeros after its end, which no decoder reads, fill it up to a whole number of `_BLOCK`: its size tells as little.
    """
    seed = int.from_bytes(hashlib.sha256(f"{place} {path.name}".encode()).digest()[:8])
    pixels = np.asarray(Image.open(path).convert("RGB"), np.int16)
    noisy = np.clip(pixels + np.random.default_rng(seed).integers(-1, 2, pixels.shape), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    if path.suffix == ".png":
        Image.fromarray(noisy).save(file, "PNG")
    else:
        Image.fromarray(noisy).save(file, "JPEG", quality=95, subsampling=0)
    return file.getvalue() + bytes(-file.tell() % _BLOCK)


def _item(entry: Any, methods: tuple[str, ...]) -> Item:
    files = {method: str(entry["files"][method]) for method in methods if method in entry["files"]}
    image_class = entry["image_class"] if entry["image_class"] in IMAGE_CLASSES else "other"
    stranger = entry.get("stranger")
    return Item(
        str(entry["id"]), str(entry["expression"]), image_class, str(entry["input"]), files, entry["clear"], stranger
    )
