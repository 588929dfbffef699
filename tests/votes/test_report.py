"""The report's page and tables: the numbers are in, nothing from elsewhere is, and names can do no harm."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reggan.errors import InputError
from reggan.votes.__main__ import main
from reggan.votes.records import QUESTIONS, Vote
from reggan.votes.render.numbers import LOG, PERCENT, POINTS, beside, inline, number
from reggan.votes.render.plot import interval_plot, nice_ticks
from reggan.votes.stats import Estimate, count_showings, select, sift, summarise_pairs, summarise_ratings
from reggan.votes.store import Store
from reggan.votes.study_report import report_page, write_report
from tests.votes.votes_simulation import simulate, vote


@pytest.fixture(scope="module")
def votes() -> list[Vote]:
    made = simulate(1, voters=20, each=12, questions=QUESTIONS)
    checks = [
        vote(voter=f"v{n}", token=f"check{n}", check="left", answer=("left", "right")[n % 4 == 0]) for n in range(20)
    ]
    return made + checks


@pytest.fixture(scope="module")
def folder(votes: list[Vote], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("votes") / "new" / "report"
    write_report(votes, out, everything=True)
    return out


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rated(method: str, voters: int = 8) -> list[Vote]:
    return [
        vote(
            mode="single",
            right="",
            left=method,
            voter=f"v{v}",
            token=f"{method}{v}",
            answer=str(3 + v % 3),
            item=f"i{v % 2}",
        )
        for v in range(voters)
    ]


def test_page_holds_the_numbers(folder: Path, votes: list[Vote]) -> None:
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "240 votes, 720 answers" in page and "20 voters" in page
    assert "15 of 20 voters with attention checks passed them" in page
    for question in QUESTIONS:
        summary = summarise_pairs(select(votes), question)
        assert summary is not None
        assert inline(summary.methods[0].margin, POINTS) in page
        assert all(beside(method.win_rate, PERCENT) in page for method in summary.methods)
        assert all(beside(method.strength, LOG) in page for method in summary.methods)
    for heading in ("Win rate by expression", "Win rate by image class", "Voters who passed the attention checks"):
        assert heading in page


def test_page_is_well_formed_and_loads_nothing(folder: Path) -> None:
    page = (folder / "index.html").read_text(encoding="utf-8")
    open_tags: list[str] = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in ("script", "img", "link", "iframe", "object", "a")
            assert not {"src", "href"} & dict(attrs).keys()
            if tag not in ("meta", "line", "circle"):
                open_tags.append(tag)

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag in ("line", "circle")

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Checker().feed(page)
    assert open_tags == []
    assert not re.search(r"https?:|url\(|@import", page)
    assert "default-src 'none'" in page


def test_results_csv(folder: Path, votes: list[Vote]) -> None:
    rows = rows_of(folder / "results.csv")
    summary = summarise_pairs(select(votes), "identity")
    assert summary is not None
    whole = [row for row in rows if (row["question"], row["voters"], row["part"]) == ("identity", "all", "all")]
    for row, method in zip(whole, summary.methods, strict=True):
        assert (row["method"], row["rank"], row["preferred"]) == (method.method, str(method.rank), str(method.wins))
        for name in ("win_rate", "strength", "margin"):
            found = getattr(method, name)
            assert [float(row[name + end]) for end in ("", "_low", "_high")] == pytest.approx(found, abs=1e-4)
        assert row["mean_rating"] == row["rated_1"] == ""
    passed = [row for row in rows if row["voters"] == "passed"]
    assert len(passed) == 12 and int(passed[0]["answers"]) == 15 * 12
    groups = {(row["part"], row["group"]) for row in rows if row["group"]}
    assert groups == {
        *(("expression", name) for name in ("happy", "sad")),
        *(("image_class", name) for name in ("painting", "photo", "statue")),
    }


def test_pairs_csv(folder: Path, votes: list[Vote]) -> None:
    rows = [row for row in rows_of(folder / "pairs.csv") if row["question"] == "realism"]
    assert len(rows) == 12
    rates = {(row["method"], row["against"]): float(row["win_rate"]) for row in rows}
    assert all(rate + rates[b, a] == pytest.approx(1, abs=1e-3) for (a, b), rate in rates.items())
    assert sum(int(row["comparisons"]) for row in rows) == 2 * 240


def test_ratings(tmp_path: Path) -> None:
    votes = rated("refined") + rated("coarse")
    write_report(votes, tmp_path)
    summary = summarise_ratings(votes, "realism")
    assert summary is not None
    rows = rows_of(tmp_path / "results.csv")
    first = rows[0]
    assert [first[f"rated_{n}"] for n in range(1, 6)] == ["0", "0", "3", "3", "2"]
    assert float(first["mean_rating"]) == pytest.approx(summary.methods[0].mean.value, abs=1e-4)
    assert {row["part"] for row in rows} == {"all", "expression", "image_class"}
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Mean opinion score" in page and "Strength" not in page.split("How the numbers are made")[0]
    assert len(rows_of(tmp_path / "pairs.csv")) == 0


def test_names_do_no_harm(tmp_path: Path) -> None:
    """Neither in a spreadsheet nor in a browser."""
    formula, script = '=HYPERLINK("http://example.org")', "<script>alert(1)</script>&{{x}}"
    votes = [vote(left=formula, right=script, voter=f"v{v}", study="@study", expression="+1") for v in range(8)]
    write_report(votes, tmp_path)
    rows = rows_of(tmp_path / "results.csv") + rows_of(tmp_path / "pairs.csv")
    cells = [cell for row in rows for cell in row.values()]
    assert "'" + formula in cells and "'@study" in cells and "'+1" in cells
    assert not any(re.match(r"[=+@\t\r]", cell) or re.match(r"-(?!\d)", cell) for cell in cells)
    assert any(cell.startswith("-1") for cell in cells), "numbers stay numbers"
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;&amp;{{x}}" in page


def test_mistakes_get_a_sentence_and_no_files(votes: list[Vote], tmp_path: Path) -> None:
    out = tmp_path / "report"
    for given, threshold, sentence in (
        ([], 0, "There are no votes to report on."),
        ([vote(check="left")], 0, "There are no votes to report on."),
        (votes, 241, "180 of 241 votes so far"),
        ([*votes, vote(study="other")], 0, r"2 studies \(other, s\)"),
    ):
        with pytest.raises(InputError, match=sentence):
            write_report(given, out, threshold)
        assert not out.exists()
    out.write_text("a file is in the way")
    with pytest.raises(InputError, match="cannot be written"):
        write_report(votes, out)


def test_hasty_votes_and_failed_voters_are_left_out_and_the_report_says_how_many(votes: list[Vote]) -> None:
    tokens = {f"{voter}-{n}" for voter, n in ((1, 0), (1, 1), (4, 0))}  # v4 has failed too
    hasty = [v._replace(seconds=0.39) if v.token in tokens and v.question == "realism" else v for v in votes]
    sifted = sift(hasty)
    assert (sifted.hasty, sifted.failed, sifted.failed_voters) == (3, 5 * 12 - 1, 5)
    kept = {v.voter for v in select(sifted.votes)}
    assert kept == {f"v{n}" for n in range(20) if n % 4} and count_showings(sifted.votes) == 15 * 12 - 2
    assert [v for v in sifted.votes if v.check] == [v for v in votes if v.check], "checks stay"
    assert sift([v._replace(seconds=0.4) for v in votes]).hasty == 0


def test_the_command_leaves_them_out_unless_asked(
    votes: list[Vote], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "votes.db").touch()
    monkeypatch.setattr(Store, "votes", lambda self, study: votes)
    command = ["report", str(tmp_path / "votes.db"), "-o", str(tmp_path / "report")]
    for more, found, said in (([], "180 votes", True), (["--all"], "240 votes", False)):
        assert main([*command, *more]) == 0
        page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
        assert found in page and "15 of 20 voters with attention checks passed them" in page
        assert ("Left out: 60 votes of 5 voters who failed the attention checks." in page) == said
        (row, *_) = rows_of(tmp_path / "report" / "results.csv")
        assert row["voters"] == "all" and int(row["answers"]) == int(found[:3])


def test_nothing_but_hasty_votes_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No vote is left.*1 vote with an answer in less than 0.4 s"):
        write_report([vote(seconds=0.0)], tmp_path / "report")


def test_page_with_next_to_nothing() -> None:
    page = report_page([vote()])
    assert "1 answer " in page and "they need at least 6 voters" in page and "nan" not in page


def test_numbers_in_words() -> None:
    estimate = Estimate(-0.004, -0.062, 0.058)
    assert inline(estimate, POINTS) == "0 points (−6 to +6)"
    assert inline(Estimate(0.5, float("nan"), float("nan")), PERCENT) == "50 %"
    assert number(float("nan"), LOG) == "–" and number(-1.234, LOG) == "−1.23"
    assert beside(Estimate(0.5, 0.4, 0.6), PERCENT) == "50 % <small>40 to 60</small>"


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (26, 74, [20, 30, 40, 50, 60, 70, 80]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-1.03, 1.04, [-1.5, -1, -0.5, 0, 0.5, 1, 1.5]),
        (3, 3, [3.0, 3.1]),
    ],
)
def test_ticks_are_round_and_enclose(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high) == pytest.approx(ticks)


def test_dots_stand_where_the_axis_says() -> None:
    plot = interval_plot("Win rate", "%", [("a", Estimate(0.4, 0.2, 0.6))], PERCENT, 0.5, (0, 1))
    ticks = dict(zip(re.findall(r">(\d+)</text>", plot), re.findall(r'<text x="([\d.]+)%', plot), strict=True))
    assert re.findall(r'circle class="dot" cx="([\d.]+)%', plot) == [ticks["40"]]
    assert re.findall(r'class="bar" x1="([\d.]+)%" x2="([\d.]+)%', plot) == [(ticks["20"], ticks["60"])]
    assert f'class="zero" x1="{ticks["50"]}%' in plot
