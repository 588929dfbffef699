"""Close-ups: each figure on pictures whose answer is known."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from reggan import Predictor
from reggan.evaluate.__main__ import main
from reggan.evaluate.closeups import CloseUp, _energy, _shading, table
from reggan.faces import SIZE, align, alignment_matrix, find_faces, read_image, transform
from reggan.faces.topology import INNER_LIPS
from reggan.pairs.layout import Sample, write_identity, write_smile, write_table
from tests.paths import PHOTO

SIDE = 2 * SIZE  # as large as the photograph allows


def _open_face(points: np.ndarray) -> np.ndarray:
    """The same landmarks with lips that enclose a rectangle of 60 x 40 pixels."""
    out = points.copy()
    x, y = out[list(INNER_LIPS)].mean(0)
    turn = np.linspace(np.pi, -np.pi, len(INNER_LIPS), endpoint=False)
    square = np.stack([np.cos(turn), -np.sin(turn)], 1)
    out[list(INNER_LIPS)] = np.array([x, y]) + np.clip(1.5 * square, -1, 1) * [30, 20]
    return out.astype(np.float32)


@pytest.fixture(scope="module")
def face() -> tuple[np.ndarray, np.ndarray]:
    """A crop and its landmarks."""
    picture = read_image(PHOTO)
    found = find_faces(picture)[0].landmarks
    matrix = alignment_matrix(found, SIDE)
    return align(picture, matrix, SIDE), transform(found, matrix).astype(np.float32)


def test_energy_is_that_of_an_open_mouth_alone(face) -> None:
    crop, points = face
    stripes = np.zeros_like(crop)
    stripes[:, ::4] = 200
    opened = _open_face(points)
    energy = _energy(stripes, opened)
    assert energy > 0
    assert _energy(cv2.blur(stripes, (4, 1)), opened) < 0.05 * energy
    outside = stripes.copy()
    x, y = opened[list(INNER_LIPS)].mean(0).round().astype(int)
    outside[y - 24 : y + 25, x - 34 : x + 35] = 90
    assert _energy(outside, opened) == 0
    assert np.isnan(_energy(stripes, points))  # the mouth of the photograph is shut


def test_shading_is_the_share_of_the_light_that_is_missing(face) -> None:
    crop, points = face
    target = (crop * 0.8).round().astype(np.uint8)
    half = (crop * 0.9).round().astype(np.uint8)
    assert abs(_shading(crop, half, target, points) - 0.5) < 0.02
    assert abs(_shading(crop, crop, target, points) - 1) < 1e-6
    noise = np.random.default_rng(0).integers(-20, 21, crop.shape)
    grainy = (target.astype(int) + noise).clip(0, 255).astype(np.uint8)
    assert _shading(crop, grainy, target, points) < 0.15  # fine detail is not light


def test_medians_leave_out_what_was_not_measured() -> None:
    found = [CloseUp("a", "happy", 0.5, 0.2, np.nan), CloseUp("b", "happy", 0.7, 0.4, 0.9)]
    happy = next(line for line in table(found).splitlines() if line.startswith("| happy"))
    assert happy == "| happy | 0.60 | 0.30 | 0.90 | 2 |"


def test_the_command_measures_what_the_package_makes(face, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the target is the package's own result, it is as sharp as its target and nothing is missing."""
    crop, points = face
    own = Predictor.from_pretrained()(crop, "surprised").image
    samples = [Sample("surprised_100", np.eye(6)[4], own, find_faces(own)[0].landmarks.astype(np.float32))]
    write_identity(tmp_path, "ann", crop, points, samples)
    write_smile(tmp_path, "ann", crop, points)
    write_table(tmp_path)
    (tmp_path / "people.txt").write_text("ann\n")
    main(["--close-ups", str(tmp_path), "--identities", str(tmp_path / "people.txt"), "-o", str(tmp_path / "out")])
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| surprised"))
    mouth, shading = (float(cell) for cell in row.split("|")[2:4])
    assert abs(mouth - 1) < 0.1 and shading < 0.1
    assert (tmp_path / "out" / "close_ups.md").read_text().count("\n") == 9
