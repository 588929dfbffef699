"""The copy on the Hub: the real client, in processes of its own, against a stand-in that keeps commits in memory."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from reggan.errors import InputError
from reggan.votes.hub import from_lines, start_mirror, to_line, without
from reggan.votes.records import Ballot
from reggan.votes.settings import VotingSettings
from reggan.votes.store import Store
from tests.paths import ROOT

REPO, TOKEN = "someone/votes", "hf_stand_in"


class Hub(ThreadingHTTPServer):
    """One dataset, as far as the client needs it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] | None = None  # no dataset yet
        self.private: bool | None = None
        self.commits: list[list[str]] = []
        self.squashed = 0
        self.down = False
        self.refused_while_down = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def ballots(self) -> dict[str, list[Ballot]]:
        return {name: list(from_lines(data.decode().splitlines())) for name, data in sorted((self.files or {}).items())}


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: Any) -> None:
        pass

    def reply(self, status: int, content: Any = b"", **headers: str) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), "X-Repo-Commit": "c" * 40, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def refused(self) -> bool:
        if self.server.down:
            self.reply(503)
            self.server.refused_while_down.set()
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.reply(401)
        elif self.server.files is None and "create" not in self.path:
            self.reply(404, X_Error_Code="RepoNotFound")
        else:
            return False
        return True

    def do_GET(self) -> None:
        if self.refused():
            return
        assert self.server.files is not None
        if "/tree/main" in self.path:
            self.reply(
                200, [{"type": "file", "path": n, "size": len(d), "oid": "0"} for n, d in self.server.files.items()]
            )
        elif "/resolve/main/" in self.path:
            data = self.server.files[self.path.split("/resolve/main/")[1].split("?")[0]]
            self.reply(200, data, ETag=f'"{hash(data)}"')
        else:
            self.reply(404)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.refused():
            return
        if self.path == "/api/repos/create":
            if self.server.files is None:
                self.server.files, self.server.private = {}, json.loads(body)["visibility"] == "private"
            self.reply(200, {"url": f"{self.server.endpoint}/datasets/{REPO}"})
        elif "/preupload/" in self.path:
            files = json.loads(body)["files"]
            self.reply(
                200, {"files": [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files]}
            )
        elif "/commit/main" in self.path:
            lines = [json.loads(line) for line in body.decode().splitlines()]
            new = {line["value"]["path"]: base64.b64decode(line["value"]["content"]) for line in lines[1:]}
            assert self.server.files is not None
            self.server.files |= new
            self.server.commits.append(list(new))
            url = f"{self.server.endpoint}/datasets/{REPO}/commit/{'c' * 40}"
            self.reply(200, {"success": True, "commitUrl": url, "commitOid": "c" * 40})
        elif "/super-squash/" in self.path:
            self.server.squashed += 1
            self.reply(200, {})
        else:
            self.reply(404)


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    yield server
    server.shutdown()
    server.server_close()


_PRELUDE = """
import os, sys
from pathlib import Path
from reggan.votes import hub
from reggan.votes.records import Showing
from reggan.votes.settings import VotingSettings
from reggan.votes.store import Store

settings = VotingSettings.from_environment()
store = Store(settings.db)

def vote(*tokens, voter="a1"):
    for t in tokens:
        store.show(Showing(t, 0.0, voter, "s", "pair", f"item {t}", "photo", "happy", "refined", "coarse"))
        store.cast(t, voter, ("left", "both", "right"), (1.0, 2.0, 3.0), 0.0)
"""


