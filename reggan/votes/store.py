"""The votes: a SQLite file in WAL mode, one transaction per ballot, one ballot per voter and pair.

A vote that has been acknowledged survives the death of the process at any moment. Threads may share a store.
"""

import logging
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from reggan.errors import InputError
from reggan.votes.records import Ballot, Showing, Vote, to_ballot
from reggan.votes.schema import PATIENCE, connect

Pair = tuple[str, str, str]  # item, and the two methods in alphabetical order; "" and the method in mode "single"

_NO_ANSWER = "The database of votes does not answer at the moment. Nothing is lost: please try again later."
_PAIR = 'item, min("left", "right"), max("left", "right")'


def _columns(record: type[Showing] | type[Ballot]) -> str:
    return ", ".join(f'"{name}"' for name in record._fields)


def _insert(record: type[Showing] | type[Ballot], table: str, otherwise: str = "ABORT") -> str:
    marks = ", ".join("?" * len(record._fields))
    return f"INSERT OR {otherwise} INTO {table} ({_columns(record)}) VALUES ({marks})"


class Store:
    """Opened at the first use, so that a page on which nobody votes leaves no file."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if not self._lock.acquire(timeout=PATIENCE):  # those in front wait for a database that does not answer
            raise InputError(_NO_ANSWER)
        try:
            if self._connection is None:
                self._connection = connect(self.path)
            db = self._connection
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except BaseException as error:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):  # disk full, read-only, locked by another process
                    logging.getLogger(__name__).warning("The database of votes, %s: %s", self.path, error)
                    raise InputError(_NO_ANSWER) from None
                raise
        finally:
            self._lock.release()

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def secret(self) -> bytes:
        """Drawn when the database was made; signs the voters' tickets."""
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO meta VALUES ('secret', ?)", (secrets.token_hex(32),))
            return bytes.fromhex(db.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()[0])

    # Showings

    def showing(self, voter: str, study: str, mode: str) -> Showing | None:
        """The voter's open showing, not yet answered."""
        query = f"SELECT {_columns(Showing)} FROM showing WHERE voter = ? AND study = ? AND mode = ?"
        with self._transaction() as db:
            row = db.execute(query, (voter, study, mode)).fetchone()
        return None if row is None else Showing(*row)

    def show(self, showing: Showing) -> Showing:
        """Open a showing for its voter. Where one is open already (in a second window), that one is returned."""
        query = f"SELECT {_columns(Showing)} FROM showing WHERE voter = ? AND study = ? AND mode = ?"
        with self._transaction() as db:
            db.execute(_insert(Showing, "showing", "IGNORE"), showing)
            return Showing(*db.execute(query, (showing.voter, showing.study, showing.mode)).fetchone())

    def withdraw(self, token: str) -> None:
        """Delete an open showing that can no longer be shown."""
        with self._transaction() as db:
            db.execute("DELETE FROM showing WHERE token = ?", (token,))

    # Ballots

    def cast(self, token: str, voter: str, answers: Sequence[str], seconds: Sequence[float], now: float) -> Ballot:
        """Spend a token: the showing becomes a ballot, in one transaction.

        A token that this voter has spent already returns the ballot as it was cast, so that a browser may repeat a
        request whose answer got lost.

        Args:
            now: seconds since 1970.

        Raises:
            InputError: no such token, or this voter has rated this pair.
        """
        with self._transaction() as db:
            row = db.execute(f"SELECT {_columns(Ballot)} FROM ballot WHERE token = ?", (token,)).fetchone()
            if row is not None and row[2] == voter:
                return Ballot(*row)
            find = f"SELECT {_columns(Showing)} FROM showing WHERE token = ? AND voter = ?"
            row = db.execute(find, (token, voter)).fetchone()
            if row is None:
                raise InputError("This pair is no longer open; press Start for the next one.")
            ballot = to_ballot(Showing(*row), iso(now), answers, seconds)
            db.execute("DELETE FROM showing WHERE token = ?", (token,))
            stored = db.execute(_insert(Ballot, "ballot", "IGNORE"), ballot).rowcount
        if not stored:  # the token is spent all the same, or the voter would be shown this pair for ever
            raise InputError("You have rated this pair already; press Start for the next one.")
        return ballot

    def merge(self, ballots: Iterable[Ballot]) -> int:
        """Add ballots from elsewhere, without those that are known, second ones for a pair, and forgotten voters'.

        Returns:
            how many were new.
        """
        with self._transaction() as db:
            before = db.total_changes
            forgotten = {voter for (voter,) in db.execute("SELECT voter FROM forgotten")}
            wanted = (ballot for ballot in ballots if ballot.voter not in forgotten)
            db.executemany(_insert(Ballot, "ballot", "IGNORE"), wanted)
            return db.total_changes - before

    def forget(self, voter: str) -> int:
        """Delete everything of one voter, and keep `merge` from bringing it back.

        Returns:
            how many ballots there were.
        """
        with self._transaction() as db:
            deleted = db.execute("DELETE FROM ballot WHERE voter = ?", (voter,)).rowcount
            db.execute("DELETE FROM showing WHERE voter = ?", (voter,))
            db.execute("INSERT OR IGNORE INTO forgotten VALUES (?)", (voter,))
            return deleted

    def forgotten(self) -> list[str]:
        with self._transaction() as db:
            return [voter for (voter,) in db.execute("SELECT voter FROM forgotten ORDER BY voter")]

    # Questions

    def rated(self, voter: str, study: str, mode: str) -> set[Pair]:
        """What this voter has rated."""
        query = f"SELECT {_PAIR} FROM ballot WHERE study = ? AND mode = ? AND voter = ?"
        with self._transaction() as db:
            return set(db.execute(query, (study, mode, voter)))

    def count_voters(self, study: str, mode: str, pairs: Iterable[Pair]) -> list[int]:
        """Number of voters who have rated each pair."""
        equal = 'item = ? AND min("left", "right") = ? AND max("left", "right") = ?'
        query = f"SELECT count(*) FROM ballot WHERE study = ? AND mode = ? AND {equal}"
        with self._transaction() as db:
            return [db.execute(query, (study, mode, *pair)).fetchone()[0] for pair in pairs]

    def count_between(self, voter: str, moment: float, now: float) -> int:
        """Number of ballots the voter has cast after `moment` and until `now`, in seconds since 1970.

        Ballots from the future, of before the computer's clock was put back, do not count.
        """
        with self._transaction() as db:
            query = "SELECT count(*) FROM ballot WHERE voter = ? AND time > ? AND time <= ?"
            return db.execute(query, (voter, iso(moment), iso(now))).fetchone()[0]

    def ballots(self, study: str | None = None, after: int = 0) -> list[tuple[int, Ballot]]:
        """Row number and ballot, in the order in which they came, of one study or of all."""
        query = f"SELECT id, {_columns(Ballot)} FROM ballot WHERE id > ? AND (? IS NULL OR study = ?) ORDER BY id"
        with self._transaction() as db:
            return [(row[0], Ballot(*row[1:])) for row in db.execute(query, (after, study, study))]

    def votes(self, study: str | None = None) -> list[Vote]:
        """Three votes per ballot, one per attention check, in the order in which they came."""
        return [vote for _, ballot in self.ballots(study) for vote in ballot.votes()]

    def ballots_beside(self, voter: str, study: str, mode: str) -> tuple[list[Ballot], list[Ballot]]:
        """This voter's ballots, and those of all others on the same pairs."""
        own = f"SELECT {_columns(Ballot)} FROM ballot WHERE study = ? AND mode = ? AND voter = ?"
        theirs = (
            f"SELECT {_columns(Ballot)} FROM ballot WHERE study = ? AND mode = ? AND voter <> ? "
            f"AND ({_PAIR}) IN (SELECT {_PAIR} FROM ballot WHERE study = ? AND mode = ? AND voter = ?)"
        )
        who = (study, mode, voter)
        with self._transaction() as db:
            mine = [Ballot(*row) for row in db.execute(own, who)]
            return mine, [Ballot(*row) for row in db.execute(theirs, who + who)]


def iso(moment: float) -> str:
    """Seconds since 1970 to UTC, ISO 8601, whole seconds."""
    return datetime.fromtimestamp(int(moment), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
