import cv2
import numpy as np
import pytest

from reggan.errors import InputError
from reggan.faces.align import SIZE, align, alignment_matrix, eye_centres, invert, transform


def _landmarks(left: tuple[float, float], right: tuple[float, float]) -> np.ndarray:
    """A mesh of which only the four corners of the eyes matter."""
    points = np.zeros((478, 2))
    points[[33, 133]] = np.add(left, [[-5, 2], [5, -2]])
    points[[362, 263]] = np.add(right, [[-5, -2], [5, 2]])
    return points


def _similarity(scale: float, degrees: float, shift: tuple[float, float]) -> np.ndarray:
    cos, sin = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    return np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])


@pytest.mark.parametrize("size", [128, SIZE, 512])
@pytest.mark.parametrize("left, right", [((100, 100), (160, 100)), ((1000, 700), (1300, 1100)), ((50, 90), (20, 60))])
def test_eyes_come_to_their_places(left, right, size):
    eyes = transform(eye_centres(_landmarks(left, right)), alignment_matrix(_landmarks(left, right), size))
    np.testing.assert_allclose(eyes, [[0.355 * size, 0.40 * size], [0.645 * size, 0.40 * size]], atol=1e-9)


def test_matrix_is_a_similarity_without_reflection():
    linear = alignment_matrix(_landmarks((10, 20), (50, 70)))[:, :2]
    scale = 0.29 * SIZE / np.hypot(40, 50)
    np.testing.assert_allclose(linear @ linear.T, scale**2 * np.eye(2), atol=1e-9)
    assert np.linalg.det(linear) > 0


def test_aligned_face_needs_no_more_alignment():
    matrix = alignment_matrix(_landmarks((0.355 * SIZE, 0.4 * SIZE), (0.645 * SIZE, 0.4 * SIZE)))
    np.testing.assert_allclose(matrix, [[1, 0, 0], [0, 1, 0]], atol=1e-9)


def test_coinciding_eyes():
    with pytest.raises(InputError, match="eyes"):
        alignment_matrix(np.ones((478, 2)))
    with pytest.raises(InputError, match="eyes"):
        alignment_matrix(np.full((478, 2), np.nan))


def test_invert_and_transform():
    matrix = _similarity(1.7, 33, (5, -8))
    points = np.random.default_rng(0).normal(size=(4, 6, 2))
    np.testing.assert_allclose(transform(transform(points, matrix), invert(matrix)), points, atol=1e-12)
    np.testing.assert_allclose(transform(np.array([1.0, 0.0]), matrix), matrix[:, 0] + matrix[:, 2])


def test_whole_shift_is_exact():
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    np.testing.assert_array_equal(align(image, np.array([[1.0, 0, -30], [0, 1, -20]]), 64), image[20:84, 30:94])


@pytest.mark.parametrize("factor", [2, 3, 4, 6, 12])
def test_shrinking_by_a_whole_factor_is_the_mean_of_each_block(factor):
    image = np.random.default_rng(0).integers(0, 256, (32 * factor, 32 * factor, 3)).astype(np.uint8)
    middle = 0.5 * (factor - 1)  # crop pixel 0 lies in the middle of the first block
    crop = align(image, np.array([[1, 0, -middle], [0, 1, -middle]]) / factor, 32)
    means = image.reshape(32, factor, 32, factor, 3).mean((1, 3))
    assert np.abs(crop - means).max() < 2


def test_finest_pattern_turns_grey_not_moire():
    y, x = np.mgrid[:1500, :1500]
    board = np.repeat(((x + y) % 2 * 255).astype(np.uint8)[..., None], 3, 2)
    crop = align(board, _similarity(0.13, 20, (30, 10)), 128)
    assert np.abs(crop.astype(int) - 127.5).max() < 4


@pytest.mark.parametrize("scale", [0.07, 0.3, 0.7, 1.0, 1.9, 4.0])
def test_positions_agree_with_the_matrix(scale):
    """A smooth spot in the picture appears where the matrix says, to a twentieth of a crop pixel."""
    y, x = np.mgrid[:600, :700]
    spot = np.array([400.3, 310.8])
    matrix = _similarity(scale, 25, (0, 0))
    matrix[:, 2] = np.array([60.4, 70.7]) - matrix[:, :2] @ spot
    sigma = 6 / scale
    picture = 250 * np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / (2 * sigma**2))
    crop = align(np.repeat(picture.round().astype(np.uint8)[..., None], 3, 2), matrix, 128, mirror=False)[..., 0]
    v, u = np.mgrid[:128, :128]
    near = np.hypot(u - 60.4, v - 70.7) < 14  # within the picture even at the smallest scale
    weight = crop * near.astype(float)
    centre = np.array([(u * weight).sum(), (v * weight).sum()]) / weight.sum()
    np.testing.assert_allclose(centre, [60.4, 70.7], atol=0.05)


@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_picture_continues_as_its_mirror_image(scale):
    ramp = np.broadcast_to(np.arange(0, 200, dtype=np.uint8)[None, :, None], (200, 200, 3))
    crop = align(ramp, np.array([[scale, 0, 20], [0, scale, 20]]), 40)
    row = crop[30, :, 0].astype(float)  # crop position u shows picture position (u - 20) / scale
    np.testing.assert_allclose(row[2:18], np.abs(np.arange(2, 18) - 20) / scale, atol=1.5)
    replicated = align(ramp, np.array([[scale, 0, 20], [0, scale, 20]]), 40, mirror=False)
    assert (replicated[30, :18, 0] <= 1).all()


def test_far_outside_and_tiny_pictures():
    pixel = np.full((1, 1, 3), 90, np.uint8)
    assert (align(pixel, np.array([[1.0, 0, 500], [0, 1, -900]]), 32) == 90).all()


def test_agrees_with_opencv_on_a_smooth_picture():
    noise = np.random.default_rng(0).normal(size=(300, 300, 3)).astype(np.float32)
    smooth = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 8), None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    matrix = _similarity(0.8, -15, (10, 60))
    expected = cv2.warpAffine(smooth, matrix, (128, 128), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    assert np.abs(align(smooth, matrix, 128).astype(int) - expected).mean() < 1.0
