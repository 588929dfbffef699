"""Results from votes whose answers, or whose voters' preferences, are known."""

import math

import numpy as np
import pytest

from reggan.votes.records import Vote
from reggan.votes.stats import by_group, count_showings, passed_voters, select, summarise_pairs, summarise_ratings
from reggan.votes.stats.bootstrap import MIN_VOTERS, _t975, estimate, resample
from reggan.votes.stats.bradley_terry import probabilities
from tests.votes.votes_simulation import LOG_TIE, METHODS, PLANTED, simulate, vote


def answers(voters: int, *given: tuple[str, str, str], **fields: object) -> list[Vote]:
    """The same answers, (left, right, answer), from every voter."""
    return [
        vote(voter=f"v{v}", token=f"{v}-{place}", left=left, right=right, answer=answer, **fields)
        for v in range(voters)
        for place, (left, right, answer) in enumerate(given)
    ]


def test_wins_ties_and_losses_are_counted_from_both_sides() -> None:
    given = [("a", "b", "left"), ("b", "a", "right"), ("a", "b", "right"), ("a", "b", "both"), ("b", "a", "neither")]
    summary = summarise_pairs(answers(8, *given), "realism")
    assert summary is not None
    a, b = summary.methods
    assert (a.method, a.wins, a.both, a.neither, a.losses, a.comparisons) == ("a", 16, 8, 8, 8, 40)
    assert (b.method, b.wins, b.both, b.neither, b.losses) == ("b", 8, 8, 8, 16)
    assert a.win_rate.value == pytest.approx((2 + 0.5 * 2) / 5)
    assert a.margin.value == pytest.approx((2 - 1) / 5) and a.rival == "b"
    assert b.margin.value == pytest.approx(-1 / 5) and b.rival == "a"
    assert summary.share[0, 1] == pytest.approx(0.6) and math.isnan(summary.share[0, 0])
    assert summary.met[0, 1] == 40 and (summary.answers, summary.voters) == (40, 8)
    assert summary.left.value == pytest.approx(1 / 3), "left, right, right"


def test_margin_is_over_the_strongest_of_the_others() -> None:
    given = [("a", "b", "left"), ("a", "b", "left"), ("a", "b", "both"), ("b", "c", "left"), ("a", "c", "right")]
    summary = summarise_pairs(answers(8, *given), "realism")
    assert summary is not None
    found = {method.method: method for method in summary.methods}
    assert [method.method for method in summary.methods] == ["a", "c", "b"]
    assert {name: method.rival for name, method in found.items()} == {"a": "c", "b": "a", "c": "a"}
    assert found["a"].margin.value == -1 and found["c"].margin.value == 1
    assert found["b"].margin.value == pytest.approx(-2 / 3)


def test_a_unanimous_answer_has_the_exact_interval() -> None:
    summary = summarise_pairs(answers(10, ("a", "b", "left")), "realism")
    assert summary is not None
    low = 0.025**0.1
    assert summary.methods[0].win_rate == pytest.approx((1, low, 1))
    assert summary.methods[1].win_rate == pytest.approx((0, 0, 1 - low))
    assert summary.methods[0].margin == pytest.approx((1, 2 * low - 1, 1))
    assert [method.rank for method in summary.methods] == [1, 2]
    assert any("never lost" in note for note in summary.notes)


def test_ties_only() -> None:
    summary = summarise_pairs(answers(20, ("a", "b", "both"), ("b", "c", "neither"), ("c", "a", "both")), "realism")
    assert summary is not None
    for method in summary.methods:
        assert method.win_rate.value == 0.5 and method.margin.value == 0 and method.rank == 1
        assert method.strength.value == pytest.approx(0, abs=1e-9)
        assert method.win_rate.low < 0.5 < method.win_rate.high
    assert math.isnan(summary.left.value)


def test_few_voters_get_no_intervals_and_a_sentence() -> None:
    few = summarise_pairs(simulate(1, voters=MIN_VOTERS - 1), "realism")
    assert few is not None
    assert all(math.isnan(method.win_rate.low) and method.rank is None for method in few.methods)
    assert few.notes == ["No intervals and ranks: they need at least 6 voters."]
    some = summarise_pairs(simulate(1, voters=MIN_VOTERS), "realism")
    assert some is not None and some.notes == ["With fewer than 20 voters the intervals are rough."]
    assert all(method.rank for method in some.methods)


def test_methods_that_were_never_compared_have_no_strengths() -> None:
    summary = summarise_pairs(answers(30, ("a", "b", "left"), ("c", "d", "right")), "realism")
    assert summary is not None
    assert all(math.isnan(method.strength.value) and method.rank is None for method in summary.methods)
    assert summary.notes == [
        "No strengths and ranks: the methods fall into 2 groups that were never compared (a, b; d, c)."
    ]
    assert summary.methods[0].win_rate.value == 1
    assert math.isnan(summary.methods[0].margin.value), "the best competitor was never met"


