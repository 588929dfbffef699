"""Paired data on disk, written and read."""

from pathlib import Path

import numpy as np
import pytest

from reggan.errors import InputError
from reggan.pairs import layout
from reggan.pairs.layout import Sample, ToothPlaces, is_written, write_identity, write_smile, write_table

GREY = np.full((64, 64, 3), 128, np.uint8)


def test_an_interrupted_identity_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".x").mkdir()
    (tmp_path / ".x" / "strengths.csv").write_text("x,neutral,0,0,0,0,0,0\n")
    assert not is_written(tmp_path, "x")
    assert write_table(tmp_path) == 0
    flow, known = np.full((2, 64, 64), 1.25), np.full((64, 64), 0.5)
    found = np.full((478, 2), 3.5)
    samples = [
        Sample("happy_050", np.array([0.5, 0, 0, 0, 0, 0]), GREY, found, flow, known),
        Sample("real", [0.6] * 6, GREY, 2 * found),
    ]
    write_identity(tmp_path, "x", GREY, np.zeros((478, 2)), samples)
    assert is_written(tmp_path, "x")
    assert write_table(tmp_path) == 2
    stored = np.load(tmp_path / "x" / "flow.npz")
    assert list(stored["names"]) == ["happy_050"]
    assert stored["flow"].dtype == np.float16
    assert (stored["flow"] == 1.25).all()
    assert (stored["known"] == 128).all()
    (read,) = layout.load(tmp_path)
    np.testing.assert_allclose(read.c, [[0.5, 0, 0, 0, 0, 0], [0.6] * 6])
    np.testing.assert_array_equal(read.target_landmarks, np.stack([found, 2 * found]))
    assert read.smile is None
    write_smile(tmp_path, "x", GREY, 3 * found)
    (read,) = layout.load(tmp_path)
    assert read.smile.shape == (3, 64, 64)
    np.testing.assert_array_equal(read.smile_landmarks, 3 * found)
    (tmp_path / "x" / "target_landmarks.npz").unlink()  # data from elsewhere may not have them
    assert layout.load(tmp_path)[0].target_landmarks is None


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "pairs"
    with pytest.raises(InputError, match="does not exist"):
        layout.load(folder)
    write_identity(
        folder, "ann", GREY, np.zeros((478, 2)), [Sample("sad_100", [0, 1, 0, 0, 0, 0], GREY, np.zeros((478, 2)))]
    )
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


def test_where_teeth_are_survives_the_disk(tmp_path: Path) -> None:
    found, c = np.zeros((478, 2)), np.array([1.0, 0, 0, 0, 0, 0])
    teeth = ToothPlaces(np.full((20, 2), 1.5), np.full((2, 3, 256, 256), 0.25), 3)
    samples = [Sample("happy_100", c, GREY, found, teeth=teeth), Sample("sad_100", c, GREY, found)]
    write_identity(tmp_path, "x", GREY, found, samples)
    stored = layout.read_teeth(tmp_path, "x")
    assert list(stored) == ["happy_100"] and stored["happy_100"].kind == 3
    assert (stored["happy_100"].lips == 1.5).all() and (stored["happy_100"].places == 0.25).all()
    write_identity(tmp_path, "y", GREY, found, samples[1:])
    assert layout.read_teeth(tmp_path, "y") == {}
