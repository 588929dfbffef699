"""The database's tables, and how an older database becomes a newer one."""

import logging
import sqlite3
from pathlib import Path

from reggan.errors import InputError

PATIENCE = 3.0  # seconds to wait for another process, or another thread, that is writing

# One script per version. Never change one that has been released: add the next.
MIGRATIONS = [
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE forgotten (voter TEXT PRIMARY KEY);
    CREATE TABLE showing (
        token TEXT PRIMARY KEY, minted REAL NOT NULL, voter TEXT NOT NULL, study TEXT NOT NULL, mode TEXT NOT NULL,
        item TEXT NOT NULL, image_class TEXT NOT NULL, expression TEXT NOT NULL,
        "left" TEXT NOT NULL, "right" TEXT NOT NULL, checked TEXT NOT NULL, expected TEXT NOT NULL,
        UNIQUE (voter, study, mode)
    );
    CREATE TABLE ballot (
        id INTEGER PRIMARY KEY,
        token TEXT NOT NULL UNIQUE, time TEXT NOT NULL, voter TEXT NOT NULL, study TEXT NOT NULL, mode TEXT NOT NULL,
        item TEXT NOT NULL, image_class TEXT NOT NULL, expression TEXT NOT NULL,
        "left" TEXT NOT NULL, "right" TEXT NOT NULL, checked TEXT NOT NULL, expected TEXT NOT NULL,
        answer_expression TEXT NOT NULL, answer_identity TEXT NOT NULL, answer_realism TEXT NOT NULL,
        seconds_expression REAL NOT NULL, seconds_identity REAL NOT NULL, seconds_realism REAL NOT NULL
    );
    CREATE UNIQUE INDEX once ON ballot (study, mode, voter, item, min("left", "right"), max("left", "right"));
    CREATE INDEX pairs ON ballot (study, mode, item, min("left", "right"), max("left", "right"));
    CREATE INDEX recent ON ballot (voter, time);
    """,
    "ALTER TABLE showing RENAME COLUMN minted TO shown",
]


def connect(path: Path) -> sqlite3.Connection:
    """Open the database, make it where there is none, bring an older one up to date.

    Raises:
        InputError: the file cannot be opened, is something else, or belongs to a newer RegGAN.
    """
    db = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Transactions are begun by hand; other processes (an export, a second server) are waited for.
        db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        _migrate(db, path)
    except (OSError, sqlite3.Error, InputError) as error:
        if db is not None:
            db.close()  # and with it the transaction
        if isinstance(error, InputError):
            raise
        # Whoever runs the server can do something about it, a visitor cannot.
        logging.getLogger(__name__).warning("The database of votes, %s: %s", path, error)
        raise InputError("The database of votes cannot be opened at the moment. Please try again later.") from None
    return db


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    db.execute("BEGIN IMMEDIATE")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise InputError("The database of votes {file} was made by a newer RegGAN; update this one.", file=path)
    for script in MIGRATIONS[version:]:
        for statement in filter(str.strip, script.split(";")):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")  # part of the transaction
    db.execute("COMMIT")
