"""Measure, print the tables, write the report."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from tqdm import tqdm

from reggan.evaluate import extremes
from reggan.evaluate.cost import costs
from reggan.evaluate.faces import Faces
from reggan.evaluate.measure import Measured, fingerprint, keep, kept, measure, reference
from reggan.evaluate.methods import Method, results
from reggan.evaluate.report import page
from reggan.evaluate.summary import Summary, badness, plain, summarise, text_tables
from reggan.metrics.fss import ANCHORS
from reggan.metrics.landmarks import find_landmarks

#: Which method's failures the sheets show, the first that is there.
_SHOWN = ("refined", "coarse")


def evaluate(
    classes: Sequence[Faces],
    methods: Sequence[Method],
    out: Path,
    quality: bool = False,
    cost: bool = False,
    command: str = "",
    left_out: Sequence[str] = (),
) -> dict[str, Summary]:
    """Every method on every class. The first class with pixel targets gives the landmarks of all targets.

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
            known = kept(path, mark)
            if known is None:
                outputs = results(method, faces)
                if outputs is None:  # no target
                    bar.update()
                    continue
                known = outputs, measure(faces, outputs, ref, quality)
                keep(path, mark, *known)
            images[method.name], measured[method.name] = known
            bar.update()
        summaries[faces.name] = summarise(measured)
        sheets[faces.name] = _sheets(faces, images, measured)
        for title, picture in sheets[faces.name].items():
            name = f"samples_{faces.name}_{title.replace(' ', '_').replace(',', '')}.png"
            cv2.imwrite(str(out / name), picture[..., ::-1])
        report["classes"][faces.name] = {
            "faces": faces.names,
            "scores": summaries[faces.name],
            "distances": {name: plain(m.distances) for name, m in measured.items()},
            "missing": {k: reason for m in measured.values() for k, reason in m.missing.items()},
        }
        tqdm.write(f"\n{faces.name}: {len(faces.names)} faces\n\n{text_tables(summaries[faces.name])}\n")
    bar.close()
    if cost:
        report["costs"] = costs(list(methods), classes[0].crops[0], classes[0].landmarks[0])
    (out / "scores.json").write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
    (out / "index.html").write_text(page(report, sheets))
    (out / "summary.html").write_text(page(report, {}))
    return summaries


def _sheets(faces: Faces, images: dict[str, np.ndarray], measured: dict[str, Measured]) -> dict[str, np.ndarray]:
    """Best, median and worst, and the ten worst, by the metrics that tell most."""
    shown = next((name for name in (*_SHOWN, *measured) if name in measured), None)
    if shown is None:
        return {}
    out = {}
    for metric in ("relative_l1", "ecs_probability", "fss"):
        if metric in measured[shown].values:
            bad = badness(measured[shown], metric)
            label = metric.replace("_", " ")
            out[f"{shown} by {label}"] = extremes.by_expression(images, bad)
            out[f"{shown} ten worst by {label}"] = extremes.worst(images, bad, faces.names)
    return out
