"""Sample sizes: against textbook values, and against studies that are made up."""

import re
import shlex

import numpy as np
import pytest

from reggan.errors import InputError
from reggan.votes.__main__ import _parser
from reggan.votes.power import describe, design_effect, power_of, sample_size
from tests.paths import ROOT


def test_without_ties_it_is_the_sample_size_of_one_proportion() -> None:
    """60 % against 50 %, 80 % power: 194 by the normal approximation (Fleiss, Levin and Paik, 2003, chapter 2)."""
    assert sample_size(0.2, tie_share=0) == 194


def test_ties_and_small_margins_cost() -> None:
    assert sample_size(0.2, tie_share=0.3) < sample_size(0.2, tie_share=0)  # fewer answers disagree with the majority
    sizes = [sample_size(margin) for margin in (0.05, 0.1, 0.2, 0.4)]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 3.8 * sizes[1]


@pytest.mark.parametrize(("margin", "ties", "power"), [(0.2, 0.3, 0.8), (0.1, 0.0, 0.9), (0.3, 0.5, 0.6)])
def test_inverse(margin: float, ties: float, power: float) -> None:
    n = sample_size(margin, power, tie_share=ties)
    assert power_of(n - 1, margin, tie_share=ties) < power <= power_of(n, margin, tie_share=ties)


@pytest.mark.parametrize(("margin", "ties", "power"), [(0.2, 0.3, 0.8), (0.1, 0.3, 0.9), (0.3, 0.1, 0.8)])
def test_made_up_studies_find_the_margin_as_often_as_promised(margin: float, ties: float, power: float) -> None:
    n, rng = sample_size(margin, power, tie_share=ties), np.random.default_rng(1)
    win = (1 - ties + margin) / 2
    wins, losses, _ = rng.multinomial(n, [win, win - margin, ties], 20000).T
    found = np.abs(wins - losses) > 1.959964 * np.sqrt(wins + losses)
    assert found.mean() == pytest.approx(power, abs=0.025)


def test_made_up_voters_who_repeat_themselves() -> None:
    """A voter's answers to a pair are correlated; the test then treats voters, not answers, as the sample."""
    repeats, correlation, margin, rng = 5, 0.3, 0.25, np.random.default_rng(2)
    n = sample_size(margin, tie_share=0, repeats=repeats, correlation=correlation)
    voters = -(-n // repeats)
    mean, size = (1 + margin) / 2, 1 / correlation - 1  # beta-binomial: intraclass correlation 1 / (size + 1)
    chances = rng.beta(mean * size, (1 - mean) * size, (20000, voters))
    shares = rng.binomial(repeats, chances) / repeats - 0.5
    t = shares.mean(1) / (shares.std(1, ddof=1) / np.sqrt(voters))
    assert np.mean(np.abs(t) > 1.96) == pytest.approx(0.8, abs=0.03)


def test_design_effect() -> None:
    assert design_effect(1, 0.9) == 1 and design_effect(11, 0) == 1 and design_effect(11, 0.1) == pytest.approx(2)
    assert sample_size(0.2, repeats=11, correlation=0.1) == pytest.approx(2 * sample_size(0.2), abs=1)
    assert power_of(400, 0.2, repeats=11, correlation=0.1) == pytest.approx(power_of(200, 0.2))


def test_a_margin_that_leaves_no_doubt() -> None:
    assert sample_size(1, tie_share=0) == 4
    assert power_of(4, 1, tie_share=0) == 1 and power_of(3, 1, tie_share=0) == 0


def test_in_words() -> None:
    words = describe(0.2, methods=4, repeats=5, correlation=0.1)
    n = sample_size(0.2, repeats=5, correlation=0.1)
    assert f"{n} comparisons per pair" in words and f"{6 * n} comparisons in all" in words
    assert f"{-(-n // 5)} voters" in words


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"margin": 0.8}, "at most 0.7"),
        ({"margin": 0}, "above 0"),
        ({"margin": -0.1}, "above 0"),
        ({"margin": 0.2, "power": 1}, "power must lie"),
        ({"margin": 0.2, "alpha": 0}, "Alpha"),
        ({"margin": 0.2, "tie_share": 1}, "share of ties"),
        ({"margin": 0.2, "repeats": 0}, "at least one answer"),
        ({"margin": 0.2, "correlation": 2}, "correlation"),
        ({"margin": float("nan")}, "above 0"),
    ],
)
def test_mistakes_get_a_sentence(wrong: dict[str, float], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        sample_size(**wrong)
    with pytest.raises(InputError, match="two methods"):
        describe(0.2, methods=1)
    with pytest.raises(InputError, match="comparison"):
        power_of(0, 0.2)


def test_the_guide_says_what_the_code_says() -> None:
    guide = (ROOT / "docs" / "voting.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([\d |]+) \|$", guide, re.M)
    assert len(rows) == 6
    for margin, cells in rows:
        expected = [sample_size(int(margin) / 100, power, tie_share=t) for t in (0.1, 0.3, 0.5) for power in (0.8, 0.9)]
        assert [int(cell) for cell in cells.split(" | ")] == expected
    words = describe(0.2, methods=3, repeats=10, correlation=0.05)
    said = ("196 comparisons per pair", "588 comparisons in all", "20 voters")
    assert all(number in words and number.replace("comparisons in all", "in all") in guide for number in said)


def test_the_guides_commands_exist() -> None:
    guide = (ROOT / "docs" / "voting.md").read_text(encoding="utf-8")
    commands = re.findall(r"python -m reggan\.votes ([^#\n]+)", guide)
    parsed = [_parser().parse_args(shlex.split(command)) for command in commands]
    assert {arguments.command for arguments in parsed} == {"power", "gallery", "report", "export", "forget"}
