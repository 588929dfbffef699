"""Paired data on disk, written and read."""

from pathlib import Path

import numpy as np
import pytest

from reggan.errors import InputError
from reggan.pairs import layout
from reggan.pairs.layout import Sample, is_written, write_identity, write_table

GREY = np.full((64, 64, 3), 128, np.uint8)


def test_an_interrupted_identity_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".x").mkdir()
    (tmp_path / ".x" / "strengths.csv").write_text("x,neutral,0,0,0,0,0,0\n")
    assert not is_written(tmp_path, "x")
    assert write_table(tmp_path) == 0
    flow, known = np.full((2, 64, 64), 1.25), np.full((64, 64), 0.5)
    samples = [Sample("happy_050", np.array([0.5, 0, 0, 0, 0, 0]), GREY, flow, known), Sample("real", [0.6] * 6, GREY)]
    write_identity(tmp_path, "x", GREY, np.zeros((478, 2)), samples)
    assert is_written(tmp_path, "x")
    assert write_table(tmp_path) == 2
    stored = np.load(tmp_path / "x" / "flow.npz")
    assert list(stored["names"]) == ["happy_050"]
    assert stored["flow"].dtype == np.float16
    assert (stored["flow"] == 1.25).all()
    assert (stored["known"] == 128).all()
    np.testing.assert_allclose(layout.load(tmp_path)[0].c, [[0.5, 0, 0, 0, 0, 0], [0.6] * 6])


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "pairs"
    with pytest.raises(InputError, match="does not exist"):
        layout.load(folder)
    write_identity(folder, "ann", GREY, np.zeros((478, 2)), [Sample("sad_100", [0, 1, 0, 0, 0, 0], GREY)])
    with pytest.raises(InputError, match="no table of strengths"):
        layout.load(folder)
    write_table(folder)
    with pytest.raises(InputError, match="No identity"):
        layout.load(folder, without={"ann"})
    (folder / "ann" / "landmarks.npy").write_bytes(b"")
    with pytest.raises(InputError, match="landmarks cannot be read"):
        layout.load(folder)
    (folder / "ann" / "neutral.jpg").unlink()
    with pytest.raises(InputError, match="neutral.jpg is missing"):
        layout.load(folder)
    (folder / "pairs.csv").write_text("ann,neutral,0\n")
    with pytest.raises(InputError, match="pairs.csv: a line has 3 columns, expected 8."):
        layout.load(folder)
