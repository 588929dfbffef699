"""Numbers with intervals as text."""

import math
from typing import NamedTuple

from reggan.votes.stats import Estimate


class Format(NamedTuple):
    digits: int
    scale: float = 1
    unit: str = ""
    signed: bool = False


PERCENT = Format(0, 100, " %")
POINTS = Format(0, 100, " points", signed=True)
LOG = Format(2, signed=True)
RATING = Format(2)
ALPHA = Format(2)
NOTHING = "–"


def number(value: float, form: Format) -> str:
    """The number without its unit; a dash for nan."""
    if math.isnan(value):
        return NOTHING
    scaled = round(value * form.scale, form.digits) + 0.0  # + 0.0 turns -0 into 0
    return f"{scaled:{'+' if form.signed and scaled else ''}.{form.digits}f}".replace("-", "\N{MINUS SIGN}")


def inline(estimate: Estimate, form: Format) -> str:
    """For example 63 % (55 to 71)."""
    span = _span(estimate, form)
    return _value(estimate, form) + (f" ({span})" if span else "")


def beside(estimate: Estimate, form: Format) -> str:
    """HTML, the interval in small print after the number."""
    span = _span(estimate, form)
    return _value(estimate, form) + (f" <small>{span}</small>" if span else "")


def _value(estimate: Estimate, form: Format) -> str:
    return number(estimate.value, form) + (form.unit if not math.isnan(estimate.value) else "")


def _span(estimate: Estimate, form: Format) -> str:
    known = not math.isnan(estimate.low)
    return f"{number(estimate.low, form)} to {number(estimate.high, form)}" if known else ""
