"""The Edit tab: the result, large and always in view, and beside it the picture, its faces and the expressions.

Per visitor: `visit`, the picture and its faces, kept on the server, and `wishes`, what each of them is to look like,
kept in the browser. A change of the wishes brings a new result; they name their picture, so that another has other
wishes.
"""

from pathlib import Path
from typing import Any

import gradio as gr

from reggan.predictor import Predictor
from reggan.ui.edit.after_reload import KeptVisits
from reggan.ui.edit.controls import Controls, build_controls
from reggan.ui.edit.donation import build_donation
from reggan.ui.edit.examples import Examples
from reggan.ui.edit.marking import preview
from reggan.ui.edit.picture_events import PictureEvents
from reggan.ui.edit.results import KEEP_SECONDS, Results, build_download, connect_results, lay_out_results
from reggan.ui.edit.stage import tool_words
from reggan.ui.edit.visit import Visit
from reggan.ui.picture_input import PictureInput
from reggan.ui.widgets import widget
from reggan.ui.words import t

# Who asks for one of the examples by a link gets it; who comes back gets what was there.
_TOKEN_AND_LANGUAGE = """(token, language) => [linkedExample() ? '' : visitToken(), language]"""
_PRIVATE: dict[str, Any] = {"api_visibility": "private"}
_QUICK: dict[str, Any] = {"show_progress": "hidden", **_PRIVATE}
_MODEL: dict[str, Any] = {"concurrency_id": "model", **_PRIVATE}


def build_edit_tab(
    demo: gr.Blocks,
    predictor: Predictor,
    examples: Examples,
    language: gr.Textbox,
    donations: Path | None = None,
) -> None:
    """Lay out the tab and connect it, in `demo`, which is being built. Faces are given to the folder `donations`.

    The order is that of a phone; on a wide page `assets/page.css` puts the result on the left.
    """
    visit, kept = gr.State(None, time_to_live=KEEP_SECONDS), KeptVisits(KEEP_SECONDS)
    events = PictureEvents(predictor, examples, kept)
    token = gr.Textbox("", visible="hidden", elem_id="token")
    wishes = gr.Textbox("", visible="hidden", elem_id="wishes")
    with gr.Row(elem_id="edit"):
        with gr.Column(elem_id="pick"):
            upload, sentence = _upload()
        with gr.Column(elem_id="stage"):
            results = lay_out_results()
        with gr.Column(elem_id="who"):
            people = widget("people")
        with gr.Column(elem_id="side"):
            picture, begun = _picture(demo, events, (visit, wishes, token), upload, people, sentence, language)
            controls = build_controls(wishes)
            keep = build_download()
            if events.examples:
                begun.append(_examples(demo, events, wishes, picture, language))
            gr.Markdown(t("provenance"), elem_id="provenance")  # type: ignore[arg-type]
            if donations is not None:
                build_donation(donations, visit, wishes, language)
    _keep(demo, kept, visit, token)
    connect_results(results, predictor, examples, (visit, wishes), keep, language)
    _choices(demo, begun, results, people, controls, language)


def _upload() -> tuple[PictureInput, gr.HTML]:
    """Where a picture comes from, and a sentence about it."""
    upload = PictureInput(
        label=t("Your picture"),
        sources=["upload", "webcam", "clipboard"],
        placeholder=t("Choose or drop a picture"),  # type: ignore[arg-type]
        show_label=False,
        elem_id="upload",
        alt_text="",
    )
    return upload, gr.HTML(f'<p class="status">{t("Choose a picture to begin")}</p>', elem_id="note")


def _picture(
    demo: gr.Blocks,
    events: PictureEvents,
    known: tuple[gr.State, gr.Textbox, gr.Textbox],
    upload: PictureInput,
    people: gr.HTML,
    sentence: gr.HTML,
    language: gr.Textbox,
) -> tuple[list[Any], list[Any]]:
    """Where faces are marked by hand; returns what every event of the picture updates, and those that bring another."""
    visit, wishes, token = known
    place = widget("marking")
    mark = gr.Button(t("Mark a face"), size="sm", visible=False, elem_id="mark")
    shown = [visit, wishes, place, people, mark, sentence]
    started = demo.load(events.start, [token, language], shown, js=_TOKEN_AND_LANGUAGE, **_QUICK)
    opened = upload.change(events.open, [upload, wishes, language], [upload, *shown], show_progress_on=upload, **_MODEL)
    for began in (mark.click, place.begin):
        began(events.begin, [visit, language], [place, sentence], **_QUICK)
    place.marks(preview, [visit, language], place, trigger_mode="always_last", show_progress="hidden", **_MODEL)
    place.place(events.place, [visit, wishes, language], shown, show_progress="hidden", **_MODEL)
    people.unmark(events.unmark, [visit, wishes, language], shown, **_QUICK)
    return shown, [started, opened]


def _keep(demo: gr.Blocks, kept: KeptVisits, visit: gr.State, token: gr.Textbox) -> None:
    """A reload of the page finds the picture again; see `after_reload.py`."""

    def keep(visit: Visit | None, token: str, request: gr.Request) -> None:
        kept.keep(visit, token, request.session_hash or "")

    def leave(request: gr.Request) -> None:
        kept.leave(request.session_hash or "")

    visit.change(keep, [visit, token], None, js="(visit) => [visit, visitToken()]", **_QUICK)
    demo.unload(leave)


def _choices(
    demo: gr.Blocks, begun: list[Any], results: Results, people: gr.HTML, controls: Controls, language: gr.Textbox
) -> None:
    """What else changes the wishes: another picture, the address, a face that is chosen, a tile, one step back."""
    for event in begun:
        controls.on(event.then, "showControls")
    controls.on(results.tools.address, "followAddress")
    controls.on(people.pick, "pickFace")
    controls.on(results.compare.pick, "pickFace")
    controls.on(results.sheet.choose, "chooseTile")
    controls.on(results.tools.undo, "stepBack")
    demo.load(tool_words, language, results.tools, **_QUICK)


def _examples(
    demo: gr.Blocks, events: PictureEvents, wishes: gr.Textbox, picture: list[Any], language: gr.Textbox
) -> Any:
    """Pictures to begin with; returns the event that brings one."""
    strip = widget("examples")
    demo.load(events.strip, language, strip, **_QUICK)
    return strip.pick(events.example, [wishes, language], picture, **_QUICK)
