"""Many voters at once, and the death of the process: no vote is lost, none counts twice."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

from reggan.votes.service import VotingService
from reggan.votes.settings import VotingSettings
from reggan.votes.store import Store
from tests.paths import ROOT
from tests.votes.tiny_gallery import tiny_gallery

VOTERS, EACH = 50, 40
SECONDS = (1.0, 1.0, 1.0)


def test_fifty_voters_two_thousand_votes(tmp_path: Path) -> None:
    """Each showing is sent twice, as by a browser that repeats a request; some try another's token."""
    gallery = tiny_gallery(tmp_path / "gallery", faces=10)  # 20 items, 60 pairs
    settings = VotingSettings(tmp_path / "votes.db", gallery, per_session=EACH, per_minute=10_000)
    service = VotingService(settings)
    cast: list[tuple[str, str, tuple[str, ...]]] = []  # voter, token, answers
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            screen = service.begin("", "", f"address {number}")
            ticket, voter = screen["ticket"], screen["voter"]
            for n in range(EACH):
                answers = tuple(("left", "right", "both", "neither")[(number + n + k) % 4] for k in range(3))
                token = screen["token"]
                screen = service.vote(ticket, "", token, answers, SECONDS)
                cast.append((voter, token, answers))
                if n % 10 == 0:
                    service.vote(ticket, "", token, ("both",) * 3, SECONDS)
            assert screen["kind"] == "thanks"
        except BaseException as problem:  # noqa: BLE001 - told to the test
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(VOTERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    stored = [ballot for _, ballot in Store(settings.db).ballots()]
    assert len(stored) == len(cast) == VOTERS * EACH
    assert {(b.voter, b.token, b.answers) for b in stored} == set(cast)
    assert len({(b.voter, b.item, *sorted((b.left, b.right))) for b in stored}) == len(stored)
    assert set(Counter(b.voter for b in stored).values()) == {EACH}


_VOTE_FOR_EVER = """
import json, sys, threading
from pathlib import Path
from reggan.votes import VotingSettings, VotingService

service = VotingService(VotingSettings(Path(sys.argv[1]), Path(sys.argv[2]), per_session=10_000, per_minute=10_000))
lock = threading.Lock()

def work(number):
    screen = service.begin("", "", str(number))
    ticket = screen["ticket"]
    while screen["kind"] == "showing":
        token, answers = screen["token"], ["left", "both", "right"]
        screen = service.vote(ticket, "", token, answers, [1, 1, 1])
        with lock:  # what the browser was told
            print(json.dumps([token, answers]), flush=True)

for n in range(8):
    threading.Thread(target=work, args=(n,)).start()
"""


def test_every_acknowledged_vote_survives_kill_9(tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path / "gallery", faces=30)
    db = tmp_path / "votes.db"
    told: list[list[object]] = []
    for round_number in range(3):  # the database is used again after each death
        command = [sys.executable, "-c", _VOTE_FOR_EVER, str(db), str(gallery)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        lines = []
        while len(lines) < 60 + 7 * round_number:  # under load: eight voters are in the middle of something
            line = process.stdout.readline()
            assert line, "the process ended by itself"
            lines.append(line)
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
        assert process.wait() == -signal.SIGKILL
        told += [json.loads(line) for line in lines if line.endswith("\n")]

    stored = {b.token: list(b.answers) for _, b in Store(db).ballots()}
    assert len(told) >= 180
    assert all(stored[str(token)] == answers for token, answers in told), "what was acknowledged is there"
    assert len(stored) <= len(told) + 3 * 8, "and at most one more per voter, stored but not yet acknowledged"
    votes = Store(db).votes()
    assert len({(v.token, v.question) for v in votes}) == len(votes)
