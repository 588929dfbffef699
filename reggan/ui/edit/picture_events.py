"""Event handlers of the Edit tab's picture: pictures, faces, and marking faces by hand.

What they return is: visit, picture with faces, where faces are marked, choice of face, mark button, note.
"""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from reggan.errors import InputError
from reggan.predictor import NO_FACE, Predictor
from reggan.ui.browser_files import thumbnail
from reggan.ui.edit import choices, marking
from reggan.ui.edit.after_reload import KeptVisits
from reggan.ui.edit.visit import Visit
from reggan.ui.words import error_text, say

_NO_PICTURE = "Choose a picture first."


class PictureEvents:
    """One handler per event. Holds the predictor, the examples, which nothing changes, and the visits kept."""

    def __init__(self, predictor: Predictor, examples: Mapping[str, Visit], kept: KeptVisits) -> None:
        self.predictor, self.examples, self.kept = predictor, examples, kept

    def open(self, path: str | None, language: str) -> Sequence[Any]:
        """A new picture: find its faces."""
        if path is None:  # the upload was cleared
            return gr.skip(), *_unchanged()
        try:
            visit = Visit.begin(self.predictor, path)
        except InputError as error:
            return None, *_unchanged(note(error_text(error, language), "problem"))
        return None, *_update(visit, found(visit, language), language)

    def strip(self, language: str) -> dict[str, Any]:
        """The value of the widget `examples`, in the visitor's language."""
        pictures = [
            {"name": name, "picture": thumbnail(visit.analysis.image), "title": say(f"example {name}", language)}
            for name, visit in self.examples.items()
        ]
        return {"label": say("Or try one of these", language), "pictures": pictures}

    def start(self, token: str, language: str, request: gr.Request) -> Sequence[Any]:
        """The picture that was there before a reload; else an example, so that the page explains itself.

        The address may name one: ?example=painting.
        """
        before = self.kept.find(token)
        if before is not None and before not in self.examples.values():
            return _update(before, found(before, language), language)
        name = request.query_params.get("example")
        if not self.examples:
            return _unchanged()
        visit = before or self.examples.get(name or "") or next(iter(self.examples.values()))
        sentence = say("This is an example. Choose your own picture above.", language)
        return _update(visit, note(sentence + already(visit, language)), language)

    def example(self, language: str, event: gr.EventData) -> Sequence[Any]:
        """One of the examples, whose faces are known already."""
        visit = self.examples[event.name]
        return _update(visit, found(visit, language), language)

    def pick(self, visit: Visit | None, language: str, event: gr.EventData) -> Sequence[Any]:
        """A click on a face."""
        return self.choose(visit, str(event.face), language)

    def choose(self, visit: Visit | None, value: str | None, language: str) -> Sequence[Any]:
        """A choice among the faces."""
        if visit is None:
            return _unchanged(note(say(_NO_PICTURE, language), "problem"))
        visit = visit.choose(choices.face_of(value, visit.count))
        return _update(visit, found(visit, language), language)

    def begin(self, visit: Visit | None, language: str) -> Sequence[Any]:
        """The button that starts marking by hand."""
        if visit is None:
            return gr.skip(), note(say(_NO_PICTURE, language), "problem")
        return marking.begin(visit, language), gr.skip()

    def place(self, visit: Visit | None, language: str, event: gr.EventData) -> Sequence[Any]:
        """A face was marked."""
        if visit is None:
            return _unchanged(note(say(_NO_PICTURE, language), "problem"))
        try:
            visit = visit.mark(self.predictor, marking.in_pixels(event.marks, visit.analysis.image))
        except InputError as error:
            return _unchanged(note(error_text(error, language), "problem"))
        sentence = say("Face {n} was marked by hand.", language, n=visit.count) + already(visit, language)
        return _update(visit, note(sentence), language)


def note(text: str, kind: str = "info") -> str:
    """One sentence for the visitor: "info", "action" (what to do now) or "problem"."""
    role = "alert" if kind == "problem" else "status"
    return f'<p class="status {kind}" role="{role}">{html.escape(text)}</p>'


def found(visit: Visit, language: str) -> str:
    """What was found, as a note."""
    if visit.count == 0:
        return note(say(NO_FACE, language), "problem")
    if visit.count == 1:
        return note(say("1 face found.", language) + already(visit, language))
    sentence = say("{n} faces found. Click one to choose it.", language, n=visit.count)
    return note(sentence + already(visit, language))


def already(visit: Visit, language: str) -> str:
    """A sentence, with a space before it, on the expression that the chosen face has; "" where it is at rest."""
    if visit.doing is None:
        return ""
    sentence = say(
        "{already}; that goes as the new expression comes.", language, already=say(f"already {visit.doing}", language)
    )
    return f" {sentence}"


def picture(visit: Visit, language: str) -> dict[str, Any]:
    """The value of the widget `faces`."""
    labelled = [
        face | {"label": say("Face {n}", language, n=n + 1), "chosen": visit.face is None or visit.face == n}
        for n, face in enumerate(marking.outlines(visit))  # the largest first: smaller ones lie on top
    ]
    alt = say("Your picture with its faces outlined and numbered", language)
    return {**marking.shown_picture(visit, alt), "faces": labelled}


def _unchanged(sentence: str | None = None) -> list[Any]:
    """No change, except perhaps of the sentence."""
    return [gr.skip()] * 5 + [gr.skip() if sentence is None else sentence]


def _update(visit: Visit, sentence: str, language: str) -> list[Any]:
    """All that shows the picture."""
    faces = choices.face_choices(visit.count, language)
    return [
        visit,
        picture(visit, language) if visit.count else {},
        marking.offer(visit, language),
        gr.update(choices=faces, value=choices.face_value(visit.face), visible=visit.count > 1),
        gr.update(value=say("Someone missing? Mark them.", language), visible=bool(visit.count)),
        sentence,
    ]
