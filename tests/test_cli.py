"""`python -m reggan edit` as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reggan.__main__ import main

PHOTO = Path(__file__).parent.parent / "examples" / "photo_grace_hopper.jpg"


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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-e", "hangry"], "no expression called"),
        ([], "Say which expression"),
        (["--mix", "happy=lots"], "must be numbers"),
        (["-e", "happy", "--strength", "3"], "Strength must be"),
        (["-e", "happy", "--face", "first"], "--face is a number"),
        (["-e", "happy", "--weights", "nowhere.safetensors"], "no weights file"),
    ],
)
def test_wrong_arguments_are_one_sentence(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["edit", str(PHOTO), *arguments, "-o", str(tmp_path / "out")]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert not captured.out
