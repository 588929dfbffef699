"""QualiCLIP, FID and KID of outputs that were made on another machine.

    python -m reggan.evaluate.elsewhere REPORT...

REPORT is a folder that `python -m reggan.evaluate` made, with its `kept/`; copy it to a machine with a network and
`pip install "reggan[metrics]" pyiqa`. The figures are printed and written into REPORT as `quality.md` and
`quality.json`. What cannot be had says why. The outputs are people's faces: delete the copy when it is done.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from reggan.errors import InputError
from reggan.evaluate.kept import Kept, Report, read_report
from reggan.metrics.distances import set_distance
from reggan.metrics.intervals import mean_interval
from reggan.metrics.optional import NotAvailable
from reggan.metrics.qualiclip import qualiclip

Figures = dict[str, float | str]


def quality(report: Report) -> dict[str, dict[str, Figures]]:
    """Class to method to figures. FID and KID are distances to the targets, or where there are none to the inputs.

    Raises:
        InputError: a report has neither.
    """
    found: dict[str, dict[str, Figures]] = {}
    missing: dict[str, str] = {}
    for name, methods in report.kept.items():
        reference = methods.get("target") or methods.get("input")
        if reference is None:
            raise InputError("{name} has neither input nor target among its methods, to compare with.", name=name)
        real = reference.images if "target" in methods else reference.images[:: len(reference.expressions)]
        found[name] = {method: _of(kept, real, missing) for method, kept in methods.items()}
    return found


def _of(kept: Kept, real: np.ndarray, missing: dict[str, str]) -> Figures:
    """`missing`: metrics that could not be had, and why; they are not tried again."""
    images, figures = kept.images, Figures()
    faces = np.arange(len(images)) // len(kept.expressions)
    if "qualiclip" not in missing:
        try:
            score = mean_interval(qualiclip(images), faces)
            figures |= {"qualiclip": score.mean, "qualiclip_low": score.low, "qualiclip_high": score.high}
        except NotAvailable as reason:
            missing["qualiclip"] = str(reason)
    if "fid" not in missing:
        try:
            figures |= set_distance(real, images)._asdict()
        except NotAvailable as reason:
            missing["fid"] = str(reason)
    return figures | {f"no {metric}": reason for metric, reason in missing.items()}


def table(found: dict[str, dict[str, Figures]]) -> str:
    """Markdown, a row for each method and class."""
    lines = ["| class | method | QualiCLIP | FID | KID | N |", "| --- | --- | --- | --- | --- | --- |"]
    reasons: dict[str, str] = {}
    for name, methods in found.items():
        for method, f in methods.items():
            reasons |= {k.removeprefix("no "): str(v) for k, v in f.items() if k.startswith("no ")}
            judged = "-"
            if "qualiclip" in f:
                judged = f"{f['qualiclip']:.3f} ({f['qualiclip_low']:.3f} to {f['qualiclip_high']:.3f})"
            distance = "- | - | -"
            if "fid" in f:
                distance = f"{f['fid']:.1f} | {f['kid']:.4f} | {f['references']}, {f['outputs']}"
            lines.append(f"| {name} | {method} | {judged} | {distance} |")
    lines += ["", *(f"Not available, {metric}: {reason}." for metric, reason in reasons.items())] if reasons else []
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m reggan.evaluate.elsewhere",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("reports", type=Path, nargs="+", metavar="REPORT")
    for folder in parser.parse_args(arguments).reports:
        found = quality(read_report(folder))
        (folder / "quality.json").write_text(json.dumps(found, indent=1) + "\n")
        (folder / "quality.md").write_text(table(found) + "\n")
        print(f"{folder}\n\n{table(found)}\n")


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
