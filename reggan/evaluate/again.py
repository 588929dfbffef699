"""Edited again and again: what is left of a face after rounds of "happy" and "neutral", each from the last result?

Every picture is edited at its own size, found anew each time and pasted back, as by somebody who saves the result and
opens it again. After each round the face is compared with the first by FSS, and by where its landmarks lie.
"""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.faces import align, read_image, transform
from reggan.faces.images import picture_files, scaled_down
from reggan.metrics.fss import fss
from reggan.predictor import Predictor

ROUNDS = 5
_LARGEST = 1000  # pixels on the longer side
Image = NDArray[np.uint8]


class Round(NamedTuple):
    """A face after a round, against the first."""

    fss: float  # nan where no face is found any more
    moved: float  # pixels of the 256 x 256 crop, mean over the landmarks


def measure_again(predictor: Predictor, folder: Path, rounds: int = ROUNDS) -> tuple[dict[str, list[Round]], Image]:
    """The largest face of every picture in a folder.

    Returns:
        by the file's name its rounds; and a sheet of the first face and the last, (256 N, 512, 3).

    Raises:
        InputError: there is no picture with a face.
    """
    found, sheet = {}, []
    for path in picture_files(folder):
        image = read_image(path)
        image = scaled_down(image, min(1.0, _LARGEST / max(image.shape[:2])))
        found[path.name], pair = _edited_again(predictor, image, rounds)
        sheet += pair
    if not sheet:
        raise InputError("There is no picture with a face in {folder}.", folder=folder)
    return found, np.concatenate(sheet)


def _edited_again(predictor: Predictor, image: Image, rounds: int) -> tuple[list[Round], list[Image]]:
    analysis = predictor.analyse(image)
    if not analysis.faces:
        return [], []
    first, done = analysis.faces[0], list[Round]()
    for _ in range(rounds):
        for expression in ("happy", "neutral"):
            if analysis.faces:
                image = predictor(image, expression, face=0).image
                analysis = predictor.analyse(image)
        if not analysis.faces:
            done += [Round(np.nan, np.nan)] * (rounds - len(done))
            break
        landmarks = transform(analysis.faces[0].face.landmarks, first.matrix)
        moved = float(np.linalg.norm(landmarks - first.landmarks, axis=1).mean())
        done.append(Round(float(fss(first.crop[None], align(image, first.matrix)[None])[0]), moved))
    return done, [np.concatenate([first.crop, align(image, first.matrix)], 1)]


def table(found: dict[str, list[Round]]) -> str:
    """A row per picture, FSS after each round and how far the landmarks have moved in the end; and the medians."""
    known = {name: rounds for name, rounds in found.items() if rounds}
    rounds = max(map(len, known.values()))
    lines = ["| | " + " | ".join(f"round {n + 1}" for n in range(rounds)) + " | moved, px |"]
    lines.append("| --- |" + " --- |" * (rounds + 1))
    values = {name: [*(one.fss for one in done), done[-1].moved] for name, done in known.items()}
    values[f"median of {len(known)}"] = list(np.nanmedian(list(values.values()), axis=0))
    for name, row in values.items():
        cells = [f"{v:.3f}" for v in row[:-1]] + [f"{row[-1]:.1f}"]
        lines.append(f"| {name} | " + " | ".join("lost" if cell == "nan" else cell for cell in cells) + " |")
    return "\n".join(lines)


def write(found: dict[str, list[Round]], sheet: Image, out: Path) -> None:
    """`again.md` and `again.png` in a folder."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "again.md").write_text(table(found) + "\n")
    cv2.imwrite(str(out / "again.png"), sheet[..., ::-1])
