"""The public endpoints /detect, /edit and /sheet, for programs and, as tools, for assistants (MCP).

Their fields are on the page but not shown.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import gradio as gr
import numpy as np

from reggan.analysis.edit_record import FaceEdit
from reggan.errors import InputError
from reggan.expressions import BASIC, COMPOUND, NAMED, describe, relaxation, resolve
from reggan.output import provenance
from reggan.output.badge import badge as marked
from reggan.output.contact_sheet import expression_sheet
from reggan.predictor import Analysis, Predictor, read_marks
from reggan.ui.browser_files import new_path
from reggan.ui.picture_input import PictureInput, as_error

Picture = str  # path of a PNG file


class Endpoints:
    """What the endpoints do. Holds the predictor and nothing else."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

    def detect(self, image: str | None) -> dict[str, Any]:
        """Find the faces in a picture: a photo, painting, statue or avatar.

        Args:
            image: the picture.

        Returns:
            {"width", "height", "faces"}: the picture's size in pixels, and for each face, the largest first,
            "box": [x0, y0, x1, y1] in pixels and "confidence" in [0, 1]. No face is an empty list.
        """
        try:
            analysis = self.predictor.analyse(_given(image))
        except InputError as error:
            raise as_error(error) from None
        height, width = analysis.image.shape[:2]
        faces = [
            {"box": [round(v, 1) for v in one.face.box], "confidence": round(one.face.confidence, 3)}
            for one in analysis.faces
        ]
        return {"width": width, "height": height, "faces": faces}

    def edit(
        self,
        image: str | None,
        expression: str = "happy",
        strength: float = 1.0,
        face: int | None = None,
        badge: bool = False,
        marks: str = "",
        mixture: dict[str, float] | None = None,
        boxes: list[list[float]] | None = None,
    ) -> tuple[Picture, Picture, Picture]:
        """Give the faces in a picture a new facial expression; everything else stays as it is.

        Args:
            image: the picture.
            expression: a name such as "happy" or "sadly angry".
            strength: how much of it, 0 to 1.
            face: 0 for the largest face, 1 for the next, none for all.
            badge: whether to write "AI-edited" into the corner of the whole picture.
            marks: where no face is found, "x,y,x,y,x,y" in pixels: eye, eye and mouth of an animal, a toy, a car, a
                drawing; the chin may follow, then both corners of the mouth.
            mixture: instead of a name, strengths of basic expressions, such as {"happy": 0.7, "surprised": 0.6}.
            boxes: faces to edit instead of those that are found, each as [x0, y0, x1, y1] in pixels.

        Returns:
            Three PNG files that say they were edited with AI: the whole picture at its full resolution; and of the
            largest face edited, the 256 x 256 results of stage 1 (coarse) and stage 2 (refined).
        """
        try:
            c = resolve(expression if mixture is None else _numbers(mixture), strength)
            relax = relaxation(c[None], strength)[0]  # neutral is an expression too
            result = self.predictor.edit(self._analysed(image, boxes, marks), c, face, relax)
        except InputError as error:
            raise as_error(error) from None
        first, words = result.faces[0], describe(c)
        edited = marked(result.picture) if badge else result.picture
        return (
            self._file("edited", edited, words, result.edits),
            self._file("coarse", first.coarse, words),
            self._file("refined", first.refined, words),
        )

    def sheet(
        self,
        image: str | None,
        expressions: Literal["basic", "all"] = "basic",
        strength: float = 1.0,
        face: int = 0,
    ) -> Picture:
        """Show one face of a picture in many facial expressions, side by side.

        Args:
            image: the picture.
            expressions: "basic" for the six basic ones, "all" for the 15 compounds too.
            strength: how much of each, 0 to 1.
            face: 0 for the largest face, 1 for the next.

        Returns:
            A PNG file that says it was edited with AI.
        """
        names = BASIC if expressions == "basic" else (*BASIC, *COMPOUND)
        try:
            picture = expression_sheet(self.predictor, self.predictor.analyse(_given(image)), names, face, strength)
        except InputError as error:
            raise as_error(error) from None
        return self._file("sheet", np.asarray(picture.convert("RGB")), f"{len(names)} expressions")

    def _analysed(self, image: str | None, boxes: Any, marks: str) -> Analysis:
        """The picture with the faces that are found, or those in the boxes and at the marks."""
        if boxes is not None and not (isinstance(boxes, list) and all(map(_is_box, boxes))):
            raise InputError("Boxes are a list of [x0, y0, x1, y1] in pixels.")
        places: list[dict[str, Any]] = [{"box": box} for box in boxes or ()]
        if (points := read_marks(marks)) is not None:
            places.append({"marks": points})
        first, *others = places or [{}]
        analysis = self.predictor.analyse(_given(image), **first)
        more = [self.predictor.analyse(analysis.image, **place).faces for place in others]
        return replace(analysis, faces=sum(more, analysis.faces))

    def _file(self, name: str, picture: np.ndarray, words: str, edits: Iterable[FaceEdit] = ()) -> Picture:
        path: Path = new_path(f"reggan_{name}.png")
        provenance.save(picture, path, self.predictor.metadata, words, edits=edits)
        return str(path)


def _given(image: str | None) -> str:
    if image is None:
        raise InputError("Send a picture.")
    return image


def _numbers(mixture: Any) -> dict[str, float]:
    if not isinstance(mixture, dict) or not all(map(_is_number, mixture.values())):
        raise InputError("A mixture is made of names and numbers, such as {example}.", example='{"happy": 0.7}')
    return mixture


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_box(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(map(_is_number, value))


class MixtureInput(gr.JSON):
    """gr.JSON that says which values it takes."""

    is_template = True

    def api_info(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"type": "number"}}


class BoxesInput(gr.JSON):
    """gr.JSON that says which values it takes."""

    is_template = True

    def api_info(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}


def add_endpoints(predictor: Predictor) -> None:
    """Add all to the Blocks that is being built."""
    endpoints = Endpoints(predictor)
    with gr.Group(visible=False):
        image = PictureInput(label="Picture")
        expression = gr.Dropdown(list(NAMED), value="happy", label="Expression")
        strength = gr.Slider(0, 1, 1.0, label="Strength, 0 to 1")
        face = gr.Number(None, precision=0, label="Face: 0 is the largest, none means all")
        one_face = gr.Number(0, precision=0, label="Face: 0 is the largest")
        badge = gr.Checkbox(False, label='"AI-edited" in the corner')
        marks = gr.Textbox("", label="Marks: x,y of eye, eye, mouth")
        mixture = MixtureInput(label="Mixture of the six basic expressions")
        boxes = BoxesInput(label="Boxes around faces, in pixels")
        which = gr.Radio(["basic", "all"], value="basic", label="Which expressions")
        found = gr.JSON(label="Faces")
        results = [gr.Image(format="png", label=f"{part} picture") for part in ("Whole", "Coarse", "Refined")]
        contact = gr.Image(format="png", label="Sheet")
        detect, edit, sheet = gr.Button(), gr.Button(), gr.Button()
    shared: dict[str, Any] = {"concurrency_id": "model"}
    detect.click(endpoints.detect, image, found, api_name="detect", **shared)
    given = [image, expression, strength, face, badge, marks, mixture, boxes]
    edit.click(endpoints.edit, given, results, api_name="edit", **shared)
    sheet.click(endpoints.sheet, [image, which, strength, one_face], contact, api_name="sheet", **shared)
