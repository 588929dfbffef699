"""What a disk and a clock can do to the votes: `python -m tests.trust.disk`.

A voter rates pairs while the disk is full, the folder read-only, the database locked by another process, the clock put
back by a day. Each has to end in one sentence (the clock: in nothing at all), and the same vote, sent again, in one
ballot. Needs `unshare` (Linux) for a disk of 400 kB of its own. Prints one line of JSON.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from reggan.errors import InputError
from reggan.votes import VotingService, VotingSettings
from tests.paths import ROOT
from tests.votes.tiny_gallery import tiny_gallery

ALONE = ("unshare", "-rm")  # a user and mounts of its own
_SIZE = "400k"
_ANSWERS, _SECONDS = ("left", "both", "right"), (1.0, 1.0, 1.0)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Not a byte is left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    _mount("--bind", str(folder), str(folder))
    _mount("-o", "remount,ro,bind", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another process is in the middle of something."""
    other = sqlite3.connect(folder / "votes.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


TROUBLES = {"full": full, "read-only": read_only, "locked": locked}


class Voter:
    """One person at the board, and what the server said to each vote."""

    def __init__(self, service: VotingService) -> None:
        self.service = service
        self.screen = service.begin("", "", "1.2.3.4")
        self.ticket = self.screen["ticket"]
        self.cast: list[str] = []

    def vote(self) -> str:
        """Rate the pair on the screen; "" or the sentence."""
        token = self.screen["token"]
        try:
            self.screen = self.service.vote(self.ticket, "", token, _ANSWERS, _SECONDS)
        except InputError as error:
            return str(error)
        self.cast.append(token)
        return ""


def trouble(voter: Voter, folder: Path, what: Callable[[Path], AbstractContextManager[None]]) -> list[str]:
    """What a voter is told in trouble, by a server that starts then too, and afterwards."""
    if what is read_only:
        voter.service.store.close()  # a file that was opened before can still be written
    with what(folder):
        said = [voter.vote()]
        voter.service.store.close()
        said.append(voter.vote())
    voter.service.store.close()
    return [*said, voter.vote()]


def report(folder: Path) -> dict[str, object]:
    """Everything, on the disk `folder`."""
    now = [1_800_000_000.0]
    with tempfile.TemporaryDirectory() as pictures:
        gallery = tiny_gallery(Path(pictures) / "gallery", faces=4)
        settings = VotingSettings(folder / "votes.db", gallery, per_session=1000)
        service = VotingService(settings, lambda: now[0])
        voter = Voter(service)
        found: dict[str, object] = {"before": voter.vote()}
        for name, what in TROUBLES.items():
            found[name] = trouble(voter, folder, what)
        now[0] -= 86_400
        found["the clock goes back"] = [voter.vote() for _ in range(3)]
        service.store.close()
        stored = [ballot.token for _, ballot in service.store.ballots()]
    return found | {"cast": len(voter.cast), "lost or doubled": sorted(stored) != sorted(voter.cast)}


def main() -> int:
    if not os.environ.get("REGGAN_OWN_DISK"):
        command = [*ALONE, sys.executable, "-m", "tests.trust.disk"]
        return subprocess.run(command, cwd=ROOT, env={**os.environ, "REGGAN_OWN_DISK": "1"}).returncode
    with tempfile.TemporaryDirectory() as folder:
        _mount("-t", "tmpfs", "-o", f"size={_SIZE}", "none", folder)
        try:
            print(json.dumps(report(Path(folder))))
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
