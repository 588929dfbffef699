"""The Results tab: what the votes say so far, once there are enough of them.

Nothing is kept between events: every one reads the votes anew and shows them to whoever asked.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from reggan.errors import InputError
from reggan.votes.records import IMAGE_CLASSES, QUESTIONS, Vote
from reggan.votes.render import CSS, DARK, TITLES, overview, question_section
from reggan.votes.stats import count_showings, passed_voters, select
from reggan.votes.study_report import summarise

_ALL, _PASSED = "all", "passed"
_EXPRESSIONS = [("All expressions", _ALL)]
_CLASSES = [("All classes", _ALL)]
_VOTERS = [("All voters", _ALL), ("Who passed the attention checks", _PASSED)]
_EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_id": "results"}
_STYLE = f"""<style>{CSS}.dark .results {{ {DARK} }}
#results_head {{ align-items: start; flex-wrap: nowrap; }}
</style>"""


def build_results_tab(
    demo: gr.Blocks, votes: Callable[[], list[Vote]], threshold: int = 30, tab: gr.Tab | None = None
) -> None:
    """Lay out the tab and connect it, in `demo`, which is being built.

    Args:
        votes: reads all votes of the study, with the attention checks.
        threshold: answered showings below which nothing is shown.
        tab: results are read when it is opened; without, when the page is.
    """
    with gr.Row(elem_id="results_head"):
        state = gr.HTML(elem_id="results_state", apply_default_css=False)
        refresh = gr.Button("Refresh", size="sm", scale=0, min_width=110, elem_id="results_refresh")
    with gr.Column(visible=False, elem_id="results_shown") as shown:
        question = gr.Radio(
            [("All questions", _ALL), *((TITLES[name], name) for name in QUESTIONS)],
            value=_ALL,
            label="Question",
            elem_id="results_question",
            elem_classes=["chips", "wide"],
        )
        with gr.Row(elem_id="results_filters"):
            expression = _filter("Expression", _EXPRESSIONS, "results_expression")
            image_class = _filter("Image class", _CLASSES, "results_class")
            voters = _filter("Voters", _VOTERS, "results_voters")
        body = gr.HTML(elem_id="results_body", apply_default_css=False)
    chosen = [question, expression, image_class, voters]
    show = functools.partial(show_results, votes, threshold)
    opened = demo.load if tab is None else tab.select
    asked = [refresh.click, opened, question.input, expression.input, image_class.input, voters.input]
    gr.on(asked, show, chosen, [state, shown, expression, image_class, body], trigger_mode="always_last", **_EVENT)


def show_results(
    votes: Callable[[], list[Vote]], threshold: int, question: str, expression: str, image_class: str, voters: str
) -> Sequence[Any]:
    """Sentence, whether anything is shown, both filters' choices, and the results."""
    try:
        known = votes()
    except InputError as error:
        raise gr.Error(str(error), print_exception=False) from None
    count, counted = count_showings(known), select(known)
    if count < threshold or not counted:
        return hidden(count, threshold), gr.update(visible=False), gr.skip(), gr.skip(), ""
    expressions = sorted({vote.expression for vote in counted})
    classes = [name for name in IMAGE_CLASSES if any(vote.image_class == name for vote in counted)]
    expression, image_class = _kept(expression, expressions), _kept(image_class, classes)
    kept = select(known, _wanted(expression), _wanted(image_class), voters == _PASSED)
    return (
        _sentence(known, count),
        gr.update(visible=True),
        gr.update(choices=[*_EXPRESSIONS, *expressions], value=expression),
        gr.update(choices=[*_CLASSES, *classes], value=image_class),
        results(kept, question),
    )


def results(votes: Sequence[Vote], question: str) -> str:
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
    return f'<div class="results" lang="en">{body}</div>'


def hidden(count: int, threshold: int) -> str:
    """What stands in place of results."""
    words = (
        f"{count} of {threshold} votes so far: results stay hidden until then, so that they do not sway the next voter."
    )
    return f'<p class="status" lang="en">{words if count < threshold else "There are no votes yet."}</p>'


def _sentence(votes: Sequence[Vote], count: int) -> str:
    voters = {vote.voter for vote in votes if not vote.check}
    checked = {vote.voter for vote in votes if vote.check}
    words = f"{count:,} votes by {len(voters):,} {'voter' if len(voters) == 1 else 'voters'}."
    if checked:
        words += f" {len(passed_voters(votes))} of {len(checked)} voters with attention checks passed them."
    return f'{_STYLE}<p class="status" lang="en">{words}</p>'


def _filter(label: str, choices: list[tuple[str, str]], name: str) -> gr.Dropdown:
    return gr.Dropdown(choices, value=_ALL, label=label, filterable=False, min_width=160, elem_id=name)


def _wanted(value: str) -> str | None:
    return None if value == _ALL else value


def _kept(value: str, choices: Sequence[str]) -> str:
    return value if value in choices else _ALL
