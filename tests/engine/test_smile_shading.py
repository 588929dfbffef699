"""Data engine: what a smile does to the skin's brightness, measured on photographs."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("numba")

from reggan.engine.__main__ import main
from reggan.engine.fit.face_fit import Fit, fit_face
from reggan.engine.kit.rig import prepare_rig
from reggan.engine.render import smile_shading as module
from reggan.engine.render.smile_shading import find_smiles, smile_shading, with_folds_in_place
from reggan.engine.render.wrinkles import STEPS
from reggan.errors import InputError
from reggan.faces.topology import LOWER_LIP, MOUTH_CORNERS, UPPER_LIP
from reggan.folds import to_map
from tests.engine.toy_face import toy_kit, toy_photo
from tests.paths import AVATAR

CHEEK = (0.55, 0.55)  # on the mean face, IOD


@pytest.fixture(scope="module")
def pair() -> tuple[Fit, Fit]:
    """The toy face, and the same with a mouth 1.3 times as wide and dark spots on both cheeks."""
    rig, photo = prepare_rig(toy_kit()), toy_photo()
    neutral = fit_face(rig, photo)
    pixels = photo.pixels.astype(float)
    y, x = np.mgrid[: len(pixels), : len(pixels)]
    for side in (-1, 1):
        centre = photo.to_fine(neutral.project(np.array([[side * CHEEK[0], CHEEK[1], 0.0]])))[0]
        spot = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * 8**2))
        pixels *= 1 - 0.4 * spot[..., None]
    points = photo.landmarks.copy()
    lips = [*UPPER_LIP, *LOWER_LIP, *MOUTH_CORNERS]
    points[lips, 0] = 64 + 1.3 * (points[lips, 0] - 64)
    return neutral, fit_face(rig, replace(photo, pixels=pixels.astype(np.uint8), landmarks=points))


def test_darker_cheeks_are_measured_where_they_are(pair: tuple[Fit, Fit]) -> None:
    shading, used = smile_shading([pair, pair[::-1], (pair[0], pair[0])])
    assert used == 1  # the second pair narrows the mouth, the third leaves it
    assert shading.shape == (256, 256)
    np.testing.assert_allclose(shading.astype(int), shading[:, ::-1], atol=1)
    x, y = np.round(to_map(np.array(CHEEK)) / 2).astype(int)
    assert (shading[y, x] - 128.0) / STEPS == pytest.approx(np.log(0.6), abs=0.15)
    forehead = to_map(np.array([0.0, -0.7])) / 2
    assert abs(int(shading[int(forehead[1]), int(forehead[0])]) - 128) < 0.05 * STEPS
    with pytest.raises(InputError, match="Nobody smiles"):
        smile_shading([pair[::-1]])


def test_folds_are_brought_to_the_same_place() -> None:
    """Folds 0.05 IOD towards the cheek or the mouth are where the mean's are afterwards; what is far away stays."""
    points, normal = module._fold_line(1)
    depths = []
    for offset in (-0.05, 0.0, 0.05):
        ratio = np.zeros((512, 512), np.float32)
        drawn = to_map(points + offset * normal).round().astype(np.int32)
        cv2.polylines(ratio, [drawn, drawn * [-1, 1] + [511, 0]], False, (-0.4,), 3)
        ratio[:100] = 0.1
        moved = with_folds_in_place(cv2.GaussianBlur(ratio, (0, 0), 2))
        np.testing.assert_allclose(moved[:90], 0.1, atol=1e-3)
        x, y = to_map(points[15:45]).round().astype(int).T
        depths += [moved[y, x].mean(), moved[y, 511 - x].mean()]
    np.testing.assert_allclose(depths, depths[2], atol=0.04)
    assert depths[2] < -0.15


def test_smile_shading_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One picture as both: no smile, and no change of brightness where it counts as one."""
    command = ["smile-shading", "--photos", str(tmp_path), "--facekit", str(tmp_path / "kit.npz")]
    command += ["-o", str(tmp_path / "out" / "shading.png")]
    with pytest.raises(InputError, match="NAME_neutral and NAME_smiling"):
        main(command)
    toy_kit().save(tmp_path / "kit.npz")
    picture = Image.open(AVATAR).convert("RGB")
    picture.save(tmp_path / "anna_neutral.png")
    picture.save(tmp_path / "anna_smiling.png")
    picture.save(tmp_path / "ben_neutral.png")
    assert find_smiles(tmp_path) == [(tmp_path / "anna_neutral.png", tmp_path / "anna_smiling.png")]
    with pytest.raises(InputError, match="Nobody smiles"):
        main(command)
    monkeypatch.setattr(module, "_WIDER", 1.0)
    main(command)
    with Image.open(tmp_path / "out" / "shading.png") as written:
        assert written.mode == "L"
        assert (np.array(written) == 128).all()
