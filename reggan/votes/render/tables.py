"""Results as HTML tables. Names come from galleries, so they are escaped."""

import html
import math
from collections.abc import Sequence

from reggan.votes.render.numbers import LOG, NOTHING, PERCENT, POINTS, RATING, beside
from reggan.votes.stats import ComparedMethod, Group, PairSummary, RatingSummary, Summary

TITLES = {"expression": "Expression", "identity": "Identity", "realism": "Realism"}
_ANSWERS = (  # about one method
    ("preferred", "rgb(var(--for) / 0.85)"),
    ("both", "rgb(var(--tie) / 0.8)"),
    ("neither", "rgb(var(--tie) / 0.4)"),
    ("the other preferred", "rgb(var(--against) / 0.75)"),
)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """A table that scrolls sideways where it must. All cells are HTML; the first of each row names it."""
    columns = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    lines = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>' for name, *cells in rows
    )
    body = f"<table><thead><tr>{columns}</tr></thead><tbody>{lines}</tbody></table>"
    return f'<div class="scroll {kind}" tabindex="0">{body}</div>'


def overview(summaries: Sequence[Summary]) -> str:
    """Methods against questions, for summaries of one mode: win rate or mean rating, and rank."""
    form = PERCENT if isinstance(summaries[0], PairSummary) else RATING
    found = [{m.method: m for m in summary.methods} for summary in summaries]
    rows = []
    for name in dict.fromkeys(name for methods in found for name in methods):
        cells = []
        for m in (methods.get(name) for methods in found):
            if m is None:
                cells.append(NOTHING)
                continue
            number = beside(m.win_rate if isinstance(m, ComparedMethod) else m.mean, form)
            cells.append(number + ("" if m.rank is None else f"<small>rank {m.rank}</small>"))
        rows.append([html.escape(name), *cells])
    return table(["Method", *(TITLES[summary.question] for summary in summaries)], rows)


def groups_table(groups: Sequence[Group], title: str, mode: str) -> str:
    """Groups against methods: win rates, or mean ratings."""
    names = list(dict.fromkeys(name for group in groups for name in group.methods))
    form = PERCENT if mode == "pair" else RATING
    rows = [
        [
            html.escape(group.name),
            str(group.answers),
            *(beside(group.methods[name], form) if name in group.methods else NOTHING for name in names),
        ]
        for group in groups
    ]
    return table([title, "Answers", *map(html.escape, names)], rows)


def pair_table(summary: PairSummary) -> str:
    """Everything about each method in mode "pair", with a key to the bars."""
    rows = []
    for m in summary.methods:
        rival = "" if math.isnan(m.margin.value) else f"<small>over {html.escape(m.rival)}</small>"
        rows.append(
            [
                html.escape(m.method),
                _rank(m.rank),
                f"{m.comparisons}",
                _bar((m.wins, m.both, m.neither, m.losses)),
                beside(m.win_rate, PERCENT),
                beside(m.strength, LOG),
                beside(m.margin, POINTS) + rival,
            ]
        )
    head = ["Method", "Rank", "Comparisons", "Answers, %", "Win rate", "Strength", "Margin over the best competitor"]
    key = "".join(f'<span class="key"><i style="background:{colour}"></i>{name}</span>' for name, colour in _ANSWERS)
    return f'{table(head, rows)}<p class="small">{key}</p>'


def matrix(summary: PairSummary) -> str:
    """Win rate of the row's method against the column's, shaded by how far it is from 50 %."""
    names = [html.escape(m.method) for m in summary.methods]
    rows = []
    for i, name in enumerate(names):
        cells = []
        for j in range(len(names)):
            share, met = float(summary.share[i, j]), int(summary.met[i, j])
            if met == 0:
                cells.append("" if i == j else NOTHING)
                continue
            tint = f"rgb(var({'--for' if share >= 0.5 else '--against'}) / {1.3 * abs(share - 0.5):.2f})"
            cells.append(f'<span class="tint" style="background:{tint}">{100 * share:.0f} %<small>{met}</small></span>')
        rows.append([name, *cells])
    words = "Win rate of the row's method against the column's; below it, how often the two were compared."
    return f'{table(["", *names], rows, "matrix")}<p class="small">{words}</p>'


def rating_table(summary: RatingSummary) -> str:
    """Everything about each method in mode "single"."""
    rows = [
        [html.escape(m.method), _rank(m.rank), str(sum(m.ratings)), *map(str, m.ratings), beside(m.mean, RATING)]
        for m in summary.methods
    ]
    return table(["Method", "Rank", "Ratings", *(f"“{n}”" for n in range(1, 6)), "Mean"], rows)


def _rank(rank: int | None) -> str:
    return NOTHING if rank is None else str(rank)


def _bar(counts: Sequence[int]) -> str:
    """Shares as a bar of colours, and as numbers."""
    shares = [100 * count / max(sum(counts), 1) for count in counts]
    pieces = "".join(
        f'<i style="width:{share:.2f}%;background:{colour}"></i>'
        for share, (_, colour) in zip(shares, _ANSWERS, strict=True)
    )
    return f'<span class="shares">{pieces}</span><small>{" · ".join(f"{share:.0f}" for share in shares)}</small>'
