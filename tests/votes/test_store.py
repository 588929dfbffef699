"""The database of votes: once per voter and pair, migrations, forgetting."""

import sqlite3
import threading
from pathlib import Path

import pytest

from reggan.errors import InputError
from reggan.votes import schema
from reggan.votes.records import QUESTIONS, Showing, Vote
from reggan.votes.store import Store, iso

NOW = 1_800_000_000.0
SECONDS = (1.0, 2.0, 3.5)


def showing(token: str, voter: str = "a1", left: str = "refined", right: str = "coarse", **more: str) -> Showing:
    item = more.pop("item", "anna_happy")
    return Showing(token, NOW, voter, "study", more.pop("mode", "pair"), item, "photo", "happy", left, right, **more)


def vote(store: Store, *args: str, answers: tuple[str, ...] = ("left", "both", "right"), **more: str) -> None:
    shown = store.show(showing(*args, **more))
    store.cast(shown.token, shown.voter, answers, SECONDS, NOW)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "new" / "votes.db")


def test_one_showing_becomes_three_votes(store: Store) -> None:
    vote(store, "t1")
    rows = store.votes("study")
    assert [(v.question, v.answer, v.check, v.seconds) for v in rows] == [
        ("expression", "left", "", 1.0),
        ("identity", "both", "", 2.0),
        ("realism", "right", "", 3.5),
    ]
    expected = Vote(
        "t1",
        "2027-01-15T08:00:00Z",
        "a1",
        "study",
        "pair",
        "anna_happy",
        "photo",
        "happy",
        "expression",
        "refined",
        "coarse",
        "left",
        "",
        1.0,
    )
    assert rows[0] == expected
    assert store.votes("another study") == []
    assert len(store.votes()) == 3


def test_an_attention_check_yields_only_the_answer_that_is_known(store: Store) -> None:
    vote(store, "t1", left="input", right="refined", checked="expression", expected="right")
    (only,) = store.votes()
    assert (only.question, only.answer, only.check) == ("expression", "left", "right")


def test_a_token_is_spent_once_and_by_its_voter(store: Store) -> None:
    store.show(showing("t1"))
    with pytest.raises(InputError, match="no longer open"):
        store.cast("t1", "b2", ("left",) * 3, SECONDS, NOW)
    first = store.cast("t1", "a1", ("left",) * 3, SECONDS, NOW)
    again = store.cast("t1", "a1", ("right",) * 3, SECONDS, NOW + 5)
    assert again == first and first.answers == ("left",) * 3, "a repeated request changes nothing"
    assert len(store.ballots()) == 1
    with pytest.raises(InputError, match="no longer open"):
        store.cast("never shown", "a1", ("left",) * 3, SECONDS, NOW)


def test_one_vote_per_voter_and_pair_whatever_the_sides(store: Store) -> None:
    vote(store, "t1")
    with pytest.raises(InputError, match="already"):
        vote(store, "t2", left="coarse", right="refined")
    vote(store, "t3", voter="b2")  # another voter may,
    vote(store, "t4", right="input")  # another pair may be rated,
    vote(store, "t5", item="anna_sad")
    vote(store, "t6", right="", mode="single", answers=("1", "2", "3"))
    with pytest.raises(InputError, match="already"):
        vote(store, "t7", right="", mode="single", answers=("1", "2", "3"))
    assert [b.token for _, b in store.ballots()] == ["t1", "t3", "t4", "t5", "t6"]
    assert store.count_voters("study", "pair", [("anna_happy", "coarse", "refined")]) == [2]
    assert store.rated("a1", "study", "single") == {("anna_happy", "", "refined")}


def test_the_constraint_is_the_database_s_own(store: Store) -> None:
    vote(store, "t1")
    copy = "INSERT INTO ballot SELECT NULL, 't2', " + ", ".join(
        '"right", "left"' if c == "left" else f'"{c}"'
        for c in showing("")._fields[2:] + ("answer_expression", "answer_identity", "answer_realism")
        if c != "right"
    )
    copy = copy.replace("'t2', ", "'t2', time, ") + ", 1, 1, 1 FROM ballot"
    with sqlite3.connect(store.path) as other, pytest.raises(sqlite3.IntegrityError, match="once"):
        other.execute(copy)


