"""Writing CSV that a spreadsheet opens safely."""

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

Cell = str | float | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Sequence[Cell]], decimals: int | None = None) -> None:
    """Write a line of column names and the rows, in UTF-8.

    Text that a spreadsheet would take for a formula is given an apostrophe (OWASP, CSV Injection). None is an empty
    cell, and so is nan.

    Args:
        decimals: how many of a float are written; None: as many as it takes to read the same number again.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([_cell(value, decimals) for value in row] for row in rows)


def _cell(value: Cell, decimals: int | None) -> Cell:
    if isinstance(value, str):
        return "'" + value if value.startswith(_FORMULA) else value
    if isinstance(value, float):
        return None if math.isnan(value) else value if decimals is None else f"{value:.{decimals}f}"
    return value
