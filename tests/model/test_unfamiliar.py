"""Marked faces that are none: a drawn cat, through the whole predictor."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from reggan import BASIC, InputError, Predictor, resolve
from reggan.faces import Change, apply_change
from reggan.model.unfamiliar import in_keeping

MARKS = [(150.0, 170.0), (250.0, 170.0), (200.0, 260.0)]


@pytest.fixture(scope="module")
def cat() -> NDArray[np.uint8]:
    """(400, 400, 3): grey, with ears, two round eyes and a mouth line, and no face that a detector knows."""
    image = np.full((400, 400, 3), 235, np.uint8)
    for x in (110, 290):
        cv2.fillPoly(image, [np.array([(x - 45, 150), (x, 30), (x + 45, 150)])], (150, 140, 130))
    cv2.circle(image, (200, 210), 140, (165, 155, 145), -1)
    for x in (150, 250):
        cv2.circle(image, (x, 170), 20, (210, 220, 90), -1)
        cv2.ellipse(image, (x, 170), (6, 17), 0, 0, 360, (10, 10, 10), -1)
    cv2.line(image, (165, 260), (235, 260), (40, 30, 30), 3)
    return image


def test_a_cat_is_edited_where_it_was_marked(predictor: Predictor, cat: NDArray[np.uint8]) -> None:
    with pytest.raises(InputError, match="No face was found"):
        predictor(cat, "surprised")
    result = predictor(cat, "surprised", marks=MARKS)
    (face,) = result.faces
    changed = np.abs(result.image.astype(int) - cat).max(2) > 24
    assert changed[264:280, 190:210].mean() > 0.5, "the mouth opens, downwards"
    assert not changed[380:].any() and not changed[:, :20].any() and not changed[:40].any()
    x0, y0, x1, y1 = face.box
    assert x0 < 130 < 270 < x1 and y0 < 150 and y1 > 280
    assert np.array_equal(face.refined, apply_change(face.crop, face.change))


def test_its_mood_is_unknown_so_that_nothing_is_taken_away(predictor: Predictor, cat: NDArray[np.uint8]) -> None:
    """A broad cat has no smile that could be wiped off."""
    wide = [(120.0, 170.0), (280.0, 170.0), (200.0, 230.0)]
    analysis = predictor.analyse(cat, marks=wide)
    assert not analysis.faces[0].present.any()
    assert np.array_equal(predictor(cat, "neutral", marks=wide).image, cat)
    two = predictor.edit_many(analysis, np.tile(resolve("sad"), (2, 1)), 0, np.array([0, 1], np.float32))
    assert np.array_equal(two[0].image, two[1].image)


@pytest.mark.parametrize("name", BASIC)
def test_teeth_are_neither_green_nor_blue(predictor: Predictor, cat: NDArray[np.uint8], name: str) -> None:
    """The picture is reddish, so that nothing that is painted may be more green or blue than red."""
    red, green, blue = np.moveaxis(predictor(cat, name, marks=MARKS).faces[0].change.paint, -1, 0)
    assert (green <= red).all() and (blue <= red).all()


def test_paint_keeps_its_red_and_may_be_as_green_as_a_frog() -> None:
    """By hand: the picture is (51, 153, 0), with the tenth (0.3, 0.7, 0.1), so that green may be 7 / 3 of red."""
    paint = np.array([[[0.3, 0.9, 0.2], [0.3, 0.6, 0.9]], [[0.9, 0.5, 0.1], [0.0, 0.0, 0.0]]], np.float32)
    still, empty, nothing = (np.zeros((2, 2, n), np.float32) for n in (2, 1, 3))
    frog = np.full((2, 2, 3), (51, 153, 0), np.uint8)
    expected = [[[0.3, 0.7, 0.2], [0.3, 0.6, 0.3]], [[0.9, 0.5, 0.1], [0, 0, 0]]]
    np.testing.assert_allclose(in_keeping(frog, Change(still, empty, paint, nothing)).paint, expected, atol=1e-6)


def test_box_and_marks_are_one_too_many(predictor: Predictor, cat: NDArray[np.uint8]) -> None:
    with pytest.raises(InputError, match="not with both"):
        predictor(cat, "happy", box=(60, 60, 340, 340), marks=MARKS)
