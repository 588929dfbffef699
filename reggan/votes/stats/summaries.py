"""The results of one question, and how they are defined.

A win rate is (wins + half the ties) / comparisons. The preference margin of method m over its best competitor b, the
other method with the highest win rate, is taken from the direct comparisons of the two: the share that prefers m minus
the share that prefers b, ties in the denominator. The paper reports such margins without a formula; this one is ours.
A method's rank is 1 + the number of methods that are significantly better: methods whose difference from it, in
strength (mode "pair") or mean rating (mode "single"), has a 95 % interval above 0.
"""

from dataclasses import dataclass

import numpy as np

from reggan.votes.stats.bootstrap import Estimate


@dataclass(frozen=True)
class ComparedMethod:
    """One method in mode "pair"."""

    method: str
    wins: int
    both: int
    neither: int
    losses: int
    win_rate: Estimate
    strength: Estimate  # Davidson's, log scale; nan where comparisons do not connect all methods
    rank: int | None  # None where nothing is known
    rival: str  # the best competitor
    margin: Estimate  # over the rival, -1 to 1; nan where they never met

    @property
    def comparisons(self) -> int:
        return self.wins + self.both + self.neither + self.losses


@dataclass(frozen=True)
class RatedMethod:
    """One method in mode "single"."""

    method: str
    ratings: tuple[int, ...]  # how many of each, 1 to 5
    mean: Estimate
    rank: int | None


@dataclass(frozen=True)
class PairSummary:
    """Methods are sorted by win rate, the highest first."""

    question: str
    answers: int
    voters: int
    methods: list[ComparedMethod]
    share: np.ndarray  # (M, M) win rate of row against column, nan where they never met
    met: np.ndarray  # (M, M) int, direct comparisons
    log_tie: float  # Davidson's log v
    left: Estimate  # share of left among the answers that are no ties
    agreement: Estimate
    notes: list[str]  # cautions, one sentence each


@dataclass(frozen=True)
class RatingSummary:
    """Methods are sorted by mean rating, the highest first."""

    question: str
    answers: int
    voters: int
    methods: list[RatedMethod]
    agreement: Estimate
    notes: list[str]


Summary = PairSummary | RatingSummary
