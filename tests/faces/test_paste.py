import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from reggan.faces.align import align, invert, transform
from reggan.faces.paste import Change, Detail, apply_change, paste_back

S = 64


def _change(displacement=0.0, opacity=0.0, paint=0.0, residual=0.0, size=S) -> Change:
    parts = zip((displacement, opacity, paint, residual), (2, 1, 3, 3), strict=True)
    return Change(*(np.broadcast_to(np.asarray(v, np.float32), (size, size, c)).copy() for v, c in parts))


def _matrix(scale: float, degrees: float, centre: tuple[float, float], size=S) -> np.ndarray:
    """Similarity that brings the picture position `centre` to the middle of the crop."""
    cos, sin = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([linear, (size / 2 - linear @ centre)[:, None]])


def _bump(sigma: float, centre: tuple[float, float] = (S / 2, S / 2), size=S) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    return np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * sigma**2))[..., None].astype(np.float32)


def _noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


def _smooth(height: int, width: int) -> np.ndarray:
    field = cv2.GaussianBlur(np.random.default_rng(0).normal(size=(height, width, 3)).astype(np.float32), (0, 0), 9)
    return np.asarray(cv2.normalize(field, None, 40, 215, cv2.NORM_MINMAX), np.uint8)


def _inside(matrix: np.ndarray, shape: tuple[int, ...], border: float) -> np.ndarray:
    """(H, W) bool: which picture pixels lie in the crop, at least `border` crop pixels from its edge."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    u = transform(np.stack([x, y], -1), matrix)
    return ((u >= border - 0.5) & (u <= S - 0.5 - border)).all(-1)


POSES = [(1.0, 0, (80, 70)), (0.4, 20, (90, 75)), (0.3, -50, (20, 110)), (2.5, 130, (80, 70)), (1.0, 7, (1, 2))]


@pytest.mark.parametrize("pose", POSES)
def test_no_change_is_bit_identical(pose):
    image = _noise(140, 170)
    np.testing.assert_array_equal(paste_back(image, _matrix(*pose), _change()), image)
    np.testing.assert_array_equal(paste_back(image, _matrix(*pose), _change(paint=1.0)), image)


@pytest.mark.parametrize("pose", POSES)
def test_negligible_change_is_bit_identical(pose):
    image = _noise(140, 170)
    slight = _change(displacement=0.003, residual=0.0009, opacity=0.0003, paint=0.5)
    np.testing.assert_array_equal(paste_back(image, _matrix(*pose), slight), image)


@pytest.mark.parametrize("pose", POSES)
def test_nothing_outside_the_crop_changes_and_the_input_stays(pose):
    image = _noise(140, 170)
    before = image.copy()
    out = paste_back(image, _matrix(*pose), _change([9, -6], 0.5, 1.0, 0.3))
    np.testing.assert_array_equal(image, before)
    changed = (out != image).any(2)
    assert changed.any() and not changed[~_inside(_matrix(*pose), image.shape, -2)].any()


def test_crop_beside_the_picture():
    image = _noise(50, 60)
    np.testing.assert_array_equal(paste_back(image, _matrix(1, 0, (500, -300)), _change(residual=1)), image)


def test_whole_displacement_is_the_shifted_picture():
    image = _noise(140, 170)
    matrix = _matrix(1, 0, (80, 70))
    out = paste_back(image, matrix, _change([3, -2]))
    core = _inside(matrix, image.shape, 8)
    shifted = np.roll(image, (2, -3), (0, 1))  # shows what was at p + (3, -2)
    np.testing.assert_array_equal(out[core], shifted[core])


def test_displacement_turns_and_scales_with_the_face():
    """Crop pixels are a quarter of a picture pixel here and the face lies on its side: (8, 0) becomes (0, -2)."""
    image = _noise(60, 60)
    matrix = _matrix(4, 90, (30, 30))
    np.testing.assert_allclose(invert(matrix)[:, :2] @ [8, 0], [0, -2], atol=1e-12)
    out = paste_back(image, matrix, _change([8, 0]))
    core = _inside(matrix, image.shape, 10)
    np.testing.assert_array_equal(out[core], np.roll(image, 2, 0)[core])


@pytest.mark.parametrize("scale, degrees", [(1, 0), (0.2, 35), (0.5, -160), (1.6, 60)])
def test_planted_residual_comes_back_at_its_place(scale, degrees):
    image = np.full((400, 420, 3), 100, np.uint8)
    matrix = _matrix(scale, degrees, (210, 190))
    spot = np.array([38.0, 27.0])
    out = paste_back(image, matrix, _change(residual=0.5 * _bump(4, tuple(spot))))
    added = (out.astype(float) - image)[..., 1]
    y, x = np.mgrid[:400, :420]
    centre = np.array([(x * added).sum(), (y * added).sum()]) / added.sum()
    np.testing.assert_allclose(transform(centre, matrix), spot, atol=0.1)
    # The volume of a Gaussian, 2 pi sigma^2 times its height, over the area of a crop pixel; blur does not alter it.
    assert added.sum() == pytest.approx(0.5 * 255 * 2 * np.pi * 16 / scale**2, rel=0.02)


def test_paint_covers_and_mixes():
    image = np.full((140, 170, 3), 100, np.uint8)
    matrix = _matrix(0.9, 10, (80, 70))
    core = _inside(matrix, image.shape, 8)
    assert (paste_back(image, matrix, _change(opacity=1, paint=[1, 0, 0.2]))[core] == [255, 0, 51]).all()
    assert (paste_back(image, matrix, _change(opacity=0.4, paint=[1, 0, 0.2]))[core] == [162, 60, 80]).all()
    assert (paste_back(image, matrix, _change(residual=9.0))[core] == 255).all()
    assert (paste_back(image, matrix, _change(residual=-9.0))[core] == 0).all()


def test_unpainted_colours_do_not_bleed():
    """Where opacity is zero, `paint` is arbitrary; here a bright green that must not tint the mask's edge."""
    opacity = np.zeros((S, S, 1), np.float32)
    opacity[20:40, 20:40] = 1
    paint = np.where(opacity > 0, np.float32([0.5, 0.5, 0.5]), np.float32([0, 1, 0]))
    image = np.full((300, 300, 3), 127, np.uint8)
    out = paste_back(image, _matrix(0.3, 15, (150, 150)), _change(opacity=opacity, paint=paint))
    assert np.abs(out.astype(int) - 127).max() <= 2


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_agrees_with_the_change_in_the_crop(degrees):
    """At the crop's own resolution both ways must give the same: change the crop, or the picture and cut it out."""
    image = _smooth(140, 170)
    matrix = _matrix(1, degrees, (80, 70))
    matrix[:, 2] = np.round(matrix[:, 2])
    opacity = 0.8 * _bump(6)
    bend = 4 * _bump(9) * np.float32([1, -0.5])
    change = _change(bend, opacity, [0.9, 0.1, 0.3], 0.2 * _bump(5, (20, 40)))
    there = align(paste_back(image, matrix, change), matrix, S)
    here = apply_change(align(image, matrix, S), change)
    assert np.abs(there.astype(int) - here)[8:-8, 8:-8].max() <= 2


