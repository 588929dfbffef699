"""Promises of the repository itself."""

import re
import subprocess
import sys
from pathlib import Path

from tests.paths import ROOT

README = (ROOT / "README.md").read_text()


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def test_no_file_breaks_a_spaces_git() -> None:
    too_large = [p.name for p in _tracked() if p.is_file() and p.stat().st_size >= 10_000_000]
    assert not too_large


def test_nothing_is_pickled() -> None:
    suffixes = {".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin"}
    assert not [p.name for p in _tracked() if p.suffix in suffixes]


def test_every_requirement_is_pinned_exactly() -> None:
    for name in ("requirements.txt", "tests/requirements.txt"):
        lines = (ROOT / name).read_text().split()
        assert lines
        assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9A-Za-z.]*", line) for line in lines), name


def test_space_front_matter() -> None:
    front = dict(line.split(": ", 1) for line in README.split("---")[1].strip().splitlines() if ": " in line)
    assert front["sdk"] == "gradio"
    assert front["app_file"] == "app.py"
    assert (ROOT / front["app_file"]).is_file()
    assert f"gradio=={front['sdk_version']}" in (ROOT / "requirements.txt").read_text()
    assert len(front["short_description"]) <= 60  # the Hub's limit


def test_pictures_and_links_of_the_readme_exist() -> None:
    local = [target for target in re.findall(r"\]\(([^)]+)\)", README) if "://" not in target]
    assert local
    assert all((ROOT / target).is_file() for target in local)


def test_every_example_has_a_source() -> None:
    sources = (ROOT / "examples" / "SOURCES.md").read_text()
    pictures = [p for p in (ROOT / "examples").iterdir() if p.suffix in {".jpg", ".png"}]
    assert len(pictures) >= 4
    assert all(p.name in sources for p in pictures)


def test_import_is_quick_and_quiet() -> None:
    """`import reggan` loads neither torch nor mediapipe nor gradio."""
    code = "import sys, reggan; print(*[m for m in ('torch', 'mediapipe', 'gradio') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
    assert done.stderr == ""


def test_weights_say_where_they_come_from() -> None:
    from reggan.weights.files import EMBEDDED, load_model

    _, metadata = load_model(EMBEDDED)
    assert int(metadata["steps"]) > 0
    assert "CC BY 4.0" in metadata["attribution"]
    assert "refined_ratio" in metadata["validation"]
