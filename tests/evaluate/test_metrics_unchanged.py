"""What should not change, on images whose scores are known."""

import numpy as np
import pytest

from reggan.metrics.regions import background, skin
from reggan.metrics.sharpness import skin_detail
from reggan.metrics.unchanged import background_change, colour_of_grey, colour_shift, seam


@pytest.fixture
def landmarks() -> np.ndarray:
    """A disc of points of radius 60 around (128, 128); eyes 74 pixels apart, mouth below. (1, 478, 2)."""
    rng = np.random.default_rng(0)
    angle, radius = rng.uniform(0, 2 * np.pi, 478), 60 * np.sqrt(rng.uniform(0, 1, 478))
    points = np.stack([128 + radius * np.cos(angle), 128 + radius * np.sin(angle)], 1)
    points[[33, 133, 159, 145, 158, 160, 144, 153]] = (91, 102)
    points[[362, 263, 386, 374, 385, 387, 380, 373]] = (165, 102)
    points[[70, 63, 105, 66, 107, 55, 46]], points[[300, 293, 334, 296, 336, 285, 276]] = (91, 90), (165, 90)
    points[[61, 291, 0, 17, 37, 267, 84, 314, 39, 269, 181, 405]] = (128, 165)
    return points[None].astype(np.float32)


def grey(value: int) -> np.ndarray:
    return np.full((1, 256, 256, 3), value, np.uint8)


def test_regions(landmarks: np.ndarray) -> None:
    far, face = background(landmarks, 256, 256)[0], skin(landmarks, 256, 256)[0]
    assert far[0, 0] and far[128, 5] and not far[128, 128] and not far[128, 20 + 12]  # 60 + 44 pixels from the middle
    assert face[128, 128] and not face[102, 91] and not face[165, 128] and not face[128, 128 + 58]
    assert not (far & face).any()


def test_background_counts_only_what_is_far(landmarks: np.ndarray) -> None:
    far = background(landmarks, 256, 256)
    inside = np.where(far[..., None], grey(100), grey(200))
    outside = np.where(far[..., None], grey(130), grey(100))
    assert background_change(grey(100), inside, landmarks)[0] == 0
    assert background_change(grey(100), outside, landmarks)[0] == 30
    everywhere = np.where(np.arange(478)[None, :, None] % 2, np.float32(0), np.float32(255)) * np.ones((1, 478, 2), "f")
    everywhere[0, :4] = ((0, 0), (255, 0), (0, 255), (255, 255))
    everywhere[0, [33, 133]], everywhere[0, [362, 263]] = (90, 100), (165, 100)
    assert np.isnan(background_change(grey(100), outside, everywhere)[0])


def test_colour_shift_is_the_difference_of_lightness_for_greys(landmarks: np.ndarray) -> None:
    lightness = [116 * np.cbrt((((v / 255) + 0.055) / 1.055) ** 2.4) - 16 for v in (100, 140)]  # sRGB to L*
    shift = colour_shift(grey(100), grey(140), landmarks)[0]
    assert shift == pytest.approx(lightness[1] - lightness[0], rel=0.01)  # OpenCV interpolates tables
    dappled = grey(100)
    dappled[:, ::2] = 96
    dappled[:, 1::2] = 104
    assert colour_shift(grey(100), dappled, landmarks)[0] < 0.2  # folds and highlights cancel
    mouth = grey(100)
    mouth[:, 162:168, 124:132] = 255
    assert colour_shift(grey(100), mouth, landmarks)[0] < 1e-6


def test_seam_is_the_step_at_the_edge() -> None:
    output = grey(100)
    output[:, 2:-2, 2:-2] = 255
    assert seam(grey(100), output)[0] == 0
    output[:, :2] = 110
    ring = 256**2 - 252**2
    assert seam(grey(100), output)[0] == pytest.approx(10 * 2 * 256 / ring)


def test_only_grey_inputs_can_turn_coloured() -> None:
    tinted = grey(100)
    tinted[0, :20, :20, 0] = 140
    assert colour_of_grey(grey(100), tinted)[0] == 40
    assert colour_of_grey(grey(100), grey(140))[0] == 0
    assert np.isnan(colour_of_grey(tinted, tinted)[0])
    nearly = grey(100)
    nearly[..., 1] = 104  # as JPEG leaves it
    assert colour_of_grey(nearly, nearly)[0] == 4


def test_skin_detail_is_lost_by_blur_and_not_by_what_happens_elsewhere(landmarks: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    grain = rng.integers(60, 200, (1, 256, 256, 1), np.uint8).repeat(3, 3)
    face = skin(landmarks, 256, 256)[..., None]
    assert skin_detail(grain, grain, landmarks)[0] == 1
    assert skin_detail(grain, np.where(face, grain, grey(0)), landmarks)[0] > 0.95
    halved = (grain.astype(int) - 130) // 2 + 130
    assert skin_detail(grain, halved.astype(np.uint8), landmarks)[0] == pytest.approx(0.25, abs=0.02)
    assert np.isnan(skin_detail(grey(9), grain, landmarks)[0])
