"""The result as the page shows it: values of the widgets `compare` and `tools`, and the caption."""

import html
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reggan.expressions import describe
from reggan.output import provenance
from reggan.ui.browser_files import new_path, served, write_view
from reggan.ui.edit import choices
from reggan.ui.edit.already import already
from reggan.ui.edit.picture_events import faces
from reggan.ui.edit.visit import WHOLE, Box, Look, Visit
from reggan.ui.edit.wishes import Wish, Wishes
from reggan.ui.words import say


def compare(visit: Visit, wanted: Wishes, look: Look, model: dict[str, str], language: str) -> dict[str, Any]:
    """The value of the widget `compare`."""
    options, close_options = (
        provenance.save_options("jpeg", model, said(wanted), edits) for edits in (look.edits, look.close_edits)
    )
    whole = {
        "before": served(visit.view()),
        "after": served(write_view(look.whole, new_path(f"{visit.name}_{wanted.label}.jpg"), options)),
        **_size(look.whole),
        "start": divider(visit, [wanted.shown, *wanted.faces], WHOLE),
    }
    box = visit.close_box(wanted.on)
    close = None
    if box != WHOLE:
        close = {
            "before": served(visit.close_view(wanted.on)),
            "after": served(write_view(look.close, new_path(f"{visit.name}_{wanted.label}_face.jpg"), close_options)),
            **_size(look.close),
            "start": divider(visit, range(visit.count) if wanted.on is None else [wanted.on], box),
        }
    return {
        "picture": visit.key,
        "on": -1 if wanted.on is None else wanted.on,
        "whole": whole,
        "close": close,
        "small": wanted.on is not None and visit.small(wanted.on),
        "faces": [
            {**one, "chosen": wanted.on in (None, one["face"])}
            for one in (faces(visit, language) if visit.count > 1 else [])
        ],
        "caption": short(wanted, language),
        "alt": say("Your picture with the new expression", language),
        "left": say("Before", language),
        "right": say("After", language),
        "label": say("Divider between before and after", language),
    }


def caption(visit: Visit, wanted: Wishes, language: str) -> str:
    """What was asked of the chosen face, and what becomes of the expression that it has already."""
    words = short(wanted, language)
    if visit.count > 1:
        who = say("Everybody", language)
        if wanted.on is not None:
            who = say("Face {n}", language, n=visit.numbers()[wanted.on])
        unchanged = say("unchanged", language)
        words = f"{who}: {unchanged if words.lower() == unchanged else words}"
    doing = None if wanted.on is None and visit.count > 1 else visit.doing(wanted.shown)
    note = already(doing, wanted.wish, language)
    return f"<p>{html.escape(words)}</p>" + (f'<p class="now">{html.escape(note)}</p>' if note else "")


def tool_words(language: str) -> dict[str, str]:
    """The value of the widget `tools`."""
    return {
        "look": say("What is shown", language),
        "face": say("Face", language),
        "whole": say("Whole picture", language),
        "undo": say("Undo", language),
        "original": say("Original", language),
        "hold": say("Hold to see the original", language),
        "pin": say("Pin", language),
        "pinning": say("Pin this result, to compare others with it", language),
    }


def said(wanted: Wishes) -> str:
    """The wishes in English, for a file's metadata."""
    return "; ".join(dict.fromkeys(describe(wish.c) for wish in wanted.faces.values())) or "unchanged"


def short(wanted: Wishes, language: str) -> str:
    """What the chosen face is to look like, in words."""
    wish = wanted.wish or Wish(strength=0.0)
    return choices.caption(wish.expression, wish.strength, language)


def _size(image: NDArray[np.uint8]) -> dict[str, float]:
    height, width = image.shape[:2]
    return {"ratio": round(width / height, 4)}


def divider(visit: Visit, changed: Iterable[int], part: Box) -> float:
    """Where the divider between before and after begins, in percent of the part of the picture that is looked at: left
    of the changed faces, so that they show."""
    boxes = visit.boxes()
    left = min(x0 - 0.15 * (x1 - x0) for x0, _, x1, _ in (boxes[face] for face in changed))
    left = (left - part[0]) / (part[2] - part[0])
    return round(100 * min(max(left, 0.03), 0.97), 1)
