"""The art filters: what each does, on a drawn face."""

import cv2
import numpy as np
import pytest

from reggan.metrics.styles import STYLES


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    image = np.full((256, 256, 3), (190, 200, 210), np.uint8)
    cv2.ellipse(image, (128, 135), (75, 100), 0, 0, 360, (214, 160, 130), -1, cv2.LINE_AA)
    for x in (91, 165):
        cv2.circle(image, (x, 102), 9, (50, 40, 35), -1, cv2.LINE_AA)
    cv2.ellipse(image, (128, 180), (30, 10), 0, 0, 360, (160, 60, 70), -1, cv2.LINE_AA)
    return cv2.GaussianBlur(image, (0, 0), 1)


def colourfulness(image: np.ndarray) -> float:
    return float(np.ptp(image.astype(int), axis=2).mean())


@pytest.mark.parametrize("name", STYLES)
def test_filters_are_deterministic_and_change_the_picture(name, face):
    before = face.copy()
    painted = STYLES[name](face)
    assert painted.shape == face.shape and painted.dtype == np.uint8
    np.testing.assert_array_equal(painted, STYLES[name](face))
    np.testing.assert_array_equal(face, before)
    assert np.abs(painted.astype(int) - face).mean() > 1
    assert painted.std() > 8  # there is still something to see


def test_colours(face):
    colour = {name: colourfulness(style(face)) for name, style in STYLES.items()}
    assert colour["greyscale"] == 0
    assert max(colour["pencil"], colour["marble"]) < 20 < min(colour["oil"], colour["cartoon"], colour["bronze"])
    means = STYLES["bronze"](face).mean((0, 1))
    assert means[0] > means[1] > means[2]


def test_marble_is_light_and_bronze_dark(face):
    assert STYLES["bronze"](face).mean() < face.mean() < STYLES["marble"](face).mean()


def test_relief_of_a_flat_wall_is_flat():
    wall = np.full((64, 64, 3), 128, np.uint8)
    assert STYLES["bronze"](wall).std(axis=(0, 1)).max() == 0
