"""Votes as CSV and Parquet, and the other commands."""

import csv
import sys
from pathlib import Path

import pytest

from reggan.errors import InputError
from reggan.votes.__main__ import main
from reggan.votes.export import COLUMNS, SCHEMA_VERSION, export
from reggan.votes.records import Showing, Vote
from reggan.votes.store import Store

ANSWERS, SECONDS = ("left", "both", "right"), (1.0, 2.25, 3.0)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    store = Store(tmp_path / "votes.db")
    names = {"a1": "refined", "b2": '=HYPERLINK("http://x")'}
    for voter, left in names.items():
        store.show(Showing(voter, 0.0, voter, "s", "pair", 'anna, "A"_happy', "photo", "happy", left, "coarse"))
        store.cast(voter, voter, ANSWERS, SECONDS, 1_800_000_000.0)
    store.close()
    return tmp_path / "votes.db"


def test_columns_are_described_and_are_the_votes_fields() -> None:
    assert tuple(COLUMNS) == (*Vote._fields, "schema")
    assert all(COLUMNS.values())


def test_csv_is_complete_and_safe_in_a_spreadsheet(db: Path, tmp_path: Path) -> None:
    assert main(["export", str(db), "-o", str(tmp_path / "votes.csv")]) == 0
    with (tmp_path / "votes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    votes = Store(db).votes()
    assert len(rows) == len(votes) == 6
    for row, vote in zip(rows[:3], votes[:3], strict=True):
        assert row == {**{k: str(v) for k, v in vote._asdict().items()}, "schema": str(SCHEMA_VERSION)}
    assert {row["left"] for row in rows[3:]} == {'\'=HYPERLINK("http://x")'}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    vote = Vote("t", "2026-01-01T00:00:00Z", *[start + "1+1"] * 11, 1.5)
    export([vote], tmp_path / "votes.csv")
    with (tmp_path / "votes.csv").open(newline="", encoding="utf-8") as file:
        cells = list(csv.reader(file))[1]
    assert cells[2:13] == ["'" + start + "1+1"] * 11


def test_parquet_keeps_types_texts_and_the_schema_s_version(db: Path, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    assert main(["export", str(db), "-o", str(tmp_path / "votes.parquet")]) == 0
    table = pq.read_table(tmp_path / "votes.parquet")
    expected = [{**vote._asdict(), "schema": SCHEMA_VERSION} for vote in Store(db).votes()]
    assert table.to_pylist() == expected
    assert table.schema.metadata[b"reggan_votes_schema"] == str(SCHEMA_VERSION).encode()
    assert table.schema.field("check").metadata[b"description"] == COLUMNS["check"].encode()
    export([], tmp_path / "none.parquet")
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match="pip install pyarrow"):
        export([], tmp_path / "votes.parquet")


def test_commands_say_what_is_wrong(db: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command, words in (
        (["export", str(db), "-o", "votes.xls"], ".csv or .parquet"),
        (["export", str(tmp_path / "none.db"), "-o", "votes.csv"], "no database"),
        (["export", str(db), "-o", str(tmp_path / "no" / "votes.csv")], "cannot be written"),
        (["forget", str(tmp_path / "none.db"), "a1"], "no database"),
    ):
        assert main(command) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1
    assert not (tmp_path / "none.db").exists()


def test_forget(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", str(db), "a1"]) == 0
    assert "1 ballots" in capsys.readouterr().out
    assert {vote.voter for vote in Store(db).votes()} == {"b2"}
    assert main(["export", str(db), "--study", "other", "-o", str(db.parent / "votes.csv")]) == 0
    assert "0 votes" in capsys.readouterr().out
