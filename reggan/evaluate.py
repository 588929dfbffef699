"""Measure a model on people it has not seen.

    python -m reggan.evaluate --pairs DIR --identities FILE [--styles] -o OUT

DIR holds one folder per person with 256 x 256 aligned crops: `neutral.jpg`, its `landmarks.npy` ((478, 2) pixels) and
the targets `happy_100.jpg` to `disgusted_100.jpg`. FILE lists the people, one a line: people kept out of training.

Each neutral is given the six basic expressions at strength 1. Four methods are scored: `input` (change nothing),
`coarse` and `refined` (the two stages), `target` (what the metric gives the right answer). With `--styles`, the same
people again as paint, pencil, stone, metal, cartoon and grey (`metrics/styles.py`, applied to the input; `target` is
then the filtered target). There are no target pixels for those, so only ECS, FSS and the landmark error are taken, the
last against the photographic target's landmarks: where the filtered targets score little better than the filtered
inputs (marble: 0.057 and 0.070), it is the detector that fails, and the number says nothing of the model.

OUT gets `scores.json` (every mean with its 95 % interval, people resampled) and `samples_*.png`: for every expression
the best, the median and the worst refined output.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.metrics.ecs import ecs
from reggan.metrics.fss import ANCHORS, embed
from reggan.metrics.intervals import mean_interval
from reggan.metrics.landmarks import find_landmarks, landmark_error
from reggan.metrics.reconstruction import mse, relative_l1
from reggan.metrics.sharpness import moved_skin, sharpness_ratio
from reggan.metrics.styles import STYLES

METRICS = ("relative_l1", "mse", "sharpness", "landmark_error", "ecs", "ecs_probability", "fss")
Images = dict[str, np.ndarray]  # method: (N, H, W, 3) uint8
Scores = dict[str, dict[str, np.ndarray]]  # method: metric: (N,) float64
Summary = dict[str, dict[str, dict[str, dict[str, float | int | None]]]]  # method: metric: "all" or expression: ...


class Editor(Protocol):
    """The part of `reggan.Predictor` that is measured."""

    def edit_crops(self, crops: np.ndarray, landmarks: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, 256, 256, 3) uint8, (N, 478, 2) and (N, 6) float32 to coarse and refined, each like the crops."""


class Pairs(NamedTuple):
    """P people, and their N = 6 P targets: all six of the first person in the order of `BASIC`, then the next."""

    people: list[str]
    neutrals: np.ndarray  # (P, 256, 256, 3) uint8
    landmarks: np.ndarray  # (P, 478, 2) float32 pixels
    targets: np.ndarray  # (N, 256, 256, 3) uint8


def load_pairs(folder: Path, people: list[str]) -> Pairs:
    """Read the people's photographs and targets; `InputError` names the first file that cannot be read."""
    if not people:
        raise InputError("The list of identities is empty.")
    neutrals = [_read_image(folder / person / "neutral.jpg") for person in people]
    targets = [_read_image(folder / person / f"{name}_100.jpg") for person in people for name in BASIC]
    try:
        landmarks = [np.load(folder / person / "landmarks.npy") for person in people]
    except (OSError, ValueError) as error:
        raise InputError(f"The landmarks cannot be read: {error}.") from error
    return Pairs(people, np.stack(neutrals), np.stack(landmarks), np.stack(targets))


def edit(editor: Editor, neutrals: np.ndarray, landmarks: np.ndarray, targets: np.ndarray) -> Images:
    """The four methods' images, (N, H, W, 3) each, N = 6 P; one person at a time, six expressions together."""
    strengths = np.eye(len(BASIC), dtype=np.float32)
    stages = [
        editor.edit_crops(np.stack([crop] * len(BASIC)), np.stack([points] * len(BASIC)), strengths)
        for crop, points in zip(neutrals, landmarks, strict=True)
    ]
    coarse, refined = (np.concatenate(stage) for stage in zip(*stages, strict=True))
    return {"input": neutrals.repeat(len(BASIC), 0), "coarse": coarse, "refined": refined, "target": targets}


