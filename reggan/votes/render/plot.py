"""Interval plots: one row per method, drawn as SVG whose lengths are per cent, so that they fit any width."""

import html
import math
from collections.abc import Sequence

from reggan.votes.render.numbers import Format, beside, number
from reggan.votes.stats import Estimate

_EDGE = 3  # per cent left free on either side, for the dots


def interval_plot(
    title: str,
    unit: str,
    rows: Sequence[tuple[str, Estimate]],
    form: Format,
    zero: float | None = None,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> str:
    """Dots with intervals above a common axis, as a <figure>.

    Args:
        title, unit: of the caption.
        rows: names and numbers.
        form: of the numbers beside the dots; the axis has the same scale.
        zero: place of a dashed line, which is always inside the axis.
        bounds: the axis ends there at the latest.
    """
    known = [x for _, estimate in rows for x in estimate if not math.isnan(x)] + ([] if zero is None else [zero])
    scaled = [form.scale * x for x in (*known, *bounds)]
    ticks = nice_ticks(min(scaled[:-2]), max(scaled[:-2])) if known else [0.0, 1.0]
    ticks = [tick for tick in ticks if scaled[-2] <= tick <= scaled[-1]]

    def place(x: float) -> str:
        return f"{_EDGE + (100 - 2 * _EDGE) * (x - ticks[0]) / (ticks[-1] - ticks[0]):.2f}%"

    def upright(x: float, kind: str) -> str:
        return f'<line class="{kind}" x1="{place(x)}" x2="{place(x)}" y1="0" y2="100%"/>'

    grid = "".join(upright(tick, "grid") for tick in ticks)
    grid += "" if zero is None else upright(form.scale * zero, "zero")
    lines = []
    for name, estimate in rows:
        value, low, high = (form.scale * x for x in estimate)
        mark = "" if math.isnan(value) else f'<circle class="dot" cx="{place(value)}" cy="50%" r="6"/>'
        if not math.isnan(low):
            mark = f'<line class="bar" x1="{place(low)}" x2="{place(high)}" y1="50%" y2="50%"/>{mark}'
        lines.append(
            f'<span class="name">{html.escape(name)}</span><span class="number">{beside(estimate, form)}</span>'
            f'<svg aria-hidden="true">{grid}{mark}</svg>'
        )
    whole = Format(0 if all(tick == round(tick) for tick in ticks) else 1)
    labels = "".join(f'<text x="{place(tick)}" y="15">{number(tick, whole)}</text>' for tick in ticks)
    caption = f"<figcaption>{html.escape(title)} <span>{html.escape(unit)}</span></figcaption>"
    axis = f'<svg class="axis" aria-hidden="true">{labels}</svg>'
    return f'<figure>{caption}<div class="rows">{"".join(lines)}{axis}</div></figure>'


def nice_ticks(low: float, high: float) -> list[float]:
    """Round numbers, 1, 2 or 5 times a power of ten and at least 0.1 apart, from below low to above high, 7 at most."""
    span = max(high - low, 0.5)
    power = 10.0 ** math.floor(math.log10(span / 5))
    step = next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 10) for n in range(first, max(last, first + 1) + 1)]
