"""Statistics of votes: plain functions of lists of `Vote`."""

from reggan.votes.stats.bootstrap import Estimate
from reggan.votes.stats.counts import count_showings, passed_voters, select
from reggan.votes.stats.groups import Group, by_group
from reggan.votes.stats.pairs import summarise_pairs
from reggan.votes.stats.ratings import summarise_ratings
from reggan.votes.stats.results import Compared, PairSummary, Rated, RatingSummary, Summary

__all__ = [
    "Compared",
    "Estimate",
    "Group",
    "PairSummary",
    "Rated",
    "RatingSummary",
    "Summary",
    "by_group",
    "count_showings",
    "passed_voters",
    "select",
    "summarise_pairs",
    "summarise_ratings",
]
