"""Event handlers of the Edit tab's results: expressions in, pictures out."""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.expressions import describe
from reggan.output import provenance
from reggan.output.animation import animate, save_animation
from reggan.output.badge import badge
from reggan.output.explain import stage_views
from reggan.predictor import NO_FACE, EditedFace, Predictor
from reggan.ui.browser_files import new_path, served, write_png
from reggan.ui.edit import choices, stage
from reggan.ui.edit.every_expression import NAMES, EveryExpression
from reggan.ui.edit.examples import Examples
from reggan.ui.edit.visit import Visit
from reggan.ui.edit.wishes import Wish, Wishes
from reggan.ui.picture_input import as_error
from reggan.ui.words import say

#: The tabs of results, in their order on the page.
RESULT, STAGES, SHEET, LOOP = range(4)
MOVING = ["webp", "gif"] + ["mp4"] * bool(importlib.util.find_spec("av"))

# What `stage_views` shows, and how it is explained.
_VIEWS = (
    ("crop", ("Input", "The face, cut out and turned upright, as the model sees it.")),
    ("coarse", ("Stage 1: coarse", "A first guess, from small neighbourhoods of pixels.")),
    ("refined", ("Stage 2: refined", "The result: the original's own pixels, moved, painted and shaded.")),
    ("displacement", ("Movement", "Where the pixels of the skin move to.")),
    ("painted", ("Painting", "What is painted anew, such as teeth.")),
    ("shading", ("Shading", "Light and shadow of wrinkles and folds.")),
    ("change", ("Change mask", "Everything that differs from the input.")),
    ("attention: shared", ("Attention, shared", "One map for all features: where the face has to change.")),
    ("attention: channelwise", ("Attention, per feature", "One map for each feature, averaged here.")),
    ("attention: skip", ("Attention, detail", "How much detail of the original passes through.")),
)


