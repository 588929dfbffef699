"""Results of one question in mode "single": mean opinion scores; definitions in `summaries.py`."""

from collections.abc import Sequence

import numpy as np

from reggan.votes.records import RATINGS, Vote
from reggan.votes.stats.bootstrap import RESAMPLES, Estimate, caution, estimate, ranks, resample
from reggan.votes.stats.counts import RatingCounts, count_ratings
from reggan.votes.stats.krippendorff import agreement
from reggan.votes.stats.summaries import RatedMethod, RatingSummary


def summarise_ratings(
    votes: Sequence[Vote], question: str, resamples: int = RESAMPLES, seed: int = 0
) -> RatingSummary | None:
    """Results of one question; None where it has no votes. Arguments as of `summarise_pairs`."""
    votes = of_question(votes, question)
    if not votes:
        return None
    ratings = count_ratings(votes)
    weights = resample(len(ratings.voters), resamples, seed)
    places = ranks(_means(np.tensordot(weights, ratings.counts, 1)), len(ratings.voters))
    means = mean_ratings(ratings, weights)
    counts = ratings.counts.sum(0)
    methods = [
        RatedMethod(method, tuple(int(count) for count in counts[m]), means[m], places[m])
        for m, method in enumerate(ratings.methods)
    ]
    return RatingSummary(
        question=question,
        answers=len(votes),
        voters=len(ratings.voters),
        methods=sorted(methods, key=lambda method: -method.mean.value),
        agreement=agreement(votes, resamples, seed),
        notes=caution(len(ratings.voters)),
    )


def of_question(votes: Sequence[Vote], question: str) -> list[Vote]:
    """Votes of mode "single" on a question."""
    return [vote for vote in votes if vote.mode == "single" and vote.question == question]


def mean_ratings(ratings: RatingCounts, weights: np.ndarray) -> list[Estimate]:
    """Mean rating of each method; `weights` from `resample`."""
    values = _means(ratings.counts.sum(0))
    samples = _means(np.tensordot(weights, ratings.counts, 1))
    voters = ratings.counts.any(2).sum(0)
    return [
        estimate(float(values[m]), samples[:, m], int(voters[m]), low=1, high=len(RATINGS))
        for m in range(len(ratings.methods))
    ]


def _means(counts: np.ndarray) -> np.ndarray:
    """(..., M) from counts (..., M, 5); nan where there are none."""
    number = counts.sum(-1)
    with np.errstate(invalid="ignore"):
        return counts @ np.arange(1, len(RATINGS) + 1) / np.where(number > 0, number, np.nan)
