"""The commands of `python -m reggan` as a user runs them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reggan.__main__ import main
from reggan.output import provenance
from tests.paths import PHOTO


def test_files_and_json_of_two_expressions(tmp_path: Path) -> None:
    wanted = ["-e", "happy", "-e", "sadly angry", "-o", str(tmp_path)]
    command = [sys.executable, "-m", "reggan", "edit", str(PHOTO), *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    row = json.loads(line)
    want = {
        f"photo_grace_hopper{part}.png"
        for e in ("happy", "sadly_angry")
        for part in (f"_{e}", f"_face0_{e}_coarse", f"_face0_{e}_refined")
    }
    assert {Path(f).name for f in row["files"]} == want == {p.name for p in tmp_path.iterdir()}
    assert len(row["faces"]) == 1
    assert set(row["seconds"]) == {"analyse", "edit", "write"}
    with Image.open(tmp_path / "photo_grace_hopper_happy.png") as edited, Image.open(PHOTO) as photo:
        assert edited.size == photo.size
        assert np.asarray(edited).shape == np.asarray(photo).shape


def test_one_bad_input_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff nothing more")
    code = main(["edit", str(broken), str(PHOTO), "--mix", "happy=0.7,surprised=0.6", "-o", str(tmp_path / "out")])
    captured = capsys.readouterr()
    bad, good = (json.loads(line) for line in captured.out.splitlines())
    assert code == 1
    assert "error" in bad
    assert len(good["files"]) == 3
    assert "Traceback" not in captured.err
    assert "broken.jpg" in captured.err


def test_a_folder_stands_for_the_pictures_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also those without an ending, by their content."""
    photo = Image.open(PHOTO).resize((192, 225))
    (tmp_path / "in" / "below").mkdir(parents=True)
    for name in ("a.jpg", "bare", "below/b.png"):
        photo.save(tmp_path / "in" / name, "JPEG")
    for name in ("notes", "notes.txt", ".hidden"):
        (tmp_path / "in" / name).write_text("no picture")
    assert main(["edit", str(tmp_path / "in"), "-e", "sad", "-o", str(tmp_path / "out")]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(row["input"]).name for row in rows] == ["a.jpg", "bare", "b.png"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-e", "hangry"], "no expression called"),
        ([], "Say which expression"),
        (["--mix", "happy=lots"], "must be numbers"),
        (["-e", "happy", "--strength", "3"], "Strength must be"),
        (["-e", "happy", "--face", "first"], "--face is a number"),
        (["-e", "happy", "--weights", "nowhere.safetensors"], "no weights file"),
        (["-e", "happy", "--box", "1,2,3"], "A box has four numbers"),
        (["-e", "happy", "--box", "a,b,c,d"], "A box must be numbers"),
        (["-e", "happy", "--marks", "1,2,3"], "Marks are numbers separated by commas"),
        (["-e", "happy", "--marks", "a,b"], "Marks are numbers separated by commas"),
    ],
)
def test_wrong_arguments_are_one_sentence(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["edit", str(PHOTO), str(PHOTO), *arguments, "-o", str(tmp_path / "out")]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert not captured.out


def test_marks_say_where_the_face_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Eyes and mouth of a picture in which no face is found: the box printed is that of the face laid over them."""
    clay = tmp_path / "clay.png"
    Image.new("RGB", (300, 300), (170, 120, 90)).save(clay)
    marked = ["edit", str(clay), "-e", "happy", "-o", str(tmp_path / "out"), "--marks"]
    assert main([*marked, "100,100,200,100,150,200"]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    x0, y0, x1, y1 = row["faces"][0]["box"]
    assert x0 + x1 == pytest.approx(300, abs=0.3) and 0 < x0 < 70 and y0 < 70 and 240 < y1 < 300
    assert main([*marked, "100,100,200,100,400,200"]) == 1
    assert json.loads(capsys.readouterr().out)["error"] == "A mark lies outside the picture."


def test_strength_0_is_the_input_bit_for_bit(tmp_path: Path) -> None:
    assert main(["edit", str(PHOTO), "-e", "happy", "--strength", "0", "-o", str(tmp_path)]) == 0
    with Image.open(tmp_path / "photo_grace_hopper_happy.png") as edited, Image.open(PHOTO) as photo:
        assert edited.mode == "RGB"
        assert np.array_equal(np.asarray(edited), np.asarray(photo))


@pytest.mark.parametrize(("name", "extension"), [("png", "png"), ("jpeg", "jpg"), ("webp", "webp")])
def test_every_file_says_that_it_is_edited(name: str, extension: str, tmp_path: Path) -> None:
    assert main(["edit", str(PHOTO), "--mix", "sad=0.5", "--format", name, "-o", str(tmp_path)]) == 0
    files = list(tmp_path.iterdir())
    assert len(files) == 3
    for file in files:
        assert file.suffix == f".{extension}"
        said = provenance.read(file)
        assert said["source_type"] == provenance.SOURCE_TYPE
        assert said["description"].endswith("(50 % sad)")
        assert len(said["model"]) == 12


def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    twin = tmp_path / PHOTO.name
    with Image.open(PHOTO) as photo:
        photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(twin, quality=95)
    out = tmp_path / "out"
    assert main(["edit", str(PHOTO), str(twin), "-e", "sad", "-o", str(out)]) == 0
    pictures = {p.name: p.read_bytes() for p in out.iterdir()}
    assert len(pictures) == len(set(pictures.values())) == 6
    assert "photo_grace_hopper_2_sad.png" in pictures


def test_a_loop_is_written(tmp_path: Path) -> None:
    loop = tmp_path / "loop.webp"
    wanted = ["-e", "surprised", "--strength", "0.8", "--frames", "6", "--size", "200", "-o", str(loop)]
    assert main(["animate", str(PHOTO), *wanted]) == 0
    with Image.open(loop) as film:
        assert film.n_frames == 6
        assert max(film.size) == 200
    assert provenance.read(loop)["description"].endswith("(surprised, 80 %)")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-e", "happy", "-e", "sad"], "one expression"),
        (["-e", "happy", "--frames", "7"], "even number of frames"),
        (["-e", "happy", "--size", "1"], "between 32 and 4096"),
        (["-e", "happy", "-o", "loop.avi"], "must end in .webp"),
        (["-e", "happy", "-o", "no/such/folder/loop.gif"], "cannot be written: No such file"),
    ],
)
def test_wrong_animations_are_one_sentence(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["animate", str(PHOTO), "-o", str(tmp_path / "loop.gif"), *arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1


def test_a_sheet_of_two_pictures(tmp_path: Path) -> None:
    marble = PHOTO.with_name("statue_marble.jpg")
    for name, inputs in {"one.jpg": [PHOTO], "two.jpg": [PHOTO, marble]}.items():
        assert main(["sheet", *map(str, inputs), "--coarse", "-o", str(tmp_path / name)]) == 0
    with Image.open(tmp_path / "one.jpg") as one, Image.open(tmp_path / "two.jpg") as two:
        assert two.size == (one.width, 2 * one.height)
    assert "happy, sad, fearful" in provenance.read(tmp_path / "two.jpg")["description"]
    assert main(["sheet", str(PHOTO), "-o", str(tmp_path / "sheet.bmp")]) == 2


def test_help_needs_no_model() -> None:
    code = "import sys; from reggan.__main__ import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
    assert all(command in done.stdout for command in ("edit", "animate", "sheet"))
