"""The whole evaluation: measure, print the tables, write the report."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from tqdm import tqdm

from reggan.evaluate import extremes
from reggan.evaluate.cost import costs
from reggan.evaluate.face_sets import FaceSet
from reggan.evaluate.measure import Measured, fingerprint, load_measured, measure, reference, save_measured
from reggan.evaluate.methods import Method, results
from reggan.evaluate.report import page
from reggan.evaluate.summary import Summary, badness, json_ready, summarise, text_tables
from reggan.metrics.fss import ANCHORS
from reggan.metrics.landmarks import find_landmarks

#: The sheets show the failures of the first of these methods that is compared, else of the first method.
_SHOWN = ("refined", "coarse")


def evaluate(
    classes: Sequence[FaceSet],
    methods: Sequence[Method],
    out: Path,
    quality: bool = False,
    cost: bool = False,
    command: str = "",
    left_out: Sequence[str] = (),
) -> dict[str, Summary]:
    """Measure every method on every class of faces; write `scores.json`, the pages and the sample sheets into `out`.

    The landmarks of the targets are found on the first class whose targets are photographs, and serve for all classes.

    Args:
        quality: also the slow metrics of packages of their own.
        cost: also parameters, operations, time and memory.
        command: that the page says it was made by.
        left_out: pictures without a face, each with the reason, which the page lists.

    Raises:
        InputError: a folder of results lacks a picture.
    """
    out.mkdir(parents=True, exist_ok=True)
    photographs = next((f.targets for f in classes if f.pixels and f.targets is not None), None)
    target_points = None if photographs is None else find_landmarks(photographs)
    report: dict = {"command": command, "left_out": list(left_out), "fss_anchors": ANCHORS, "classes": {}, "costs": {}}
    report["threads"] = torch.get_num_threads()
    sheets: dict[str, dict[str, np.ndarray]] = {}
    summaries: dict[str, Summary] = {}
    bar = tqdm(total=len(classes) * len(methods), unit="method", desc="evaluate")
    for faces in classes:
        images: dict[str, np.ndarray] = {}
        measured: dict[str, Measured] = {}
        ref = reference(faces, target_points)
        for method in methods:
            bar.set_postfix_str(f"{method.name} on {faces.name}")
            path = out / "kept" / f"{faces.name}_{method.name}.npz"
            mark = fingerprint(faces, method.key, quality)
            known = load_measured(path, mark)
            if known is None:
                outputs = results(method, faces)
                if outputs is None:  # no target
                    bar.update()
                    continue
                known = outputs, measure(faces, outputs, ref, quality)
                save_measured(path, mark, *known)
            images[method.name], measured[method.name] = known
            bar.update()
        summaries[faces.name] = summarise(measured, faces.expressions, ref.expressive)
        sheets[faces.name] = _sheets(faces, images, measured)
        for title, picture in sheets[faces.name].items():
            name = f"samples_{faces.name}_{title.replace(' ', '_').replace(',', '')}.png"
            cv2.imwrite(str(out / name), picture[..., ::-1])
        report["classes"][faces.name] = {
            "faces": faces.names,
            "pictures": faces.pictures,
            "expressions": faces.expressions,
            "expressive": None if ref.expressive is None else int(ref.expressive.sum()),
            "scores": summaries[faces.name],
            "distances": {name: json_ready(m.distances) for name, m in measured.items()},
            "missing": {k: reason for m in measured.values() for k, reason in m.missing.items()},
        }
        heading = f"{faces.name}: {len(faces.names)} faces" + (
            f" in {faces.pictures} pictures" if faces.pictures else ""
        )
        tqdm.write(f"\n{heading}\n\n{text_tables(summaries[faces.name], faces.expressions)}\n")
    bar.close()
    if cost:
        report["costs"] = costs(list(methods), classes[0].crops[0], classes[0].landmarks[0])
    (out / "scores.json").write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
    (out / "index.html").write_text(page(report, sheets))
    (out / "summary.html").write_text(page(report, {}))
    return summaries


def _sheets(faces: FaceSet, images: dict[str, np.ndarray], measured: dict[str, Measured]) -> dict[str, np.ndarray]:
    """Title to sheet: best, median and worst, and the ten worst, by three metrics."""
    shown = next((name for name in (*_SHOWN, *measured) if name in measured), None)
    if shown is None:
        return {}
    out = {}
    for metric in ("relative_l1", "ecs_probability", "fss"):
        if metric in measured[shown].values:
            bad = badness(measured[shown], metric)
            label = metric.replace("_", " ")
            titles = [f"{name[:12]} {asked}" for name in faces.names for asked in faces.expressions]
            out[f"{shown} by {label}"] = extremes.by_expression(images, bad, faces.asked)
            out[f"{shown} ten worst by {label}"] = extremes.worst(images, bad, titles)
    return out
