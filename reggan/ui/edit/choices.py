"""Expressions as things to choose from."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.expressions import BASIC, COMPOUND, NAMED, NATURAL, relaxation, resolve
from reggan.ui.words import describe, say, t

#: The expression at first. The page keeps an expression as text: a name, or six strengths with commas between.
START = "happy"
#: And of a face that has that one already, where it would seem as if nothing happened.
START_INSTEAD = "surprised"

EMOJI = dict(zip(BASIC, "😊😢😨😠😮🤢", strict=True))
BASIC_CHOICES: list[Any] = [(f"{EMOJI[name]} {t(name.capitalize())}", name) for name in BASIC]
COMPOUND_CHOICES: list[Any] = [(t(name.capitalize()), name) for name in COMPOUND]
_NEUTRAL: list[Any] = [(f"😐 {t('Neutral')}", "neutral")]
#: On the chips the sign lies above the word.
FIRST_CHOICES: list[Any] = [(label.replace(" ", "\n", 1), name) for label, name in [*_NEUTRAL, *BASIC_CHOICES]]
EVERY_CHOICE = [*_NEUTRAL, *BASIC_CHOICES, *COMPOUND_CHOICES]


def script() -> str:
    """A line of JavaScript with what `assets/wishes.js` has to know of the expressions."""
    known = {
        "named": dict(NAMED),
        "first": ["neutral", *BASIC],
        "signs": {"neutral": "😐", **EMOJI},
        "natural": NATURAL,
    }
    return f"window.regganExpressions = {json.dumps(known)};"


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


def file_label(expression: str) -> str:
    """An expression's name as a part of file names."""
    return expression.replace(" ", "_") if expression in NAMED else "mixture"


def caption(expression: str, strength: float, language: str) -> str:
    """What was asked for, in words: "Sadly angry: 65 % sad, 65 % angry"."""
    words = describe(strengths(expression, strength).tolist(), language, strength)
    if expression in COMPOUND:
        return f"{say(expression.capitalize(), language)}: {words}"
    return words[:1].upper() + words[1:]


def names(language: str) -> dict[str, str]:
    """Every expression's name, as the visitor reads it."""
    return {name: say(name.capitalize(), language) for name in NAMED}
