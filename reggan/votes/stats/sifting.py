"""Which votes are left out unless everything is asked for. They are kept in the database all the same."""

from collections.abc import Sequence
from typing import NamedTuple

from reggan.votes.records import Vote
from reggan.votes.stats.counts import failed_voters

FASTEST = 0.4  # seconds in which a person can look and answer


class Sifted(NamedTuple):
    """What counts, and how much was left out. A vote is one showing, as everywhere."""

    votes: list[Vote]  # with all attention checks
    hasty: int  # votes with an answer given in less than `FASTEST` seconds, or without times
    failed: int  # the other votes of voters who failed the attention checks
    failed_voters: int  # who have votes, and failed the attention checks

    def words(self) -> str:
        """A sentence on what was left out; "" where that is nothing."""
        parts = []
        if self.failed:
            voters = "1 voter" if self.failed_voters == 1 else f"{self.failed_voters:,} voters"
            parts.append(f"{_votes(self.failed)} of {voters} who failed the attention checks")
        if self.hasty:
            parts.append(f"{_votes(self.hasty)} with an answer in less than {FASTEST} s")
        return f"Left out: {', and '.join(parts)}." if parts else ""


def sift(votes: Sequence[Vote]) -> Sifted:
    """Leave out hasty votes, and those of voters who failed the attention checks.

    Who has had no check has not failed.

    Args:
        votes: all of a study, with the attention checks.
    """
    failed = failed_voters(votes)
    hasty = {vote.token for vote in votes if not vote.check and vote.seconds < FASTEST}
    kept = [vote for vote in votes if vote.check or (vote.token not in hasty and vote.voter not in failed)]
    theirs = [vote for vote in votes if not vote.check and vote.voter in failed]
    others = {vote.token for vote in theirs} - hasty
    return Sifted(kept, len(hasty), len(others), len({vote.voter for vote in theirs}))


def _votes(number: int) -> str:
    return f"{number:,} {'vote' if number == 1 else 'votes'}"