def test_apply_change_closed_form():
    crop = _noise(S, S)
    np.testing.assert_array_equal(apply_change(crop, _change()), crop)
    np.testing.assert_array_equal(apply_change(crop, _change([1, 0]))[:, :-1], crop[:, 1:])
    mixed = apply_change(crop, _change(opacity=0.25, paint=1, residual=-0.1))
    assert np.abs(mixed - np.clip(0.75 * crop + 0.25 * 255 - 25.5, 0, 255)).max() <= 0.51


@pytest.mark.parametrize("scale", [0.1, 0.5, 1.0])
def test_no_seam(scale):
    """A change that is strong up to the crop's border fades: no step between neighbours beyond the fade's slope."""
    image = np.full((800, 800, 3), 60, np.uint8)
    out = paste_back(image, _matrix(scale, 12, (400, 400)), _change(residual=0.5)).astype(int)
    step = max(np.abs(np.diff(out, axis=0)).max(), np.abs(np.diff(out, axis=1)).max())
    steepest = 1.5 * 0.5 * 255 / (0.08 * S)  # of a smoothstep, per crop pixel
    assert abs(out.max() - 188) <= 1 and step <= np.sqrt(2) * steepest * scale + 2


def test_skin_keeps_its_texture():
    """Detail far above the crop's resolution survives a displacement: the picture is sampled, not the crop."""
    image = cv2.GaussianBlur(_noise(900, 900), (0, 0), 1.2)
    matrix = _matrix(0.08, 0, (450, 450))
    out = paste_back(image, matrix, _change(1.5 * _bump(8)))
    middle = slice(380, 520)
    assert out[middle, middle].std() > 0.9 * image[middle, middle].std()


