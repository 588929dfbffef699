"""One question per expression or per image class: every method's win rate, or its mean rating."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from reggan.votes.records import Vote
from reggan.votes.stats import pair_summary, rating_summary
from reggan.votes.stats.bootstrap import RESAMPLES, Estimate, resample
from reggan.votes.stats.counts import count_pairs, count_ratings

Field = Literal["expression", "image_class"]
FIELDS: tuple[Field, ...] = ("expression", "image_class")


class Group(NamedTuple):
    name: str  # an expression or an image class
    answers: int
    methods: dict[str, Estimate]


def by_group(
    votes: Sequence[Vote], question: str, mode: str, field: Field, resamples: int = RESAMPLES, seed: int = 0
) -> list[Group]:
    """Groups in alphabetical order; arguments as of `summarise_pairs`."""
    single = mode == "single"
    votes = rating_summary.of_question(votes, question) if single else pair_summary.of_question(votes, question)
    found = []
    for name in sorted({getattr(vote, field) for vote in votes}):
        part = [vote for vote in votes if getattr(vote, field) == name]
        weights = resample(len({vote.voter for vote in part}), resamples, seed)
        if single:
            rated = count_ratings(part)
            means = dict(zip(rated.methods, rating_summary.mean_ratings(rated, weights), strict=True))
        else:
            compared = count_pairs(part)
            means = dict(zip(compared.methods, pair_summary.win_rates(compared, weights), strict=True))
        found.append(Group(name, len(part), means))
    return found
