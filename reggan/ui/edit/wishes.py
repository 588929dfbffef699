"""What every face of a picture is to look like.

The page keeps it as text, in the browser: a choice there needs no question to the server, and one step back is the text
before. `assets/wishes.js` writes it too.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.expressions import NATURAL
from reggan.ui.edit import choices

_EVERYBODY = "all"
_NAMED = 3  # expressions, at most, that a download's name holds
_DAMAGED = "The choice of expressions could not be read; choose one again."


@dataclass(frozen=True)
class Wish:
    """An expression, as text: a name, or six strengths with commas between; and how much of it, in [0, 1]."""

    expression: str = choices.START
    strength: float = NATURAL

    @property
    def c(self) -> NDArray[np.float32]:
        """The strengths (6,).

        Raises:
            InputError: there is no such expression.
        """
        return choices.strengths(self.expression, self.strength)

    @property
    def relax(self) -> float:
        """How much of its old expression a face loses, in [0, 1]."""
        return choices.relax(self.c, self.strength)


def linked(address: Mapping[str, str]) -> Wish | None:
    """What an address asks for, by ?expression=sad&strength=0.5; what makes no sense is left out."""
    if not {"expression", "strength"} & address.keys():
        return None
    expression = address.get("expression", choices.START).lower().replace("_", " ")
    try:
        _ = choices.strengths(expression, 1.0)
    except InputError:
        expression = choices.START
    try:
        strength = _share(address.get("strength"))
    except (TypeError, ValueError):
        strength = 1.0 if expression == "neutral" else NATURAL
    return Wish(expression, strength)


@dataclass(frozen=True)
class Wishes:
    """For one picture. A face without a wish stays as it is."""

    picture: str  # `Visit.key`: wishes for another picture do not count
    count: int  # of faces
    on: int | None = 0  # the face that is being given its expression; None: all of them
    faces: Mapping[int, Wish] = field(default_factory=dict)

    @classmethod
    def begin(cls, picture: str, count: int, wish: Wish | None = None) -> "Wishes":
        """The largest face gets the wish."""
        return cls(picture, count, 0, {0: wish or Wish()})

    @classmethod
    def read(cls, text: str) -> "Wishes":
        """From the page's text; nothing yet: no picture, no faces.

        Raises:
            InputError: it is not such a text.
        """
        if not text:
            return cls("", 0)
        try:
            said = json.loads(text)
            on, count = said["on"], min(int(said["count"]), 1000)
            chosen = None if on == _EVERYBODY else int(on)
            faces = {int(face): Wish(str(name), _share(much)) for face, (name, much) in said["faces"].items()}
            faces = {face: wish for face, wish in faces.items() if 0 <= face < max(count, 1)}
            if chosen is not None and not 0 <= chosen < max(count, 1):
                raise ValueError
            return cls(str(said["picture"]), count, chosen, faces)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise InputError(_DAMAGED) from None

    def text(self) -> str:
        """For the page."""
        on = _EVERYBODY if self.on is None else self.on
        faces = {str(face): [wish.expression, wish.strength] for face, wish in self.faces.items()}
        return json.dumps({"picture": self.picture, "count": self.count, "on": on, "faces": faces})

    @property
    def shown(self) -> int:
        """The face that stands for the chosen ones: the largest, if that is all of them."""
        return self.on or 0

    @property
    def wish(self) -> Wish | None:
        """Of the face that stands for the chosen ones."""
        return self.faces.get(self.shown)

    @property
    def label(self) -> str:
        """The expressions as a part of a download's name: "happy", or for faces that differ "happy_surprised"."""
        given = dict.fromkeys(choices.file_label(wish.expression) for wish in self.faces.values() if wish.strength)
        return ("_".join(given) if len(given) <= _NAMED else "several") or "unchanged"

    def add(self, count: int, picture: str) -> "Wishes":
        """There is one more face, the last of `count`: it is chosen, and gets what the chosen one has."""
        new = count - 1
        faces = {**self.faces, new: self.wish or Wish()}
        return replace(self, picture=picture, count=count, on=new, faces=faces)

    def remove(self, face: int, picture: str) -> "Wishes":
        """A face is gone; those after it move up. Was it chosen, the largest is now."""
        faces = {one - (one > face): wish for one, wish in self.faces.items() if one != face}
        on = self.on if self.on is None else 0 if self.on == face else self.on - (self.on > face)
        return replace(self, picture=picture, count=self.count - 1, on=on, faces=faces)


def _share(value: object) -> float:
    """A strength within [0, 1]."""
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        raise ValueError
    return min(max(number, 0.0), 1.0)
