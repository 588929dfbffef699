"""Promises of the repository itself."""

import argparse
import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
    local = [target.partition("#") for target in re.findall(r"\]\(([^)]+)\)", README) if "://" not in target]
    assert local
    assert all((ROOT / path).is_file() for path, _, _ in local)
    for path, _, section in local:
        titles = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(), re.MULTILINE) if section else []
        assert not section or section in {title.lower().replace(" ", "-") for title in titles}


def test_documents_name_no_path_of_one_machine() -> None:
    """Pages that `python -m reggan.evaluate` made say the command, and its paths are whoever's who ran it."""
    pages = [path for path in (ROOT / "docs").rglob("*") if path.suffix in {".md", ".html", ".svg"}]
    assert len(pages) > 5
    found = {
        path.name: re.findall(r"(?<![\w.])/(?:work|home|root|tmp|Users)/[^\s<]*", path.read_text()) for path in pages
    }
    assert {name: paths for name, paths in found.items() if paths} == {}


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


DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _commands() -> list[tuple[str, str, bool]]:
    """Document, what follows `python -m `, and whether it is a line of a code block or stands in a sentence."""
    found = []
    for document in DOCUMENTS:
        for n, text in enumerate(re.split(r"^```.*$", document.read_text(), flags=re.MULTILINE)):
            for tick, command in re.findall(r"(`?)\bpython -m ((?:reggan|tests)\b[^`\n]*)", text.replace("\\\n", " ")):
                found.append((document.name, command, n % 2 == 1 and not tick))
    return found


@pytest.mark.parametrize(("document", "command", "in_block"), _commands())
def test_a_command_that_is_printed_can_be_parsed(
    document: str, command: str, in_block: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its module, subcommand and options exist; in a code block nothing required is missing."""

    class Parsed(Exception):
        pass

    parse = argparse.ArgumentParser.parse_args

    def parse_only(self: argparse.ArgumentParser, *given: Any) -> None:
        parse(self, *given)
        raise Parsed

    name, *words = shlex.split(command, comments=True)
    module = importlib.import_module(f"{name}.__main__" if (ROOT / name.replace(".", "/")).is_dir() else name)
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_only)
    if "parse_args" not in Path(str(module.__file__)).read_text():
        assert words == [], "it takes none"
    elif in_block:
        monkeypatch.setattr(sys, "argv", [name, *words])
        with pytest.raises((Parsed, SystemExit)) as ended:
            module.main()
        assert ended.type is Parsed, capsys.readouterr().err
    else:  # part of a sentence, where options may be left out
        subcommand = [word for word in words[:1] if word.isalpha() and word.islower()]
        monkeypatch.setattr(sys, "argv", [name, *subcommand, "--help"])
        with pytest.raises(SystemExit) as ended:
            module.main()
        printed = capsys.readouterr()
        assert not ended.value.code, printed.err
        assert {word for word in words if word[0] == "-"} <= set(re.findall(r"--?[\w-]+", printed.out))


def test_documents_print_commands() -> None:
    assert len(_commands()) > 40


def test_every_path_that_is_named_exists() -> None:
    named = [
        (document.name, path.rstrip("./"))
        for document in DOCUMENTS
        for path in re.findall(r"(?<![\w/.-])(?:reggan|tests|docs|examples|\.ci)/[\w./*-]+", document.read_text())
    ]
    assert len(named) > 30
    assert [(document, path) for document, path in named if not any(ROOT.glob(path))] == []
