"""Close-ups: are mouths as sharp, and is skin shaded as the target's, in pictures three times as large as the crop?

Everything else is measured in the 256 x 256 crop, where nothing is enlarged. Here each person's neutral crop of
768 x 768 is taken for a picture: found, edited and pasted back as `Predictor` does it, and compared with its target.

    mouth     gradient energy between the lips, over the target's; 1 is as sharp, below is blur
    shading   mean error of the skin's brightness, blurred by a tenth of the eye distance, over the unchanged input's
    smile     gradient energy per pixel between the lips of our smile, over that of a photograph of the same person's
"""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.faces.align import eye_distance
from reggan.faces.topology import INNER_LIPS
from reggan.metrics.landmarks import find_landmarks
from reggan.metrics.regions import skin
from reggan.metrics.sharpness import gradient_energy, luma
from reggan.pairs import layout
from reggan.pairs.layout import SMILING
from reggan.predictor import Predictor

#: Expressions that open the mouth.
OPEN = ("happy", "fearful", "angry", "surprised", "disgusted")
_LEAST = 0.004  # of the crop's pixels, between the lips, from which a mouth counts as open: see `_between`
_BLUR = 0.1  # eye distances
Image = NDArray[np.uint8]


class CloseUp(NamedTuple):
    """One person with one expression."""

    person: str
    expression: str
    mouth: float  # nan where the target's mouth is shut
    shading: float
    smile: float  # nan without a photograph, or where it shows no teeth


def measure_close_ups(predictor: Predictor, folder: Path, people: list[str]) -> list[CloseUp]:
    """All people's full expressions.

    Args:
        folder: of pairs whose crops are large, 768 x 768.

    Raises:
        InputError: the crops are no larger than the model's, or a file is missing.
    """
    found = []
    for name in people:
        (subject,) = layout.load(folder, only={name})
        neutral = _picture(subject.neutral)
        if len(neutral) <= 256:
            raise InputError("Close-ups need crops larger than {side} pixels.", side=len(neutral))
        analysis = predictor.analyse(neutral)
        if not analysis.faces or subject.target_landmarks is None:
            continue
        real = None
        if subject.smile is not None:
            image, smiling = subject.picture(SMILING)
            real = _energy(_picture(image), smiling.numpy())
        results = predictor.edit_many(analysis, np.eye(len(BASIC), dtype=np.float32), 0)
        for expression, result in zip(BASIC, results, strict=True):
            index = subject.names.index(f"{expression}_100") if f"{expression}_100" in subject.names else None
            if index is None:
                continue
            target, points = _picture(subject.targets[index]), subject.target_landmarks[index].numpy()
            output = result.image
            mouth = _ratio(_energy(output, points), _energy(target, points)) if expression in OPEN else np.nan
            smile = np.nan
            if expression == "happy" and real is not None:
                smile = _ratio(_energy(output, find_landmarks(output[None])[0]), real)
            shading = _shading(neutral, output, target, subject.landmarks.numpy())
            found.append(CloseUp(name, expression, mouth, shading, smile))
    return found


def table(found: list[CloseUp]) -> str:
    """Medians over people, a Markdown table."""
    lines = ["| | mouth | shading | smile | n |", "| --- | --- | --- | --- | --- |"]
    for expression in (*BASIC, "all"):
        rows = [f for f in found if expression in (f.expression, "all")]
        cells = [_median([f.mouth for f in rows]), _median([f.shading for f in rows]), _median([f.smile for f in rows])]
        lines.append(f"| {expression} | {' | '.join(cells)} | {len(rows)} |")
    return "\n".join(lines)


def _median(values: list[float]) -> str:
    known = [v for v in values if np.isfinite(v)]
    return f"{np.median(known):.2f}" if known else "-"


def _ratio(a: float, b: float) -> float:
    return a / b if b > 0 else float("nan")


def _picture(crop: Tensor) -> Image:
    """(3, S, S) tensor -> (S, S, 3)."""
    return np.ascontiguousarray(crop.permute(1, 2, 0).numpy())


def _between(points: NDArray[np.floating], side: int) -> NDArray[np.bool_]:
    """Where the mouth is open: (S, S)."""
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [np.round(points[list(INNER_LIPS)]).astype(np.int32)], (1,))
    return mask.astype(bool)


def _energy(image: Image, points: NDArray[np.floating]) -> float:
    """Mean gradient energy between the lips; nan where they are shut or not found."""
    if not np.isfinite(points).all():
        return float("nan")
    inside = _between(points, len(image))
    if inside.mean() < _LEAST:
        return float("nan")
    return float(gradient_energy(image[None])[0][inside].mean())


def _shading(neutral: Image, output: Image, target: Image, points: NDArray[np.floating]) -> float:
    """Error of the blurred brightness of skin, over the unchanged input's."""
    where = skin(points[None], *neutral.shape[:2])[0]
    sigma = _BLUR * eye_distance(points)
    smooth = [cv2.GaussianBlur(luma(i[None])[0], (0, 0), sigma)[where] for i in (neutral, output, target)]
    return float(np.abs(smooth[1] - smooth[2]).mean() / np.abs(smooth[0] - smooth[2]).mean())
