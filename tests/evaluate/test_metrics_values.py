"""The metrics on images whose scores are known."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from reggan.errors import InputError
from reggan.metrics.crops import cut_box
from reggan.metrics.ecs import ecs, probabilities
from reggan.metrics.fss import ANCHORS, embed, fss
from reggan.metrics.intervals import mean_interval
from reggan.metrics.landmarks import landmark_error
from reggan.metrics.reconstruction import l1, mse, relative_l1
from reggan.metrics.sharpness import moved_skin, sharpness_ratio

IMAGES = np.load(Path(__file__).with_name("faceapi_reference.npz"))["images"]


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return np.stack([cv2.resize(image, (256, 256)) for image in IMAGES])


def grey(value: np.ndarray) -> np.ndarray:
    return np.repeat(np.round(value).astype(np.uint8)[None, ..., None], 3, axis=3)  # (1, H, W, 3)


def test_ecs_counts_the_most_probable_class(crops):
    p = probabilities(crops)
    np.testing.assert_allclose(p.sum(1), 1)
    score = ecs(crops, "surprised")
    np.testing.assert_array_equal(score.hit, p.argmax(1) == 6)
    np.testing.assert_array_equal(score.probability, p[:, 6])
    assert score.hit[5] == 1  # the drawn face with the open mouth
    assert 0 < score.hit.mean() < 1


def test_ecs_takes_one_expression_per_crop(crops):
    score = ecs(crops[:2], ["happy", "sad"])
    np.testing.assert_array_equal(score.probability, probabilities(crops[:2])[[0, 1], [1, 2]])


def test_ecs_of_many_batches_is_that_of_one(crops, monkeypatch):
    whole = probabilities(crops)
    monkeypatch.setattr("reggan.metrics.ecs._BATCH", 3)
    np.testing.assert_allclose(probabilities(crops), whole, atol=1e-5)


def test_ecs_refuses_what_it_cannot_score(crops):
    with pytest.raises(InputError, match="awed"):
        ecs(crops, "awed")
    with pytest.raises(InputError, match="8 crops but 1"):
        ecs(crops, ["happy"])
    with pytest.raises(InputError, match="uint8"):
        ecs(crops / 255, "happy")
    with pytest.raises(InputError, match="square"):
        ecs(crops[:, :200], "happy")


def test_fss_is_one_for_the_same_and_lower_for_others(crops):
    np.testing.assert_allclose(fss(crops, crops), 1)
    noisy = np.clip(crops + np.random.default_rng(0).normal(0, 4, crops.shape), 0, 255).astype(np.uint8)
    same, other = fss(crops[:1], noisy[:1])[0], fss(crops[:1], crops[4:5])[0]
    assert other < 0.9 < ANCHORS["neutral and smile of one person"] < same < 1


def test_embeddings_have_length_one(crops):
    np.testing.assert_allclose(np.linalg.norm(embed(crops), axis=1), 1)


def test_cut_box_is_where_it_says():
    y, x = np.mgrid[:256, :256]
    crop = np.stack([x, y, 0 * x], axis=2).astype(np.uint8)[None]
    cut = cut_box(crop, 0.5, 0.5, 128)[0].numpy()  # the middle, one to one
    np.testing.assert_array_equal(cut[0, 0], np.arange(64, 192))
    np.testing.assert_array_equal(cut[1, :, 0], np.arange(64, 192))
    lower = cut_box(crop, 0.6, 0.5, 128)[0].numpy()
    assert lower[1, 0, 0] == round(0.35 * 256)


def test_cut_box_does_not_alias():
    y, x = np.mgrid[:256, :256]
    checkerboard = grey(255.0 * ((x + y) % 2))
    cut = cut_box(checkerboard, 0.5, 1.0, 100).numpy()
    assert np.abs(cut[:, :, 5:-5, 5:-5] - 127.5).max() < 8


def test_reconstruction_by_hand():
    black, dark, white = (grey(np.full((4, 4), v)) for v in (0, 51, 255))
    assert l1(black, dark)[0] == pytest.approx(0.2)
    assert mse(black, dark)[0] == pytest.approx(0.04)
    assert relative_l1(black, dark, white)[0] == pytest.approx(0.25)
    assert relative_l1(dark, dark, white)[0] == 0
    assert relative_l1(white, dark, white)[0] == 1
    assert np.isnan(relative_l1(black, dark, dark)[0])


def test_images_of_different_shapes_are_refused():
    with pytest.raises(InputError, match="different shapes"):
        l1(grey(np.zeros((4, 4))), grey(np.zeros((5, 4))))


def test_sharpness_of_half_the_contrast_is_a_quarter():
    y, x = np.mgrid[:64, :64]
    wave = np.sin(2 * np.pi * x / 16) + np.sin(2 * np.pi * y / 8)
    ratio = sharpness_ratio(grey(128 + 25 * wave), grey(128 + 50 * wave), np.ones((1, 64, 64), bool))
    assert ratio[0] == pytest.approx(0.25, rel=0.02)


def test_sharpness_looks_at_moved_skin_only():
    y, x = np.mgrid[:64, :64]
    target = 128 + 50 * np.sin(2 * np.pi * x / 8)
    still = np.where(x < 32, target, 128)
    moved = moved_skin(grey(still), grey(target))
    assert moved[0, :, 40:].all() and not moved[0, :, :24].any()
    output = np.where(x < 24, 0, target)  # wrong where nothing moved
    inside = moved & (x > 26)
    assert sharpness_ratio(grey(output), grey(target), inside)[0] == pytest.approx(1)
    assert np.isnan(sharpness_ratio(grey(output), grey(target), np.zeros_like(moved))[0])


def test_landmark_error_of_a_shift_is_the_shift_in_eye_distances():
    target = np.random.default_rng(0).uniform(0, 256, (3, 478, 2)).astype(np.float32)
    for left, right in ((33, 362), (133, 263)):
        target[:, left], target[:, right] = (60, 100), (135, 100)  # eye centres 75 pixels apart
    output = target + np.float32([3, 4])
    output[:, 468:] += 50  # irises do not count
    output[1] = np.nan  # not found
    np.testing.assert_allclose(landmark_error(output, target), [5 / 75, np.nan, 5 / 75], rtol=1e-5)
    with pytest.raises(InputError):
        landmark_error(output[:, :468], target[:, :468])


def test_interval_of_a_normal_sample():
    values = np.random.default_rng(1).normal(3, 2, 400)
    interval = mean_interval(values)
    half = 1.96 * values.std() / 20
    assert interval.mean == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.1 * half)
    assert interval == mean_interval(values)


def test_interval_leaves_failures_out_and_resamples_groups():
    assert mean_interval(np.array([1, np.nan, 3])).measured == 2
    assert np.isnan(mean_interval(np.array([np.nan])).mean)
    people = np.arange(50)
    one_each = mean_interval(people % 7)
    copied = mean_interval(np.tile(people % 7, 10), np.tile(people, 10))  # ten copies tell nothing new
    assert copied.low == pytest.approx(one_each.low) and copied.high == pytest.approx(one_each.high)
    assert mean_interval(np.tile(people % 7, 10)).low > one_each.low
