"""Results of one question in mode "pair"; definitions in `summaries.py`."""

import math
from collections.abc import Sequence

import numpy as np

from reggan.votes.records import Vote
from reggan.votes.stats import bradley_terry
from reggan.votes.stats.bootstrap import RESAMPLES, UNKNOWN, Estimate, caution, estimate, interval, ranks, resample
from reggan.votes.stats.counts import PairCounts, count_pairs
from reggan.votes.stats.krippendorff import agreement
from reggan.votes.stats.summaries import ComparedMethod, PairSummary


def summarise_pairs(
    votes: Sequence[Vote], question: str, resamples: int = RESAMPLES, seed: int = 0
) -> PairSummary | None:
    """Results of one question; None where it has no votes.

    Args:
        votes: of one study, attention checks left out (`counts.select`).
        question: of `QUESTIONS`.
        resamples, seed: of the bootstrap.
    """
    votes = of_question(votes, question)
    if not votes:
        return None
    pairs = _best_first(count_pairs(votes))
    weights = resample(len(pairs.voters), resamples, seed)
    wins, ties = totals(pairs)
    many_wins, many_ties = totals(pairs, weights)
    left = _left(pairs, weights)
    met = wins + wins.T + ties
    with np.errstate(invalid="ignore"):
        share = (wins + ties / 2) / np.where(met > 0, met, np.nan)
    summary = PairSummary(
        question=question,
        answers=len(votes),
        voters=len(pairs.voters),
        methods=[],
        share=share,
        met=met,
        log_tie=float(bradley_terry.fit(wins, ties).log_tie),
        left=left,
        agreement=agreement(votes, resamples, seed),
        notes=caution(len(pairs.voters)) + _side_note(left),
    )
    strengths, places = _strengths(pairs, wins, ties, many_wins, many_ties, summary.notes)
    rates = win_rates(pairs, weights)
    asked = _asked(pairs)
    for m, method in enumerate(pairs.methods):
        b = int(m == 0)  # methods are in order of win rate, so the best competitor is the first or the second
        margin = estimate(
            float(_margin(wins, ties, m, b)), _margin(many_wins, many_ties, m, b), int(asked[:, m, b].sum()), low=-1
        )
        both, neither = int(pairs.both[:, m].sum()), int(pairs.neither[:, m].sum())
        counts = int(wins[m].sum()), both, neither, int(wins[:, m].sum())
        summary.methods.append(
            ComparedMethod(method, *counts, rates[m], strengths[m], places[m], pairs.methods[b], margin)
        )
    return summary


def of_question(votes: Sequence[Vote], question: str) -> list[Vote]:
    """Votes of mode "pair" on a question."""
    return [vote for vote in votes if vote.mode == "pair" and vote.question == question and vote.left != vote.right]


def totals(pairs: PairCounts, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Wins and ties over all voters, (M, M) int, or over those of B resamples, (B, M, M) float."""
    ties = pairs.both + pairs.neither
    if weights is None:
        return pairs.wins.sum(0), ties.sum(0)
    return np.tensordot(weights, pairs.wins, 1), np.tensordot(weights, ties, 1)


def win_rates(pairs: PairCounts, weights: np.ndarray) -> list[Estimate]:
    """Win rate of each method; `weights` from `resample`."""
    values, samples = _rates(*totals(pairs)), _rates(*totals(pairs, weights))
    voters = _asked(pairs).any(2).sum(0)
    return [estimate(float(values[m]), samples[:, m], int(voters[m])) for m in range(len(pairs.methods))]


def _rates(wins: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """(..., M), nan for a method that a resample left out."""
    points = (wins + ties / 2).sum(-1)
    met = (wins + wins.swapaxes(-1, -2) + ties).sum(-1)
    with np.errstate(invalid="ignore"):
        return points / np.where(met > 0, met, np.nan)


def _margin(wins: np.ndarray, ties: np.ndarray, m: int, b: int) -> np.ndarray:
    ahead, behind = wins[..., m, b], wins[..., b, m]
    met = ahead + behind + ties[..., m, b]
    with np.errstate(invalid="ignore"):
        return (ahead - behind) / np.where(met > 0, met, np.nan)


def _asked(pairs: PairCounts) -> np.ndarray:
    """(V, M, M) bool, whether a voter compared row with column."""
    return (pairs.wins + pairs.wins.swapaxes(1, 2) + pairs.both + pairs.neither) > 0


def _best_first(pairs: PairCounts) -> PairCounts:
    order = np.argsort(-_rates(*totals(pairs)), kind="stable")
    wins, both, neither = (table[:, order][:, :, order] for table in (pairs.wins, pairs.both, pairs.neither))
    return PairCounts([pairs.methods[m] for m in order], pairs.voters, wins, both, neither, pairs.sides)


def _strengths(
    pairs: PairCounts,
    wins: np.ndarray,
    ties: np.ndarray,
    many_wins: np.ndarray,
    many_ties: np.ndarray,
    notes: list[str],
) -> tuple[list[Estimate], list[int | None]]:
    """Strength and rank of each method; adds to the notes what keeps them from meaning much."""
    methods, voters = pairs.methods, len(pairs.voters)
    parts = bradley_terry.groups(wins + wins.T + ties)
    if len(parts) > 1:
        named = "; ".join(", ".join(methods[m] for m in part) for part in parts)
        notes.append(
            f"No strengths and ranks: the methods fall into {len(parts)} groups that were never compared ({named})."
        )
        return [UNKNOWN] * len(methods), [None] * len(methods)
    for m, method in enumerate(methods):
        if not wins[m].any() or not wins[:, m].any():
            never = "was never preferred" if not wins[m].any() else "never lost"
            notes.append(f"{method} {never}: its strength is finite only by the prior, and its interval too narrow.")
    values, samples = bradley_terry.fit(wins, ties).strength, bradley_terry.fit(many_wins, many_ties).strength
    strengths = [Estimate(float(values[m]), *interval(samples[:, m], voters)) for m in range(len(methods))]
    return strengths, ranks(samples, voters)


def _left(pairs: PairCounts, weights: np.ndarray) -> Estimate:
    """Share of left among the answers that name a side."""
    chosen, sides = pairs.sides.sum(0), weights @ pairs.sides
    with np.errstate(invalid="ignore"):
        samples = sides[:, 0] / np.where(sides.sum(1) > 0, sides.sum(1), np.nan)
    value = chosen[0] / chosen.sum() if chosen.any() else math.nan
    return estimate(float(value), samples, int(pairs.sides.any(1).sum()))


def _side_note(left: Estimate) -> list[str]:
    if not (left.low > 0.5 or left.high < 0.5):
        return []
    return [f"Voters favour one side: left in {100 * left.value:.0f} % of the answers that name one."]
