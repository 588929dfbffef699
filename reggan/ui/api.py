"""The two public endpoints, /detect and /edit, for programs. Their fields are on the page but not shown."""

from typing import Any

import gradio as gr
import numpy as np

from reggan.errors import InputError
from reggan.expressions import NAMED, resolve
from reggan.predictor import Predictor
from reggan.ui.picture_input import PictureInput, as_error

Picture = np.ndarray


class Endpoints:
    """What the endpoints do. Holds the predictor and nothing else."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

    def detect(self, image: str | None) -> dict[str, Any]:
        """Find the faces in a picture.

        Returns {"width", "height", "faces"}: the picture's size in pixels, and for each face, the largest first,
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
        self, image: str | None, expression: str = "happy", strength: float = 1.0, face: int | None = None
    ) -> tuple[Picture, Picture, Picture]:
        """Give faces a new expression.

        expression: one of the names; strength: 0 to 1; face: 0 for the largest, 1 for the next, None for all.
        Returns the whole picture at its full resolution, and of one face (the largest of those edited) the 256 x 256
        results of stage 1 (coarse) and stage 2 (refined). All are PNG files.
        """
        try:
            analysis = self.predictor.analyse(_given(image))
            result = self.predictor.edit(analysis, resolve(expression, strength), face)
        except InputError as error:
            raise as_error(error) from None
        first = result.faces[0]
        return result.image, first.coarse, first.refined


def _given(image: str | None) -> str:
    if image is None:
        raise InputError("Send a picture.")
    return image


def add_endpoints(predictor: Predictor) -> None:
    """Add both to the Blocks that is being built."""
    endpoints = Endpoints(predictor)
    with gr.Group(visible=False):
        image = PictureInput(label="Picture")
        expression = gr.Dropdown(list(NAMED), value="happy", label="Expression")
        strength = gr.Slider(0, 1, 1.0, label="Strength, 0 to 1")
        face = gr.Number(None, precision=0, label="Face: 0 is the largest, none means all")
        found = gr.JSON(label="Faces")
        results = [gr.Image(format="png", label=f"{part} picture") for part in ("Whole", "Coarse", "Refined")]
        detect, edit = gr.Button(), gr.Button()
    shared: dict[str, Any] = {"concurrency_id": "model"}
    detect.click(endpoints.detect, image, found, api_name="detect", **shared)
    edit.click(endpoints.edit, [image, expression, strength, face], results, api_name="edit", **shared)
