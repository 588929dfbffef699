"""Contact sheets: what the model does, to be looked at."""

import numpy as np
from PIL import Image

from reggan.expressions import resolve
from reggan.predictor import Analysis, Predictor


def grid(rows: list[list[np.ndarray]]) -> Image.Image:
    """Equal (S, S, 3) uint8 images as one picture."""
    return Image.fromarray(np.concatenate([np.concatenate(r, 1) for r in rows], 0))


def expression_rows(
    predictor: Predictor, analysis: Analysis, names: tuple[str, ...], coarse: bool = True, strength: float = 1.0
) -> list[list[np.ndarray]]:
    """For the largest face: a row of coarse images (if wanted) and one of refined ones, the input in front."""
    c = np.stack([resolve(name, strength) for name in names])
    faces = [result.faces[0] for result in predictor.edit_many(analysis, c, face=0)]
    refined = [faces[0].crop, *(f.refined for f in faces)]
    return [[faces[0].crop, *(f.coarse for f in faces)], refined] if coarse else [refined]
