"""The report as one self-contained HTML page."""

import base64
import html
from typing import Any

import cv2
import numpy as np

from reggan.evaluate.measure import METRICS
from reggan.evaluate.summary import Summary, cell
from reggan.expressions import BASIC
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
        "Images that could not be measured count in no mean and are listed below their table.</p>",
    ]
    if report["costs"]:
        parts += ["<h2>Cost</h2>", _costs(report["costs"], report["threads"])]
    for name, one in report["classes"].items():
        parts.append(f"<h2>{html.escape(name)}: {len(one['faces'])} faces, {6 * len(one['faces'])} outputs</h2>")
        parts.append(_scores(one["scores"], one["missing"], one["distances"]))
        parts += [f"<details><summary>{m}, per expression</summary>{_expressions(one['scores'], k)}</details>"
                  for k, m in (("ecs", "ECS"), ("fss", "FSS"), ("relative_l1", "relative L1"))
                  if any(k in row for row in one["scores"].values())]  # fmt: skip
        for title, sheet in sheets.get(name, {}).items():
            parts.append(f"<details><summary>{html.escape(title)}</summary>{_picture(sheet, title)}</details>")
    parts.append("<h2>What the columns mean</h2><ul>")
    parts += [f"<li><b>{m.label}</b> ({_better(m.better)}): {m.meaning}</li>" for m in METRICS.values()]
    scale = ", ".join(f"{what} {value}" for what, value in ANCHORS.items())
    parts.append(f"</ul><p>FSS scale: {scale}.</p>")
    if report["left_out"]:
        parts.append(f"<p>Left out: {html.escape('; '.join(report['left_out']))}.</p>")
    return "\n".join(parts)


def _better(direction: str) -> str:
    return "1 is the target" if direction == "1" else f"{direction} is better"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["<div class=wide><table><tr>" + "".join(f"<th>{h}</th>" for h in head) + "</tr>"]
    lines += ["<tr>" + "".join(c if c.startswith("<td") else f"<td>{c}</td>" for c in row) + "</tr>" for row in rows]
    return "\n".join([*lines, "</table></div>"])


def _scores(summary: Summary, missing: dict[str, str], distances: dict[str, dict[str, Any]]) -> str:
    metrics = [m for m in METRICS if m in missing or any(m in row for row in summary.values())]
    best = {m: _best(summary, m) for m in metrics}
    rows = []
    for method, row in summary.items():
        cells = [html.escape(method)]
        for m in metrics:
            if m in missing:
                cells.append(f"<td class=missing>not available: {html.escape(missing[m])}</td>")
            else:
                cells.append(_td(row.get(m, {}).get("all"), method in best[m]))
        cells += _set_cells(distances.get(method), missing)
        rows.append(cells)
    head = ["", *(METRICS[m].label for m in metrics)]
    if "fid" in missing or any(distances.values()):
        head += ["FID", "KID"]
    failed = [f"{method}: {count}" for method, row in summary.items()
              if (count := row.get("landmark_error", {}).get("all", {}).get("failed"))]  # fmt: skip
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


def _best(summary: Summary, metric: str) -> list[str]:
    found = {name: row[metric]["all"]["mean"] for name, row in summary.items() if metric in row}
    means = {name: float(v) for name, v in found.items() if name not in _ANCHORS and v is not None}
    if len(means) < 2:
        return []
    better = METRICS[metric].better
    score = {n: v if better == "higher" else -v if better == "lower" else -abs(v - 1) for n, v in means.items()}
    return [n for n, v in score.items() if v == max(score.values())]


def _expressions(summary: Summary, metric: str) -> str:
    rows = [[html.escape(name), *(_td(row[metric][e], False) for e in BASIC)]
            for name, row in summary.items() if metric in row]  # fmt: skip
    return _table(["", *BASIC], rows)


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
