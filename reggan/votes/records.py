"""The records of voting: what was shown, what was answered, and single votes for exports and statistics.

A voter sees one item (a face and an asked-for expression) and answers three questions about it, as in the paper's
human study. In mode "pair" two methods' results stand side by side; in mode "single" there is one result, `right` is
empty, and the answer is a rating from "1" to "5".
"""

from collections.abc import Sequence
from typing import NamedTuple

QUESTIONS = ("expression", "identity", "realism")
ANSWERS = ("left", "right", "both", "neither")  # mode "pair"
RATINGS = ("1", "2", "3", "4", "5")  # mode "single", 5 is best
MODES = ("pair", "single")
IMAGE_CLASSES = ("photo", "painting", "statue", "avatar", "other")

INPUT = "input"  # the method that changes nothing
STRANGER = "stranger"  # in `left` or `right` of an attention check: another person's face


class Vote(NamedTuple):
    """One answer to one question; the three answers given to one showing share `token`."""

    token: str  # of the showing, single use
    time: str  # UTC, ISO 8601, whole seconds
    voter: str  # pseudonym, hexadecimal
    study: str  # name of the gallery
    mode: str  # of MODES
    item: str  # of the gallery: a face with an expression
    image_class: str  # of IMAGE_CLASSES
    expression: str  # that was asked for
    question: str  # of QUESTIONS
    left: str  # method
    right: str  # method; "" in mode "single"
    answer: str  # of ANSWERS, or of RATINGS in mode "single"
    check: str  # "" for a vote that counts; for an attention check the answer that was expected
    seconds: float  # from showing to answer


class Showing(NamedTuple):
    """What a voter sees: one item, one or two methods, and a token that can be spent once."""

    token: str
    shown: float  # when it was chosen, seconds since 1970
    voter: str
    study: str
    mode: str
    item: str
    image_class: str
    expression: str
    left: str
    right: str
    checked: str = ""  # of an attention check: the question whose answer is known
    expected: str = ""  # and that answer


class Ballot(NamedTuple):
    """A showing that has been answered: one row of the database, one line of the export to the Hub."""

    token: str
    time: str
    voter: str
    study: str
    mode: str
    item: str
    image_class: str
    expression: str
    left: str
    right: str
    checked: str
    expected: str
    answer_expression: str
    answer_identity: str
    answer_realism: str
    seconds_expression: float
    seconds_identity: float
    seconds_realism: float

    @property
    def answers(self) -> tuple[str, ...]:
        """In the order of QUESTIONS."""
        return self.answer_expression, self.answer_identity, self.answer_realism

    @property
    def seconds(self) -> tuple[float, ...]:
        return self.seconds_expression, self.seconds_identity, self.seconds_realism

    def votes(self) -> list[Vote]:
        """The three votes; of an attention check only the one whose answer is known."""
        return [
            Vote(*self[:8], question, self.left, self.right, answer, self.expected if self.checked else "", seconds)
            for question, answer, seconds in zip(QUESTIONS, self.answers, self.seconds, strict=True)
            if self.checked in ("", question)
        ]


def to_ballot(showing: Showing, time: str, answers: Sequence[str], seconds: Sequence[float]) -> Ballot:
    """The ballot that a showing becomes with three answers in the order of QUESTIONS."""
    return Ballot._make((showing.token, time, *showing[2:], *answers, *seconds))
