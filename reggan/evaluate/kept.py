"""What `python -m reggan.evaluate` left in a report's folder, read again without faces, models or metrics."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reggan.errors import InputError
from reggan.metrics.intervals import Interval, mean_interval


class Kept(NamedTuple):
    """One method on one class of faces."""

    faces: list[str]
    expressions: list[str]
    outputs: Path  # the file, for `images`
    values: dict[str, np.ndarray]  # metric: (N,) float64, all expressions of the first face, then those of the next

    @property
    def images(self) -> np.ndarray:
        """(N, H, W, 3) uint8."""
        with np.load(self.outputs, allow_pickle=False) as f:
            return f["outputs"]

    def image(self, face: str, expression: str) -> np.ndarray:
        """One output, (H, W, 3) uint8."""
        at = self.faces.index(face) * len(self.expressions) + self.expressions.index(expression)
        return self.images[at]


class Report(NamedTuple):
    """A report's folder."""

    scores: dict[str, Any]  # `scores.json`
    kept: dict[str, dict[str, Kept]]  # class: method

    @property
    def methods(self) -> list[str]:
        """Of any class, in the report's order."""
        return list(dict.fromkeys(name for one in self.kept.values() for name in one))

    def mean(self, method: str, metric: str, expression: str | None = None) -> Interval:
        """Over all classes with that metric, faces resampled: one expression, or all basic ones."""
        values, faces = [], []
        for name, methods in self.kept.items():
            if method not in methods or metric not in methods[method].values:
                continue
            one = methods[method]
            for n, value in enumerate(one.values[metric]):
                face, asked = divmod(n, len(one.expressions))
                if one.expressions[asked] == expression or (expression is None and one.expressions[asked] != "neutral"):
                    values.append(value)
                    faces.append(f"{name} {one.faces[face]}")
        return mean_interval(np.array(values, np.float64), np.array(faces))


def read_report(folder: Path) -> Report:
    """Read a report.

    Raises:
        InputError: there is none, or its outputs are gone.
    """
    try:
        scores = json.loads((folder / "scores.json").read_text())
        kept = {}
        for name, about in scores["classes"].items():
            kept[name] = {method: _read(folder, name, method, about) for method in about["scores"]}
    except (OSError, ValueError, KeyError):
        raise InputError(
            "{folder} is not the folder of a report of python -m reggan.evaluate, with its kept outputs.", folder=folder
        ) from None
    return Report(scores, kept)


def _read(folder: Path, name: str, method: str, about: dict[str, Any]) -> Kept:
    path = folder / "kept" / f"{name}_{method}.npz"
    with np.load(path, allow_pickle=False) as f:
        values = {k.removeprefix("metric_"): f[k] for k in f.files if k.startswith("metric_")}
    return Kept(about["faces"], about["expressions"], path, values)
