"""The Edit tab: a picture on the left, expressions and results on the right.

Two states per visitor: `visit`, the picture and its chosen face, whose change brings a new result; and `pen`, set
while a face is being marked by hand.
"""

import functools
import html
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from PIL import Image

from reggan.errors import InputError
from reggan.expressions import resolve
from reggan.predictor import NO_FACE, Predictor
from reggan.ui import choices
from reggan.ui.outline import draw_view, shrink, to_picture, view_scale
from reggan.ui.picture_input import PictureInput, as_error
from reggan.ui.visit import Pen, Visit

_KEEP_SECONDS = 3600
_MARK_FIRST = "Click one corner of a box around the face, from forehead to chin."
_MARK_SECOND = "Now click the opposite corner, below the chin."
_PRIVATE: dict[str, Any] = {"api_visibility": "private"}
_MODEL: dict[str, Any] = {"concurrency_id": "model", **_PRIVATE}


class Handlers:
    """What happens on events. Holds the read-only predictor and nothing else."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

    def open(self, path: str | None) -> Sequence[Any]:
        """A new picture: find its faces."""
        if path is None:  # the upload was cleared
            return gr.skip(), *_nothing()
        try:
            visit = Visit(self.predictor.analyse(path))
        except InputError as error:
            return None, *_nothing(str(error))
        return None, *_table(visit, None if visit.count else Pen(), _found(visit))

    def start(self, path: Path) -> Sequence[Any]:
        """An example to begin with, so that the page explains itself."""
        visit = Visit(self.predictor.analyse(path))
        return _table(visit, None, _note("This is an example. Choose your own picture above."))

    def click(self, visit: Visit | None, pen: Pen | None, event: gr.SelectData) -> Sequence[Any]:
        """A click on the picture: choose a face, or mark a corner."""
        if visit is None:
            return _nothing()
        point = to_picture((event.index[0], event.index[1]), visit.analysis.image)
        if pen is None:
            face = visit.face_at(point)
            return _nothing() if face is None else _table(visit.choose(face), None, _found(visit))
        if pen.corner is None:
            return _table(visit, Pen(point), _note(_MARK_SECOND, "action"), same_visit=True)
        try:
            marked = self.predictor.analyse(visit.analysis.image, pen.box_to(point))
        except InputError as error:
            return _table(visit, Pen(), _note(f"{error} {_MARK_FIRST}", "problem"), same_visit=True)
        visit = visit.with_face(marked)
        return _table(visit, None, _note(f"Face {visit.count} was marked by hand."))

    def choose(self, visit: Visit | None, value: str | None) -> Sequence[Any]:
        """A choice among the faces."""
        if visit is None:
            return _nothing()
        return _table(visit.choose(choices.face_of(value, visit.count)), None, _found(visit))

    def mark(self, visit: Visit | None, pen: Pen | None) -> Sequence[Any]:
        """The button that starts marking by hand, and stops it."""
        if visit is None:
            return _nothing()
        if pen is not None and visit.count:
            return _table(visit, None, _found(visit), same_visit=True)
        return _table(visit, Pen(), _note(_MARK_FIRST, "action"), same_visit=True)

    def edit(self, visit: Visit | None, expression: str, strength: float) -> Sequence[Any]:
        """The result, for what is on the table now."""
        if visit is None:
            return [gr.skip()] * 6
        if not visit.count:
            return None, None, None, "", gr.update(value=None, visible=False), gr.update(visible=False)
        try:
            result = self.predictor.edit(visit.analysis, resolve(expression, strength), visit.face)
        except InputError as error:
            raise as_error(error) from None
        first = result.faces[0]
        words = html.escape(choices.caption(expression, strength, visit.face))
        return (
            first.crop,
            first.coarse,
            first.refined,
            f'<p class="caption">{words}</p><p class="cap">Result in the whole picture</p>',
            *_composite(result.image, expression),
        )


def _composite(image: Any, expression: str) -> tuple[Any, Any]:
    """The whole picture: a view of it, and the download at its full resolution."""
    height, width = image.shape[:2]
    folder = Path(get_upload_folder()) / secrets.token_hex(16)  # from here Gradio deletes it in time
    folder.mkdir(parents=True)
    path = folder / f"reggan_{expression.replace(' ', '_')}.png"
    Image.fromarray(image).save(path, compress_level=1)
    view = str(path) if view_scale(image) == 1.0 else shrink(image)
    label = f"Download PNG ({width} × {height})"
    return gr.update(value=view, visible=True), gr.update(label=label, value=str(path), visible=True)


def _note(text: str, kind: str = "info") -> str:
    role = "alert" if kind == "problem" else "status"
    return f'<p class="status {kind}" role="{role}">{html.escape(text)}</p>'


def _found(visit: Visit) -> str:
    if visit.count == 0:
        return _note(NO_FACE, "problem") + _note(_MARK_FIRST, "action")
    if visit.count == 1:
        return _note("1 face found.")
    return _note(f"{visit.count} faces found. Click one to choose it.")


def _nothing(problem: str | None = None) -> list[Any]:
    """No change to the table, except perhaps the sentence."""
    note = gr.skip() if problem is None else _note(problem, "problem")
    return [gr.skip()] * 5 + [note]


def _table(visit: Visit, pen: Pen | None, note: str, same_visit: bool = False) -> list[Any]:
    """Values for visit, pen, view, faces, mark, note. A visit that stays the same brings no new result."""
    marking = "Stop marking" if pen is not None and visit.count else "Mark a face by hand"
    return [
        gr.skip() if same_visit else visit,
        pen,
        gr.update(value=draw_view(visit, pen), visible=True, elem_classes=[] if pen is None else ["marking"]),
        gr.update(
            choices=choices.face_choices(visit.count),
            value=choices.face_value(visit.face),
            visible=visit.count > 1,
        ),
        gr.update(value=marking, visible=True),
        note,
    ]


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
    note = gr.HTML(_note("Choose a picture: its faces are found at once."), elem_id="note")
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
            gr.Examples([[str(path)] for path in examples], upload, label="Examples", examples_per_page=24)
    return upload, [view, faces, mark, note]


def _right() -> tuple[list[Any], list[Any]]:
    """Controls (basic, compound, strength) and results."""
    basic = gr.Radio(
        choices.BASIC_CHOICES, value="happy", label="Expression", elem_id="basic", elem_classes="chips"
    )
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
        do.edit,
        [visit, expression, strength],
        results,
        show_progress="minimal",
        trigger_mode="always_last",
        **_MODEL,
    )
