"""Event handlers of the Edit tab's results: expressions in, pictures out."""

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reggan.errors import InputError
from reggan.expressions import BASIC, COMPOUND, describe
from reggan.output import provenance
from reggan.output.animation import animate, save_animation
from reggan.output.badge import badge
from reggan.output.contact_sheet import expression_rows, expression_sheet
from reggan.output.explain import stage_views
from reggan.predictor import EditedFace, Predictor
from reggan.ui.browser_files import new_path, served, write_view
from reggan.ui.edit import choices
from reggan.ui.edit.visit import Visit
from reggan.ui.picture_input import as_error
from reggan.ui.words import say

#: The tabs of results, in their order on the page.
RESULT, STAGES, SHEET, LOOP = range(4)
MOVING = ["webp", "gif"] + ["mp4"] * bool(importlib.util.find_spec("av"))

_NAMES: dict[str, tuple[str, ...]] = {"basic": BASIC, "all": (*BASIC, *COMPOUND)}

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
    """One handler per event. Holds the predictor, which nothing changes, and nothing else."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

    def result(self, visit: Visit | None, expression: str, strength: float, language: str) -> Sequence[Any]:
        """Before and after, the caption, the button for the download, and the strip of stages."""
        if visit is None or not visit.count:
            button = gr.update(value=say("Download", language), interactive=False)
            return {"empty": say("The result appears here.", language)}, "", button, {}
        c = choices.strengths(expression, strength)
        edited = self.predictor.edit(visit.analysis, c, visit.face, choices.relax(c, strength))
        said = provenance.save_options("jpeg", self.predictor.metadata, describe(c))
        height, width = edited.image.shape[:2]
        value = {
            "before": served(visit.view()),
            "after": served(write_view(edited.image, new_path("after.jpg"), said)),
            "alt": say("Your picture with the new expression", language),
            "ratio": round(width / height, 4),
            "start": divider(visit),
            "left": say("Before", language),
            "right": say("After", language),
            "label": say("Divider between before and after", language),
        }
        label = say("Download ({width} × {height})", language, width=width, height=height)
        button = gr.update(value=label, interactive=True)
        return value, choices.caption(expression, strength, language), button, self._strip(edited.faces[0], c, language)

    def panel(
        self, visit: Visit | None, expression: str, strength: float, tab: int, names: str, language: str
    ) -> Sequence[Any]:
        """What the open tab shows beyond the result: the stages, or all expressions. A loop is out of date now."""
        stages: Any = gr.skip()
        sheet: Any = gr.skip()
        if visit is not None and visit.count and tab == STAGES:
            stages = self._stages(visit, expression, strength, language)
        if visit is not None and visit.count and tab == SHEET:
            sheet = self._sheet(visit, strength, names, language)
        return stages, sheet, [], gr.update(visible=False)

    def loop(self, visit: Visit | None, expression: str, strength: float, suffix: str, language: str) -> Sequence[Any]:
        """Neutral to expression and back, to look at and as a file."""
        if visit is None or not visit.count:
            return [], gr.update(visible=False)
        c, path = choices.strengths(expression, strength), new_path(f"{choices.file_name(expression)}.{suffix}")
        animation = animate(self.predictor, visit.analysis, c, visit.face, relax=choices.relax(c, strength))
        try:
            save_animation(animation, path, self.predictor.metadata, describe(c))
        except InputError as error:
            raise as_error(error, language) from None
        words = choices.caption(expression, strength, language)
        figure = {"picture": served(path), "video": suffix == "mp4", "alt": words, "title": words}
        return [figure], gr.update(value=str(path), visible=True)

    def download(
        self, visit: Visit | None, expression: str, strength: float, suffix: str, mark: bool, language: str
    ) -> str:
        """The whole picture as a file. Encoding takes longer than editing, so it waits until somebody wants it."""
        c, path = choices.strengths(expression, strength), new_path(f"{choices.file_name(expression)}.{suffix}")
        try:
            here = _known(visit)
            edited = self.predictor.edit(here.analysis, c, here.face, choices.relax(c, strength))
            image = badge(edited.picture) if mark else edited.picture
            provenance.save(image, path, self.predictor.metadata, describe(c))
        except InputError as error:
            raise as_error(error, language) from None
        return str(path)

    def download_sheet(self, visit: Visit | None, strength: float, names: str, language: str) -> str:
        """All expressions as one picture."""
        wanted, path = _NAMES[names], new_path("reggan_expressions.png")
        try:
            here = _known(visit)
            sheet = expression_sheet(self.predictor, here.analysis, wanted, here.shown, strength)
        except InputError as error:  # no face
            raise as_error(error, language) from None
        words = f"{len(wanted)} expressions, {round(100 * strength)} %"
        provenance.save(np.asarray(sheet.convert("RGB")), path, self.predictor.metadata, words)
        return str(path)

    def _stages(self, visit: Visit, expression: str, strength: float, language: str) -> list[dict[str, Any]]:
        """Figures: input, both stages, and what happens in between."""
        c = choices.strengths(expression, strength)
        edited = self.predictor.edit(visit.analysis, c, visit.shown, choices.relax(c, strength)).faces[0]
        views = stage_views(self.predictor, visit.analysis.faces[visit.shown], edited, c)
        return self._figures({"crop": edited.crop, "refined": edited.refined, **views}, c, language)

    def _strip(self, face: EditedFace, c: NDArray[np.float32], language: str) -> dict[str, Any]:
        """The value of the widget `strip`: what the model was given, and what each stage made of it."""
        pictures = {"crop": face.crop, "coarse": face.coarse, "refined": face.refined}
        words = {"label": say("Both stages", language), "close": say("Close", language)}
        return {**words, "pictures": self._figures(pictures, c, language)}

    def _figures(
        self, pictures: Mapping[str, NDArray[np.uint8]], c: NDArray[np.float32], language: str
    ) -> list[dict[str, Any]]:
        """Those of `_VIEWS` that there are pictures of, explained."""
        said = provenance.save_options("png", self.predictor.metadata, describe(c))
        return [
            figure(pictures[name], say(title, language), say(text, language), {} if name == "crop" else said)
            for name, (title, text) in _VIEWS
            if name in pictures
        ]

    def _sheet(self, visit: Visit, strength: float, names: str, language: str) -> list[dict[str, Any]]:
        """Figures: one face with every expression."""
        wanted = _NAMES[names]
        (row,) = expression_rows(self.predictor, visit.analysis, wanted, False, strength, visit.shown)
        titles = [say(name.capitalize(), language) for name in ("input", *wanted)]
        said = provenance.save_options("png", self.predictor.metadata, f"{len(wanted)} expressions")
        first, *rest = zip(row, titles, strict=True)
        return [figure(*first), *(figure(image, title, said=said) for image, title in rest)]


def _known(visit: Visit | None) -> Visit:
    """The visit, unless it is so old that it has expired."""
    if visit is None:
        raise InputError("Choose a picture first.")
    return visit


def figure(
    image: NDArray[np.uint8], title: str, text: str = "", said: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One figure of the widget `figures`; `said` is what its file says about its making."""
    path = new_path("view.png")
    Image.fromarray(image).save(path, compress_level=1, **(said or {}))
    return {"picture": served(path), "alt": title, "title": title, "text": text}


def divider(visit: Visit) -> float:
    """Where the divider between before and after begins, in percent: left of the changed faces, so that they show."""
    boxes = visit.boxes() if visit.face is None else [visit.boxes()[visit.face]]
    left = min(x0 - 0.15 * (x1 - x0) for x0, _, x1, _ in boxes)
    return round(100 * min(max(left, 0.03), 0.97), 1)
