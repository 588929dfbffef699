"""The contact sheet."""

import numpy as np
import pytest
from PIL import Image

from reggan import BASIC, COMPOUND, InputError, Predictor, resolve
from reggan.output.contact_sheet import columns, expression_sheet, stack
from reggan.predictor import Analysis
from tests.paths import EXAMPLES


@pytest.fixture(scope="module")
def gallery(predictor: Predictor) -> Analysis:
    return predictor.analyse(EXAMPLES / "gallery_faces.jpg")


def _holds(sheet: np.ndarray, tile: np.ndarray) -> bool:
    """Whether the tile stands in the sheet, pixel for pixel, on the sheet's own grid of tiles."""
    height, width = sheet.shape[0] - tile.shape[0] + 1, sheet.shape[1] - tile.shape[1] + 1
    corners = np.argwhere((sheet[:height, :width] == tile[0, 0]).all(2))
    return any(np.array_equal(sheet[y : y + 256, x : x + 256], tile) for y, x in corners)


def test_tiles_are_the_results_with_the_input_first(predictor: Predictor, gallery: Analysis) -> None:
    sheet = np.asarray(expression_sheet(predictor, gallery, ("happy", "sad"), face=1, strength=0.5, coarse=True))
    face = gallery.faces[1]
    c = np.stack([resolve(name, 0.5) for name in ("happy", "sad")])
    results = [r.faces[0] for r in predictor.edit_many(gallery, c, 1)]
    for tile in (face.crop, *(r.refined for r in results), *(r.coarse for r in results)):
        assert _holds(sheet, tile)
    assert not _holds(sheet, gallery.faces[0].crop)


def test_every_tile_has_ink_under_it_and_white_around(predictor: Predictor, gallery: Analysis) -> None:
    sheet = np.asarray(expression_sheet(predictor, gallery, BASIC))
    assert sheet.shape == (2 * (256 + 4 + 30) + 16, 4 * (256 + 16) + 16, 3)
    assert (sheet[:16] == 255).all() and (sheet[:, :16] == 255).all() and (sheet[:, -16:] == 255).all()
    for k in range(8):
        x, y = 16 + k % 4 * 272, 16 + k // 4 * 290 + 256
        dark = (sheet[y : y + 34, x : x + 256].min(2) < 100).sum()
        assert dark > 50 if k < 7 else dark == 0


@pytest.mark.parametrize(
    ("count", "tallness", "across"), [(7, 1, 4), (22, 1, 6), (16, 1, 4), (7, 2, 7), (2, 1, 2), (1, 1, 1), (1, 2, 2)]
)
def test_layouts_are_full_and_not_too_wide(count: int, tallness: float, across: int) -> None:
    assert columns(count, tallness) == across


def test_sheets_are_stacked() -> None:
    red, blue = Image.new("RGB", (10, 4), "red"), Image.new("RGB", (10, 6), "blue")
    both = np.asarray(stack([red, blue]))
    assert both.shape == (10, 10, 3)
    assert (both[:4] == (255, 0, 0)).all() and (both[4:] == (0, 0, 255)).all()


def test_what_does_not_exist(predictor: Predictor, gallery: Analysis) -> None:
    with pytest.raises(InputError, match="no face 9"):
        expression_sheet(predictor, gallery, COMPOUND[:1], face=9)
    with pytest.raises(InputError, match="no expression called"):
        expression_sheet(predictor, gallery, ("hangry",))
