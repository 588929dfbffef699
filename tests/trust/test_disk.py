"""A full disk, a read-only folder, a locked database, a clock that is put back: one sentence each, no vote lost."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reggan.errors import InputError
from reggan.votes.donations import donate
from tests.paths import ROOT
from tests.trust.disk import ALONE, TROUBLES
from tests.trust.fuzz import is_sentence


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
