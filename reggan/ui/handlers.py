"""What the Edit tab does on events.

The table, as the handlers return it, is: visit, pen, view, faces, mark button, note.
"""

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
from reggan.ui.picture_input import as_error
from reggan.ui.visit import Pen, Visit

_MARK_FIRST = "Click one corner of a box around the face, from forehead to chin."
_MARK_SECOND = "Now click the opposite corner, below the chin."
_NO_PICTURE = "Choose a picture first."


class Handlers:
    """What happens on events. Holds the predictor, which nothing changes, and nothing else."""

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
        return _table(visit, None, note("This is an example. Choose your own picture above."))

    def click(self, visit: Visit | None, pen: Pen | None, event: gr.SelectData) -> Sequence[Any]:
        """A click on the picture: choose a face, or mark a corner."""
        if visit is None:
            return _nothing(_NO_PICTURE)
        point = to_picture((event.index[0], event.index[1]), visit.analysis.image)
        if pen is None:
            face = visit.face_at(point)
            return _nothing() if face is None else _table(visit.choose(face), None, _found(visit))
        if pen.corner is None:
            return _table(visit, Pen(point), note(_MARK_SECOND, "action"), same_visit=True)
        try:
            marked = self.predictor.analyse(visit.analysis.image, pen.box_to(point))
        except InputError as error:
            return _table(visit, Pen(), note(f"{error} {_MARK_FIRST}", "problem"), same_visit=True)
        visit = visit.with_face(marked)
        return _table(visit, None, note(f"Face {visit.count} was marked by hand."))

    def choose(self, visit: Visit | None, value: str | None) -> Sequence[Any]:
        """A choice among the faces."""
        if visit is None:
            return _nothing(_NO_PICTURE)
        return _table(visit.choose(choices.face_of(value, visit.count)), None, _found(visit))

    def mark(self, visit: Visit | None, pen: Pen | None) -> Sequence[Any]:
        """The button that starts marking by hand, and stops it."""
        if visit is None:
            return _nothing(_NO_PICTURE)
        if pen is not None and visit.count:
            return _table(visit, None, _found(visit), same_visit=True)
        return _table(visit, Pen(), note(_MARK_FIRST, "action"), same_visit=True)

    def result(self, visit: Visit | None, expression: str, strength: float) -> Sequence[Any]:
        """The result, for what is on the table now."""
        if visit is None:
            return [gr.skip()] * 6
        if not visit.count:
            return None, None, None, "", gr.update(value=None, visible=False), gr.update(visible=False)
        try:
            edited = self.predictor.edit(visit.analysis, resolve(expression, strength), visit.face)
        except InputError as error:
            raise as_error(error) from None
        first = edited.faces[0]
        words = html.escape(choices.caption(expression, strength, visit.face))
        return (
            first.crop,
            first.coarse,
            first.refined,
            f'<p class="caption">{words}</p><p class="cap">Result in the whole picture</p>',
            *_composite(edited.image, expression),
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


def note(text: str, kind: str = "info") -> str:
    """One sentence for the visitor: "info", "action" (what to do now) or "problem"."""
    role = "alert" if kind == "problem" else "status"
    return f'<p class="status {kind}" role="{role}">{html.escape(text)}</p>'


def _found(visit: Visit) -> str:
    if visit.count == 0:
        return note(NO_FACE, "problem") + note(_MARK_FIRST, "action")
    if visit.count == 1:
        return note("1 face found.")
    return note(f"{visit.count} faces found. Click one to choose it.")


def _nothing(problem: str | None = None) -> list[Any]:
    """No change to the table, except perhaps the sentence."""
    return [gr.skip()] * 5 + [gr.skip() if problem is None else note(problem, "problem")]


def _table(visit: Visit, pen: Pen | None, sentence: str, same_visit: bool = False) -> list[Any]:
    """The whole table. A visit that stays the same brings no new result."""
    return [
        gr.skip() if same_visit else visit,
        pen,
        gr.update(value=draw_view(visit, pen), visible=True, elem_classes=[] if pen is None else ["marking"]),
        gr.update(
            choices=choices.face_choices(visit.count),
            value=choices.face_value(visit.face),
            visible=visit.count > 1,
        ),
        _mark_button(visit, pen),
        sentence,
    ]


def _mark_button(visit: Visit, pen: Pen | None) -> Any:
    if pen is None:
        return gr.update(value="Mark a face by hand", visible=True)
    if visit.count:
        return gr.update(value="Stop marking", visible=True)
    return gr.update(value="Start the box again", visible=pen.corner is not None)
