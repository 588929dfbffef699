"""Results as a folder: `index.html`, which needs nothing else, `results.csv` and `pairs.csv`."""

import html
import statistics
from collections.abc import Sequence
from pathlib import Path

from reggan.errors import InputError
from reggan.votes.csv_tables import write_tables
from reggan.votes.records import MODES, QUESTIONS, Vote
from reggan.votes.render import CSS, DARK, TITLES, groups_table, overview, question_section
from reggan.votes.stats import (
    Sifted,
    Summary,
    by_group,
    count_showings,
    passed_voters,
    select,
    sift,
    summarise_pairs,
    summarise_ratings,
)
from reggan.votes.stats.groups import FIELDS

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main class="results">
{body}
</main>
</body>
</html>
"""
_STYLE = f"""
:root {{ --body-text-color: #1e293b; --body-text-color-subdued: #475569; --border-color-primary: #e2e8f0;
  --block-background-fill: #fff; --page: #f8fafc; }}
body {{ margin: 0; background: var(--page);
  font: 16px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }}
{CSS}
main.results {{ max-width: 1120px; margin: 0 auto; padding: 28px clamp(14px, 4vw, 40px) 60px; }}
.results h1 {{ font-size: 1.8rem; letter-spacing: -0.02em; margin: 0 0 0.2rem; overflow-wrap: anywhere; }}
.results section {{ margin: 2.6rem 0 0; }}
.results dt {{ font-weight: 650; margin-top: 0.7rem; }}
.results dd {{ margin: 0; max-width: 56rem; color: var(--soft); }}
@media (prefers-color-scheme: dark) {{
  :root {{ --body-text-color: #e2e8f0; --body-text-color-subdued: #a8b4c6; --border-color-primary: #334155;
    --block-background-fill: #0f172a; --page: #020617; }}
  .results {{ {DARK} }}
}}
"""
_DEFINITIONS = """
<section><h2>How the numbers are made</h2><dl>
<dt>Intervals</dt><dd>95 %, by a bootstrap that resamples voters with all their votes (1,000 resamples, expanded
percentiles after Hesterberg, 2015). Where all voters agree, the exact binomial bound of Clopper and Pearson. Of
agreement, items are resampled. No correction is made for looking at many numbers.</dd>
<dt>Win rate</dt><dd>(Comparisons in which the method was preferred + half of those answered “both” or “neither”) /
its comparisons.</dd>
<dt>Strength</dt><dd>Bradley and Terry's model with ties after Davidson (1970), on the log scale, with mean 0, and a
normal prior of precision 0.1. A difference of 1 means odds of 2.7 to 1 among the answers that are no ties.</dd>
<dt>Rank</dt><dd>1 + the number of methods whose difference from this one has an interval above 0. Methods that cannot
be told apart from the best share rank 1.</dd>
<dt>Preference margin</dt><dd>Of a method over its best competitor, the other method with the highest win rate: the
share that prefers the method minus the share that prefers the competitor, in the direct comparisons of the two, ties
in the denominator. In percentage points.</dd>
<dt>Agreement</dt><dd>Krippendorff's α: 1 is perfect, 0 what chance would give. Nominal for pairs, where an answer is
one of the two methods, “both” or “neither”, whatever the sides; ordinal for ratings.</dd>
<dt>Attention checks</dt><dd>Showings whose answer is known. They count for nothing else. A voter has passed who
answered at least 80 % of their checks as expected. Who had some and has not passed has failed.</dd>
<dt>Left out</dt><dd>By default votes with an answer in less than 0.4 s, in which nobody can look, and those of voters
who failed the attention checks.</dd>
</dl></section>
"""
_GROUP_TITLES = {"expression": "Expression", "image_class": "Image class"}


def write_report(votes: list[Vote], out: Path, threshold: int = 0, everything: bool = False) -> None:
    """Write the report on one study.

    Args:
        votes: all of the study, with the attention checks.
        out: folder, made where there is none; files in it are replaced.
        threshold: answered showings below which nothing is reported; those that are left out do not count.
        everything: leave out neither hasty votes nor voters who failed the attention checks; see `stats/sifting.py`.

    Raises:
        InputError: no votes, too few, only such as are left out, those of several studies, or a folder that cannot be
            written.
    """
    studies = sorted({vote.study for vote in votes})
    if len(studies) > 1:
        raise InputError(
            "These are the votes of {count} studies ({names}); choose one of them.",
            count=len(studies),
            names=", ".join(studies),
        )
    if count_showings(votes) == 0:
        raise InputError("There are no votes to report on.")
    sifted = None if everything else sift(votes)
    counted = votes if sifted is None else sifted.votes
    count = count_showings(counted)
    if sifted is not None and count == 0:
        raise InputError("No vote is left. {left} With --all they are reported.", left=sifted.words())
    if count < threshold:
        raise InputError("{n} of {total} votes so far: results stay hidden until then.", n=count, total=threshold)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "index.html").write_text(report_page(counted, sifted), encoding="utf-8")
        write_tables(counted, out)
    except OSError as error:
        raise InputError(
            "The report cannot be written to {folder}: {why}.", folder=out, why=error.strerror or error
        ) from None


def report_page(votes: Sequence[Vote], sifted: Sifted | None = None) -> str:
    """The whole page, for votes of one study; `sifted` says what has been left out of them."""
    title = f"Results of the study “{html.escape(votes[0].study)}”"
    counted = select(votes)
    everybody = "All votes that count" if sifted is not None and sifted.words() else "All voters"
    parts = [f"<h1>{title}</h1>", _facts(votes, sifted)]
    for mode in MODES:
        summaries = summarise(counted, mode)
        if not summaries:
            continue
        heading = "Win rates" if mode == "pair" else "Mean ratings"
        parts.append(f"<section><h2>{heading}</h2><h3>{everybody}</h3>{overview(summaries)}")
        passed = summarise(select(votes, only_passed=True), mode)
        if passed:
            parts.append(f"<h3>Voters who passed the attention checks</h3>{overview(passed)}")
        parts.append("</section>")
        parts += map(question_section, summaries)
        parts.append(_groups(counted, mode))
    return _PAGE.format(title=title, style=_STYLE, body="\n".join(parts) + _DEFINITIONS)


def summarise(votes: Sequence[Vote], mode: str) -> list[Summary]:
    """What is known about each question in a mode."""
    one = summarise_pairs if mode == "pair" else summarise_ratings
    return [summary for question in QUESTIONS if (summary := one(votes, question)) is not None]


def _facts(votes: Sequence[Vote], sifted: Sifted | None) -> str:
    """Numbers of votes, voters and items, days, pace, how the attention checks went, and what was left out."""
    counted = select(votes)
    days = sorted({vote.time[:10] for vote in counted})
    checked = {vote.voter for vote in votes if vote.check}
    seconds = statistics.median(vote.seconds for vote in counted)
    facts = [
        f"{count_showings(votes):,} votes, {len(counted):,} answers",
        f"{len({vote.voter for vote in counted})} voters",
        f"{len({vote.item for vote in counted})} items",
        days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}",
        f"median of {seconds:.1f} s per answer",
    ]
    if checked:
        facts.append(f"{len(passed_voters(votes))} of {len(checked)} voters with attention checks passed them")
    left = "" if sifted is None else sifted.words()
    more = f'<p class="note">{left} With <code>--all</code> they count.</p>' if left else ""
    return f'<p class="facts">{" · ".join(facts)}</p>{more}'


def _groups(votes: Sequence[Vote], mode: str) -> str:
    parts = []
    for field in FIELDS:
        what = "Win rate" if mode == "pair" else "Mean rating"
        parts.append(f"<section><h2>{what} by {_GROUP_TITLES[field].lower()}</h2>")
        for question in QUESTIONS:
            groups = by_group(votes, question, mode, field)
            if groups:
                parts.append(f"<h3>{TITLES[question]}</h3>{groups_table(groups, _GROUP_TITLES[field], mode)}")
        parts.append("</section>")
    return "".join(parts)
