"""Faces and expressions as things to choose from."""

from collections.abc import Mapping
from typing import Any

from reggan.expressions import BASIC, COMPOUND, NAMED, resolve
from reggan.ui.words import describe, say, t

#: What is asked for at first.
START = "happy"

#: What a visitor has asked for: a name, or six strengths by name.
Wish = str | Mapping[str, float]

EMOJI = dict(zip(BASIC, "😊😢😨😠😮🤢", strict=True))
BASIC_CHOICES: list[Any] = [(f"{EMOJI[name]} {t(name.capitalize())}", name) for name in BASIC]
COMPOUND_CHOICES: list[Any] = [(t(name.capitalize()), name) for name in COMPOUND]
EVERY_CHOICE = [*BASIC_CHOICES, *COMPOUND_CHOICES]

_ALL = "all"


def parts(name: str) -> list[float]:
    """The six strengths of a named expression."""
    return list(NAMED[name])


def mixture(*strengths: float) -> Wish:
    """The wish that six sliders stand for."""
    return dict(zip(BASIC, strengths, strict=True))


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


def file_name(wish: Wish) -> str:
    """The beginning of a download's name."""
    return f"reggan_{wish.replace(' ', '_') if isinstance(wish, str) else 'mixture'}"


def caption(wish: Wish, strength: float, language: str) -> str:
    """What was asked for, in words: "Sadly angry: 65 % sad, 65 % angry"."""
    words = describe(resolve(wish, strength).tolist(), language)
    if isinstance(wish, str) and wish in COMPOUND:
        return f"{say(wish.capitalize(), language)}: {words}"
    return words[:1].upper() + words[1:]
