"""Strengths: closed-form cases, Davidson's likelihood equations, and a published tool."""

import choix
import numpy as np
import pytest

from reggan.votes.stats.bradley_terry import PRECISION, fit, groups, probabilities

TINY = 1e-9  # precision of a prior that does not matter


def table(*rows: list[float]) -> np.ndarray:
    return np.array(rows, float)


def test_two_methods_without_ties_differ_by_the_log_odds() -> None:
    strength, log_tie = fit(table([0, 30], [10, 0]), np.zeros((2, 2)), TINY)
    assert strength == pytest.approx([np.log(3) / 2, -np.log(3) / 2])
    assert log_tie == -np.inf


def test_two_methods_with_ties() -> None:
    """Davidson's model has as many parameters as there are counts, so it reproduces them."""
    strength, log_tie = fit(table([0, 40], [10, 0]), table([0, 50], [50, 0]), TINY)
    assert strength[0] - strength[1] == pytest.approx(np.log(4))
    assert log_tie == pytest.approx(np.log(50 / np.sqrt(40 * 10)))
    win, tie = probabilities(strength, log_tie)
    assert (win[0, 1], win[1, 0], tie[0, 1]) == pytest.approx((0.4, 0.1, 0.5))


def test_likelihood_equations() -> None:
    """At the maximum, each method's expected wins and half ties are what was observed, and so are all ties."""
    rng = np.random.default_rng(3)
    wins = np.triu(rng.integers(1, 40, (5, 5)), 1) + np.tril(rng.integers(1, 40, (5, 5)), -1)
    ties = np.triu(rng.integers(0, 20, (5, 5)), 1)
    ties = ties + ties.T
    strength, log_tie = fit(wins, ties, TINY)
    win, tie = probabilities(strength, log_tie)
    met = wins + wins.T + ties
    np.testing.assert_allclose((met * (win + tie / 2)).sum(1), (wins + ties / 2).sum(1), rtol=1e-6)
    assert (met * tie).sum() == pytest.approx(ties.sum())
    assert strength.mean() == pytest.approx(0)


def test_ties_alone_make_all_equal() -> None:
    ties = 8 * (1 - np.eye(3))
    strength, log_tie = fit(np.zeros((3, 3)), ties)
    np.testing.assert_allclose(strength, 0, atol=1e-12)
    assert 0 < log_tie < np.inf


@pytest.mark.parametrize("precision", [2e-3, PRECISION])
def test_agrees_with_choix(precision: float) -> None:
    """choix penalises alpha times the sum of squares, a precision of 2 alpha."""
    rng = np.random.default_rng(4)
    wins = rng.integers(0, 30, (6, 6)) * (1 - np.eye(6, dtype=int))
    data = [(i, j) for i in range(6) for j in range(6) for _ in range(wins[i, j])]
    theirs = choix.opt_pairwise(6, data, alpha=precision / 2, tol=1e-9)
    np.testing.assert_allclose(fit(wins, np.zeros((6, 6)), precision).strength, theirs - theirs.mean(), atol=1e-3)


def test_the_prior_keeps_a_method_that_never_lost_finite_and_hardly_moves_others() -> None:
    strength = fit(table([0, 30, 30], [0, 0, 20], [0, 10, 0]), np.zeros((3, 3))).strength
    assert 3 < strength[0] - strength[1] < 10
    assert strength[1] - strength[2] == pytest.approx(np.log(2), abs=0.05)


def test_extreme_tables_converge() -> None:
    many = np.stack([np.triu(np.full((4, 4), 5000.0), 1), np.zeros((4, 4)), np.eye(4)[::-1]])
    strength = fit(many, np.zeros_like(many)).strength
    assert np.isfinite(strength).all()
    assert (np.diff(strength[0]) < -3).all()
    np.testing.assert_array_equal(strength[1], 0)


def test_a_batch_is_its_tables() -> None:
    rng = np.random.default_rng(5)
    wins = rng.integers(0, 9, (3, 4, 4)) * (1 - np.eye(4, dtype=int))
    ties = np.stack([np.zeros((4, 4)), 2 * (1 - np.eye(4)), 9 * (1 - np.eye(4))])
    together = fit(wins, ties)
    for k in range(3):
        alone = fit(wins[k], ties[k])
        np.testing.assert_allclose(together.strength[k], alone.strength, atol=1e-9)
        assert together.log_tie[k] == pytest.approx(alone.log_tie)


def test_groups_are_what_comparisons_connect() -> None:
    compared = np.zeros((5, 5), int)
    for i, j in ((0, 3), (3, 4), (1, 2)):
        compared[i, j] = compared[j, i] = 1
    assert groups(compared) == [[0, 3, 4], [1, 2]]
    assert groups(np.ones((3, 3))) == [[0, 1, 2]]
