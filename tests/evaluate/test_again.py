"""Rounds of editing: what the command says of faces whose answer is known."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reggan.evaluate import again
from reggan.evaluate.__main__ import main
from reggan.evaluate.again import Round, measure_again, table
from reggan.predictor import Predictor, Result
from tests.paths import PHOTO


class Idle(Predictor):
    """Finds faces, and gives every picture back as it was."""

    def edit_many(self, analysis: Any, c: Any, face: Any = None, relax: Any = None) -> list[Result]:
        return [replace(one, image=analysis.image) for one in super().edit_many(analysis, c, face, relax)]


def test_who_changes_nothing_loses_nothing(tmp_path: Path) -> None:
    shutil.copy(PHOTO, tmp_path / "photo")
    Image.new("RGB", (64, 64)).save(tmp_path / "empty.png")
    weights = Predictor.from_pretrained()
    found, sheet = measure_again(Idle(weights.model), tmp_path, True, rounds=2)
    assert found["empty.png"] == [] and found["photo"] == [pytest.approx((1.0, 0.0), abs=1e-4)] * 2
    assert sheet.shape == (256, 512, 3) and np.array_equal(sheet[:, :256], sheet[:, 256:])


def test_a_face_that_is_lost_is_said_to_be() -> None:
    found = {"a": [Round(0.98, 1.0), Round(np.nan, np.nan)], "b": [Round(0.96, 2.0), Round(0.9, 3.0)], "none": []}
    assert table(found).splitlines()[2:] == [
        "| a | 0.980 | lost | lost |",
        "| b | 0.960 | 0.900 | 3.0 |",
        "| median of 2 | 0.970 | 0.900 | 3.0 |",
    ]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    Image.open(PHOTO).resize((384, 450)).save(tmp_path / "in" / "photo.png")
    measure = again.measure_again
    monkeypatch.setattr(again, "measure_again", lambda *args: measure(*args, rounds=1))
    main(["--again", str(tmp_path / "in"), "-o", str(tmp_path / "out")])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| photo.png")]
    (told, _), (untold, moved) = ([float(cell) for cell in row.split("|")[2:4]] for row in rows)
    assert 0.9 < untold < told < 0.9999 and 0.1 < moved < 8, "a change that is seen"
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"again.md", "again_told.png", "again_untold.png"}
    (tmp_path / "nothing").mkdir()
    with pytest.raises(SystemExit, match="no picture with a face"):
        main(["--again", str(tmp_path / "nothing"), "-o", str(tmp_path / "out")])
