"""Several pictures into one ZIP."""

import io
import zipfile
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reggan import InputError, Predictor, resolve
from reggan.output import provenance
from reggan.output.archive import BatchResult, Step, safe_names, write_zip
from tests.paths import EXAMPLES

C = resolve("happy", 0.8)


@pytest.fixture(scope="module")
def small() -> bytes:
    """A photograph small enough to be quick."""
    file = io.BytesIO()
    with Image.open(EXAMPLES / "photo_grace_hopper.jpg") as picture:
        picture.resize((256, 300)).save(file, "PNG")
    return file.getvalue()


def written(steps: Generator[Step, None, BatchResult], seen: list[Step] | None = None) -> BatchResult:
    """What `write_zip` returns in the end; its steps are added to `seen`."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            return end.value
        if seen is not None:
            seen.append(step)


def test_pictures_failures_and_progress(predictor: Predictor, small: bytes, tmp_path: Path) -> None:
    seen: list[Step] = []
    files = [
        ("../me.jpg", small),
        ("empty.png", b""),
        ("me.png", small),
        ("blank\n.png", np.zeros((64, 64, 3), np.uint8)),
    ]
    path = tmp_path / "out.zip"
    result = written(write_zip(path, predictor, files, C, "happy, 80 %", 0, "png"), seen)
    assert [(step.done, step.total, step.name) for step in seen] == [
        (k, 4, name) for k, (name, _) in enumerate(files, 1)
    ]
    assert result.names == ("me.png", "me_2.png")
    assert list(result.failures) == ["empty.png", "blank\n.png"]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["me.png", "me_2.png", "failures.txt"]
        lines = archive.read("failures.txt").decode().splitlines()
        data = archive.read("me.png")
    assert lines[0] == f"empty.png: {result.failures['empty.png']}"
    assert lines[1].startswith("blank .png: No face was found")
    assert len(lines) == 2
    with Image.open(io.BytesIO(data)) as picture:
        assert np.array_equal(np.asarray(picture), predictor(small, "happy", 0.8).image)
    assert "happy, 80 %" in provenance.read(data)["description"]
    assert list(tmp_path.iterdir()) == [path]


def test_names_may_end_with_the_expression(predictor: Predictor, small: bytes, tmp_path: Path) -> None:
    seen: list[Step] = []
    files = [("a.png", small), ("a.png", small), ("b.png", b"")]
    result = written(write_zip(tmp_path / "out.zip", predictor, files, C, "happy", 0, ending="_happy"), seen)
    assert result.names == ("a_happy.png", "a_2_happy.png")
    assert [None if step.image is None else step.image.shape for step in seen] == [(300, 256, 3)] * 2 + [None]


def test_cancelling_leaves_nothing(predictor: Predictor, small: bytes, tmp_path: Path) -> None:
    steps = write_zip(tmp_path / "out.zip", predictor, [("a.png", small), ("b.png", small)], C, "happy", 0, "jpeg")
    assert next(steps) == Step(1, 2, "a.png", None)
    assert [p.name for p in tmp_path.iterdir()] == ["out.zip.part"]
    steps.close()
    assert not list(tmp_path.iterdir())


def test_all_failing_says_why(predictor: Predictor, tmp_path: Path) -> None:
    files = [("a.png", b""), ("a.png", b"GIF8"), ("c.png", np.zeros((64, 64, 3), np.uint8))]
    with pytest.raises(InputError) as raised:
        written(write_zip(tmp_path / "out.zip", predictor, files, C, "happy"))
    assert all(words in str(raised.value) for words in ("a.png: ", "a.png (2): ", "c.png: No face"))
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_begun(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one"):
        written(write_zip(tmp_path / "out.zip", predictor, [], C, "happy"))
    with pytest.raises(InputError, match="not 'tiff'"):
        written(write_zip(tmp_path / "out.zip", predictor, [("a", b"")], C, "happy", format="tiff"))


def test_names_are_only_names() -> None:
    given = [
        "../../etc/passwd",
        "C:\\Users\\me\\Face.JPG",
        "face.png",
        "face.webp",
        "",
        "...",
        "a/b/.hidden.png",
        "Zoë Ünal.jpeg",
        "con.txt",
        "x" * 300 + ".jpg",
        "nul\0l\n<>|.png",
        "failures.png",
    ]
    assert safe_names(given, ".png") == [
        "passwd.png",
        "Face.png",
        "face_2.png",
        "face_3.png",
        "picture.png",
        "picture_2.png",
        "hidden.png",
        "Zoë Ünal.png",
        "_con.png",
        "x" * 80 + ".png",
        "nul_l____.png",
        "failures.png",
    ]
