"""How often one voter answered as the others did."""

import statistics
from collections import Counter, defaultdict

from reggan.votes.records import QUESTIONS, Ballot

Question = tuple[str, str, str, str]  # item, two methods in alphabetical order, question


def agreed_with_others(mine: list[Ballot], theirs: list[Ballot]) -> tuple[int, int]:
    """On how many questions the voter agreed with the others, and of how many.

    In mode "pair" agreeing is giving the answer that most others gave, whichever side a method was on; where the others
    are divided, a question does not count. In mode "single" it is a rating within one point of the others' mean.
    Attention checks are left out.
    """
    others: dict[Question, list[str]] = defaultdict(list)
    for ballot in theirs:
        for question, answer in _answers(ballot):
            others[question].append(answer)
    agreed = asked = 0
    for ballot in mine:
        for question, answer in _answers(ballot):
            same = _same(answer, others[question], ballot.mode)
            agreed += same is True
            asked += same is not None
    return agreed, asked


def _answers(ballot: Ballot) -> list[tuple[Question, str]]:
    """Each question with its answer, which names the method and not the side."""
    if ballot.checked:
        return []
    first, second = sorted((ballot.left, ballot.right))
    names = {"left": f"method {ballot.left}", "right": f"method {ballot.right}"}
    return [
        ((ballot.item, first, second, question), names.get(answer, answer))
        for question, answer in zip(QUESTIONS, ballot.answers, strict=True)
    ]


def _same(answer: str, others: list[str], mode: str) -> bool | None:
    """None where there is nothing to agree with."""
    if not others:
        return None
    if mode == "single":
        return abs(int(answer) - statistics.mean(map(int, others))) <= 1
    (first, most), *rest = Counter(others).most_common(2)
    return None if rest and rest[0][1] == most else answer == first
