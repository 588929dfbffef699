"""Agreement between voters: Krippendorff's alpha.

Krippendorff, "Computing Krippendorff's alpha-reliability", 2011: 1 is perfect agreement, 0 what chance would give.
Voters need not all see the same units.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from reggan.votes.records import RATINGS, Vote
from reggan.votes.stats.bootstrap import RESAMPLES, UNKNOWN, Estimate, resample

Level = Literal["nominal", "ordinal", "interval"]
_FEW_UNITS = 10  # with fewer, no interval
_SWAPPED = [1, 0, 2, 3]  # first, second, both, neither with the methods in the other order


def alpha(units: np.ndarray, level: Level = "nominal") -> float:
    """Krippendorff's alpha.

    Args:
        units: (U, C), how many voters gave unit u the value c. Values are in order; "interval" takes their places as
            their sizes. Units with fewer than two answers do not count.
        level: of measurement.

    Returns:
        nan where nothing was answered twice, or where only one value was ever given.
    """
    return float(_alpha(coincidences(units).sum(0)[None], level)[0])


def coincidences(units: np.ndarray) -> np.ndarray:
    """Pairs of answers within each unit, weighed 1 / (answers - 1): (U, C, C) float64."""
    units = np.asarray(units, np.float64)
    units = units[units.sum(1) >= 2]
    pairs = units[:, :, None] * units[:, None, :] - units[:, :, None] * np.eye(units.shape[1])
    return pairs / (units.sum(1) - 1)[:, None, None]


def agreement(votes: Sequence[Vote], resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Alpha of votes on one question, all of one mode, with a 95 % interval.

    Ordinal for mode "single". Nominal for mode "pair", where which of two methods comes first is arbitrary, so both
    orders are counted, half each. (Were a method's name the answer, voters who toss coins would seem to agree: they
    cannot name a method that does not stand before them.) Units are resampled, not voters: a voter drawn twice would
    agree with himself (Zapf and others, BMC Medical Research Methodology 16, 2016).
    """
    if not votes:
        return UNKNOWN
    pairs = votes[0].mode == "pair"
    level: Level = "nominal" if pairs else "ordinal"
    tables = coincidences(units_of(votes))
    if pairs:
        tables = (tables + tables[:, _SWAPPED][:, :, _SWAPPED]) / 2
    value = float(_alpha(tables.sum(0)[None], level)[0])
    if math.isnan(value) or len(tables) < _FEW_UNITS:
        return Estimate(value, math.nan, math.nan)
    samples = _alpha(np.tensordot(resample(len(tables), resamples, seed), tables, 1), level)
    low, high = np.nanpercentile(samples, [2.5, 97.5])
    return Estimate(value, float(low), float(high))


def units_of(votes: Sequence[Vote]) -> np.ndarray:
    """How often each unit got each answer, (U, C).

    In mode "pair" a unit is an item with an unordered pair of methods, and the answers are: the first method in
    alphabetical order, the second, both, neither; the side on which a method stood does not matter. In mode "single" a
    unit is an item with a method, and the answers are the five ratings.
    """
    units = {unit: place for place, unit in enumerate(sorted({_unit(vote) for vote in votes}))}
    single = bool(votes) and votes[0].mode == "single"
    table = np.zeros((len(units), len(RATINGS) if single else len(_SWAPPED)), np.int64)
    for vote in votes:
        table[units[_unit(vote)], RATINGS.index(vote.answer) if single else _choice(vote)] += 1
    return table


def _unit(vote: Vote) -> tuple[str, ...]:
    return (vote.item, *sorted((vote.left, vote.right)))


def _choice(vote: Vote) -> int:
    if vote.answer in ("both", "neither"):
        return 2 + (vote.answer == "neither")
    return int((vote.answer == "left") == (vote.left > vote.right))


def _alpha(tables: np.ndarray, level: Level) -> np.ndarray:
    """(B,) alphas of (B, C, C) coincidence tables."""
    totals = tables.sum(2)  # (B, C)
    pairs = totals[:, :, None] * totals[:, None, :]
    distance = _distance(totals, level)
    observed, expected = (tables * distance).sum((1, 2)), (pairs * distance).sum((1, 2))
    answers = totals.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 1e-12, 1 - (answers - 1) * observed / expected, np.nan)


def _distance(totals: np.ndarray, level: Level) -> np.ndarray:
    """Squared difference of two values, (B, C, C), or (C, C) where it does not depend on the (B, C) totals."""
    places = np.arange(totals.shape[1])
    if level == "nominal":
        return (places[:, None] != places).astype(np.float64)
    if level == "interval":
        return (places[:, None] - places) ** 2.0
    ranks = totals.cumsum(1) - totals / 2  # the answers below, and half of those at the value
    return (ranks[:, :, None] - ranks[:, None, :]) ** 2
