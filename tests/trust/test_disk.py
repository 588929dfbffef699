"""A full disk, a read-only folder, a locked database, a clock that is put back: one sentence each, nothing lost."""

import errno
import json
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import gradio
import httpx
import numpy as np
import pytest

from reggan.errors import InputError
from reggan.votes.donations import donate
from tests.paths import ROOT
from tests.trust.disk import ALONE, TROUBLES
from tests.trust.fuzz import is_sentence, over_http
from tests.trust.load import picture


def test_no_vote_is_lost_whatever_the_disk_and_the_clock_do() -> None:
    if subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        pytest.skip("no disk of its own can be made here")
    done = subprocess.run(
        [sys.executable, "-m", "tests.trust.disk"], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    found = json.loads(done.stdout)
    for name in TROUBLES:
        running, started, afterwards = found[name]
        assert all(is_sentence(said) for said in (running, started))
        assert "votes.db" not in running + started, "where it lies is nobody's business"
        assert afterwards == "", "the same vote once more"
    assert found["before"] == "" and found["the clock goes back"] == ["", "", ""]
    assert found["cast"] == 7 and found["lost or doubled"] is False
    assert [why in done.stderr for why in ("is full", "unable to open", "is locked")] == [True] * 3, "the log says why"


def test_half_a_donated_face_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("PIL.Image.Image.save", full)
    with pytest.raises(InputError, match="could not be kept"):
        donate(tmp_path, np.zeros((8, 8, 3), np.uint8), "yes")
    assert list(tmp_path.iterdir()) == []


FULL = "The server's disk is full; try again later."
FILE = {"files": ("face.jpg", bytes(300_000))}


@pytest.fixture
def http(url: str):
    with httpx.Client(base_url=url, timeout=120) as client:
        yield client


def test_an_upload_for_which_there_is_no_room_is_not_begun(
    http: httpx.Client, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would fit of it would lie there, and fill the disk for everybody."""
    before = http.post("/gradio_api/upload", files={"files": ("face.jpg", picture(40))}).json()[0]
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - what `shutil.disk_usage` returns
    with monkeypatch.context() as trouble:
        trouble.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 32_200_000, 32_200_000))
        trouble.setattr(gradio.route_utils, "NamedTemporaryFile", lambda **_: pytest.fail("written"))
        answer = http.post("/gradio_api/upload", files=FILE)
        assert (answer.status_code, answer.text) == (507, FULL)
        for language, word in (("de-AT,de;q=0.9", "Festplatte"), ("es", "disco"), ("fr", "disk"), ("", "disk")):
            assert word in http.post("/gradio_api/upload", files=FILE, headers={"Accept-Language": language}).text
    assert Path(before).read_bytes() == picture(40), "what was there is there"
    assert over_http(http, picture(40)) == "picture", "on the same connection"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("late", [False, True], ids=["in the middle", "at its end"])
def test_a_disk_that_fills_up_during_an_upload(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch, number: int, late: bool
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(number, "no room")

    with monkeypatch.context() as trouble:
        if late:
            trouble.setattr("os.rename", full)
            trouble.setattr(Path, "mkdir", lambda self, **_: full() if len(self.name) == 64 else None)
        else:
            trouble.setattr(gradio.route_utils, "NamedTemporaryFile", full)
        answer = http.post("/gradio_api/upload", files={"files": ("face.jpg", bytes(3_000_000))})
        assert (answer.status_code, answer.text) == (507, FULL)
    assert over_http(http, picture(40)) == "picture", "on the same connection"
