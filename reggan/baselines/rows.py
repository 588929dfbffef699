"""Runs one after the other, each a row of a table: what is finished is not made again, what was interrupted goes on."""

import json
import math
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Figures = dict[str, float]
Record = dict[str, Any]


class Row(NamedTuple):
    """One run."""

    name: str  # and that of its folder
    what: str  # in the table
    command: list[str]  # after `python -m`, without the time limit
    make: Callable[[float], Figures]  # within so many minutes; "finished" 0 if that was too short


def make_rows(rows: Sequence[str], row: Callable[[str], Row], out: Path, minutes: float = math.inf) -> None:
    """Make those that are not finished, in this order, until `minutes` have passed; each leaves `figures.json`.

    Args:
        row: called when its turn has come, so that a row may depend on those before it.
    """
    ends = time.monotonic() + 60 * minutes
    for name in rows:
        done = out / name / "figures.json"
        left = (ends - time.monotonic()) / 60
        if done.is_file() or left <= 0:
            continue
        one = row(name)
        figures = one.make(left)
        if figures.get("finished", 1.0):
            done.parent.mkdir(parents=True, exist_ok=True)
            record = {"row": name, "what": one.what, "command": f"python -m {shlex.join(one.command)}"}
            done.write_text(json.dumps(record | figures, indent=2) + "\n")


def records(out: Path, rows: Sequence[str]) -> list[Record]:
    """What is known of the finished ones, those of earlier calls included, in the order of `rows`."""
    finished = [out / name / "figures.json" for name in rows]
    return [json.loads(path.read_text()) for path in finished if path.is_file()]


def write_table(out: Path, rows: Sequence[str]) -> str:
    """`table.md` and `table.json`: errors at full strength on people kept out, as validation during training has them;
    no metric network is involved."""
    found = records(out, rows)
    lines = ["| what | numbers | steps | hours | MSE | L1 / input's | at 128 x 128 | command |", "|" + 8 * " --- |"]
    for r in found:
        kind = "refined" if "refined_mse" in r else "coarse"
        spent = f"{r['seconds'] / 3600:.2f}" if "seconds" in r else ""
        errors = f"{r[f'{kind}_mse']:.5f} | {r[f'{kind}_ratio']:.3f} | {r[f'{kind}_ratio_128']:.3f}"
        size, steps = f"{r['numbers'] / 1e6:.2f} M", f"{r['step']:.0f}" if "step" in r else "solved"
        lines.append(f"| {r['what']} | {size} | {steps} | {spent} | {errors} | `{r['command']}` |")
    (out / "table.json").write_text(json.dumps(found, indent=2) + "\n")
    (out / "table.md").write_text("\n".join(lines) + "\n")
    return "\n".join(lines)
