"""The contest's table and picture, or the ablations', from what reports have kept: nothing is edited or measured again.

    python -m reggan.evaluate.side_by_side --people REPORT --wild REPORT [--shown REPORT [--faces NAMES]] -o OUT

The reports are of `python -m reggan.evaluate`: `--people` with `--pairs` (and `--cost`, for the milliseconds), `--wild`
with `--images`, `--shown` with `--images` of pictures that may be shown. OUT gets `contest.md`, the table with 95 %
intervals over people and pictures, and, with `--shown`, `contest.jpg`: four faces through all methods.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from reggan.baselines import contest
from reggan.baselines.ablations import ABLATIONS
from reggan.errors import InputError
from reggan.evaluate.kept import Kept, Report, read_report
from reggan.evaluate.summary import EXPRESSIVE
from reggan.metrics.intervals import Interval

_SIDE, _CAPTION, _FIRST = 128, 34, 96  # pixels of a tile, of the captions above, of the expressions' names at the left
#: What the four faces are asked for, in turn.
_ASKED = ("happy", "angry", "surprised", "sad")
_NAMES = {
    "input": "input unchanged",
    "coarse": "RegGAN, stage 1",
    "refined": "RegGAN, shipped weights",
    "target": "target",
}


def title(method: str) -> str:
    """What a method is called in table and picture."""
    if method in contest.RIVALS or method == contest.REGGAN:
        return contest.what(method).replace(", our re-implementation", "")
    if method in ABLATIONS:
        return ABLATIONS[method].what
    return _NAMES.get(method, method)


def table(people: Report, wild: Report) -> str:
    """Markdown: a row for each method on people kept out of training and in the wild, then the wild by class."""
    names = list(dict.fromkeys([*people.methods, *wild.methods]))
    count = {k: sum(len(one["faces"]) for one in r.scores["classes"].values()) for k, r in (("p", people), ("w", wild))}
    head = "| | ECS, people | FSS | sharpness | ECS, wild | FSS | skin detail | ECS, neutral | ms |"
    lines = [head, "|" + 9 * " --- |"]
    for name in names:
        known = [people.mean(name, metric) for metric in ("ecs", "fss", "sharpness")]
        met = [wild.mean(name, metric) for metric in ("ecs", "fss", "detail")] + [wild.mean(name, "ecs", "neutral")]
        spent = people.scores["costs"].get(name, {}).get("ms")
        cells = [_cell(i, "ecs" if k in (0, 3, 6) else "") for k, i in enumerate([*known, *met])]
        lines.append(f"| {title(name)} | {' | '.join(cells)} | {'' if spent is None else f'{spent:.0f}'} |")
    lines += [
        "",
        f"{count['p']} people, {count['w']} pictures; ECS in %, intervals of 95 % over people and pictures.",
        "",
    ]
    return "\n".join([*lines, *_by_class(wild)])


def _by_class(wild: Report) -> list[str]:
    """ECS of each class, and of its inputs that have an expression already; neutral of those, too."""
    classes = list(wild.kept)
    cells = [f"{c}{part}" for c in classes for part in ("", ", with an expression", ", those to neutral")]
    lines = ["ECS in the wild, by class:", "", f"| | {' | '.join(cells)} |", "|" + (len(cells) + 1) * " --- |"]
    for name in wild.methods:
        found = []
        for one in classes:
            row = wild.scores["classes"][one]["scores"].get(name, {}).get("ecs", {})
            parts = ("all", f"{EXPRESSIVE}, all", f"{EXPRESSIVE}, neutral")
            found += [_cell(_interval(row.get(part)), "ecs") for part in parts]
        lines.append(f"| {title(name)} | {' | '.join(found)} |")
    missed = [f"{c}: {one['pictures'] - len(one['faces'])} of {one['pictures']}"
              for c, one in wild.scores["classes"].items() if one["pictures"] is not None]  # fmt: skip
    return [*lines, "", f"Pictures without a face: {', '.join(missed)}."]


def _interval(numbers: dict[str, float | None] | None) -> Interval:
    if numbers is None or numbers["mean"] is None:
        return Interval(np.nan, np.nan, np.nan, 0)
    mean, low, high = (float(numbers[k] or 0) for k in ("mean", "low", "high"))
    return Interval(mean, low, high, int(numbers["measured"] or 0))


def _cell(i: Interval, metric: str) -> str:
    if not i.measured:
        return ""
    if metric == "ecs":
        return f"{100 * i.mean:.0f} ({100 * i.low:.0f} to {100 * i.high:.0f})"
    return f"{i.mean:.3f} ({i.low:.3f} to {i.high:.3f})"


def picture(shown: Report, faces: Sequence[str] = (), count: int = 4) -> np.ndarray:
    """A row for each face, a column for each method: (H, W, 3) RGB.

    Args:
        shown: the report.
        faces: names of faces in it; if none are given, so many, as far apart in the report as can be.
        count: how many.

    Raises:
        InputError: the report lacks the inputs, or such a face.
    """
    everything = [(name, face) for name, one in shown.kept.items() for face in next(iter(one.values())).faces]
    names = [face for _, face in everything]
    missing = set(faces) - set(names)
    if missing:
        raise InputError("The report has no face {name}; it has {names}.", name=min(missing), names=", ".join(names))
    spread = np.linspace(0, len(everything) - 1, min(count, len(everything))).round().astype(int)
    chosen = [everything[k] for k in ([names.index(face) for face in faces] or spread)]
    methods = [m for m in shown.methods if m not in ("input", "target")]
    if any("input" not in shown.kept[name] for name, _ in chosen):
        raise InputError("The report of pictures to show needs input among its methods.")
    head = np.full((_CAPTION, _FIRST, 3), 255, np.uint8)
    rows = [np.concatenate([head, *(_caption(title(m)) for m in ("input", *methods))], 1)]
    for (name, face), asked in zip(chosen, _ASKED * len(chosen), strict=False):
        one = shown.kept[name]
        tiles = [_tile(one.get(m), face, asked) for m in ("input", *methods)]
        label = np.full((_SIDE, _FIRST, 3), 255, np.uint8)
        _write(label, asked, _SIDE // 2)
        rows.append(np.concatenate([label, *tiles], 1))
    return np.concatenate(rows)


def _tile(kept: Kept | None, face: str, asked: str) -> np.ndarray:
    if kept is None:
        return np.full((_SIDE, _SIDE, 3), 255, np.uint8)
    return np.asarray(cv2.resize(kept.image(face, asked), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _caption(text: str) -> np.ndarray:
    tile = np.full((_CAPTION, _SIDE, 3), 255, np.uint8)
    first, _, second = text.replace("RegGAN, at equal", "RegGAN, equal").partition(", ")
    _write(tile, first, 13)
    _write(tile, second, 28)
    return tile


def _write(tile: np.ndarray, text: str, y: int) -> None:
    cv2.putText(tile, text, (4, y), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (30, 30, 30), 1, cv2.LINE_AA)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m reggan.evaluate.side_by_side",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--people", type=Path, required=True, help="report of people kept out of training")
    parser.add_argument("--wild", type=Path, required=True, help="report of pictures as they come")
    parser.add_argument("--shown", type=Path, help="report of pictures that may be shown")
    parser.add_argument("--faces", type=lambda names: names.split(","), default=[], help="which of them, by name")
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    text = table(read_report(options.people), read_report(options.wild))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "contest.md").write_text(text + "\n")
    if options.shown:
        image = picture(read_report(options.shown), options.faces)
        cv2.imwrite(str(options.out / "contest.jpg"), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    print(text)


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
