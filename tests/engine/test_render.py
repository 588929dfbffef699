"""Data engine: fitting a photograph and rendering it with other weights."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("numba")

from reggan.engine.fit.face_fit import Fit, fit_face, pose
from reggan.engine.fit.photo import FINE, Photo, aligned
from reggan.engine.kit.register import mean_mesh
from reggan.engine.kit.rig import prepare_rig, radial_carry
from reggan.engine.raster import rasterise, vertex_normals
from reggan.engine.render.background import spread
from reggan.engine.render.express import express, prepare_person
from reggan.engine.render.expression_table import expression_table, mixture
from reggan.engine.render.eyes import eye_layer, lid_shadow, seen_eye
from reggan.engine.render.picture import FLOW_GRID, eye_layers, render
from reggan.engine.render.shading import apply_log
from reggan.engine.render.wrinkles import atlas, blend
from reggan.expressions import BASIC, NAMED, resolve
from reggan.faces.align import align, alignment_matrix
from reggan.faces.topology import EYES
from reggan.folds import to_map
from tests.engine.toy_face import toy_kit, toy_landmarks, toy_photo


@pytest.fixture(scope="module")
def fitted() -> Fit:
    return fit_face(prepare_rig(toy_kit()), toy_photo())


def test_rasteriser_interpolates_linearly() -> None:
    xy = np.array([[0, 0], [10, 0], [0, 10]], np.float32)
    out, drawn = rasterise(xy, np.ones(3, np.float32), np.array([[0, 1, 2]], np.int32), 2 * xy + 1, 12, 12)
    y, x = np.mgrid[:12, :12]
    np.testing.assert_array_equal(drawn, x + y <= 10)
    np.testing.assert_allclose(out[drawn], np.stack([2 * x + 1, 2 * y + 1], -1)[drawn], atol=1e-4)
    assert not out[~drawn].any()


def test_what_is_nearer_hides_what_is_behind() -> None:
    square = np.array([[0, 0], [9, 0], [9, 9], [0, 9]], np.float32)
    xy = np.concatenate([square, square * 0.5])
    depth = np.array([1] * 4 + [0.5] * 4, np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 6, 5], [4, 7, 6]], np.int32)
    values = np.repeat([1.0, 2.0], 4).astype(np.float32)[:, None]
    for order in (slice(None), slice(None, None, -1)):
        out, drawn = rasterise(xy, depth, triangles[order], values, 10, 10)
        assert drawn.all()
        assert (out[:5, :5] == 2).all()
        assert (out[5:] == 1).all()


def test_normals_of_a_plane() -> None:
    corners = np.array([[0, 0, 0], [1, 0, 1], [1, 1, 1], [0, 1, 0]], np.float32)  # z = x
    normals = vertex_normals(corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    np.testing.assert_allclose(normals, np.tile([-(0.5**0.5), 0, 0.5**0.5], (4, 1)), atol=1e-6)


def test_carry_reproduces_affine_displacements() -> None:
    mean = mean_mesh()
    points = np.random.default_rng(0).uniform(-1, 1, (20, 3))
    matrix = np.array([[0.1, 0.2, -0.3], [0.0, 0.4, 0.1]])
    moved = radial_carry(mean, points) @ (mean @ matrix.T + [1, 2])
    np.testing.assert_allclose(moved, points @ matrix.T + [1, 2], atol=1e-3)


def test_pose_is_recovered() -> None:
    a, b = 0.1, -0.15
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    rotation = about_x @ about_y
    scale, found, shift = pose(mean_mesh(), 70 * mean_mesh() @ rotation[:2].T + [120, 100])
    assert scale == pytest.approx(70)
    np.testing.assert_allclose(found, rotation, atol=1e-6)
    np.testing.assert_allclose(shift, [120, 100], atol=1e-6)


def test_crop_of_the_working_picture_is_the_aligned_crop() -> None:
    rng = np.random.default_rng(0)
    image = (np.kron(rng.random((16, 16, 3)), np.ones((32, 32, 1))) * 255).astype(np.uint8)
    points = toy_landmarks()
    photo = aligned(image, points, 128)
    direct = align(image, alignment_matrix(points, 128), 128)
    assert np.abs(photo.crop().astype(int) - direct).mean() < 1.5
    np.testing.assert_allclose(photo.to_fine(np.array([0.0, 0.0])), 2 * 16 + 0.5)
    assert photo.iod == pytest.approx(0.29 * 128)


def test_fit_lays_the_skin_on_the_landmarks(fitted: Fit) -> None:
    np.testing.assert_allclose(fitted.skin[:468], fitted.photo.landmarks[:468], atol=0.02 * fitted.photo.iod)
    assert np.abs(fitted.turn).max() < 1
    assert fitted.lids == pytest.approx((1, 1), abs=0.02)


def test_no_expression_is_the_photograph(fitted: Fit) -> None:
    same = render(fitted, eye_layers(fitted), np.zeros(len(fitted.rig.kit.names), np.float32))
    difference = np.abs(same.image.astype(int) - fitted.photo.crop())
    assert np.percentile(difference, 99) <= 2  # the lids' edges are drawn anew
    np.testing.assert_allclose(same.flow, 0, atol=1e-3)
    assert same.known.min() > 0.95
    np.testing.assert_array_equal(same.landmarks, fitted.photo.landmarks)


def test_a_half_hidden_iris_is_found_and_completed() -> None:
    """The landmarks put its centre too low; the lid hides the upper third. Behind the lid it is round again."""
    photo = toy_photo()
    points = photo.to_fine(photo.landmarks)
    centre, radius = points[468] + [0, -2.0], float(np.linalg.norm(points[469] - points[468]))
    iod = 2 * photo.iod
    pixels = np.full(photo.pixels.shape, (205, 160, 135), np.uint8)
    opening = np.zeros(pixels.shape[:2], np.uint8)
    cv2.fillPoly(opening, [points[list(EYES[0])].round().astype(np.int32)], (1,))
    pixels[opening > 0] = 232, 230, 226
    y, x = np.mgrid[: len(pixels), : len(pixels)]
    pixels[(np.hypot(x - centre[0], y - centre[1]) < radius) & (opening > 0)] = 60, 80, 110
    layer = eye_layer(replace(photo, pixels=pixels), 0)
    rows, columns = layer.region
    made = layer.pixels.mean(2)
    column = made[:, round(centre[0]) - columns.start]
    top = np.flatnonzero(column < 150)[0] + rows.start
    assert top == pytest.approx(centre[1] - radius, abs=0.3 * radius)
    beside = round(centre[0] + 0.6 * iod * 0.29) - columns.start
    assert made[round(centre[1]) - rows.start, min(beside, made.shape[1] - 1)] > 190


def test_lids_that_stay_leave_the_eye_as_it_is(fitted: Fit) -> None:
    layer = eye_layers(fitted)[0]
    points = fitted.photo.to_fine(fitted.photo.landmarks)
    iod = 2 * fitted.photo.iod
    np.testing.assert_array_equal(seen_eye(layer, points, points, 0, iod), layer.photo)
    risen = points - [0, 0.1 * iod]
    wide = seen_eye(layer, points, risen, 0, iod)
    np.testing.assert_allclose(wide, layer.pixels * lid_shadow(risen, 0, layer.region, iod)[..., None], rtol=1e-4)


def test_landmarks_and_flow_follow_the_blendshape(fitted: Fit) -> None:
    kit = fitted.rig.kit
    result = render(fitted, eye_layers(fitted), kit.weights({"browInnerUp": 1.0}))
    rise = 0.08 * fitted.scale
    point = 107  # the inner end of the brow on the viewer's left
    moved = result.landmarks[point] - fitted.photo.landmarks[point]
    expected = fitted.scale * (kit.landmark_shapes[kit.names.index("browInnerUp_R"), point, 1])
    assert moved[1] == pytest.approx(expected, rel=0.1)
    assert -rise < expected < -0.2 * rise
    cell = (result.landmarks[point] + 0.5) / fitted.photo.size * FLOW_GRID - 0.5
    x, y = np.round(cell).astype(int)
    assert result.flow[1, y, x] == pytest.approx(-moved[1], abs=0.6)  # backwards: what is here came from below
    assert abs(result.flow[0, y, x]) < 0.4


def test_an_opened_mouth_shows_what_is_behind_it(fitted: Fit) -> None:
    result = render(fitted, eye_layers(fitted), fitted.rig.kit.weights({"jawOpen": 0.6}))
    top, bottom = result.landmarks[13], result.landmarks[14]
    assert bottom[1] - top[1] > 0.2 * fitted.photo.iod
    middle = np.round((top + bottom) / 2).astype(int)
    before, after = fitted.photo.crop()[middle[1], middle[0]], result.image[middle[1], middle[0]]
    assert after.mean() < 0.8 * before.mean()
    cell = (middle * FLOW_GRID / fitted.photo.size).astype(int)
    assert result.known[cell[1], cell[0]] < 0.5
    assert result.known[5, 5] == 1


def test_normals_face_the_viewer(fitted: Fit) -> None:
    normals = render(fitted, eye_layers(fitted), np.zeros(len(fitted.rig.kit.names), np.float32)).normals
    skin = np.linalg.norm(normals, axis=2) > 0.9
    assert skin.mean() > 0.3
    assert (normals[skin][:, 2] < 0.3).mean() > 0.95
    half = fitted.photo.size // 2
    cheeks = normals[half + 10, half - 30], normals[half + 10, half + 30]
    assert cheeks[0][0] < 0 < cheeks[1][0]


def test_background_is_continued_smoothly() -> None:
    known = np.zeros((128, 128), bool)
    known[32:96, 32:96] = True
    flow = np.where(known[..., None], np.array([4.0, -2.0], np.float32), 0).astype(np.float32)
    field = spread(flow, known, 64)
    np.testing.assert_allclose(field[64, 64], [4, -2], atol=1e-3)
    assert np.abs(field[0]).max() < 0.3
    across = field[64, 96:, 0]
    assert (np.diff(across) < 1e-3).all()  # only ever weaker towards the border


def test_shadows_on_skin_turn_red_and_on_stone_do_not() -> None:
    grey = np.full((2, 2, 3), 100, np.float32)
    log_ratio = np.full((2, 2), -0.3, np.float32)
    stone, skin = (apply_log(grey, log_ratio, chroma)[0, 0] for chroma in (0.0, 20.0))
    np.testing.assert_allclose(stone, 100 * np.exp(-0.3), rtol=1e-5)
    assert skin[0] > stone[0] > skin[2]
    np.testing.assert_allclose(apply_log(grey, -log_ratio, 20.0), 100 * np.exp(0.3), rtol=1e-5)


def test_expressions_are_data_and_add_up() -> None:
    assert set(expression_table()) == set(BASIC)
    for weights, wrinkles in expression_table().values():
        toy_kit().weights(weights)  # every name is known
        assert set(wrinkles) <= set(atlas())
    for c in NAMED.values():
        assert set(mixture(np.array(c))[0]) >= {
            key for k in np.flatnonzero(c) for key in expression_table()[BASIC[k]][0]
        }
    both = mixture(resolve({"happy": 0.5, "surprised": 1.0}))[0]
    parts = [mixture(resolve(name, s))[0] for name, s in (("happy", 0.5), ("surprised", 1.0))]
    for name in ("mouthUpperUp", "jawOpen"):
        assert both[name] == pytest.approx(sum(p[name] for p in parts))


def test_anger_bares_its_teeth_and_disgust_does_not(fitted: Fit) -> None:
    person = prepare_person(fitted)
    painted = {name: (1 - express(person, resolve(name)).known).sum() for name in ("angry", "disgusted", "sad")}
    assert painted["angry"] > 5 * max(painted["disgusted"], painted["sad"])


@pytest.mark.parametrize("tone", [(1.0, 1.0, 1.0), (1.0, 0.86, 0.62), (0.8, 1.0, 0.6)])
def test_the_mouth_of_a_toned_picture_has_its_tone(fitted: Fit, tone: tuple[float, float, float]) -> None:
    photo = toy_photo()
    grey = photo.pixels.mean(2, keepdims=True)
    toned = fit_face(fitted.rig, Photo(np.round(grey * tone).astype(np.uint8), photo.landmarks, photo.size))
    assert toned.toned == 1
    result = express(prepare_person(toned), resolve("surprised"))
    mouth = cv2.resize(result.known, (photo.size, photo.size), interpolation=cv2.INTER_NEAREST) < 0.1
    lab = cv2.cvtColor(result.image, cv2.COLOR_RGB2LAB)[mouth].astype(float)
    assert mouth.sum() > 50
    expected = cv2.cvtColor(
        np.round(np.array(tone, np.float32) * lab[:, :1, None].mean() / max(tone)).astype(np.uint8).reshape(1, 1, 3),
        cv2.COLOR_RGB2LAB,
    )[0, 0].astype(float)
    np.testing.assert_allclose(np.median(lab[:, 1:], 0), expected[1:], atol=4)
    if tone == (1.0, 1.0, 1.0):
        assert np.ptp(result.image.astype(int), axis=2).max() <= 2


def test_a_faded_picture_gets_weaker_shadows(fitted: Fit) -> None:
    photo = toy_photo()
    faded = fit_face(
        fitted.rig, Photo((230 + 0.1 * (photo.pixels - 230.0)).astype(np.uint8), photo.landmarks, photo.size)
    )
    assert fitted.contrast == 1
    assert 0.05 < faded.contrast < 0.3
    wrinkles = np.full((512, 512), -0.3, np.float32)
    neutral = np.zeros(len(fitted.rig.kit.names), np.float32)
    change = render(faded, eye_layers(faded), neutral, wrinkles).image.astype(float) - faded.photo.crop()
    cheek = change[70:75, 40:45].mean()
    assert cheek == pytest.approx(-0.3 * faded.contrast * 215, rel=0.3)


def test_a_picture_in_colour_has_no_single_tone(fitted: Fit) -> None:
    photo = toy_photo()
    pixels = photo.pixels.copy()
    pixels[::20] = pixels[::20, :, ::-1]
    pixels[:, : len(pixels) // 2] = pixels[:, : len(pixels) // 2, ::-1]
    assert fit_face(fitted.rig, Photo(pixels, photo.landmarks, photo.size)).toned == 0


def test_wrinkles_lie_where_they_belong() -> None:
    x, y = np.round(to_map(np.array([0.085, -0.33]))).astype(int)
    assert atlas()["glabella"][y, x] < -0.1
    assert blend({"glabella": 100.0}).min() == pytest.approx(-0.5)
    assert not blend({}).any()
    assert not atlas()["crow"][:, 200:312].any()


def test_a_fold_has_an_edge_on_one_side_only() -> None:
    """From nose to mouth: soft towards the cheek, sharp towards the lips, on both sides of the face."""
    fold = atlas()["naso"]
    for sign in (-1, 1):
        across = np.linspace(-0.15, 0.15, 61)
        points = np.array([0.485, 0.74]) + across[:, None] * np.array([0.93, -0.36])  # towards the cheek
        x, y = to_map(points * [sign, 1]).round().astype(int).T
        depth = -fold[y, x]
        assert abs(across[depth.argmax()]) < 0.015
        half = np.flatnonzero(depth > depth.max() / 2)
        inner, outer = -across[half[0]], across[half[-1]]
        assert outer > 2 * inner > 0


def test_a_smile_is_lit_as_measured_and_not_by_normals_too(fitted: Fit) -> None:
    person = prepare_person(fitted)
    happy = express(person, resolve("happy")).image.astype(float)
    kit = fitted.rig.kit
    named, wrinkles = mixture(resolve("happy"))
    amounts = {k: v if k == "smile_light" else person.wrinkles * v for k, v in wrinkles.items()}
    weights = kit.weights(named)
    unlit, lit = (
        render(fitted, person.eyes, weights, blend(amounts), share).image.astype(float) for share in (0.15, 1.0)
    )
    assert np.abs(happy - unlit).mean() < 0.5
    assert np.abs(lit - unlit).mean() > 0.1


def test_a_smile_in_the_photograph_is_taken_back(fitted: Fit) -> None:
    kit = fitted.rig.kit
    points = fitted.photo.landmarks.copy()
    smile = np.tensordot(kit.weights({"mouthSmile": 0.5}), kit.landmark_shapes, 1)[:, :2]
    points[:468] += fitted.photo.iod * smile
    smiling = prepare_person(fit_face(fitted.rig, type(fitted.photo)(fitted.photo.pixels, points, fitted.photo.size)))
    assert smiling.smile == 0.25
    assert prepare_person(fitted).smile < 0.1
    surprised, happy = (express(smiling, resolve(name)).landmarks[291] for name in ("surprised", "happy"))
    assert surprised[1] > points[291, 1]  # down, although surprise does not lower the corners
    assert happy[1] < points[291, 1]


def test_the_working_grid_is_twice_as_fine() -> None:
    assert FINE == 2
    assert toy_photo().pixels.shape == (320, 320, 3)
