"""Faces and expressions as things to choose from."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.expressions import BASIC, COMPOUND, NAMED, relaxation, resolve
from reggan.ui.words import describe, say, t

#: The expression at first. The page keeps an expression as text: a name, or six strengths with commas between.
START = "happy"

EMOJI = dict(zip(BASIC, "😊😢😨😠😮🤢", strict=True))
BASIC_CHOICES: list[Any] = [(f"{EMOJI[name]} {t(name.capitalize())}", name) for name in BASIC]
COMPOUND_CHOICES: list[Any] = [(t(name.capitalize()), name) for name in COMPOUND]
_NEUTRAL: list[Any] = [(f"😐 {t('Neutral')}", "neutral")]
#: On the chips the sign lies above the word.
FIRST_CHOICES: list[Any] = [(label.replace(" ", "\n", 1), name) for label, name in [*_NEUTRAL, *BASIC_CHOICES]]
EVERY_CHOICE = [*_NEUTRAL, *BASIC_CHOICES, *COMPOUND_CHOICES]

_ALL = "all"


#: What a click on a chip does, without asking the server: the expression, the other chips, the six sliders. The result
#: comes into view (`assets/page.js`).
CHOOSE = f"(name) => {{ showResult(); return [name, null, ...({json.dumps(dict(NAMED))})[name]] }}"
#: What moving one of the six sliders does: the expression, both groups of chips.
MIX = "(...strengths) => [strengths.join(','), null, null]"


def strengths(expression: str, strength: float) -> NDArray[np.float32]:
    """The strengths (6,) of an expression as the page keeps it.

    Raises:
        InputError: there is no such expression.
    """
    try:
        mixture = [float(part) for part in expression.split(",")] if "," in expression else expression
    except ValueError:
        raise InputError("There is no expression called {name}.", name=repr(expression)) from None
    return resolve(mixture, strength)


def relax(c: NDArray[np.float32], strength: float) -> float:
    """How much of its old expression a face loses: with none of the six, as much as was asked for of being neutral."""
    return float(relaxation(c[None], strength)[0])


def face_choices(count: int, language: str) -> list[tuple[str, str]]:
    """Label and value for each face, and for all of them."""
    numbered = [(say("Face {n}", language, n=n + 1), str(n)) for n in range(count)]
    return [*numbered, (say("All", language), _ALL)]


def face_value(face: int | None) -> str:
    return _ALL if face is None else str(face)


def face_of(value: str | None, count: int) -> int | None:
    """The face that a choice stands for; a stale one means the largest."""
    if value == _ALL:
        return None
    return int(value) if value is not None and value.isdecimal() and int(value) < count else 0


def file_name(expression: str) -> str:
    """The beginning of a download's name."""
    return f"reggan_{expression.replace(' ', '_') if expression in NAMED else 'mixture'}"


def caption(expression: str, strength: float, language: str) -> str:
    """What was asked for, in words: "Sadly angry: 65 % sad, 65 % angry"."""
    words = describe(strengths(expression, strength).tolist(), language, strength)
    if expression in COMPOUND:
        return f"{say(expression.capitalize(), language)}: {words}"
    return words[:1].upper() + words[1:]