def test_fine_change_in_a_coarse_picture_does_not_alias():
    """One picture pixel covers 16 x 16 crop pixels: a one-pixel chequerboard averages out."""
    y, x = np.mgrid[:S, :S]
    board = ((x + y) % 2 * 2 - 1)[..., None] * 0.5
    image = np.full((20, 20, 3), 128, np.uint8)
    out = paste_back(image, _matrix(16, 8, (10, 10)), _change(residual=board))
    assert np.abs(out.astype(int) - 128).max() <= 1


def test_face_cut_by_the_border_looks_into_the_mirror():
    image = np.broadcast_to(np.arange(100, dtype=np.uint8)[None, :, None], (90, 100, 3)).copy()
    out = paste_back(image, _matrix(1, 0, (5, 45)), _change([-10, 0]))
    np.testing.assert_array_equal(out[45, :25, 0], np.abs(np.arange(25) - 10))


def test_grey_stays_grey():
    image = np.repeat(_noise(140, 170)[..., :1], 3, 2)
    out = paste_back(image, _matrix(0.7, 30, (80, 70)), _change([2, 1], 0.3, 0.7, 0.1))
    assert (out == out[..., :1]).all() and (out != image).any()


def test_twelve_megapixels():
    image = np.tile(_noise(300, 400), (10, 10, 1))
    matrix = _matrix(256 / 3000, 5, (2000, 1500), size=256)
    change = _change([2, 1], 0.2, 0.8, 0.1, size=256)
    start = time.process_time()
    out = paste_back(image, matrix, change)
    assert time.process_time() - start < 10  # seconds of processor time; it takes about 1
    assert out.shape == (3000, 4000, 3) and out.dtype == np.uint8
    assert 0.5 < (out != image).any(2).mean() < 0.9


@pytest.mark.parametrize("angle", [0, 35])
def test_detail_lies_where_the_crop_says_and_is_as_fine_as_its_own_grid(angle):
    """A smooth field, given at a third of the crop's pixel, arrives in a picture three times as fine as the crop; what
    comes to the opacity takes as much of the picture away."""
    corner, h, w = (20, 24), 24, 18  # crop pixels
    matrix = _matrix(1 / 3, angle, (150, 140))
    y, x = np.mgrid[: 3 * h, : 3 * w]
    at = np.stack([(x - 1) / 3 + corner[0], (y - 1) / 3 + corner[1]], -1)  # crop position of each fine pixel

    def field(u: np.ndarray) -> np.ndarray:
        envelope = np.exp(-(((u - [29, 36]) / 4.0) ** 2).sum(-1))
        return (0.3 * envelope * np.cos(2 * np.pi * u[..., 0] / 1.5))[..., None]  # a period of 4.5 fine pixels

    value = np.broadcast_to(field(at), (3 * h, 3 * w, 4)) * np.float32([0.5, 1, 1, 1])
    change = replace(_change(opacity=0.5, paint=0.5), details=(Detail(corner, 3, value),))
    image = np.full((280, 300, 3), 128, np.uint8)
    added = paste_back(image, matrix, change).astype(float) - paste_back(image, matrix, replace(change, details=()))
    py, px = np.mgrid[:280, :300]
    expected = (255 - 0.5 * 128) * field(transform(np.stack([px, py], -1), matrix))
    assert np.abs(expected).max() > 45
    error = np.abs(added - expected)
    assert error.max() < 0.12 * np.abs(expected).max() and error.mean() < 0.5
    # In a picture as coarse as the crop little of it is left: a Gaussian of 2^0.5 fine pixels takes 86 % of it.
    small = _matrix(1.0, angle, (60, 50))
    kept = paste_back(image[:100, :120], small, change).astype(float)
    assert np.abs(kept - paste_back(image[:100, :120], small, replace(change, details=()))).max() <= 13


def test_wrong_shapes_are_refused():
    good = _change()
    with pytest.raises(ValueError, match="opacity"):
        Change(good.displacement, good.opacity[..., 0], good.paint, good.residual)
