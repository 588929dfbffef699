"""Event handlers of the Edit tab's picture: pictures, faces, and marking faces by hand.

What they return is: visit, wishes, where faces are marked, thumbnails of the faces, mark button, note.
"""

import html
from collections.abc import Sequence
from typing import Any

import gradio as gr

from reggan.errors import InputError
from reggan.predictor import NO_FACE, Predictor
from reggan.ui.browser_files import thumbnail
from reggan.ui.edit import choices, marking
from reggan.ui.edit.after_reload import KeptVisits
from reggan.ui.edit.examples import Examples
from reggan.ui.edit.visit import Visit
from reggan.ui.edit.wishes import Wish, Wishes, linked
from reggan.ui.words import error_text, say

_NO_PICTURE = "Choose a picture first."
_EDITED = "RegGAN has edited this picture before: what you choose now is made from how the face was before that."
_THUMB = 80  # pixels, of a face as a thumbnail


class PictureEvents:
    """One handler per event. Holds the predictor, the examples and the visits kept."""

    def __init__(self, predictor: Predictor, examples: Examples, kept: KeptVisits) -> None:
        self.predictor, self.examples, self.kept = predictor, examples, kept

    def open(self, path: str | None, wishes: str, language: str) -> Sequence[Any]:
        """A new picture: find its faces. The largest gets the expression that was chosen last; see `first_wish`."""
        if path is None:  # the upload was cleared
            return gr.skip(), *_unchanged()
        try:
            visit = Visit.begin(self.predictor, path)
            begun = Wishes.begin(visit.key, visit.count, first_wish(visit, _wish(wishes)))
        except InputError as error:
            return None, *_unchanged(note(error_text(error, language), "problem"))
        return None, *_update(visit, begun, found(visit, language), language)

    def strip(self, language: str) -> dict[str, Any]:
        """The value of the widget `examples`, in the visitor's language."""
        pictures = [
            {"name": name, "picture": picture, "title": say(f"example {name}", language)}
            for name, picture in self.examples.thumbnails.items()
        ]
        return {"label": say("Or try one of these", language), "pictures": pictures}

    def start(self, token: str, language: str, request: gr.Request) -> Sequence[Any]:
        """The picture that was there before a reload; else an example, so that the page explains itself.

        The address may name one, and what its largest face is to look like:
        ?example=painting&expression=sad&strength=0.5.
        """
        wish = linked(request.query_params)
        before = self.kept.find(token)
        if before is not None and not self.examples.has(before):
            return _update(before, Wishes.begin(before.key, before.count, wish), found(before, language), language)
        name = request.query_params.get("example")
        if not self.examples:
            return _unchanged()
        visit = before or self.examples.visit(name)
        sentence = say("This is an example. Choose your own picture above.", language)
        return _update(visit, Wishes.begin(visit.key, visit.count, wish), note(sentence), language)

    def example(self, wishes: str, language: str, event: gr.EventData) -> Sequence[Any]:
        """One of the examples."""
        visit = self.examples.visit(event.name)
        begun = Wishes.begin(visit.key, visit.count, first_wish(visit, _wish(wishes)))
        return _update(visit, begun, found(visit, language), language)

    def begin(self, visit: Visit | None, language: str) -> Sequence[Any]:
        """The button that starts marking by hand."""
        if visit is None:
            return gr.skip(), note(say(_NO_PICTURE, language), "problem")
        return marking.begin(visit, language), gr.skip()

    def place(self, visit: Visit | None, wishes: str, language: str, event: gr.EventData) -> Sequence[Any]:
        """A face was marked."""
        if visit is None:
            return _unchanged(note(say(_NO_PICTURE, language), "problem"))
        try:
            visit = visit.mark(self.predictor, marking.in_pixels(event.marks, visit.analysis.image))
            more = Wishes.read(wishes).add(visit.count, visit.key)
        except InputError as error:
            return _unchanged(note(error_text(error, language), "problem"))
        sentence = say("Face {n} was marked by hand.", language, n=visit.numbers()[more.shown])
        return _update(visit, more, note(sentence), language)

    def unmark(self, visit: Visit | None, wishes: str, language: str, event: gr.EventData) -> Sequence[Any]:
        """A face that was marked is taken away again."""
        if visit is None:
            return _unchanged(note(say(_NO_PICTURE, language), "problem"))
        try:
            face = int(event.face)
            less = visit.unmark(face)
            left = Wishes.read(wishes).remove(face, less.key)
        except InputError as error:
            return _unchanged(note(error_text(error, language), "problem"))
        sentence = say("Face {n} was taken away.", language, n=visit.numbers()[face])
        return _update(less, left, note(sentence) if less.count else found(less, language), language)


