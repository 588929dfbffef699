"""Votes as a table: CSV for spreadsheets, Parquet for programs. One row per vote, columns as in `COLUMNS`."""

from pathlib import Path

from reggan.errors import InputError
from reggan.votes.csv_file import write_csv
from reggan.votes.records import Vote

SCHEMA_VERSION = 1  # of the columns; rises when one is added, renamed or means something else

COLUMNS = {
    "token": "identifies the showing; its votes share it",
    "time": "when the three answers came, UTC, ISO 8601",
    "voter": "pseudonym, hexadecimal",
    "study": "name of the gallery",
    "mode": "pair: two results side by side; single: one result",
    "item": "face and expression",
    "image_class": "photo, painting, statue, avatar or other",
    "expression": "that was asked for",
    "question": "expression: shows it better; identity: keeps the person better; realism: looks more real",
    "left": "method shown on the left, or alone",
    "right": "method shown on the right; empty in mode single",
    "answer": "left, right, both or neither; in mode single 1 to 5, 5 is best",
    "check": "empty for a vote that counts; for an attention check the answer that was expected",
    "seconds": "that the answer took, as the browser measured it",
    "schema": "version of these columns",
}


def export(votes: list[Vote], path: Path) -> None:
    """Write votes to `path`, whose name ends in .csv or .parquet.

    Raises:
        InputError: another ending, Parquet without pyarrow, or a file that cannot be written.
    """
    writers = {".csv": _write_csv, ".parquet": _write_parquet}
    if path.suffix not in writers:
        raise InputError("Votes are exported to a .csv or .parquet file, not to {name}.", name=repr(path.name))
    try:
        writers[path.suffix](votes, path)
    except OSError as error:
        raise InputError("{file} cannot be written: {why}.", file=path, why=error.strerror or error) from None


def _write_csv(votes: list[Vote], path: Path) -> None:
    write_csv(path, COLUMNS, ([*vote, SCHEMA_VERSION] for vote in votes))


def _write_parquet(votes: list[Vote], path: Path) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise InputError("Parquet needs pyarrow: pip install pyarrow, or export to .csv.") from None
    types = {name: pa.string() for name in COLUMNS} | {"seconds": pa.float64(), "schema": pa.int32()}
    fields = [pa.field(name, types[name], False, {"description": COLUMNS[name]}) for name in COLUMNS]
    columns = {name: [getattr(vote, name) for vote in votes] for name in Vote._fields}
    columns["schema"] = [SCHEMA_VERSION] * len(votes)
    schema = pa.schema(fields, {"reggan_votes_schema": str(SCHEMA_VERSION)})
    pq.write_table(pa.table(columns, schema), path)
