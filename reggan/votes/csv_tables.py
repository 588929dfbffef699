"""Results as CSV: `results.csv`, one row per method, question and part of the votes; `pairs.csv`, the win matrix.

Shares and margins are fractions, not per cent; empty cells are numbers that are not known.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reggan.votes.csv_file import write_csv
from reggan.votes.records import MODES, QUESTIONS, RATINGS, Vote
from reggan.votes.stats import (
    ComparedMethod,
    Estimate,
    PairSummary,
    RatedMethod,
    by_group,
    select,
    summarise_pairs,
    summarise_ratings,
)
from reggan.votes.stats.groups import FIELDS

Row = dict[str, Any]
_ESTIMATES = ("win_rate", "strength", "margin", "mean_rating", "agreement")
RESULTS = (
    *("study", "mode", "question", "voters", "part", "group", "answers", "method", "rank"),
    *("preferred", "both", "neither", "other_preferred", "best_competitor"),
    *(f"rated_{rating}" for rating in RATINGS),
    *(f"{name}{end}" for name in _ESTIMATES for end in ("", "_low", "_high")),
)
PAIRS = ("study", "question", "method", "against", "comparisons", "win_rate")


def write_tables(votes: Sequence[Vote], folder: Path) -> None:
    """Write both files. `votes` are those of one study that count, with the attention checks."""
    for name, columns, rows in (
        ("results.csv", RESULTS, result_rows(votes)),
        ("pairs.csv", PAIRS, pair_rows(votes)),
    ):
        write_csv(folder / name, columns, [[row.get(column) for column in columns] for row in rows], decimals=4)


def result_rows(votes: Sequence[Vote]) -> list[Row]:
    """Rows of `results.csv`.

    `voters` is "all", or "passed" for those who passed the attention checks; `part` is "all", "expression" or
    "image_class", of which `group` is one value; there only answers, win rates and mean ratings are given.
    """
    rows: list[Row] = []
    for mode in MODES:
        for question in QUESTIONS:
            for voters in ("all", "passed"):
                kept = select(votes, only_passed=voters == "passed")
                rows += _whole(kept, {"mode": mode, "question": question, "voters": voters, "part": "all"})
            for field in FIELDS:
                common = {"mode": mode, "question": question, "voters": "all", "part": field}
                name = "win_rate" if mode == "pair" else "mean_rating"
                for group in by_group(select(votes), question, mode, field):
                    about = common | {"group": group.name, "answers": group.answers}
                    rows += [about | {"method": m} | _spread(name, found) for m, found in group.methods.items()]
    return [{"study": votes[0].study, **row} for row in rows]


def pair_rows(votes: Sequence[Vote]) -> list[Row]:
    """Rows of `pairs.csv`: every ordered pair of methods that was compared."""
    rows = []
    for question in QUESTIONS:
        summary = summarise_pairs(select(votes), question)
        if summary is None:
            continue
        names = [m.method for m in summary.methods]
        rows += [
            {
                "study": votes[0].study,
                "question": question,
                "method": one,
                "against": other,
                "comparisons": int(summary.met[i, j]),
                "win_rate": float(summary.share[i, j]),
            }
            for i, one in enumerate(names)
            for j, other in enumerate(names)
            if summary.met[i, j]
        ]
    return rows


def _whole(votes: Sequence[Vote], common: Row) -> list[Row]:
    summarise = summarise_pairs if common["mode"] == "pair" else summarise_ratings
    summary = summarise(votes, common["question"])
    if summary is None:
        return []
    common = common | {"answers": summary.answers} | _spread("agreement", summary.agreement)
    if isinstance(summary, PairSummary):
        return [common | _compared(method) for method in summary.methods]
    return [common | _rated(method) for method in summary.methods]


def _compared(method: ComparedMethod) -> Row:
    return {
        "method": method.method,
        "rank": method.rank,
        "preferred": method.wins,
        "both": method.both,
        "neither": method.neither,
        "other_preferred": method.losses,
        "best_competitor": method.rival,
        **_spread("win_rate", method.win_rate),
        **_spread("strength", method.strength),
        **_spread("margin", method.margin),
    }


def _rated(method: RatedMethod) -> Row:
    counts = {f"rated_{rating}": count for rating, count in zip(RATINGS, method.ratings, strict=True)}
    return {"method": method.method, "rank": method.rank, **counts, **_spread("mean_rating", method.mean)}


def _spread(name: str, estimate: Estimate) -> Row:
    return dict(zip((name, f"{name}_low", f"{name}_high"), estimate, strict=True))
