"""A gallery of coloured squares, made in a moment, for the tests of voting."""

import json
import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

EXPRESSIONS = ("happy", "fearful")
METHODS = ("refined", "coarse", "input")


def tiny_gallery(folder: Path, faces: int = 2, methods: Sequence[str] = METHODS, checks: bool = True) -> Path:
    """`faces` x 2 items; every picture has a colour of its own."""
    folder.mkdir(parents=True)
    draw = np.random.default_rng(0)

    def picture() -> str:
        name = f"{secrets.token_hex(8)}.png"
        Image.new("RGB", (32, 32), tuple(int(v) for v in draw.integers(0, 256, 3))).save(folder / name)
        return name

    items = []
    for face in range(faces):
        shared = picture()
        for expression in EXPRESSIONS:
            files = {method: shared if method == "input" else picture() for method in methods}
            other = f"face{(face + 1) % faces}_{expression}" if checks and faces > 1 else None
            items.append(
                {
                    "id": f"face{face}_{expression}",
                    "expression": expression,
                    "image_class": "photo",
                    "input": shared,
                    "files": files,
                    "clear": checks and expression == "happy" and "input" in methods,
                    "stranger": other,
                }
            )
    content = {"schema": 1, "study": "tiny", "size": 32, "source": "drawn", "methods": list(methods), "items": items}
    (folder / "gallery.json").write_text(json.dumps(content))
    return folder
