"""Changes taken back, against the pictures that they were made to."""

import cv2
import numpy as np
import pytest

from reggan.faces.paste import Change, Detail, paste_back
from reggan.faces.take_back import take_back

S = 64
MATRIX = np.array([[0.5, 0.1, 2.0], [-0.1, 0.5, 12.0]])  # about two picture pixels for one of the crop
GUESS = np.full((150, 170, 3), (200, 40, 40), np.uint8)


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    field = np.random.default_rng(0).normal(size=(150, 170, 3)).astype(np.float32)
    return np.asarray(cv2.normalize(cv2.GaussianBlur(field, (0, 0), 6), None, 60, 190, cv2.NORM_MINMAX), np.uint8)


def bump(sigma: float, x0: float = 30, y0: float = 34) -> np.ndarray:
    y, x = np.mgrid[:S, :S]
    return np.exp(-((x - x0) ** 2 + (y - y0) ** 2) / (2 * sigma**2))[..., None].astype(np.float32)


def change(paint: float = 0.0, light: float = 0.1, **more: object) -> Change:
    move = bump(9) * np.array([3.0, -4.0], np.float32)
    opacity = paint * (bump(5) > 0.5).astype(np.float32)
    black, shade = np.full((S, S, 3), 0.1, np.float32), light * bump(7, 20) * np.ones(3, np.float32)
    return Change(move, opacity, black, shade, **more)  # type: ignore[arg-type]


def error(image: np.ndarray, back: np.ndarray) -> np.ndarray:
    return np.abs(image.astype(int) - back).max(2)


def test_movement_and_light_are_taken_back(image: np.ndarray) -> None:
    after = paste_back(image, MATRIX, change())
    assert error(image, after).max() > 25
    back = take_back(after, MATRIX, change(), GUESS)
    assert error(image, back).max() <= 3 and error(image, back).mean() < 0.2


def test_what_is_finer_is_taken_back_too(image: np.ndarray) -> None:
    value = np.zeros((64, 64, 4), np.float32)
    value[20:44:4, 16:48, 1:] = 0.15
    fine = change(details=(Detail((20, 24), 2, cv2.GaussianBlur(value, (0, 0), 1.0)),))
    after = paste_back(image, MATRIX, fine)
    assert error(paste_back(image, MATRIX, change()), after).max() > 15
    assert error(image, take_back(after, MATRIX, fine, GUESS)).max() <= 4
    assert error(image, take_back(after, MATRIX, change(), GUESS)).max() > 15, "if it is not told of"


def test_what_was_painted_over_is_guessed_and_nothing_else_is(image: np.ndarray) -> None:
    painted = change(paint=1.0)
    back = take_back(paste_back(image, MATRIX, painted), MATRIX, painted, GUESS)
    lost = error(image, back) > 4
    assert 500 < lost.sum() < 3500
    guessed = error(back, GUESS) < 10
    assert guessed.sum() > 80 and lost[guessed].all()


def test_what_stays_stays(image: np.ndarray) -> None:
    stays = np.zeros((S, S, 1), np.float32)
    stays[:, :26] = 1
    part = change(stays=stays)
    after = paste_back(image, MATRIX, part)
    back = take_back(after, MATRIX, part, GUESS)
    still, free = (cv2.warpAffine(s, MATRIX, (170, 150), flags=cv2.WARP_INVERSE_MAP) for s in (stays, 1 - stays))
    still = cv2.erode(still, np.ones((9, 9))) == 1
    assert np.array_equal(back[still], after[still]) and error(image, after)[free == 1].max() > 25
    away = cv2.erode(free, np.ones((25, 25))) == 1  # from what it may have hidden
    assert away.sum() > 1000 and error(image, back)[away].max() <= 3


def test_no_change_and_one_beside_the_picture_are_nothing(image: np.ndarray) -> None:
    nothing = Change(*(np.zeros((S, S, n), np.float32) for n in (2, 1, 3, 3)))
    assert np.array_equal(take_back(image, MATRIX, nothing, GUESS), image)
    beside = MATRIX + np.array([[0, 0, 500], [0, 0, 0]])
    assert np.array_equal(take_back(image, beside, change(), GUESS), image)
    assert np.array_equal(paste_back(image, beside, change()), image)
