"""The Edit tab: a picture on the left, expressions and results on the right.

Two states per visitor: `visit`, the picture and its chosen face, whose change brings a new result; and `pen`, set
while a face is being marked by hand.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from reggan.predictor import Predictor
from reggan.ui import choices
from reggan.ui.handlers import Handlers, note
from reggan.ui.picture_input import PictureInput

_KEEP_SECONDS = 3600
_PRIVATE: dict[str, Any] = {"api_visibility": "private"}
_EXAMPLES: dict[str, Any] = {"examples_per_page": 24, **_PRIVATE}
_MODEL: dict[str, Any] = {"concurrency_id": "model", **_PRIVATE}


def _left(examples: Sequence[Path]) -> tuple[gr.Image, list[Any]]:
    """The upload and the table."""
    upload = PictureInput(
        label="Your picture",
        sources=["upload", "webcam", "clipboard"],
        placeholder="Drop a picture here, or click to upload\nphoto, painting, statue, avatar",
        show_label=False,
        elem_id="upload",
        alt_text="The picture being read",
    )
    sentence = gr.HTML(note("Choose a picture: its faces are found at once."), elem_id="note")
    view = gr.Image(
        format="jpeg",
        interactive=False,
        show_label=False,
        visible=False,
        buttons=[],
        elem_id="view",
        alt_text="Your picture with its faces outlined and numbered",
    )
    faces = gr.Radio([], label="Which face", visible=False, elem_id="faces", elem_classes="chips")
    mark = gr.Button("Mark a face by hand", size="sm", visible=False, elem_id="mark")
    if examples:
        with gr.Column(elem_classes="examples"):
            gr.Examples([[str(path)] for path in examples], upload, label="Examples", **_EXAMPLES)
    return upload, [view, faces, mark, sentence]


def _right() -> tuple[list[Any], list[Any]]:
    """Controls (basic, compound, strength) and results."""
    basic = gr.Radio(choices.BASIC_CHOICES, value="happy", label="Expression", elem_id="basic", elem_classes="chips")
    with gr.Accordion("15 compound expressions", open=False, elem_id="compounds"):
        compound = gr.Radio(
            choices.COMPOUND_CHOICES,
            label="Compound expression",
            show_label=False,
            container=False,
            elem_id="compound",
            elem_classes=["chips", "wide"],
        )
    strength = gr.Slider(0, 1, 1.0, step=0.05, label="Strength", elem_id="strength")
    with gr.Row(elem_id="stages"):
        stages = [
            _stage(name, text)
            for name, text in (("crop", "Input crop"), ("coarse", "Stage 1: coarse"), ("refined", "Stage 2: refined"))
        ]
    words = gr.HTML("", elem_id="words")
    composite = gr.Image(
        format="png",
        interactive=False,
        show_label=False,
        visible=False,
        buttons=["fullscreen"],
        elem_id="composite",
        alt_text="Your picture with the new expression",
    )
    download = gr.DownloadButton("Download PNG", variant="primary", visible=False, elem_id="download")
    return [basic, compound, strength], [*stages, words, composite, download]


def _stage(name: str, text: str) -> gr.Image:
    with gr.Column(min_width=80):
        gr.HTML(f'<p class="cap">{text}</p>')
        return gr.Image(
            format="png",
            interactive=False,
            show_label=False,
            buttons=[],
            min_width=80,
            elem_id=name,
            alt_text=text,
        )


def build_edit_tab(demo: gr.Blocks, predictor: Predictor, examples: Sequence[Path]) -> None:
    """Lay out the tab and connect it, in `demo`, which is being built."""
    visit = gr.State(None, time_to_live=_KEEP_SECONDS)
    pen = gr.State(None, time_to_live=_KEEP_SECONDS)
    expression = gr.State("happy")
    with gr.Row():
        with gr.Column(scale=4, min_width=320, elem_id="left"):
            upload, table = _left(examples)
        with gr.Column(scale=8, min_width=320):
            (basic, compound, strength), results = _right()
    do, table = Handlers(predictor), [visit, pen, *table]
    view, faces, mark = table[2:5]

    if examples:
        demo.load(functools.partial(do.start, examples[0]), None, table, show_progress="hidden", **_MODEL)
    upload.change(do.open, upload, [upload, *table], show_progress_on=upload, **_MODEL)
    view.select(do.click, [visit, pen], table, show_progress="hidden", **_MODEL)
    faces.input(do.choose, [visit, faces], table, show_progress="hidden", **_PRIVATE)
    mark.click(do.mark, [visit, pen], table, show_progress="hidden", **_PRIVATE)
    for chips, others in ((basic, compound), (compound, basic)):
        chips.input(lambda name: (name, None), chips, [expression, others], show_progress="hidden", **_PRIVATE)
    gr.on(
        [visit.change, expression.change, strength.change],
        do.result,
        [visit, expression, strength],
        results,
        show_progress="minimal",
        trigger_mode="always_last",
        **_MODEL,
    )
