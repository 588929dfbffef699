"""The Edit tab: a picture on the left, expressions and results on the right.

Per visitor: `visit`, the picture and its chosen face, kept on the server. A change of it, of the expression or of the
strength brings a new result.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from reggan.predictor import Predictor
from reggan.ui.edit.controls import build_controls
from reggan.ui.edit.donation import build_donation
from reggan.ui.edit.picture_events import PictureEvents
from reggan.ui.edit.results import build_results
from reggan.ui.edit.visit import Visit
from reggan.ui.picture_input import PictureInput
from reggan.ui.widgets import widget
from reggan.ui.words import t

_KEEP_SECONDS = 3600
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
    """Lay out the tab and connect it, in `demo`, which is being built. Faces are given to the folder `donations`."""
    visit = gr.State(None, time_to_live=_KEEP_SECONDS)
    with gr.Row(elem_id="edit"):
        with gr.Column(scale=4, min_width=320, elem_id="left"):
            _left(demo, PictureEvents(predictor, examples), visit, language)
        with gr.Column(scale=8, min_width=320, elem_id="right"):
            expression, strength = build_controls()
            build_results(predictor, visit, expression, strength, language)
            if donations is not None:
                build_donation(donations, visit, language)


def _left(demo: gr.Blocks, events: PictureEvents, visit: gr.State, language: gr.Textbox) -> None:
    """The upload, the picture with its faces, and the examples."""
    marking = gr.State(False)
    upload = PictureInput(
        label=t("Your picture"),
        sources=["upload", "webcam", "clipboard"],
        placeholder=t("Drop a picture here, or click to choose one"),  # type: ignore[arg-type]
        show_label=False,
        elem_id="upload",
        alt_text="",
    )
    sentence = gr.HTML(f'<p class="status">{t("Choose a picture to begin")}</p>', elem_id="note")
    view = widget("faces")
    faces = gr.Radio([], label=t("Which face"), visible=False, elem_id="which", elem_classes="chips")
    mark = gr.Button(t("Mark a face by hand"), size="sm", visible=False, elem_id="mark")
    left_side = [visit, marking, view, faces, mark, sentence]

    if events.examples:
        strip = widget("examples")
        demo.load(events.strip, language, strip, **_QUICK)
        demo.load(events.start, language, left_side, show_progress="hidden", **_PRIVATE)
        strip.pick(events.example, language, left_side, **_QUICK)
    upload.change(events.open, [upload, language], [upload, *left_side], show_progress_on=upload, **_MODEL)
    view.pick(events.pick, [visit, language], left_side, **_QUICK)
    faces.input(events.choose, [visit, faces, language], left_side, **_QUICK)
    mark.click(events.mark, [visit, marking, language], left_side, **_QUICK)
    view.box(events.box, [visit, language], left_side, show_progress="hidden", **_MODEL)
