"""The Dockerfile, step by step without Docker: files copied into an empty folder, commands run with stand-ins for what
would install something, the page started as another user, and its health asked for as Docker would.

Nothing is installed here, so that the packages are right is shown by their pins, which the interpreter must meet.
"""

import importlib.metadata
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT

_VOTE = """
from reggan.votes.settings import VotingSettings
from reggan.votes.store import Store
Store(VotingSettings.from_environment().db).votes("any")
"""
FOLDERS = ("/app", "/data", "/var")  # of the image; below a temporary folder here
NOBODY = 65534


def instructions() -> list[tuple[str, str]]:
    """(instruction, arguments) of the Dockerfile, continued lines joined, comments left out."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]  # type: ignore[misc]


STEPS = instructions()


def of(name: str) -> list[str]:
    return [arguments for instruction, arguments in STEPS if instruction == name]


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """A folder in the place of the image's root; not below pytest's own, which other users may not enter."""
    root = Path(tempfile.mkdtemp(prefix="reggan-image-"))
    root.chmod(0o755)
    yield root
    shutil.rmtree(root)


def here(text: str, image: Path) -> str:
    for folder in FOLDERS:
        text = re.sub(rf"(?<![\w.]){folder}\b", f"{image}{folder}", text)
    return text


def test_it_is_what_it_promises() -> None:
    names = [name for name, _ in STEPS]
    assert of("FROM") == ["python:3.11-slim"]
    (user,) = of("USER")
    assert user not in ("root", "0")
    assert names.index("USER") < names.index("CMD") and names.index("USER") > max(
        k for k, name in enumerate(names) if name in ("RUN", "COPY")
    ), "nothing the user could change is in the image but its home and the volume"
    assert len(of("HEALTHCHECK")) == len(of("CMD")) == 1
    (volume,) = of("VOLUME")
    environment = dict(pair.split("=", 1) for line in of("ENV") for pair in line.split())
    assert environment["REGGAN_VOTES_DB"].startswith(f"{volume}/")
    assert of("EXPOSE") == [environment["GRADIO_SERVER_PORT"]]


def test_only_what_is_copied_is_sent() -> None:
    """.dockerignore leaves out everything but the sources of COPY: no runs, no data, no .git."""
    lines = (ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    sources = {source for line in of("COPY") for source in line.split()[:-1]}
    assert sources <= allowed
    assert all((ROOT / name).exists() for name in allowed)


def test_the_pins_are_what_the_tests_run_with() -> None:
    assert any("-r requirements.txt" in line for line in of("RUN"))
    for line in (ROOT / "requirements.txt").read_text().split():
        name, pinned = line.split("==")
        assert importlib.metadata.version(name).split("+")[0] == pinned, name


def test_its_steps_build_and_the_page_is_healthy(image: Path) -> None:
    folder = image / "app"
    for instruction, arguments in STEPS:
        if instruction == "WORKDIR":
            Path(here(arguments, image)).mkdir()
        elif instruction == "COPY":
            _copy(arguments.split(), folder)
        elif instruction == "RUN":
            _run(here(arguments, image), folder, image)
    log = (image / "log").read_text()
    installed = next(line for line in log.splitlines() if line.startswith("apt-get install"))
    assert set((ROOT / "packages.txt").read_text().split()) <= set(installed.split())
    assert "pip install" in log and "useradd" in log and f"chown reggan:reggan {image}/data" in log
    assert not (folder / "tests").exists()
    _serve(image)


def _copy(names: list[str], folder: Path) -> None:
    *sources, target = names
    for source in sources:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(ROOT / source, folder / target)


def _run(command: str, folder: Path, image: Path) -> None:
    tools = image / "tools"
    tools.mkdir(exist_ok=True)
    for name in ("apt-get", "pip", "useradd", "chown"):
        (tools / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {image}/log\n')
        (tools / name).chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"
    subprocess.run(["sh", "-ec", command], cwd=folder, env={**os.environ, "PATH": path}, check=True)


def _another_user() -> dict[str, int]:
    """Arguments for `subprocess` to become "nobody"; none where we may not, or where it may not run our Python."""
    user = {"user": NOBODY, "group": NOBODY}
    if os.geteuid() != 0:
        return {}
    try:
        return user if subprocess.run([sys.executable, "-c", "import numpy"], **user).returncode == 0 else {}  # type: ignore[call-overload]
    except OSError:
        return {}


def _serve(image: Path) -> None:
    """Start CMD in the image's environment, where it can be as a user who owns the volume and nothing else."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = str(s.getsockname()[1])
    (image / "home").mkdir()
    (image / "data").mkdir(exist_ok=True)
    user = _another_user()
    for name in ("home", "data") if user else ():
        os.chown(image / name, NOBODY, NOBODY)
    before = set((image / "app").rglob("*"))
    (image / "tools" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (image / "tools" / "python").chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "REGGAN_", "GRADIO_", "PYTHON"))}
    environment = {**kept, "HOME": str(image / "home"), "PATH": f"{image}/tools:{os.environ['PATH']}"}
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1"}
    for line in of("ENV"):
        environment |= dict(pair.split("=", 1) for pair in here(line, image).replace("7860", port).split())
    environment["GRADIO_SERVER_NAME"] = "127.0.0.1"
    check = here(of("HEALTHCHECK")[0].split("CMD ", 1)[1], image).replace("7860", port)

    def listening() -> bool:
        """Asked first, because it costs nothing; asking for the health starts a Python."""
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", int(port))) == 0

    def healthy() -> bool:
        done = subprocess.run(["sh", "-c", check], cwd=image / "app", env=environment, capture_output=True)
        return done.returncode == 0

    assert not healthy(), "nothing listens yet"
    with (image / "output").open("w") as output:
        command = json.loads(of("CMD")[0])
        page = subprocess.Popen(command, cwd=image / "app", env=environment, stdout=output, stderr=output, **user)
        try:
            deadline = time.monotonic() + 300
            while not (listening() and healthy()):
                assert page.poll() is None and time.monotonic() < deadline, (image / "output").read_text()[-3000:]
                time.sleep(0.2)
            subprocess.run(["python", "-c", _VOTE], cwd=image / "app", env=environment, check=True, **user)
            assert (image / "data" / "votes.db").is_file(), "votes are kept in the volume"
            assert set((image / "app").rglob("*")) == before, "nothing is written beside the code"
        finally:
            page.terminate()
            try:
                page.wait(30)
            except subprocess.TimeoutExpired:
                page.kill()
                page.wait()
    assert "Traceback" not in (image / "output").read_text()