def measure(images: Images, target_points: np.ndarray, pixels: bool) -> Scores:
    """Every metric of every method.

    Args:
        images: from `edit`.
        target_points: (N, 478, 2) landmarks of the photographic targets, nan where no face was found.
        pixels: whether `images["target"]` may be compared pixel by pixel.
    """
    asked = list(BASIC) * (len(images["input"]) // len(BASIC))
    identity = embed(images["input"][:: len(BASIC)]).repeat(len(BASIC), 0)  # (N, 128)
    scores: Scores = {}
    for method, outputs in images.items():
        if method == "input":  # six copies of each crop: look for the face in one
            points = find_landmarks(outputs[:: len(BASIC)]).repeat(len(BASIC), 0)
        else:
            points = find_landmarks(outputs)
        hit, probability = ecs(outputs, asked)
        row = {"landmark_error": landmark_error(points, target_points), "ecs": hit, "ecs_probability": probability}
        row["fss"] = (identity * embed(outputs)).sum(1)
        if pixels:
            moved = moved_skin(images["input"], images["target"])
            row["relative_l1"] = relative_l1(outputs, images["target"], images["input"])
            row["mse"] = mse(outputs, images["target"])
            row["sharpness"] = sharpness_ratio(outputs, images["target"], moved)
        scores[method] = {metric: row[metric] for metric in METRICS if metric in row}
    return scores


def summarise(scores: Scores) -> Summary:
    """Means and 95 % intervals over all images ("all") and per expression; `failed` counts images without a value."""
    count = len(next(iter(scores["input"].values())))
    expressions, people = np.arange(count) % len(BASIC), np.arange(count) // len(BASIC)
    parts = {"all": np.ones(count, bool)} | {name: expressions == k for k, name in enumerate(BASIC)}
    summary: Summary = {}
    for method, row in scores.items():
        summary[method] = {metric: {} for metric in row}
        for metric, values in row.items():
            for part, chosen in parts.items():
                interval = mean_interval(values[chosen], people[chosen])
                numbers = {k: None if math.isnan(v) else float(v) for k, v in interval._asdict().items()}
                failed = int(chosen.sum()) - interval.measured
                summary[method][metric][part] = numbers | {"measured": interval.measured, "failed": failed}
    return summary


def table(summary: Summary) -> str:
    """Two text tables: every metric over all images, and ECS per expression."""
    metrics = list(summary["input"])
    lines = ["".join(["method".ljust(9)] + [f"{metric:>27}" for metric in metrics])]
    for method, row in summary.items():
        lines.append(method.ljust(9) + "".join(f"{_cell(row[metric]['all']):>27}" for metric in metrics))
    lines += ["", "".join(["ECS".ljust(9)] + [f"{name:>24}" for name in BASIC])]
    for method, row in summary.items():
        lines.append(method.ljust(9) + "".join(f"{_cell(row['ecs'][name]):>24}" for name in BASIC))
    failures = {method: row["landmark_error"]["all"]["failed"] for method, row in summary.items()}
    lines += ["", "Images without a landmark error (face not found in output or target): " + str(failures)[1:-1]]
    return "\n".join(lines)


def sample_sheet(images: Images, badness: np.ndarray, side: int = 128) -> np.ndarray:
    """A row per expression: best, median and worst by badness (N,), each as input, coarse, refined, target."""
    rows = []
    for k, name in enumerate(BASIC):
        order = np.argsort(badness[k :: len(BASIC)], kind="stable") * len(BASIC) + k
        chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
        tiles = []
        for rank, n in chosen.items():
            for method, batch in images.items():
                tile = cv2.resize(batch[n], (side, side), interpolation=cv2.INTER_AREA)
                label = f"{name}, {rank}" if method == "input" else method
                for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
                    cv2.putText(tile, label, (4, side - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.36, colour, width, cv2.LINE_AA)
                tiles.append(tile)
        rows.append(np.concatenate(tiles, 1))
    return np.concatenate(rows)


def evaluate(editor: Editor, pairs: Pairs, out: Path, styles: bool = False) -> dict[str, Summary]:
    """Measure, print the tables, write `scores.json` and the sample sheets to the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    target_points = find_landmarks(pairs.targets)
    summaries: dict[str, Summary] = {}
    for name in ("photo", *STYLES) if styles else ("photo",):
        neutrals, targets = pairs.neutrals, pairs.targets
        if name != "photo":
            neutrals, targets = (np.stack([STYLES[name](crop) for crop in crops]) for crops in (neutrals, targets))
        images = edit(editor, neutrals, pairs.landmarks, targets)
        scores = measure(images, target_points, pixels=name == "photo")
        refined = scores["refined"]
        badness = refined["relative_l1"] if name == "photo" else -refined["ecs_probability"]
        cv2.imwrite(str(out / f"samples_{name}.png"), sample_sheet(images, badness)[..., ::-1])
        summaries[name] = summarise(scores)
        print(f"{name}: {len(pairs.people)} people, {len(pairs.targets)} images\n\n{table(summaries[name])}\n")
    print("FSS scale: " + ", ".join(f"{what} {value}" for what, value in ANCHORS.items()))
    report = {"people": pairs.people, "fss_anchors": ANCHORS, "scores": summaries}
    (out / "scores.json").write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
    return summaries


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="folder with one folder per person")
    parser.add_argument("--identities", type=Path, required=True, help="text file, one person a line")
    parser.add_argument("--styles", action="store_true", help="also on the faces turned into art")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the results")
    options = parser.parse_args(arguments)
    try:
        if not options.identities.is_file():
            raise InputError(f"There is no list of identities at {options.identities}.")
        pairs = load_pairs(options.pairs, options.identities.read_text().split())
        from reggan import Predictor  # after the arguments are known to be good: loading takes seconds

        evaluate(Predictor.from_pretrained(), pairs, options.out, options.styles)
    except InputError as error:
        sys.exit(str(error))


def _read_image(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if image is None:
        raise InputError(f"The image {path} is missing or cannot be read.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _cell(numbers: Mapping[str, float | int | None]) -> str:
    mean, low, high = (numbers[key] for key in ("mean", "low", "high"))
    if mean is None or low is None or high is None:
        return "-"
    digits = 5 if 0 < mean < 0.01 else 3
    return f"{mean:.{digits}f} [{low:.{digits}f} {high:.{digits}f}]"


if __name__ == "__main__":
    main()
