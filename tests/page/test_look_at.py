"""What is looked at is what is downloaded, made smaller."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from reggan.output.animation import neighbourhood
from reggan.predictor import Predictor
from reggan.ui.browser_files import VIEW, shrink
from reggan.ui.edit.visit import Visit
from reggan.ui.edit.wishes import Wish
from tests.paths import PHOTO

_WISHES = {0: Wish("surprised", 1.0)}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], tuple[Predictor, Visit]]:
    predictor, folder = Predictor.from_pretrained(), tmp_path_factory.mktemp("look")

    def begin(width: int) -> tuple[Predictor, Visit]:
        """A photograph of this width in the middle of a grey picture twice as wide."""
        path = folder / f"{width}.png"
        photo = Image.open(PHOTO).convert("RGB")
        photo = photo.resize((width, round(width * photo.height / photo.width)))
        picture = Image.new("RGB", (2 * width, photo.height), "gray")
        picture.paste(photo, (width // 2, 0))
        picture.save(path, compress_level=1)
        return predictor, Visit.begin(predictor, path)

    return begin


def test_a_small_picture_is_the_result_itself(begun: Callable[[int], tuple[Predictor, Visit]]) -> None:
    predictor, visit = begun(500)
    full, look = visit.edited(predictor, _WISHES).image, visit.look(predictor, _WISHES, 0)
    assert max(full.shape) <= VIEW and (look.whole == full).all()
    x0, y0, x1, y1 = neighbourhood(visit.analysis, 0)
    assert x1 - x0 < 0.7 * full.shape[1]
    assert np.abs(look.close.astype(int) - full[y0:y1, x0:x1]).max() <= 1
    assert (look.whole != visit.analysis.image).any() and len(look.faces) == 1


def test_a_large_one_is_edited_smaller(begun: Callable[[int], tuple[Predictor, Visit]]) -> None:
    predictor, visit = begun(1500)
    full, look = visit.edited(predictor, _WISHES).image, visit.look(predictor, _WISHES, 0)
    x0, y0, x1, y1 = neighbourhood(visit.analysis, 0)
    for seen, made, before in (
        (look.whole, full, visit.analysis.image),
        (look.close, full[y0:y1, x0:x1], visit.analysis.image[y0:y1, x0:x1]),
    ):
        expected, untouched = shrink(made).astype(int), shrink(before).astype(int)
        assert seen.shape == expected.shape and max(seen.shape) == VIEW
        moved = np.abs(expected - untouched).max(-1) > 24
        assert moved.mean() > 0.01
        assert np.abs(seen - expected).mean() < 0.3 and np.abs(seen - expected)[moved].mean() < 4


def test_without_a_wish_nothing_changes(begun: Callable[[int], tuple[Predictor, Visit]]) -> None:
    predictor, visit = begun(500)
    look = visit.look(predictor, {0: Wish(strength=0.0)}, None)
    assert (look.whole == visit.analysis.image).all()
