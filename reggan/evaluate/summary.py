"""Means with 95 % intervals, and the tables that show them."""

import math
from typing import Any

import numpy as np

from reggan.evaluate.measure import METRICS, Measured
from reggan.metrics.intervals import mean_interval

Numbers = dict[str, float | int | None]  # mean, low, high, measured, failed
Summary = dict[str, dict[str, dict[str, Numbers]]]  # method: metric: part, see `summarise`
#: Faces that have an expression already, and the others, as the classifier reads them.
AT_REST, EXPRESSIVE = "inputs at rest", "inputs with an expression"


def summarise(
    measured: dict[str, Measured], expressions: tuple[str, ...], expressive: np.ndarray | None = None
) -> Summary:
    """Means and 95 % intervals (faces resampled); `failed` counts the images without a value.

    The parts are "all", which is all basic expressions, and every expression by itself; then, where `expressive` (P,)
    tells which faces have an expression already, the same of `AT_REST` and of `EXPRESSIVE`: "inputs at rest, all".
    """
    summary: Summary = {}
    for method, one in measured.items():
        summary[method] = {}
        for metric, values in one.values.items():
            asked, faces = np.arange(len(values)) % len(expressions), np.arange(len(values)) // len(expressions)
            parts = {"all": np.array([name != "neutral" for name in expressions])[asked]}
            parts |= {name: asked == k for k, name in enumerate(expressions)}
            if expressive is not None:
                groups = {AT_REST: ~expressive[faces], EXPRESSIVE: expressive[faces]}
                parts |= {f"{g}, {p}": who & what for g, who in groups.items() for p, what in list(parts.items())}
            summary[method][metric] = {part: _numbers(values, chosen, faces) for part, chosen in parts.items()}
    return summary


def _numbers(values: np.ndarray, chosen: np.ndarray, faces: np.ndarray) -> Numbers:
    interval = mean_interval(values[chosen], faces[chosen])
    numbers = {k: None if math.isnan(v) else float(v) for k, v in interval._asdict().items()}
    return {**numbers, "measured": interval.measured, "failed": int(chosen.sum()) - interval.measured}


def cell(numbers: Numbers | None, interval: bool = True) -> str:
    """ "0.305 [0.292 0.318]", or "-" where nothing was measured."""
    if numbers is None or numbers["mean"] is None:
        return "-"
    digits = 5 if 0 < abs(numbers["mean"]) < 0.01 else 3
    mean, low, high = (f"{numbers[k]:.{digits}f}" for k in ("mean", "low", "high"))
    return f"{mean} [{low} {high}]" if interval else mean


def text_tables(summary: Summary, expressions: tuple[str, ...]) -> str:
    """Tables for the terminal: every metric over the basic expressions, and ECS per expression."""
    metrics = [m for m in METRICS if any(m in row for row in summary.values())]
    width = max(10, *(len(name) + 2 for name in summary))
    lines = ["".join(["".ljust(width)] + [f"{METRICS[m].label:>26}" for m in metrics])]
    for method, row in summary.items():
        lines.append(method.ljust(width) + "".join(f"{cell(row[m]['all'] if m in row else None):>26}" for m in metrics))
    parts = next(iter(next(iter(summary.values())).values()))
    for group in ("", *(f"{g}, " for g in (AT_REST, EXPRESSIVE) if f"{g}, all" in parts)):
        lines += ["", f"ECS, {group}".rstrip(", "), " " * width + "".join(f"{name:>26}" for name in expressions)]
        for method, row in summary.items():
            lines.append(method.ljust(width) + "".join(f"{cell(row['ecs'][group + name]):>26}" for name in expressions))
    failures = {m: row["landmark_error"]["all"]["failed"] for m, row in summary.items() if "landmark_error" in row}
    if failures:
        lines += ["", f"Images without a landmark error (face not found again): {str(failures)[1:-1]}"]
    return "\n".join(lines)


def badness(measured: Measured, metric: str) -> np.ndarray:
    """How bad each output is by a metric: (N,), larger is worse, inf for an image that could not be measured."""
    values = measured.values[metric]
    direction = METRICS[metric].better
    worse = values if direction == "lower" else -values if direction == "higher" else np.abs(values - 1)
    return np.where(np.isnan(worse), np.inf, worse)


def json_ready(value: Any) -> Any:
    """nan and infinities, which JSON does not have, become None."""
    if isinstance(value, dict):
        return {k: json_ready(v) for k, v in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