def test_planted_strengths_come_back_at_the_nominal_rate() -> None:
    """100 studies of 40 voters: a 95 % interval holds the truth in 95 % of them, give or take."""
    win, tie = probabilities(PLANTED, np.array(LOG_TIE))
    off = 1 - np.eye(4)
    rates, margins = ((win + tie / 2) * off).sum(1) / 3, win - win.T
    hits: dict[str, list[bool]] = {"strength": [], "win rate": [], "margin": []}
    for seed in range(100):
        summary = summarise_pairs(simulate(seed), "realism", resamples=400, seed=seed)
        assert summary is not None
        for method in summary.methods:
            m, b = METHODS.index(method.method), METHODS.index(method.rival)
            truths = PLANTED[m], rates[m], margins[m, b]
            for name, truth, found in zip(hits, truths, (method.strength, method.win_rate, method.margin), strict=True):
                hits[name].append(found.low <= truth <= found.high)
    coverage = {name: np.mean(found) for name, found in hits.items()}
    assert all(0.9 <= share <= 0.99 for share in coverage.values()), coverage


def test_intervals_allow_for_voters_who_differ() -> None:
    """The same number of votes says less when few voters, each of his own opinion, gave many."""
    widths = []
    for voters, each in ((240, 4), (24, 40)):
        summary = summarise_pairs(simulate(1, voters, each, spread=1), "realism")
        assert summary is not None
        widths.append(np.mean([method.win_rate.high - method.win_rate.low for method in summary.methods]))
    assert widths[1] > 1.4 * widths[0]


def test_planted_ranks_are_found_and_equals_share_one() -> None:
    clear = summarise_pairs(simulate(2, voters=120), "realism")
    assert clear is not None
    assert [(method.method, method.rank) for method in clear.methods] == [
        ("refined", 1),
        ("regression", 2),
        ("starlike", 3),
        ("unchanged", 4),
    ]
    level = summarise_pairs(simulate(1, strengths=np.array([0.0, 0, 0, -2])), "realism")
    assert level is not None
    assert [method.rank for method in level.methods] == [1, 1, 1, 4]


def test_voters_who_favour_a_side_are_pointed_out() -> None:
    given = [("a", "b", "left"), ("b", "a", "left"), ("b", "a", "right")]
    summary = summarise_pairs(answers(30, *given), "realism")
    assert summary is not None
    assert summary.notes == ["Voters favour one side: left in 67 % of the answers that name one."]
    assert summarise_pairs([], "realism") is None


def test_attention_checks_never_count_and_tell_who_passed() -> None:
    votes = answers(1, ("a", "b", "left"))
    for voter, right in (("four of five", 4), ("three of five", 3)):
        votes += [
            vote(voter=voter, token=f"{voter}{n}", check="left", answer="left" if n < right else "right")
            for n in range(5)
        ]
        votes.append(vote(voter=voter, token=voter))
    assert passed_voters(votes) == {"four of five"}
    assert count_showings(votes) == len(select(votes)) == 3
    assert [kept.voter for kept in select(votes, only_passed=True)] == ["four of five"]
    summary = summarise_pairs(select(votes), "realism")
    assert summary is not None and summary.answers == 3


def test_filters_and_groups() -> None:
    votes = simulate(1, questions=("realism", "identity"))
    assert {v.image_class for v in select(votes, image_class="statue")} == {"statue"}
    assert {v.expression for v in select(votes, expression="sad", image_class="photo")} == {"sad"}
    assert len(select(votes)) == len(votes) == 2 * count_showings(votes)
    groups = by_group(votes, "realism", "pair", "image_class")
    assert [group.name for group in groups] == ["painting", "photo", "statue"]
    assert sum(group.answers for group in groups) == count_showings(votes)
    summary = summarise_pairs(select(votes, image_class="photo"), "realism")
    assert summary is not None
    photo = groups[1].methods
    assert photo == {method.method: method.win_rate for method in summary.methods}


def test_mean_opinion_scores() -> None:
    rng = np.random.default_rng(1)
    votes = [
        vote(mode="single", right="", voter=f"v{v}", item=f"i{i}", left=method, answer=str(answer))
        for v in range(40)
        for i in range(6)
        for method, answer in (("good", rng.integers(3, 6)), ("bad", rng.integers(1, 4)), ("poor", rng.integers(1, 4)))
    ]
    summary = summarise_ratings(votes, "realism")
    assert summary is not None
    best = summary.methods[0]
    assert best.method == "good" and sum(best.ratings) == 240 and best.ratings[:2] == (0, 0)
    assert best.mean.value == pytest.approx(np.dot(best.ratings, [1, 2, 3, 4, 5]) / 240)
    assert best.mean.low < 4 < best.mean.high
    assert [method.rank for method in summary.methods] == [1, 2, 2]
    assert by_group(votes, "realism", "single", "expression")[0].methods["good"] == best.mean
    assert summarise_pairs(votes, "realism") is None


def test_resamples_draw_whole_voters() -> None:
    weights = resample(30, 200, seed=1)
    assert weights.shape == (200, 30) and (weights.sum(1) == 30).all()
    assert np.array_equal(weights, resample(30, 200, seed=1)) and not np.array_equal(weights, resample(30, 200, seed=2))


def test_intervals_are_a_little_wider_than_percentiles() -> None:
    samples = np.random.default_rng(1).normal(0.5, 0.1, 20000)
    low, high = estimate(0.5, samples, 10)[1:]
    wider = math.sqrt(10 / 9) * 2.262  # Student's t with 9 degrees of freedom
    assert (low, high) == pytest.approx((0.5 - 0.1 * wider, 0.5 + 0.1 * wider), abs=0.01)
    assert _t975(9) == pytest.approx(2.2622, abs=1e-3) and _t975(29) == pytest.approx(2.0452, abs=1e-3)
