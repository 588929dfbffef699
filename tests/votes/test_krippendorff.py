"""Krippendorff's alpha: published examples, a published tool, and votes that are planted."""

import krippendorff
import numpy as np
import pytest

from reggan.votes.stats.krippendorff import agreement, alpha, units_of
from tests.votes.votes_simulation import simulate, vote

# Krippendorff, "Computing Krippendorff's alpha-reliability", 2011, section C: 4 observers, 12 units, answers missing.
EXAMPLE_C = """
    1 2 3 3 2 1 4 1 2 . . .
    1 2 3 3 2 2 4 1 2 5 . 3
    . 3 3 3 2 3 4 2 2 5 1 .
    1 2 3 3 2 4 4 1 2 5 1 ."""
# The same, section A: 2 observers, 10 units, two values.
EXAMPLE_A = """
    0 1 0 0 0 0 0 0 1 0
    1 1 1 0 0 1 0 0 0 0"""


def read(example: str) -> np.ndarray:
    rows = [line.split() for line in example.strip().splitlines()]
    return np.array([[np.nan if cell == "." else float(cell) for cell in row] for row in rows])


def counts(data: np.ndarray) -> np.ndarray:
    values = np.unique(data[~np.isnan(data)])
    return (data.T[:, :, None] == values).sum(1)


def test_published_examples() -> None:
    assert alpha(counts(read(EXAMPLE_A)), "nominal") == pytest.approx(0.095, abs=5e-4)
    assert alpha(counts(read(EXAMPLE_C)), "nominal") == pytest.approx(0.743, abs=5e-4)
    assert alpha(counts(read(EXAMPLE_C)), "ordinal") == pytest.approx(0.815, abs=5e-4)
    assert alpha(counts(read(EXAMPLE_C)), "interval") == pytest.approx(0.849, abs=5e-4)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_agrees_with_the_published_tool(level: str) -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(1, 6, 40)
    data = np.where(rng.random((7, 40)) < 0.6, truth, rng.integers(1, 6, (7, 40))).astype(float)
    data[rng.random(data.shape) < 0.4] = np.nan
    theirs = krippendorff.alpha(reliability_data=data, level_of_measurement=level)
    assert alpha(counts(data), level) == pytest.approx(theirs, abs=1e-9)


def test_unknown_without_pairs_of_answers_or_without_variety() -> None:
    assert np.isnan(alpha(np.array([[1, 0], [0, 1]])))
    assert np.isnan(alpha(np.array([[3, 0], [2, 0]])))


def test_the_side_on_which_a_method_stands_does_not_matter() -> None:
    votes = [vote(left="a", right="b", answer="left"), vote(left="b", right="a", answer="right")]
    np.testing.assert_array_equal(units_of(votes), [[2, 0, 0, 0]])
    votes = [vote(left="b", right="a", answer="left"), vote(answer="both"), vote(answer="neither", item="other")]
    np.testing.assert_array_equal(units_of(votes), [[0, 1, 1, 0], [0, 0, 0, 1]])


def test_voters_who_agree_and_voters_who_toss_coins() -> None:
    agreed = [
        vote(item=f"i{i}", voter=f"v{v}", left="ab"[v % 2], right="ba"[v % 2], answer=("left", "right")[v % 2])
        for i in range(12)
        for v in range(4)
    ]
    assert agreement(agreed).value == 1
    tossed = simulate(1, strengths=np.zeros(4), voters=60)
    value, low, high = agreement(tossed)
    assert low < 0 < high
    assert abs(value) < 0.03


def test_ratings_are_ordinal() -> None:
    answers = read(EXAMPLE_C)
    votes = [
        vote(mode="single", right="", item=f"i{unit}", voter=f"v{coder}", answer=str(int(answers[coder, unit])))
        for coder, unit in zip(*np.nonzero(~np.isnan(answers)), strict=True)
    ]
    value, low, high = agreement(votes)
    assert value == pytest.approx(0.815, abs=5e-4)
    assert low < value < high <= 1
