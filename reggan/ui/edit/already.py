"""A sentence on the expression that a face has already, and on what becomes of it."""

from reggan.expressions import BASIC
from reggan.ui.edit.wishes import Wish
from reggan.ui.words import say


def already(doing: str | None, wish: Wish | None, language: str) -> str:
    """The sentence; "" where the face is at rest.

    Args:
        doing: the basic expression that the face has.
        wish: what it is to look like.
    """
    if doing is None:
        return ""
    has, goes = say(f"already {doing}", language), 0.0 if wish is None else wish.relax
    if wish is None or goes < 0.005:
        return say("{already}; that stays.", language, already=has)
    if wish.c[BASIC.index(doing)] == wish.c.max() > 0:
        return say("{already}; what is missing comes.", language, already=has)
    if goes > 0.995:
        return say("{already}; that goes as the new expression comes.", language, already=has)
    percent = round(100 * goes)
    return say("{already}; {percent} % of it goes.", language, already=has, percent=percent)
