"""Edited again and again: what is left of a face after rounds of "happy" and "neutral", each from the last result?

Every picture is edited at its own size, pasted back, saved as PNG and opened again, where the face is found anew. Its
file says what was done (`reggan/analysis/edit_record.py`); once more it is done without that, as where a messenger has
removed it. After each round the face is compared with the first by FSS, and by where its landmarks lie.
"""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.expressions import relaxation, resolve
from reggan.faces import align, read_image, transform
from reggan.faces.images import picture_files, scaled_down
from reggan.metrics.fss import fss
from reggan.output import provenance
from reggan.predictor import Predictor

ROUNDS = 5
_LARGEST = 1000  # pixels on the longer side
Image = NDArray[np.uint8]


class Round(NamedTuple):
    """A face after a round, against the first."""

    fss: float  # nan where no face is found any more
    moved: float  # pixels of the 256 x 256 crop, mean over the landmarks


def measure_again(
    predictor: Predictor, folder: Path, told: bool, rounds: int = ROUNDS
) -> tuple[dict[str, list[Round]], Image]:
    """The largest face of every picture in a folder.

    Args:
        told: whether the files say what was done.

    Returns:
        by the file's name its rounds; and a sheet of the first face and the last, (256 N, 512, 3).

    Raises:
        InputError: there is no picture with a face.
    """
    found, sheet = {}, []
    for path in picture_files(folder):
        image = read_image(path)
        image = scaled_down(image, min(1.0, _LARGEST / max(image.shape[:2])))
        found[path.name], pair = _edited_again(predictor, image, told, rounds)
        sheet += pair
    if not sheet:
        raise InputError("There is no picture with a face in {folder}.", folder=folder)
    return found, np.concatenate(sheet)


def _edited_again(predictor: Predictor, image: Image, told: bool, rounds: int) -> tuple[list[Round], list[Image]]:
    analysis = predictor.analyse(image)
    if not analysis.faces:
        return [], []
    first, done = analysis.faces[0], list[Round]()
    for _ in range(rounds):
        for expression in ("happy", "neutral"):
            if analysis.faces:
                c = resolve(expression)
                result = predictor.edit(analysis, c, 0, relaxation(c[None], 1.0)[0])
                edits = result.edits if told else ()
                file = provenance.encode(result.image, "png", predictor.metadata, expression, edits=edits)
                analysis = predictor.analyse(file)
        if not analysis.faces:
            done += [Round(np.nan, np.nan)] * (rounds - len(done))
            break
        image = analysis.image
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


def report(predictor: Predictor, folder: Path, out: Path) -> str:
    """Measure, and write `again.md`, which is returned, and sheets into a folder.

    Raises:
        InputError: there is no picture with a face.
    """
    out.mkdir(parents=True, exist_ok=True)
    parts = []
    for told, name, title in ((True, "told", "as the files say"), (False, "untold", "without what the files say")):
        found, sheet = measure_again(predictor, folder, told)
        cv2.imwrite(str(out / f"again_{name}.png"), sheet[..., ::-1])
        parts.append(f"## Edited again, {title}\n\n{table(found)}\n")
    text = "\n".join(parts)
    (out / "again.md").write_text(text)
    return text
