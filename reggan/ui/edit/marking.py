"""Marking a face by three taps, eye, eye and mouth: what the widget `marking` is told, and what it asks."""

import secrets
from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.faces import face_at_marks
from reggan.faces.marks import anchors, as_points
from reggan.faces.topology import BROWS, CHIN, EYES, FACE_OVAL, INNER_LIPS, MOUTH_CORNERS, OUTER_LIPS
from reggan.ui.browser_files import served
from reggan.ui.edit.visit import Visit
from reggan.ui.words import error_text, say

Marks = Sequence[Sequence[float]]  # (x, y) in parts of the picture's width and height

_HINT = "Arrow keys move the cross hairs, Enter sets a mark; arrow keys move a mark, Delete removes it."
_CLOSED = (*EYES, INNER_LIPS, OUTER_LIPS, FACE_OVAL)
_OPEN = (*(brow[:5] for brow in BROWS), (168, 6, 197, 4), (98, 2, 327))  # brows, bridge and base of the nose


def offer(visit: Visit, language: str) -> dict[str, Any]:
    """The widget's value while nothing is being marked: where no face was found, the picture and a button."""
    return {} if visit.count else {"offer": say("Mark eyes and mouth", language), **_picture(visit, language)}


def begin(visit: Visit, language: str) -> dict[str, Any]:
    """The widget's value that opens its dialog."""
    return {**_opened(visit, language), "open": secrets.token_hex(4)}


def preview(visit: Visit, language: str, event: gr.EventData) -> dict[str, Any]:
    """The widget's value with the face that its marks mean, or with what is wrong with them."""
    value = {**_opened(visit, language), "open": event.open, "turn": event.turn}
    try:
        face = face_at_marks(visit.analysis.image, in_pixels(event.marks, visit.analysis.image))
    except InputError as error:
        return {**value, "problem": error_text(error, language)}
    points = (face.landmarks + 0.5) / _size(visit.analysis.image)
    shown = [*anchors(points), *points[[CHIN, *MOUTH_CORNERS]]]
    # A chin that nobody marked may lie beyond the border; its mark stays where it can be taken hold of.
    marks = [[round(float(v), 5) for v in np.clip(p, 0, 1)] for p in shown]
    return {**value, "marks": marks, "mesh": mesh_path(points), "seen": not face.assumed}


def in_pixels(marks: Marks, image: NDArray[np.uint8]) -> list[tuple[float, float]]:
    """Marks of the page as positions in the picture (H, W, 3); none if they are no points."""
    return [(float(x), float(y)) for x, y in as_points(marks) * _size(image) - 0.5]


def mesh_path(points: NDArray[np.floating]) -> str:
    """The face as lines: an SVG path through landmarks (478, 2)."""

    def line(loop: Sequence[int]) -> str:
        return "M" + "L".join(f"{x:.4f} {y:.4f}" for x, y in points[list(loop)])

    return "".join([*(line(loop) + "Z" for loop in _CLOSED), *(line(loop) for loop in _OPEN)])


def _size(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.array([image.shape[1], image.shape[0]], np.float64)


def outlines(visit: Visit) -> list[dict[str, Any]]:
    """Where the faces are, in percent of the picture, and their numbers."""
    names = ("left", "top", "width", "height")
    places = [(x0, y0, x1 - x0, y1 - y0) for x0, y0, x1, y1 in visit.boxes()]
    return [
        {name: round(100 * value, 2) for name, value in zip(names, place, strict=True)} | {"number": number}
        for place, number in zip(places, visit.numbers(), strict=True)
    ]


def _picture(visit: Visit, language: str) -> dict[str, Any]:
    height, width = visit.analysis.image.shape[:2]
    ratio = round(width / height, 4)
    return {"picture": served(visit.view()), "alt": say("Your picture", language), "ratio": ratio}


def _opened(visit: Visit, language: str) -> dict[str, Any]:
    """What is the same all the time that the dialog is open, and what stays under it."""
    words = {
        "title": say("Mark a face", language),
        "steps": [
            say("1 of 3: tap one eye, of a person, an animal, a toy, a drawing.", language),
            say("2 of 3: tap the other eye.", language),
            say("3 of 3: tap the middle of the mouth.", language),
        ],
        "ready": say("Drag any mark, chin and mouth corners too, until the lines fit. Then press Done.", language),
        "hint": say(_HINT, language),
        "names": [say(name, language) for name in ("Eye", "Mouth", "Chin", "Mouth corner")],
        "remove": say("Remove", language),
        "cancel": say("Cancel", language),
        "done": say("Done", language),
    }
    return {**offer(visit, language), **_picture(visit, language), "faces": outlines(visit), "words": words}
