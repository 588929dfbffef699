"""Statistics of votes: plain functions of lists of `Vote`."""

from reggan.votes.stats.bootstrap import Estimate
from reggan.votes.stats.counts import count_showings, passed_voters, select
from reggan.votes.stats.groups import Group, by_group
from reggan.votes.stats.pair_summary import summarise_pairs
from reggan.votes.stats.rating_summary import summarise_ratings
from reggan.votes.stats.sifting import Sifted, sift
from reggan.votes.stats.summaries import ComparedMethod, PairSummary, RatedMethod, RatingSummary, Summary

__all__ = [
    "ComparedMethod",
    "Estimate",
    "Group",
    "PairSummary",
    "RatedMethod",
    "RatingSummary",
    "Sifted",
    "Summary",
    "by_group",
    "count_showings",
    "passed_voters",
    "select",
    "sift",
    "summarise_pairs",
    "summarise_ratings",
]
