"""Words on the page for faces and expressions."""

from reggan.expressions import BASIC, COMPOUND, describe, resolve

_EMOJI = dict(zip(("happy", "sad", "fearful", "angry", "surprised", "disgusted"), "😊😢😨😠😮🤢", strict=True))

BASIC_CHOICES = [(f"{_EMOJI[name]} {name.capitalize()}", name) for name in BASIC]
COMPOUND_CHOICES = [(name.capitalize(), name) for name in COMPOUND]

_ALL = "all"


def face_choices(count: int) -> list[tuple[str, str]]:
    """Label and value for each face, and for all of them."""
    return [*((f"Face {n + 1}", str(n)) for n in range(count)), ("All faces", _ALL)]


def face_value(face: int | None) -> str:
    return _ALL if face is None else str(face)


def face_of(value: str | None, count: int) -> int | None:
    """The face that a choice stands for; a stale one means the largest."""
    if value == _ALL:
        return None
    return int(value) if value is not None and value.isdecimal() and int(value) < count else 0


def caption(expression: str, strength: float, face: int | None) -> str:
    """What the stages show, in words."""
    mixture = describe(resolve(expression, strength))
    plain = mixture in ("neutral", f"{round(100 * strength)} % {expression}")
    words = mixture if plain else f"{expression}: {mixture}"
    return f"{words}, all faces (face 1 is shown)" if face is None else words
