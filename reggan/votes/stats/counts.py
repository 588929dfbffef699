"""Votes as arrays: which voter preferred what over what, how often.

Attention checks never reach these arrays: `select` leaves them out.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reggan.votes.records import RATINGS, Vote

PASS_SHARE = 0.8  # of the attention checks that a voter must answer as expected


class PairCounts(NamedTuple):
    """Answers of V voters about M methods, which are in alphabetical order."""

    methods: list[str]
    voters: list[str]
    wins: np.ndarray  # (V, M, M) int, row preferred over column
    both: np.ndarray  # (V, M, M) int, symmetric
    neither: np.ndarray  # (V, M, M) int, symmetric
    sides: np.ndarray  # (V, 2) int, left and right preferred


class RatingCounts(NamedTuple):
    """RatingCounts of M methods, which are in alphabetical order, by V voters."""

    methods: list[str]
    voters: list[str]
    counts: np.ndarray  # (V, M, 5) int, ratings 1 to 5


def passed_voters(votes: Sequence[Vote]) -> set[str]:
    """Voters who answered at least `PASS_SHARE` of their attention checks as expected.

    A voter who has had no check has not passed.
    """
    right: Counter[str] = Counter(vote.voter for vote in votes if vote.check and vote.answer == vote.check)
    asked: Counter[str] = Counter(vote.voter for vote in votes if vote.check)
    return {voter for voter, number in asked.items() if right[voter] >= PASS_SHARE * number}


def failed_voters(votes: Sequence[Vote]) -> set[str]:
    """Voters with attention checks who have not passed them."""
    return {vote.voter for vote in votes if vote.check} - passed_voters(votes)


def select(
    votes: Sequence[Vote], expression: str | None = None, image_class: str | None = None, only_passed: bool = False
) -> list[Vote]:
    """The votes that count: no attention checks, and only what the filters let through.

    Args:
        votes: all votes, with the checks.
        expression, image_class: None lets all through.
        only_passed: leave out voters who are not in `passed_voters`.
    """
    voters = passed_voters(votes) if only_passed else None
    return [
        vote
        for vote in votes
        if not vote.check
        and expression in (None, vote.expression)
        and image_class in (None, vote.image_class)
        and (voters is None or vote.voter in voters)
    ]


def count_showings(votes: Sequence[Vote]) -> int:
    """Answered showings without attention checks. This is what pages call the number of votes."""
    return len({vote.token for vote in votes if not vote.check})


def count_pairs(votes: Sequence[Vote]) -> PairCounts:
    """Count votes of mode "pair", usually those on one question."""
    methods = sorted({method for vote in votes for method in (vote.left, vote.right)})
    voters = sorted({vote.voter for vote in votes})
    column, row = _places(methods), _places(voters)
    shape = len(voters), len(methods), len(methods)
    wins, both, neither = (np.zeros(shape, np.int64) for _ in range(3))
    sides = np.zeros((len(voters), 2), np.int64)
    for vote in votes:
        v, left, right = row[vote.voter], column[vote.left], column[vote.right]
        if left == right:
            continue
        if vote.answer == "left":
            wins[v, left, right] += 1
            sides[v, 0] += 1
        elif vote.answer == "right":
            wins[v, right, left] += 1
            sides[v, 1] += 1
        else:
            table = both if vote.answer == "both" else neither
            table[v, left, right] += 1
            table[v, right, left] += 1
    return PairCounts(methods, voters, wins, both, neither, sides)


def count_ratings(votes: Sequence[Vote]) -> RatingCounts:
    """Count votes of mode "single", usually those on one question."""
    methods, voters = sorted({vote.left for vote in votes}), sorted({vote.voter for vote in votes})
    column, row = _places(methods), _places(voters)
    counts = np.zeros((len(voters), len(methods), len(RATINGS)), np.int64)
    for vote in votes:
        counts[row[vote.voter], column[vote.left], RATINGS.index(vote.answer)] += 1
    return RatingCounts(methods, voters, counts)


def _places(names: list[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}