class ResultEvents:
    """One handler per event. Holds the predictor, which nothing changes, and the examples.

    Every handler takes the visit and the text of the wishes. Wishes for another picture come too early or too late:
    those for the picture follow, or have been answered.
    """

    def __init__(self, predictor: Predictor, examples: Examples) -> None:
        self.predictor, self.examples = predictor, examples

    def result(self, visit: Visit | None, wishes: str, language: str) -> Sequence[Any]:
        """Before and after, the caption, the button for the download, and the strip of stages."""
        wanted = _read(wishes, language)
        if visit is None or not visit.count:
            button = gr.update(value=say("Download", language), interactive=False)
            return {"empty": say("The result appears here.", language)}, "", button, {}
        if wanted.picture != visit.key:
            return [gr.skip()] * 4
        look = self.examples.look(visit, _with_shown(wanted), wanted.on)
        height, width = visit.analysis.image.shape[:2]
        label = say("Download ({width} × {height})", language, width=width, height=height)
        return (
            stage.compare(visit, wanted, look, self.predictor.metadata, language),
            stage.caption(visit, wanted, language),
            gr.update(value=label, interactive=True),
            self._strip(look.faces[0], wanted.wish or Wish(strength=0.0), visit.name, language),
        )

    def panel(
        self,
        visit: Visit | None,
        wishes: str,
        tab: int,
        names: str,
        made: EveryExpression | None,
        language: str,
    ) -> Sequence[Any]:
        """What the open tab shows beyond the result: the stages, or all expressions. A loop is out of date now."""
        stages: Any = gr.skip()
        sheet: Any = gr.skip()
        wanted, made = _read(wishes, language), made or EveryExpression()
        if visit is not None and visit.count and visit.key == wanted.picture:
            if tab == STAGES:
                stages = self._stages(visit, wanted, language)
            if tab == SHEET:
                made = self._every(visit, wanted, names, made)
                shown = (names, language)
                sheet = gr.skip() if made.shown == shown else made.value(NAMES[names], language)
                made = made if made.shown == shown else replace(made, shown=shown)
        return stages, sheet, made, [], gr.update(visible=False)

    def loop(self, visit: Visit | None, wishes: str, suffix: str, language: str) -> Sequence[Any]:
        """Neutral to expression and back, to look at and as a file. Faces that are not chosen keep what they have."""
        wanted = _read(wishes, language)
        wish = wanted.wish
        if visit is None or not visit.count or wish is None:
            return [], gr.update(visible=False)
        path = new_path(f"{visit.name}_{choices.file_label(wish.expression)}.{suffix}")
        still = {} if wanted.on is None else {n: one for n, one in wanted.faces.items() if n != wanted.on}
        rest = visit.analysis
        if still:
            rest = replace(rest, image=visit.edited(self.predictor, still).image)
        animation = animate(self.predictor, rest, wish.c, wanted.on, relax=wish.relax)
        try:
            save_animation(animation, path, self.predictor.metadata, describe(wish.c))
        except InputError as error:
            raise as_error(error, language) from None
        words = choices.caption(wish.expression, wish.strength, language)
        figure = {"picture": served(path), "video": suffix == "mp4", "alt": words, "title": words}
        return [figure], gr.update(value=str(path), visible=True)

    def download(self, visit: Visit | None, wishes: str, suffix: str, mark: bool, language: str) -> str:
        """The whole picture as a file. Encoding takes longer than editing, so it waits until somebody wants it."""
        wanted = _read(wishes, language)
        try:
            known = _known(visit)
            path = new_path(f"{known.name}_{wanted.label}.{suffix}")
            if not known.count:
                raise InputError(NO_FACE)
            edited = known.edited(self.predictor, _with_shown(wanted))
            image = badge(edited.picture) if mark else edited.picture
            provenance.save(image, path, self.predictor.metadata, stage.said(wanted), edits=edited.edits)
        except InputError as error:
            raise as_error(error, language) from None
        return str(path)

    def download_sheet(
        self, visit: Visit | None, wishes: str, names: str, made: EveryExpression | None, language: str
    ) -> str:
        """All expressions as one picture: those that are looked at."""
        wanted = _read(wishes, language)
        try:
            known = _known(visit)
            made = self._every(known, wanted, names, made or EveryExpression())
        except InputError as error:  # no face
            raise as_error(error, language) from None
        return str(made.save(self.predictor, NAMES[names], f"{known.name}_expressions.png"))

    def _every(self, visit: Visit, wanted: Wishes, names: str, made: EveryExpression) -> EveryExpression:
        strength = (wanted.wish or Wish()).strength
        return made.of(visit.key, wanted.shown, strength).with_names(self.predictor, visit, NAMES[names])

    def _stages(self, visit: Visit, wanted: Wishes, language: str) -> list[dict[str, Any]]:
        """Figures: input, both stages, and what happens in between."""
        wish = wanted.wish or Wish(strength=0.0)
        relax = np.array([wish.relax], np.float32)
        (edited,) = self.predictor.edit_faces(visit.analysis, [wanted.shown], wish.c[None], relax)
        views = stage_views(self.predictor, visit.analysis.faces[wanted.shown], edited, wish.c)
        stem = f"{visit.name}_{choices.file_label(wish.expression)}"
        return self._figures({"crop": edited.crop, "refined": edited.refined, **views}, wish.c, stem, language)

    def _strip(self, face: EditedFace, wish: Wish, name: str, language: str) -> dict[str, Any]:
        """The value of the widget `strip`: what the model was given, and what each stage made of it."""
        pictures = {"crop": face.crop, "coarse": face.coarse, "refined": face.refined}
        stem = f"{name}_{choices.file_label(wish.expression)}"
        words = {"label": say("Both stages", language), "close": say("Close", language)}
        return {**words, "pictures": self._figures(pictures, wish.c, stem, language)}

    def _figures(
        self, pictures: Mapping[str, NDArray[np.uint8]], c: NDArray[np.float32], stem: str, language: str
    ) -> list[dict[str, Any]]:
        """Those of `_VIEWS` that there are pictures of, explained; `stem` begins their files' names."""
        said = provenance.save_options("png", self.predictor.metadata, describe(c))
        return [
            figure(
                pictures[name],
                f"{stem}_{name.replace(': ', '_')}.png",
                say(title, language),
                say(text, language),
                {} if name == "crop" else said,
            )
            for name, (title, text) in _VIEWS
            if name in pictures
        ]


def _read(wishes: str, language: str) -> Wishes:
    """The wishes in a text that the page has sent; what cannot be read ends in a sentence."""
    try:
        wanted = Wishes.read(wishes)
        for wish in wanted.faces.values():
            _ = wish.c
    except InputError as error:
        raise as_error(error, language) from None
    return wanted


def _with_shown(wanted: Wishes) -> dict[int, Wish]:
    """Every wish; first that of the face that is shown, which stays as it is if it has none."""
    return {wanted.shown: Wish(strength=0.0), **wanted.faces}


def _known(visit: Visit | None) -> Visit:
    """The visit, unless it is so old that it has expired."""
    if visit is None:
        raise InputError("Choose a picture first.")
    return visit


def figure(
    image: NDArray[np.uint8], name: str, title: str, text: str = "", said: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One figure of the widget `figures`; `name` is its file's, `said` what that says about its making."""
    path = write_png(image, new_path(name), said)
    return {"picture": served(path), "alt": title, "title": title, "text": text}
