"""Data engine: sheets that show every stage on its own."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("numba")

from reggan.engine.__main__ import main
from reggan.engine.fit.face_fit import fit_face
from reggan.engine.kit.rig import prepare_rig
from reggan.engine.render.picture import eye_layers
from reggan.engine.stage_sheets import eyes_alone, facekit_sheet, log_picture, mouth_alone, shading_alone, variety_sheet
from reggan.expressions import BASIC, resolve
from tests.engine.toy_face import toy_kit, toy_photo
from tests.paths import AVATAR

SIZE = 128


def test_the_face_kit_is_drawn_with_its_landmarks() -> None:
    sheet = facekit_sheet(toy_kit(), 300)
    assert sheet.shape == (300, 600, 3)
    assert ((sheet == (200, 30, 30)).all(-1).sum(1) > 0).sum() > 100  # red points over much of the height


def test_stages_on_their_own() -> None:
    fitted = fit_face(prepare_rig(toy_kit()), toy_photo())
    crop = fitted.photo.crop().astype(int)
    changed = np.abs(eyes_alone(fitted, eye_layers(fitted)).astype(int) - crop).max(-1) > 3
    assert changed.any()
    assert not changed[90:].any()  # below the eyes nothing happens
    mouth = mouth_alone(fitted, resolve("surprised")).astype(int)
    assert mouth[:60].max() < 60  # there is nothing but darkness above the lips
    assert mouth[75:, 40:88].max() > 1.5 * mouth[:60].max()  # teeth
    assert not shading_alone(fitted, np.zeros(6)).any()
    assert np.abs(shading_alone(fitted, resolve("angry"))).max() > 0.02
    assert log_picture(np.array([[0.0, -0.6, 0.6]], np.float32))[0, :, 0].tolist() == [128, 0, 255]


def test_variety_begins_with_the_photograph() -> None:
    fitted = fit_face(prepare_rig(toy_kit()), toy_photo())
    crop = fitted.photo.crop()
    for sheet in (variety_sheet(fitted), variety_sheet(fitted, fitted)):
        assert sheet.shape == (2 * SIZE, 7 * SIZE, 3)
        np.testing.assert_array_equal(sheet[:SIZE, :SIZE], crop)
    to_itself = np.abs(sheet[SIZE:, -SIZE:].astype(int) - crop)
    assert to_itself.mean() < 1


def test_sheets_from_the_command_line(tmp_path: Path) -> None:
    toy_kit().save(tmp_path / "kit.npz")
    command = ["sheet", str(AVATAR), "--facekit", str(tmp_path / "kit.npz"), "-o", str(tmp_path / "sheet.png")]
    sizes = {}
    for option in ((), ("--styles",), ("--morph", str(AVATAR))):
        main([*command, *option])
        with Image.open(tmp_path / "sheet.png") as sheet:
            sizes[option[:1]] = sheet.size
    row = (1 + len(BASIC)) * 256
    assert sizes == {(): (row, 512), ("--styles",): (10 * 256, 8 * 256), ("--morph",): (row, 512)}
