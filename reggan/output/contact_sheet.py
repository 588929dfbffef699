"""Contact sheets: what the model makes of a face, side by side."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from reggan.expressions import resolve
from reggan.predictor import Analysis, Predictor

_GAP = 16  # pixels between and around tiles
_CAPTION = 30  # pixels under a tile
_FONT = 19
_INK, _PALE_INK = (32, 32, 36), (128, 128, 134)


def grid(rows: list[list[np.ndarray]]) -> Image.Image:
    """(S, S, 3) uint8 images of equal size, in rows, as one picture."""
    return Image.fromarray(np.concatenate([np.concatenate(r, 1) for r in rows], 0))


def expression_rows(
    predictor: Predictor,
    analysis: Analysis,
    names: Sequence[str],
    coarse: bool = True,
    strength: float = 1.0,
    face: int = 0,
) -> list[list[np.ndarray]]:
    """For one face: a row of coarse images (if wanted) and a row of refined ones, each beginning with the input."""
    c = np.stack([resolve(name, strength) for name in names])
    faces = [result.faces[0] for result in predictor.edit_many(analysis, c, face)]
    refined = [faces[0].crop, *(f.refined for f in faces)]
    return [[faces[0].crop, *(f.coarse for f in faces)], refined] if coarse else [refined]


def expression_sheet(
    predictor: Predictor,
    analysis: Analysis,
    names: Sequence[str],
    face: int = 0,
    strength: float = 1.0,
    coarse: bool = False,
) -> Image.Image:
    """One face with many expressions, each with its name underneath, the input first.

    Args:
        analysis: of the picture.
        names: see `reggan.expressions.NAMED`.
        face: 0 for the largest.
        strength: in [0, 1].
        coarse: whether to show stage 1 above every result.

    Returns:
        RGB, on white, roughly square.

    Raises:
        InputError: the face, expression or strength does not exist.
    """
    return lay_out_sheet(expression_rows(predictor, analysis, names, coarse, strength, face), names, strength)


def lay_out_sheet(rows: list[list[np.ndarray]], names: Sequence[str], strength: float = 1.0) -> Image.Image:
    """The sheet of `expression_rows` that have been made already."""
    size, coarse = rows[0][0].shape[0], len(rows) > 1
    share = "" if strength == 1 else f", {round(100 * strength)} %"
    captions = ["input", *(f"{name}{share}" for name in names)]
    across = columns(len(captions), len(rows))
    width, height = size + _GAP, len(rows) * (size + _GAP // 4) + _CAPTION
    down = math.ceil(len(captions) / across)
    sheet = Image.new("RGB", (across * width + _GAP, down * height + _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_FONT)
    for k, caption in enumerate(captions):
        x, y = _GAP + k % across * width, _GAP + k // across * height
        for row in rows:
            if coarse and k == 0 and row is rows[0]:  # both stages have the same input
                key = "stage 1 above\nstage 2 below"
                draw.multiline_text((x + size / 2, y + size / 2), key, _PALE_INK, font, "mm", 6, "center")
            else:
                sheet.paste(Image.fromarray(row[k]), (x, y))
            y += size + _GAP // 4
        draw.text((x + size / 2, y + (_CAPTION - _GAP // 2) / 2), caption, _INK, font, "mm")
    return sheet


def columns(count: int, tallness: float = 1.0) -> int:
    """How many of `count` tiles to put side by side, so that few places stay empty and the sheet is not too wide.

    Of all layouts between square and four times as wide as high, the one with the fewest empty places; if several have
    equally few, the one closest to a square.

    Args:
        tallness: height of a tile divided by its width.
    """
    least = math.ceil(math.sqrt(count * tallness))
    return min(range(least, min(2 * least, max(count, least)) + 1), key=lambda n: (-count % n, n))


def stack(sheets: Sequence[Image.Image]) -> Image.Image:
    """Sheets of equal width, one below the other."""
    out = Image.new("RGB", (sheets[0].width, sum(s.height for s in sheets)), "white")
    for k, sheet in enumerate(sheets):
        out.paste(sheet, (0, sum(s.height for s in sheets[:k])))
    return out
