"""The report as one self-contained HTML page."""

import base64
import html
from typing import Any

import cv2
import numpy as np

from reggan.evaluate.measure import METRICS
from reggan.evaluate.summary import AT_REST, EXPRESSIVE, Summary, cell
from reggan.metrics.fss import ANCHORS

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --best: #2563eb; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.2rem; } code { background: var(--soft); padding: 0 .3em; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } td small { display: block; opacity: .65; }
td.best { color: var(--best); font-weight: 600; } @media (prefers-color-scheme: dark) { :root { --best: #93b4ff; } }
img { max-width: 100%; } .missing { opacity: .6; } summary { cursor: pointer; font-weight: 600; }
"""
#: No contestants: what the metrics give for doing nothing and for being right.
_ANCHORS = ("input", "target")


def page(report: dict[str, Any], sheets: dict[str, dict[str, np.ndarray]]) -> str:
    """The page.

    Args:
        report: what `scores.json` holds.
        sheets: class: title: (H, W, 3) uint8.
    """
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>RegGAN evaluation</title><style>{_STYLE}</style>",
        "<meta name=viewport content='width=device-width, initial-scale=1'><h1>Evaluation</h1>",
        f"<p>Made by <code>{html.escape(report['command'])}</code></p>",
        "<p>Means with 95 % intervals (faces resampled). The best method per column is blue, input and target apart. "
        "Images that could not be measured count in no mean and are listed below their table. Where neutral is asked "
        "for too, it is told apart: the tables over all expressions have the six others. An input has an expression "
        "already if the classifier reads it as anything but neutral.</p>",
    ]
    if report["costs"]:
        parts += ["<h2>Cost</h2>", _costs(report["costs"], report["threads"])]
    for name, one in report["classes"].items():
        parts.append(f"<h2>{html.escape(name)}: {_count(one)}</h2>")
        parts.append(_scores(one["scores"], one["missing"], one["distances"]))
        parts += _expressions(one, "")
        if one["expressive"] is not None:
            counts = {AT_REST: len(one["faces"]) - one["expressive"], EXPRESSIVE: one["expressive"]}
            for group, count in counts.items():
                if count:
                    inner = [
                        _scores(one["scores"], one["missing"], {}, f"{group}, all"),
                        *_expressions(one, f"{group}, "),
                    ]
                    parts.append(f"<details><summary>{group}: {count}</summary>{''.join(inner)}</details>")
        for title, sheet in sheets.get(name, {}).items():
            parts.append(f"<details><summary>{html.escape(title)}</summary>{_picture(sheet, title)}</details>")
    parts.append("<h2>What the columns mean</h2><ul>")
    parts += [f"<li><b>{m.label}</b> ({_better(m.better)}): {m.meaning}</li>" for m in METRICS.values()]
    scale = ", ".join(f"{what} {value}" for what, value in ANCHORS.items())
    parts.append(f"</ul><p>FSS scale: {scale}.</p>")
    if report["left_out"]:
        parts.append(f"<p>Left out: {html.escape('; '.join(report['left_out']))}.</p>")
    return "\n".join(parts)


def _count(one: dict[str, Any]) -> str:
    """How many faces, of how many pictures."""
    faces, outputs = len(one["faces"]), len(one["faces"]) * len(one["expressions"])
    missed = "" if one["pictures"] is None else f" in {one['pictures']} pictures ({one['pictures'] - faces} missed)"
    return f"{faces} faces{missed}, {outputs} outputs"


def _better(direction: str) -> str:
    return "1 is the target" if direction == "1" else f"{direction} is better"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["<div class=wide><table><tr>" + "".join(f"<th>{h}</th>" for h in head) + "</tr>"]
    lines += ["<tr>" + "".join(c if c.startswith("<td") else f"<td>{c}</td>" for c in row) + "</tr>" for row in rows]
    return "\n".join([*lines, "</table></div>"])


def _scores(summary: Summary, missing: dict[str, str], distances: dict[str, dict[str, Any]], part: str = "all") -> str:
    metrics = [m for m in METRICS if m in missing or any(m in row for row in summary.values())]
    best = {m: _best(summary, m, part) for m in metrics}
    rows = []
    for method, row in summary.items():
        cells = [html.escape(method)]
        for m in metrics:
            if m in missing:
                cells.append(f"<td class=missing>not available: {html.escape(missing[m])}</td>")
            else:
                cells.append(_td(row.get(m, {}).get(part), method in best[m]))
        if part == "all":
            cells += _set_cells(distances.get(method), missing)
        rows.append(cells)
    head = ["", *(METRICS[m].label for m in metrics)]
    if part == "all" and ("fid" in missing or any(distances.values())):
        head += ["FID", "KID"]
    failed = [f"{method}: {count}" for method, row in summary.items()
              if (count := row.get("landmark_error", {}).get(part, {}).get("failed"))]  # fmt: skip
    notes = {str(d["warning"]) for d in distances.values() if d.get("warning")}
    below = [f"Face not found again: {', '.join(failed)}."] if failed else []
    below += [f"FID and KID: {html.escape(note)}." for note in sorted(notes)]
    return _table(head, rows) + "".join(f"<p>{b}</p>" for b in below)


def _set_cells(distances: dict[str, Any] | None, missing: dict[str, str]) -> list[str]:
    if "fid" in missing:
        return [f"<td class=missing colspan=2>not available: {html.escape(missing['fid'])}</td>"]
    if not distances:
        return []
    sizes = f"<small>N {distances['references']}, {distances['outputs']}</small>"
    kid = f"{distances['kid']:.4f}<small>sd {distances['kid_std']:.4f}</small>"
    return [f"{distances['fid']:.1f}{sizes}", kid]


def _td(numbers: dict[str, Any] | None, best: bool) -> str:
    text, _, interval = cell(numbers).partition(" ")
    return f"<td{' class=best' if best else ''}>{text}<small>{interval.strip('[]').replace(' ', ' to ')}</small></td>"


def _best(summary: Summary, metric: str, part: str) -> list[str]:
    found = {name: row[metric][part]["mean"] for name, row in summary.items() if metric in row}
    means = {name: float(v) for name, v in found.items() if name not in _ANCHORS and v is not None}
    if len(means) < 2:
        return []
    better = METRICS[metric].better
    score = {n: v if better == "higher" else -v if better == "lower" else -abs(v - 1) for n, v in means.items()}
    return [n for n, v in score.items() if v == max(score.values())]


def _expressions(one: dict[str, Any], group: str) -> list[str]:
    """Every metric that was measured, per expression: of all faces, or of a group, "inputs at rest, "."""
    parts = []
    for metric, about in METRICS.items():
        rows = [[html.escape(name), *(_td(row[metric][group + e], False) for e in one["expressions"])]
                for name, row in one["scores"].items() if metric in row]  # fmt: skip
        if rows:
            inner = _table(["", *one["expressions"]], rows)
            parts.append(f"<details><summary>{about.label}, per expression</summary>{inner}</details>")
    return parts


def _costs(table: dict[str, dict[str, Any]], threads: int) -> str:
    head = ["", "parameters", "GFLOP", f"ms per face, {threads} threads", "peak memory, MB", "file, MB"]
    rows = [
        [html.escape(name), f"{row['parameters']:,}", f"{row['gflop']:.2f}", f"{row['ms']:.0f}",
         *("-" if row[k] is None else f"{row[k]:.1f}" for k in ("peak_mb", "file_mb"))]
        for name, row in table.items()
    ]  # fmt: skip
    return _table(head, rows)


def _picture(image: np.ndarray, title: str) -> str:
    ok, coded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert ok
    data = base64.b64encode(coded.tobytes()).decode()
    return f'<img alt="{html.escape(title)}" src="data:image/jpeg;base64,{data}">'
