"""The Edit tab: the result, large and always in view, and beside it the picture, its faces and the expressions.

Per visitor: `visit`, the picture and its chosen face, kept on the server. A change of it, of the expression or of the
strength brings a new result.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from reggan.predictor import Predictor
from reggan.ui.edit.after_reload import KeptVisits
from reggan.ui.edit.controls import build_controls
from reggan.ui.edit.donation import build_donation
from reggan.ui.edit.marking import preview
from reggan.ui.edit.picture_events import PictureEvents
from reggan.ui.edit.results import build_download, connect_results, lay_out_results
from reggan.ui.edit.visit import Visit
from reggan.ui.picture_input import PictureInput
from reggan.ui.widgets import widget
from reggan.ui.words import t

_KEEP_SECONDS = 3600
# Who asks for one of the examples by a link gets it; who comes back gets what was there.
_TOKEN_AND_LANGUAGE = """(token, language) => [linkedExample() ? '' : visitToken(), language]"""
_PRIVATE: dict[str, Any] = {"api_visibility": "private"}
_QUICK: dict[str, Any] = {"show_progress": "hidden", **_PRIVATE}
_MODEL: dict[str, Any] = {"concurrency_id": "model", **_PRIVATE}


def build_edit_tab(
    demo: gr.Blocks,
    predictor: Predictor,
    examples: Mapping[str, Visit],
    language: gr.Textbox,
    donations: Path | None = None,
) -> None:
    """Lay out the tab and connect it, in `demo`, which is being built. Faces are given to the folder `donations`.

    The order is that of a phone; on a wide page `assets/page.css` puts the result on the left.
    """
    visit, kept = gr.State(None, time_to_live=_KEEP_SECONDS), KeptVisits(_KEEP_SECONDS)
    events = PictureEvents(predictor, examples, kept)
    token = gr.Textbox("", visible="hidden", elem_id="token")
    with gr.Row(elem_id="edit"):
        with gr.Column(elem_id="pick"):
            upload, sentence = _upload()
        with gr.Column(elem_id="stage"):
            results = lay_out_results()
        with gr.Column(elem_id="side"):
            picture = _picture(demo, events, visit, token, upload, sentence, language)
            expression, strength = build_controls()
            download = build_download()
            if events.examples:
                _examples(demo, events, picture, language)
            gr.Markdown(t("provenance"), elem_id="provenance")  # type: ignore[arg-type]
            if donations is not None:
                build_donation(donations, visit, language)
    _keep(demo, kept, visit, token)
    connect_results(results, predictor, (visit, expression, strength), download, language)


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
    visit: gr.State,
    token: gr.Textbox,
    upload: PictureInput,
    sentence: gr.HTML,
    language: gr.Textbox,
) -> list[Any]:
    """The picture with its faces; returns what every event of it brings up to date."""
    view, place = widget("faces"), widget("marking")
    faces = gr.Radio([], label=t("Which face"), visible=False, elem_id="which", elem_classes="chips")
    mark = gr.Button(t("Mark a face"), size="sm", visible=False, elem_id="mark")
    shown = [visit, view, place, faces, mark, sentence]
    demo.load(events.start, [token, language], shown, js=_TOKEN_AND_LANGUAGE, **_QUICK)
    upload.change(events.open, [upload, language], [upload, *shown], show_progress_on=upload, **_MODEL)
    view.pick(events.pick, [visit, language], shown, **_QUICK)
    faces.input(events.choose, [visit, faces, language], shown, **_QUICK)
    for began in (mark.click, place.begin):
        began(events.begin, [visit, language], [place, sentence], **_QUICK)
    place.marks(preview, [visit, language], place, trigger_mode="always_last", show_progress="hidden", **_MODEL)
    place.place(events.place, [visit, language], shown, show_progress="hidden", **_MODEL)
    return shown


def _keep(demo: gr.Blocks, kept: KeptVisits, visit: gr.State, token: gr.Textbox) -> None:
    """A reload of the page finds the picture again; see `after_reload.py`."""

    def keep(visit: Visit | None, token: str, request: gr.Request) -> None:
        kept.keep(visit, token, request.session_hash or "")

    def leave(request: gr.Request) -> None:
        kept.leave(request.session_hash or "")

    visit.change(keep, [visit, token], None, js="(visit) => [visit, visitToken()]", **_QUICK)
    demo.unload(leave)


def _examples(demo: gr.Blocks, events: PictureEvents, picture: list[Any], language: gr.Textbox) -> None:
    """Pictures to begin with."""
    strip = widget("examples")
    demo.load(events.strip, language, strip, **_QUICK)
    strip.pick(events.example, language, picture, **_QUICK)
