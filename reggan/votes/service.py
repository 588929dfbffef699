"""Voting as the page uses it: a ticket and answers go in, the next screen comes out.

A screen is a plain dict that goes to the browser as it is:

    {"kind": "showing", "ticket", "voter", "token", "expression", "face", "images": [1 or 2 data URLs],
     "position": 12, "total": 30, "last": "left refined, right coarse" or ""}
    {"kind": "thanks", "ticket", "voter", "last", "done": 30, "agreed": 41, "asked": 52, "more": True}
    {"kind": "problem", "message": one sentence}

Nothing in a showing tells which method made which picture. Everything that is kept is in the database.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from reggan.errors import InputError
from reggan.votes.agreement import agreed_with_others
from reggan.votes.items import Gallery
from reggan.votes.next_pair import next_pair
from reggan.votes.records import ANSWERS, INPUT, QUESTIONS, RATINGS, STRANGER, Ballot, Showing, Vote
from reggan.votes.settings import VotingSettings
from reggan.votes.store import Store
from reggan.votes.voters import NewVoterLimit, new_ticket, voter_of, voter_of_login

Screen = dict[str, Any]

_NAMES = {INPUT: "unchanged", STRANGER: "another person"}


class VotingService:
    """One study on one database, shared by all threads and visitors."""

    def __init__(self, settings: VotingSettings, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.gallery = Gallery.load(settings.gallery)
        if not (self.gallery.pairs if settings.mode == "pair" else self.gallery.singles):
            raise InputError(
                "The gallery {folder} has nothing to rate; pairs need two methods.", folder=settings.gallery
            )
        self.store = Store(settings.db)
        self._clock = clock
        self._new_voters = NewVoterLimit(settings.new_per_day)
        self._draw = random.SystemRandom()

    @classmethod
    def from_environment(cls) -> "VotingService":
        """Set up by the variables of `settings.py`; with a dataset named, votes are copied there from now on.

        Raises:
            InputError: a variable makes no sense, or there is no gallery.
        """
        service = cls(VotingSettings.from_environment())
        if service.settings.dataset:
            from reggan.votes.hub import start_mirror

            start_mirror(service.store, service.settings)
        return service

    def votes(self) -> list[Vote]:
        """All votes of the study, with the attention checks; `build_results_tab` reads them."""
        return self.store.votes(self.gallery.study)

    def _secret(self) -> bytes:
        return self.settings.secret.encode() or self.store.secret()

    def begin(self, ticket: str, login: str, address: str) -> Screen:
        """The next pair, for a voter who presses Start.

        Args:
            ticket: the one that an earlier screen brought, or "".
            login: the Hugging Face user name, or "".
            address: of the network, only counted; see `voters.py`.
        """
        secret = self._secret()
        if login:
            voter = voter_of_login(login, secret)
        else:
            known = voter_of(ticket, secret)
            if known is None:
                self._new_voters.count(address, self._clock())
                ticket = new_ticket(secret)
                known = ticket.partition(".")[0]
            voter = known
        return self._next(voter, "" if login else ticket, None)

    def vote(self, ticket: str, login: str, token: str, answers: Sequence[str], seconds: Sequence[float]) -> Screen:
        """Store three answers, in the order of QUESTIONS, and bring the next pair.

        Args:
            seconds: how long each answer took.

        Raises:
            InputError: an unknown ticket, invalid answers, a token that is not open, or voting too fast.
        """
        secret, now = self._secret(), self._clock()
        voter = voter_of_login(login, secret) if login else voter_of(ticket, secret)
        if voter is None:
            raise InputError("Your voter's number is not known here; press Start to begin again.")
        possible = ANSWERS if self.settings.mode == "pair" else RATINGS
        if len(answers) != len(QUESTIONS) or not all(answer in possible for answer in answers):
            raise InputError("There are three answers, each one of {choices}.", choices=", ".join(possible))
        if self.store.count_between(voter, now - 60, now) >= self.settings.per_minute:
            raise InputError("That was very fast. Please wait a moment and press the key again.")
        ballot = self.store.cast(token, voter, answers, _plausible(seconds), now)
        return self._next(voter, "" if login else ticket, ballot)

    def _next(self, voter: str, ticket: str, last: Ballot | None) -> Screen:
        study, mode = self.gallery.study, self.settings.mode
        common = {"ticket": ticket, "voter": voter, "last": "" if last is None else reveal(last)}
        done = len(self.store.rated(voter, study, mode))
        place = done % self.settings.per_session
        found = next_pair(self.gallery, self.store, voter, mode, self._secret(), self._clock(), self._draw)
        if found is None or (last is not None and place == 0):
            agreed, asked = agreed_with_others(*self.store.ballots_beside(voter, study, mode))
            return {"kind": "thanks", "done": done, "agreed": agreed, "asked": asked, "more": bool(found), **common}
        showing, left = found
        total = min(self.settings.per_session, place + left)
        return {"kind": "showing", "position": place + 1, "total": total, **self._pictures(showing), **common}

    def _pictures(self, showing: Showing) -> Screen:
        item = self.gallery.items[showing.item]
        methods = (showing.left, showing.right) if showing.right else (showing.left,)
        return {
            "token": showing.token,
            "expression": showing.expression,
            "face": self.gallery.picture(item.input, "face"),
            "images": [self.gallery.picture(self.gallery.file(item, method), "result") for method in methods],
        }


def reveal(ballot: Ballot) -> str:
    """Which method made which picture, shown after the vote."""
    left, right = (_NAMES.get(method, method) for method in (ballot.left, ballot.right))
    return f"left {left}, right {right}" if ballot.right else left


def _plausible(seconds: Sequence[float]) -> list[float]:
    """The browser's times: three numbers from 0 to an hour, to the millisecond; zeros where it sent none."""
    try:
        times = [round(min(max(float(value), 0.0), 3600.0), 3) for value in seconds]
    except (TypeError, ValueError):
        times = []
    return times if len(times) == len(QUESTIONS) else [0.0] * len(QUESTIONS)
