"""Data engine: teeth, as measured on photographs of smiles and as drawn."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("numba")

from reggan.engine.__main__ import main
from reggan.engine.fit.face_fit import Fit, fit_face
from reggan.engine.kit.arch import dental_arch
from reggan.engine.kit.facekit import SOCKET, UPPER_TEETH
from reggan.engine.kit.rig import prepare_rig
from reggan.engine.render import teeth as drawing
from reggan.engine.render import tooth_measures as measuring
from reggan.engine.render.teeth import kind_of, mouth_shape, tooth_places, tooth_row
from reggan.errors import InputError
from reggan.teeth import LOWER, UPPER, draw_row, measured
from tests.engine.toy_face import toy_kit, toy_photo
from tests.paths import AVATAR

IOD = 300.0


@pytest.fixture(scope="module")
def fitted() -> Fit:
    return fit_face(prepare_rig(toy_kit()), toy_photo())


def drawn_row(row: int, along: np.ndarray, up: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    grid = np.meshgrid(along.astype(np.float32), up.astype(np.float32))
    return draw_row(measured().kinds[0], row, *grid, IOD)


def test_the_arch_follows_the_front_of_the_teeth() -> None:
    kit = toy_kit()
    x = np.linspace(-0.4, 0.4, 17)
    front = np.stack([x, np.full_like(x, 0.9), -0.3 + x**2 + 5 * x**4], 1)
    vertices = np.concatenate([front, front + [0, 0, 0.2]]).astype(np.float32)
    part = np.full(len(vertices), UPPER_TEETH, np.int8)
    arch = dental_arch(replace(kit, mouth=replace(kit.mouth, vertices=vertices, part=part)), UPPER_TEETH)
    length = np.hypot(np.diff(x), np.diff(front[:, 2]))[8:].sum()
    there_x, there_z = arch.at(np.array([0.0, length, -length]))
    np.testing.assert_allclose(there_x, [0, 0.4, -0.4], atol=0.01)
    np.testing.assert_allclose(there_z, [-0.3, -0.012, -0.012], atol=0.02)
    with pytest.raises(ValueError, match="only teeth"):
        dental_arch(kit, SOCKET)


def test_teeth_and_the_lines_between_them_are_found() -> None:
    """A strip of dark mouth with ten light teeth of known widths, and red gums above them."""
    picture = np.full((135, 361, 3), (60, 25, 25), np.float32)
    between = np.zeros((135, 361), bool)
    between[30:110] = True
    picture[30:45] = 190, 100, 100
    widths = [40, 36, 33, 32, 30]
    borders = [180]
    for width in widths:
        borders.append(borders[-1] + width)
    for sign in (-1, 1):
        for inner, outer in zip(borders, borders[1:], strict=False):
            low, high = sorted(180 + sign * (edge - 180) for edge in (inner, outer))
            picture[45:95, low + 2 : high - 1] = 215, 208, 198
            picture[45:95, low : low + 2] = picture[45:95, high - 1 : high + 1] = 172, 166, 158
    picture = cv2.GaussianBlur(picture, (0, 0), 1.0)
    tooth = measuring.tooth_mask(picture, between)
    assert tooth[50:90, 40:320].mean() > 0.97
    assert not tooth[:42].any()
    assert not tooth[98:].any()
    left, right = measuring.tooth_borders(picture, tooth)
    np.testing.assert_allclose(right, borders, atol=2)
    np.testing.assert_allclose(left, [360 - b for b in borders], atol=2)


def test_groups_are_those_that_belong_together() -> None:
    rng = np.random.default_rng(0)
    table = np.concatenate([rng.normal(centre, 0.3, (6, 2)) for centre in ((0, 0), (5, 0), (0, 5), (5, 5))])
    labels = measuring._grouped(table, 4).reshape(4, 6)
    assert (labels == labels[:, :1]).all()
    assert len(set(labels[:, 0])) == 4


def test_a_row_of_teeth_is_lightest_in_the_middle_with_faint_lines_and_gums_above() -> None:
    kind = measured().kinds[0]
    centres = np.cumsum(kind.widths) - kind.widths / 2
    light, colour, opacity = drawn_row(UPPER, centres, np.array([0.12]))
    assert (np.diff(light[0]) < 0.02).all()  # darker towards the corners
    assert light[0, 0] > light[0, 3] + 0.2
    up = np.array([-0.03, 0.06, measured().gum[0] + 0.02])
    light, colour, opacity = drawn_row(UPPER, np.array([centres[0]]), up)
    np.testing.assert_array_equal(opacity[:, 0], [0, 1, 1])
    np.testing.assert_allclose(colour[1, 0], 1, atol=0.03)  # a tooth
    assert colour[2, 0, 0] > 1.4 * colour[2, 0, 1]  # gum
    _, colour, _ = drawn_row(UPPER, np.array([kind.widths[0], centres[0]]), np.array([0.05]))
    line = np.log(colour[0, 0, 1] / colour[0, 1, 1])
    assert 2 * kind.lines[1] < line < 0.5 * kind.lines[1] < 0


def test_the_lower_row_stands_upside_down() -> None:
    along = np.array([0.06])
    assert drawn_row(UPPER, along, np.array([0.05]))[2] == drawn_row(LOWER, along, np.array([0.05]))[2] == 1
    assert drawn_row(LOWER, along, np.array([0.05]))[0] < drawn_row(UPPER, along, np.array([0.05]))[0]


def test_teeth_are_where_the_lips_of_this_person_meet(fitted: Fit) -> None:
    """The edge of the incisors lies as far below the neutral lip line as it was measured."""
    side = len(fitted.photo.pixels)
    everywhere = slice(0, side), slice(0, side)
    moves = np.zeros_like(fitted.rig.kit.mouth.vertices)
    white = np.full(3, 220, np.float32)
    edges = []
    for down in (0.0, 3.0):  # crop pixels
        points = fitted.photo.landmarks.copy()
        points[[13, 14], 1] += down
        fit = fit_face(fitted.rig, replace(fitted.photo, landmarks=points))
        _, opacity = tooth_row(fit, UPPER, moves, np.inf, white, everywhere)
        line = fit.photo.to_fine(points[[13, 14]].mean(0))
        column = opacity[:, round(float(line[0]) + 0.07 * fit.photo.iod * 2)]
        edges.append((np.flatnonzero(column > 0.5)[-1] - line[1]) / (2 * fit.photo.iod))
    np.testing.assert_allclose(edges, measured().edge, atol=0.025)


def test_a_lip_raised_above_the_gums_takes_the_teeth_along(fitted: Fit) -> None:
    side = len(fitted.photo.pixels)
    moves = np.zeros_like(fitted.rig.kit.mouth.vertices)
    white = np.full(3, 220, np.float32)

    def edge(lip: float) -> float:
        _, opacity = tooth_row(fitted, UPPER, moves, lip, white, (slice(0, side), slice(0, side)))
        middle = fitted.photo.to_fine(fitted.photo.landmarks[[13, 14]].mean(0))
        return float(np.flatnonzero(opacity[:, round(float(middle[0]) + 0.07 * fitted.photo.iod * 2)] > 0.5)[-1])

    at_rest = edge(np.inf)
    gums = at_rest - (measured().gum[0] + 0.012) * 2 * fitted.photo.iod  # the lip bares no more than may be seen
    np.testing.assert_allclose(at_rest - edge(gums), 0, atol=4)
    np.testing.assert_allclose(edge(gums) - edge(gums - 20), 20, atol=2)


@pytest.mark.parametrize("lip", [np.inf, 0.0])
def test_places_are_those_at_which_the_teeth_are_drawn(fitted: Fit, lip: float) -> None:
    """Along a line down through a tooth, the edge that is drawn is where the places say zero; the jaw is shut."""
    side, fine = len(fitted.photo.pixels), 2 * fitted.photo.iod
    moves = np.zeros_like(fitted.rig.kit.mouth.vertices)
    lip = (
        lip + float(fitted.photo.to_fine(fitted.photo.landmarks[13])[1]) - 0.1 * fine
    )  # raised above the gums, or far below
    _, opacity = tooth_row(fitted, UPPER, moves, lip, np.full(3, 220, np.float32), (slice(0, side), slice(0, side)))
    along, up, known = tooth_places(fitted, moves, lip, fitted.photo.size)[UPPER]
    middle = fitted.photo.landmarks[[13, 14]].mean(0)
    column = round(float(middle[0]) + 0.07 * fitted.photo.iod)
    drawn = opacity[:, round(float(fitted.photo.to_fine(np.array([column, 0.0]))[0]))]
    edge = (np.flatnonzero(drawn > 0.5)[-1] - float(fitted.photo.to_fine(np.array([0.0, 0.0]))[1])) / 2
    np.testing.assert_allclose(along[round(edge), column], 0.07, atol=0.03)
    np.testing.assert_allclose(up[round(edge), column], 0, atol=0.025)
    assert known[round(edge), column] == 1
    np.testing.assert_allclose(np.diff(up[known[:, column] > 0, column]), -1 / fitted.photo.iod, rtol=0.3)


def test_the_kind_is_that_of_the_likest_mouth(fitted: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    own = replace(measured().kinds[0], mouth=mouth_shape(fitted) + 0.001)
    others = tuple(replace(kind, mouth=mouth_shape(fitted) + 0.1) for kind in measured().kinds[1:])
    table = replace(measured(), kinds=(*others, own))
    monkeypatch.setattr(drawing, "measured", lambda: table)
    assert kind_of(fitted) is own


def test_teeth_from_the_command_line(tmp_path: Path) -> None:
    """One picture with its lips shut as both: nobody shows teeth."""
    command = ["teeth", "--photos", str(tmp_path), "--facekit", str(tmp_path / "kit.npz")]
    command += ["-o", str(tmp_path / "teeth.json"), "--size", "256"]
    toy_kit().save(tmp_path / "kit.npz")
    picture = Image.open(AVATAR).convert("RGB")
    picture.save(tmp_path / "anna_neutral.png")
    picture.save(tmp_path / "anna_smiling.png")
    with pytest.raises(InputError, match="Only 0 people show their teeth"):
        main(command)
