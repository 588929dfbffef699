"""One question's results: headline, facts, cautions, plots and tables."""

import html
import math

from reggan.votes.render.numbers import ALPHA, LOG, PERCENT, POINTS, RATING, inline
from reggan.votes.render.plot import interval_plot
from reggan.votes.render.tables import TITLES, matrix, pair_table, rating_table
from reggan.votes.stats import PairSummary, RatingSummary, Summary

_ASKED = {
    "expression": "Which result shows the expression better?",
    "identity": "Which result keeps the person better?",
    "realism": "Which result looks more real?",
}
_RATED = {
    "expression": "How well does the result show the expression?",
    "identity": "How well does the result keep the person?",
    "realism": "How real does the result look?",
}


def question_section(summary: Summary) -> str:
    """Facts, the best method, interval plots, tables, and cautions."""
    pairs = isinstance(summary, PairSummary)
    facts = [
        f"{summary.answers} {'answer' if summary.answers == 1 else 'answers'}",
        f"{summary.voters} {'voter' if summary.voters == 1 else 'voters'}",
        f"agreement between voters (Krippendorff’s α) {inline(summary.agreement, ALPHA)}",
    ]
    if isinstance(summary, PairSummary):
        facts.append(f"left preferred in {inline(summary.left, PERCENT)} of the answers that name a side")
        body = _lead(summary) + _pair_plots(summary) + pair_table(summary) + matrix(summary)
    else:
        body = _rating_plot(summary) + rating_table(summary)
    notes = "".join(f'<p class="note">{html.escape(note)}</p>' for note in summary.notes)
    asked = (_ASKED if pairs else _RATED)[summary.question]
    return (
        f"<section><h2>{TITLES[summary.question]} <span>{asked}</span></h2>"
        f'<p class="facts">{" · ".join(facts)}</p>{notes}{body}</section>'
    )


def _lead(summary: PairSummary) -> str:
    """The best method's margin over its best competitor, in a sentence."""
    best = summary.methods[0]
    name, rival = html.escape(best.method), html.escape(best.rival)
    if math.isnan(best.margin.value):
        return f'<p class="lead"><b>{name}</b> has the highest win rate, but was never compared with {rival}.</p>'
    doubt = ", which may be chance" if best.margin.low <= 0 else ""
    margin = f"<b>{inline(best.margin, POINTS)}</b>{doubt}"
    return f'<p class="lead">Preference margin of <b>{name}</b> over its best competitor, {rival}: {margin}.</p>'


def _pair_plots(summary: PairSummary) -> str:
    rates = [(m.method, m.win_rate) for m in summary.methods]
    plots = interval_plot("Win rate", "%, a tie counts half", rates, PERCENT, 0.5, (0, 1))
    if not all(math.isnan(m.strength.value) for m in summary.methods):
        strengths = [(m.method, m.strength) for m in summary.methods]
        plots += interval_plot("Strength", "Bradley-Terry with ties, log scale", strengths, LOG, 0)
    return f'<div class="plots">{plots}</div>'


def _rating_plot(summary: RatingSummary) -> str:
    means = [(m.method, m.mean) for m in summary.methods]
    plot = interval_plot("Mean opinion score", "1 to 5, 5 is best", means, RATING, None, (1, 5))
    return f'<div class="plots">{plot}</div>'