def first_wish(visit: Visit, chosen: Wish | None) -> Wish:
    """What the largest face of a new picture gets: what was chosen last. Before anything was, a face that is happy
    already gets another expression than that, which would leave it as it is."""
    chosen = chosen or Wish()
    if chosen == Wish() and visit.count and visit.doing(0) == choices.START:
        return Wish(choices.START_INSTEAD)
    return chosen


def note(text: str, kind: str = "info") -> str:
    """One sentence for the visitor: "info", "action" (what to do now) or "problem"."""
    role = "alert" if kind == "problem" else "status"
    return f'<p class="status {kind}" role="{role}">{html.escape(text)}</p>'


def found(visit: Visit, language: str) -> str:
    """What was found, as a note."""
    if visit.count == 0:
        return note(say(NO_FACE, language), "problem")
    words = say("1 face found.", language)
    if visit.count > 1:
        words = say("{n} faces found. Choose one, then its expression.", language, n=visit.count)
    return note(f"{words} {say(_EDITED, language)}" if visit.edited_before else words)


def faces(visit: Visit, language: str) -> list[dict[str, Any]]:
    """Where every face is, in percent, and what it is called; the largest first: smaller ones lie on top."""
    return [
        face | {"face": n, "label": say("Face {n}", language, n=face["number"])}
        for n, face in enumerate(marking.outlines(visit))
    ]


def people(visit: Visit, language: str) -> dict[str, Any]:
    """The value of the widget `people`: a thumbnail of each face, from left to right, where there are several.

    One alone has a thumbnail if it was marked by hand, with a cross that takes it away.
    """
    numbers = visit.numbers()
    thumbs = [
        {
            "face": n,
            "number": numbers[n],
            "label": say("Face {n}", language, n=numbers[n]),
            "picture": thumbnail(visit.analysis.faces[n].crop, _THUMB),
            "remove": say("Take face {n} away", language, n=numbers[n]) if n in visit.marked else "",
        }
        for n in sorted(range(visit.count), key=lambda n: numbers[n])
    ]
    return {
        "label": say("Which face", language),
        "everybody": say("Everybody", language) if visit.count > 1 else "",
        "unchanged": say("unchanged", language),
        "mixture": say("Mixture", language),
        "names": choices.names(language),
        "people": thumbs if visit.count > 1 or visit.marked else [],
    }


def _wish(wishes: str) -> Wish | None:
    """What was chosen last; nothing if that cannot be read."""
    try:
        return Wishes.read(wishes).wish
    except InputError:
        return None


def _unchanged(sentence: str | None = None) -> list[Any]:
    """No change, except perhaps of the sentence."""
    return [gr.skip()] * 5 + [gr.skip() if sentence is None else sentence]


def _update(visit: Visit, wishes: Wishes, sentence: str, language: str) -> list[Any]:
    """All that shows the picture."""
    return [
        visit,
        wishes.text(),
        marking.offer(visit, language),
        people(visit, language),
        gr.update(value=say("Someone missing? Mark them.", language), visible=bool(visit.count)),
        sentence,
    ]
