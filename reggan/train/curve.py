"""Learning curves: the log of a run as a table, and one or several of them drawn."""

import csv
import html
import json
from collections.abc import Mapping
from pathlib import Path

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _RIGHT, _TOP = 820, 380, 56, 44, 250, 12
_COLOURS = ("#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2", "#be185d", "#65a30d", "#475569")

Curve = list[tuple[float, float]]  # of (step, error)


def read_log(run: Path) -> list[dict[str, float]]:
    """The validations of a run, a row each, in order; of steps that were taken twice after an interruption the last."""
    path = run / "log.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
    return [row for _, row in sorted({row["step"]: row for row in lines}.items())]


def curve_of(run: Path, judged: str) -> Curve:
    """The figure called `judged` over the steps of a run."""
    return [(row["step"], row[judged]) for row in read_log(run) if judged in row]


def write_curve(run: Path, judged: str) -> None:
    """Write `curve.csv`, all columns of the log, and `curve.svg`, the figure called `judged` over the steps."""
    rows = read_log(run)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with (run / "curve.csv").open("w", newline="") as f:
        table = csv.DictWriter(f, columns)
        table.writeheader()
        table.writerows(rows)
    (run / "curve.svg").write_text(draw({run.name: curve_of(run, judged)}, judged.replace("_", " ")))


def draw(curves: Mapping[str, Curve], label: str) -> str:
    """Curves by name as an SVG picture, with both axes from 0; `label` says what the error is."""
    known = {name: points for name, points in curves.items() if points}
    right = max((x for points in known.values() for x, _ in points), default=1)
    top = 1.05 * max((y for points in known.values() for _, y in points), default=1)
    end = _WIDTH - _RIGHT

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + (end - _LEFT) * x / right, _TOP + (_HEIGHT - _BOTTOM - _TOP) * (1 - y / top)

    def text(x: float, y: float, words: str, anchor: str = "middle", more: str = "") -> str:
        return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333"{more}>{html.escape(words)}</text>'

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="13"><rect width="100%" height="100%" fill="white"/>'
    ]
    for k in range(5):
        x, y = at(right * k / 4, top * k / 4)
        parts.append(text(x, _HEIGHT - _BOTTOM + 18, f"{right * k / 4:,.0f}"))
        parts.append(text(_LEFT - 6, y + 4, f"{top * k / 4:.2f}", "end"))
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{end}" stroke="#ddd"/>')
    parts.append(text((_LEFT + end) / 2, _HEIGHT - 6, "step"))
    parts.append(text(14, _HEIGHT / 2, label, more=f' transform="rotate(-90 14 {_HEIGHT / 2:.1f})"'))
    for k, (name, points) in enumerate(known.items()):
        colour, placed = _COLOURS[k % len(_COLOURS)], [at(*point) for point in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in placed]
        y = 24 + 19 * k
        parts.append(f'<path d="M{end + 14} {y - 4}h18" stroke="{colour}" stroke-width="3"/>')
        parts.append(text(end + 38, y, name, "start"))
    return "\n".join([*parts, "</svg>"]) + "\n"
