"""The Results tab: what the votes say so far, once there are enough of them.

Nothing is kept between events: every one reads the votes anew and shows them to whoever asked.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gradio as gr

from reggan.errors import InputError
from reggan.ui.picture_input import as_error
from reggan.ui.results_words import in_language
from reggan.ui.words import say, t
from reggan.votes.records import IMAGE_CLASSES, QUESTIONS, Vote
from reggan.votes.render import CSS, DARK, TITLES, overview, question_section
from reggan.votes.stats import Sifted, count_showings, passed_voters, select, sift
from reggan.votes.stats.sifting import FASTEST
from reggan.votes.study_report import summarise

_ALL, _PASSED, _COUNTED = "all", "passed", "counted"
_VOTERS = [
    (t("Those that count"), _COUNTED),
    (t("Of voters who passed the attention checks"), _PASSED),
    (t("All votes"), _ALL),
]
_EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_id": "results"}
_STYLE = f"""<style>{CSS}.dark .results {{ {DARK} }}
#results_head {{ align-items: start; flex-wrap: nowrap; }}
</style>"""


def build_results_tab(
    demo: gr.Blocks,
    votes: Callable[[], list[Vote]],
    language: gr.Textbox,
    threshold: int = 30,
    tab: gr.Tab | None = None,
) -> None:
    """Lay out the tab and connect it, in `demo`, which is being built.

    Args:
        votes: reads all votes of the study, with the attention checks.
        language: that of the page.
        threshold: answered showings below which nothing is shown.
        tab: results are read when it is opened; without, when the page is.
    """
    with gr.Row(elem_id="results_head"):
        state = gr.HTML(elem_id="results_state", apply_default_css=False)
        refresh = gr.Button(t("Refresh"), size="sm", scale=0, min_width=110, elem_id="results_refresh")
    with gr.Column(visible=False, elem_id="results_shown") as shown:
        question = gr.Radio(
            [(t("All questions"), _ALL), *((t(TITLES[name]), name) for name in QUESTIONS)],
            value=_ALL,
            label=t("Question"),
            elem_id="results_question",
            elem_classes=["chips", "wide"],
        )
        with gr.Row(elem_id="results_filters"):
            expression = _filter("Expression", [(t("All expressions"), _ALL)], "results_expression")
            image_class = _filter("Image class", [(t("All classes"), _ALL)], "results_class")
            voters = _filter("Votes", _VOTERS, "results_voters")
        body = gr.HTML(elem_id="results_body", apply_default_css=False)
    chosen = [question, expression, image_class, voters, language]
    show = functools.partial(show_results, votes, threshold)
    opened = demo.load if tab is None else tab.select
    asked = [refresh.click, opened, question.input, expression.input, image_class.input, voters.input]
    gr.on(asked, show, chosen, [state, shown, expression, image_class, body], trigger_mode="always_last", **_EVENT)


def show_results(
    votes: Callable[[], list[Vote]],
    threshold: int,
    question: str,
    expression: str,
    image_class: str,
    voters: str,
    language: str,
) -> Sequence[Any]:
    """Sentence, whether anything is shown, both filters' choices, and the results."""
    try:
        known = votes()
    except InputError as error:
        raise as_error(error, language) from None
    sifted = sift(known)
    count = count_showings(sifted.votes)
    if count < threshold or not count_showings(known):
        return hidden(count, threshold, language), gr.update(visible=False), gr.skip(), gr.skip(), ""
    if voters != _ALL:
        known = sifted.votes
    counted = select(known)
    expressions = sorted({vote.expression for vote in counted})
    classes = [name for name in IMAGE_CLASSES if any(vote.image_class == name for vote in counted)]
    expression, image_class = _kept(expression, expressions), _kept(image_class, classes)
    kept = select(known, _wanted(expression), _wanted(image_class), voters == _PASSED)
    return (
        _sentence(known, sifted, voters == _ALL, language),
        gr.update(visible=True),
        _choices("All expressions", {name: name.capitalize() for name in expressions}, expression, language),
        _choices("All classes", {name: f"class {name}" for name in classes}, image_class, language),
        results(kept, question, language),
    )


def results(votes: Sequence[Vote], question: str, language: str) -> str:
    """The tables and plots of one question, or of all with an overview, as HTML."""
    parts = []
    for mode in ("pair", "single"):
        summaries = summarise(votes, mode)
        if question != _ALL:
            summaries = [summary for summary in summaries if summary.question == question]
        elif summaries:
            title = "Win rates" if mode == "pair" else "Mean ratings"
            parts.append(f"<h2>{title}</h2>{overview(summaries)}")
        parts += map(question_section, summaries)
    body = "".join(parts) or '<p class="note">No votes match these filters.</p>'
    return f'<div class="results">{in_language(body, language)}</div>'


def hidden(count: int, threshold: int, language: str) -> str:
    """What stands in place of results."""
    words = say(
        "{n} of {total} votes so far: results stay hidden until then, so that they do not sway the next voter.",
        language,
        n=count,
        total=threshold,
    )
    return f'<p class="status">{words if count < threshold else say("There are no votes yet.", language)}</p>'


def _sentence(votes: Sequence[Vote], sifted: Sifted, everything: bool, language: str) -> str:
    """How many votes are shown, how the attention checks went, and what is left out."""
    voters = len({vote.voter for vote in votes if not vote.check})
    checked = len({vote.voter for vote in votes if vote.check})
    words = [say("Votes: {n}, voters: {voters}.", language, n=count_showings(votes), voters=voters)]
    if checked:
        passed = len(passed_voters(votes))
        words.append(say("{n} of {total} voters passed the attention checks.", language, n=passed, total=checked))
    if sifted.failed and not everything:
        words.append(say("Left out, of voters who failed them: {n}.", language, n=sifted.failed))
    if sifted.hasty and not everything:
        seconds = FASTEST
        words.append(say("Left out, as faster than {seconds} s: {n}.", language, n=sifted.hasty, seconds=seconds))
    return f'{_STYLE}<p class="status">{" ".join(words)}</p>'


def _choices(every: str, names: Mapping[str, str], value: str, language: str) -> Any:
    """`names`: what can be chosen, and its text's key."""
    options = [(say(every, language), _ALL), *((say(key, language), name) for name, key in names.items())]
    return gr.update(choices=options, value=value)


def _filter(label: str, choices: list[Any], name: str) -> gr.Dropdown:
    return gr.Dropdown(choices, value=choices[0][1], label=t(label), filterable=False, min_width=160, elem_id=name)


def _wanted(value: str) -> str | None:
    return None if value == _ALL else value


def _kept(value: str, choices: Sequence[str]) -> str:
    return value if value in choices else _ALL