def run(hub: Hub, db: Path, code: str, public: bool = False, ends: int = 0) -> None:
    """Run a process that votes; the real client talks to the stand-in."""
    variables = {
        "HF_ENDPOINT": hub.endpoint,
        "HF_TOKEN": TOKEN,
        "HF_HOME": str(db.parent / "home"),
        "REGGAN_VOTES_DB": str(db),
        "REGGAN_VOTES_DATASET": REPO,
        "REGGAN_VOTES_PUBLIC": str(int(public)),
        "TMPDIR": str(db.parent),
    }
    process = [sys.executable, "-c", _PRELUDE + code]
    done = subprocess.run(process, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode == ends, done.stderr[-2000:]
    assert not list(db.parent.glob("reggan-votes-*")), "nothing is left behind"


def test_a_restarted_space_loses_nothing(hub: Hub, tmp_path: Path) -> None:
    first = """
vote("t1", "t2")
mirror = hub.connect(store, settings, every=60)
mirror.trigger().result()
vote("t3")
mirror.trigger().result()
assert mirror.trigger().result() is None, "nothing new, no commit"
vote("t4")  # uploaded when the process ends
"""
    run(hub, tmp_path / "one.db", first)
    assert hub.private is True
    (name,) = hub.ballots()
    assert [b.token for b in hub.ballots()[name]] == ["t1", "t2", "t3", "t4"]
    assert hub.ballots()[name] == [b for _, b in Store(tmp_path / "one.db").ballots()]
    assert len(hub.commits) == 3

    run(hub, tmp_path / "two.db", 'mirror = hub.connect(store, settings, every=60); vote("t5")')  # a new disk
    assert [b.token for _, b in Store(tmp_path / "two.db").ballots()] == ["t1", "t2", "t3", "t4", "t5"]
    assert sorted(len(ballots) for ballots in hub.ballots().values()) == [1, 4], (
        "a file of its own, without the old ones"
    )

    run(hub, tmp_path / "two.db", 'vote("t6"); os._exit(9)', ends=9)  # killed before the first upload; the disk stays
    run(hub, tmp_path / "two.db", "hub.connect(store, settings, every=60)")
    tokens = [b.token for ballots in hub.ballots().values() for b in ballots]
    assert sorted(tokens) == ["t1", "t2", "t3", "t4", "t5", "t6"]
    assert TOKEN.encode() not in b"".join((hub.files or {}).values())


def test_the_hub_may_be_down_at_the_start(hub: Hub, tmp_path: Path) -> None:
    hub.down = True
    code = f"""
hub._RETRY_SECONDS = 0.2
thread = hub.start_mirror(store, settings)
vote("t1")
assert thread.is_alive() and len(store.ballots()) == 1, "voting goes on"
Path({str(tmp_path / "voted")!r}).touch()
thread.join(60)
assert not thread.is_alive()
"""
    ended = threading.Event()

    def recover() -> None:
        """The Hub comes back once a vote has been cast and a request has been refused."""
        while not (hub.refused_while_down.is_set() and (tmp_path / "voted").exists()):
            if ended.wait(0.02):
                return
        hub.down = False

    recovery = threading.Thread(target=recover)
    recovery.start()
    try:
        run(hub, tmp_path / "votes.db", code, public=True)
    finally:
        ended.set()
        recovery.join()
    assert hub.refused_while_down.is_set()
    assert [b.token for ballots in hub.ballots().values() for b in ballots] == ["t1"]
    assert hub.private is False, "public, as it was told"


def test_a_space_that_is_stopped_uploads_its_last_votes(hub: Hub, tmp_path: Path) -> None:
    code = """
import signal, threading
uploaded, upload = threading.Event(), hub.Mirror.push_to_hub

def push_to_hub(mirror):
    commit = upload(mirror)
    uploaded.set()
    return commit

hub.Mirror.push_to_hub = push_to_hub
hub.start_mirror(store, settings).join()
assert uploaded.wait(60)  # the first upload, of nothing; the next one by the clock is two minutes away
vote("t1")
os.kill(os.getpid(), signal.SIGTERM)
threading.Event().wait(60)  # the signal ends the process here at the latest
"""
    run(hub, tmp_path / "votes.db", code, ends=128 + 15)
    assert [b.token for ballots in hub.ballots().values() for b in ballots] == ["t1"]


def test_forgetting_reaches_the_dataset(hub: Hub, tmp_path: Path) -> None:
    code = """
from reggan.votes.__main__ import main
vote("t1"); vote("t2", voter="b2")
mirror = hub.connect(store, settings, every=60)
mirror.trigger().result()
vote("t3")
assert main(["forget", str(settings.db), "a1"]) == 0  # while the page runs
vote("t4", voter="b2")
"""
    run(hub, tmp_path / "votes.db", code)
    assert [b.token for ballots in hub.ballots().values() for b in ballots] == ["t2", "t4"]
    assert hub.squashed == 1, "the history is gone too"


def ballot(token: str = "t") -> Ballot:
    about = ("2026-01-01T00:00:00Z", "a1", "s", "pair", "i", "photo", "happy", "refined", "cöarse", "", "")
    return Ballot(token, *about, "left", "both", "right", 1.0, 2.0, 3.0)


def test_lines_keep_ballots_and_odd_ones_are_skipped() -> None:
    good = to_line(ballot())
    assert "\n" not in good and list(from_lines([good])) == [ballot()]
    newer = json.dumps({**json.loads(good), "schema": 2})
    assert list(from_lines(["", "null", "[]", good[:-9], newer, '{"schema": 1}', good])) == [ballot()]
    assert without({"a1"}, [good, "odd"]) == ["odd"]
    assert without({"b2"}, [good]) == [good]


def test_a_dataset_needs_a_token(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="HF_TOKEN"):
        start_mirror(Store(tmp_path / "votes.db"), VotingSettings(tmp_path / "votes.db", dataset=REPO))