def test_one_showing_stands_before_a_voter(store: Store) -> None:
    assert store.show(showing("t1")).token == "t1"
    assert store.show(showing("t2", right="input")).token == "t1", "the second window shows the first one's"
    assert store.show(showing("t3", voter="b2")).token == "t3"
    store.withdraw("t1")
    assert store.showing("a1", "study", "pair") is None


def test_votes_since(store: Store) -> None:
    vote(store, "t1")
    assert store.count_between("a1", NOW - 60, NOW) == 1
    assert store.count_between("a1", NOW, NOW + 60) == 0
    assert store.count_between("a1", NOW - 3600, NOW - 1) == 0, "the clock has been put back since"
    assert store.count_between("b2", NOW - 60, NOW) == 0


def test_forgetting_deletes_and_keeps_out(store: Store) -> None:
    vote(store, "t1")
    vote(store, "t2", voter="b2")
    store.show(showing("t3", right="input"))
    rows = [ballot for _, ballot in store.ballots()]
    assert store.forget("a1") == 1
    assert {v.voter for v in store.votes()} == {"b2"}
    assert store.showing("a1", "study", "pair") is None
    assert store.merge(rows) == 0, "neither the forgotten nor the known come back"
    assert store.forgotten() == ["a1"]


def test_merging_adds_what_is_new_once(store: Store, tmp_path: Path) -> None:
    vote(store, "t1")
    other = Store(tmp_path / "other.db")
    vote(other, "t2", left="coarse", right="refined")  # the same voter and pair
    vote(other, "t3", item="anna_sad")
    rows = [ballot for _, ballot in other.ballots()]
    assert store.merge(rows) == 1
    assert store.merge(rows) == 0
    assert {b.token for _, b in store.ballots()} == {"t1", "t3"}
    assert [b.token for _, b in store.ballots(after=1)] == ["t3"]


def test_nothing_is_created_before_the_first_use(tmp_path: Path) -> None:
    Store(tmp_path / "votes.db")
    assert list(tmp_path.iterdir()) == []


def test_the_secret_stays(store: Store) -> None:
    secret = store.secret()
    store.close()
    assert len(secret) == 32 and Store(store.path).secret() == secret


def test_wal_and_the_version_of_the_schema(store: Store) -> None:
    vote(store, "t1")
    with sqlite3.connect(store.path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)


def test_an_older_database_is_migrated_and_a_newer_one_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    vote(store, "t1")
    store.close()
    with monkeypatch.context() as newer:
        newer.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, "ALTER TABLE meta ADD COLUMN remark TEXT;"])
        later = Store(store.path)
        assert len(later.votes()) == len(QUESTIONS)
        later.close()
        with sqlite3.connect(store.path) as db:
            assert "remark" in [row[1] for row in db.execute("PRAGMA table_info(meta)")]
    with pytest.raises(InputError, match="newer RegGAN"):
        store.votes()


def test_an_open_showing_of_the_first_schema_is_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        schema.connect(store.path).close()
    with sqlite3.connect(store.path) as db:
        row = ("t1", NOW, "a1", "study", "pair", "anna_happy", "photo", "happy", "refined", "coarse", "", "")
        db.execute(f"INSERT INTO showing VALUES ({', '.join('?' * len(row))})", row)
    db.close()
    assert store.showing("a1", "study", "pair") == Showing(*row)


def test_a_failing_migration_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    vote(store, "t1")
    store.close()
    with monkeypatch.context() as broken:
        script = "ALTER TABLE meta ADD COLUMN remark TEXT; SELECT nonsense FROM nowhere;"
        broken.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, script])
        with pytest.raises(InputError, match="cannot be opened"):
            Store(store.path).votes()
    assert len(store.votes()) == 3


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "votes.db").write_text("Dear diary, " * 100)
    with pytest.raises(InputError, match="cannot be opened"):
        Store(tmp_path / "votes.db").votes()
    with pytest.raises(InputError, match="cannot be opened"):
        Store(tmp_path / "votes.db" / "below" / "votes.db").votes()


def test_threads_share_a_store(store: Store) -> None:
    def work(voter: str) -> None:
        for n in range(10):
            vote(store, f"{voter}-{n}", voter, item=f"item{n}")

    threads = [threading.Thread(target=work, args=(f"v{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.ballots()) == 40


def test_times_are_utc_in_whole_seconds() -> None:
    assert iso(0.9) == "1970-01-01T00:00:00Z"
