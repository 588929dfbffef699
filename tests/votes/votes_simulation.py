"""Votes of made-up voters, whose preferences are known."""

import itertools

import numpy as np

from reggan.votes.records import ANSWERS, Vote
from reggan.votes.stats.bradley_terry import probabilities

METHODS = ("regression", "refined", "starlike", "unchanged")
PLANTED = np.array([0.1, 0.9, -0.2, -0.8])  # strengths of METHODS, mean 0
LOG_TIE = np.log(0.6)


def vote(**fields: object) -> Vote:
    """A vote with the given fields; the others are filled in."""
    plain = Vote(
        token="t",
        time="2026-01-02T03:04:05+00:00",
        voter="v",
        study="s",
        mode="pair",
        item="i",
        image_class="photo",
        expression="happy",
        question="realism",
        left="a",
        right="b",
        answer="left",
        check="",
        seconds=4.0,
    )
    return plain._replace(**fields)  # type: ignore[arg-type]


def simulate(
    seed: int,
    voters: int = 40,
    each: int = 24,
    strengths: np.ndarray = PLANTED,
    log_tie: float = LOG_TIE,
    spread: float = 0,
    questions: tuple[str, ...] = ("realism",),
    methods: tuple[str, ...] = METHODS,
) -> list[Vote]:
    """Answers drawn from Davidson's model to pairs drawn at random.

    Args:
        seed: of the drawing.
        voters, each: how many voters, and showings for each.
        strengths: (M,) of the methods.
        log_tie: -inf for no ties.
        spread: standard deviation of what each voter adds to each strength.
        questions: asked of every showing.
        methods: M names.
    """
    rng = np.random.default_rng(seed)
    pairs = list(itertools.permutations(range(len(methods)), 2))
    places = [("photo", "happy"), ("photo", "sad"), ("painting", "happy"), ("statue", "sad")]
    votes = []
    for voter in range(voters):
        own = strengths + spread * rng.normal(size=len(methods))
        win, tie = probabilities(own, np.array(log_tie))
        for showing in range(each):
            left, right = pairs[rng.integers(len(pairs))]
            item = int(rng.integers(20))
            kind, expression = places[item % 4]
            chances = [win[left, right], win[right, left], tie[left, right] / 2, tie[left, right] / 2]
            votes += [
                vote(
                    token=f"{voter}-{showing}",
                    voter=f"v{voter}",
                    item=f"item{item}",
                    image_class=kind,
                    expression=expression,
                    question=question,
                    left=methods[left],
                    right=methods[right],
                    answer=ANSWERS[rng.choice(4, p=chances)],
                )
                for question in questions
            ]
    return votes
