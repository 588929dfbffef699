"""Every metric of one method's outputs on one class of faces."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reggan import faces as faces_package
from reggan import metrics
from reggan.evaluate.face_sets import FaceSet
from reggan.metrics import expression_net
from reggan.metrics.affectnet import affectnet_ecs
from reggan.metrics.arcface import arcface_fss
from reggan.metrics.brisque import brisque
from reggan.metrics.distances import set_distance
from reggan.metrics.ecs import ecs, probabilities
from reggan.metrics.fss import embed
from reggan.metrics.landmarks import find_landmarks, landmark_error
from reggan.metrics.optional import NotAvailable
from reggan.metrics.qualiclip import qualiclip
from reggan.metrics.reconstruction import mse, relative_l1
from reggan.metrics.sharpness import moved_skin, sharpness_ratio, skin_detail
from reggan.metrics.unchanged import background_change, colour_of_grey, colour_shift, seam


class Metric(NamedTuple):
    label: str
    better: str  # "higher", "lower", or "1" for ratios
    meaning: str


METRICS = {
    "ecs": Metric("ECS", "higher", "share of outputs in which a classifier sees the asked-for expression"),
    "ecs_probability": Metric("ECS prob.", "higher", "mean probability of the asked-for expression"),
    "fss": Metric("FSS", "higher", "cosine of face descriptors, input against output"),
    "relative_l1": Metric("rel. L1", "lower", "L1 to the target over the unchanged input's"),
    "mse": Metric("MSE", "lower", "to the target, values in [0, 1]"),
    "sharpness": Metric("sharpness", "1", "gradient energy over the target's, on moved skin"),
    "detail": Metric("skin detail", "1", "gradient energy over the input's, on skin; below 1 is blur"),
    "found": Metric("found again", "higher", "share of outputs in which a face is found"),
    "landmark_error": Metric("landmarks", "lower", "of the output, distance to the target's, in eye distances"),
    "background": Metric("background", "lower", "mean change far from the face, grey levels of 255"),
    "colour": Metric("colour shift", "lower", "of the mean skin colour, CIE L*a*b*"),
    "grey": Metric("colour in grey", "lower", "grey inputs only: between a pixel's channels, grey levels of 255"),
    "seam": Metric("seam", "lower", "step at the crop's edge if it is pasted as it is, grey levels of 255"),
    "brisque": Metric("BRISQUE", "lower", "no-reference quality of image statistics"),
    "qualiclip": Metric("QualiCLIP", "higher", "no-reference quality by CLIP"),
    "ecs_affectnet": Metric("ECS, AffectNet", "higher", "ECS by a larger classifier"),
    "fss_arcface": Metric("FSS, ArcFace", "higher", "FSS by a larger embedder"),
}
#: Slow, or from packages of their own. Each takes the faces and the outputs and may raise `NotAvailable`.
QUALITY: dict[str, Callable[[FaceSet, np.ndarray], np.ndarray]] = {
    "brisque": lambda faces, outputs: brisque(outputs),
    "qualiclip": lambda faces, outputs: qualiclip(outputs),
    "ecs_affectnet": lambda faces, outputs: affectnet_ecs(outputs, faces.asked).hit,
    "fss_arcface": lambda faces, outputs: arcface_fss(faces.inputs, outputs),
}


class Measured(NamedTuple):
    """Of one method on one class of faces."""

    values: dict[str, np.ndarray]  # metric: (N,) float64, nan where an image could not be measured
    distances: dict[str, float | int | str]  # of the whole set: FID, KID and their N; empty if not asked for
    missing: dict[str, str]  # metric: why it is not available


class Reference(NamedTuple):
    """What metrics need to know of the faces themselves, computed once for all methods."""

    target_points: np.ndarray | None  # (N, 478, 2) landmarks of the photographic targets
    identity: np.ndarray  # (P, 128)
    expressive: np.ndarray | None = None  # (P,) bool, of faces without targets: the classifier reads an expression


def reference(faces: FaceSet, target_points: np.ndarray | None) -> Reference:
    """`target_points`: (N, 478, 2) landmarks of the photographic targets; None where there are none."""
    expressive = None
    if faces.targets is None:
        expressive = probabilities(faces.crops).argmax(1) != expression_net.CLASSES.index("neutral")
    return Reference(target_points, embed(faces.crops), expressive)


def measure(faces: FaceSet, outputs: np.ndarray, ref: Reference, quality: bool = False) -> Measured:
    """All metrics; `quality` adds the slow ones that need packages of their own."""
    inputs, points = faces.inputs, faces.places
    again = find_landmarks(outputs)
    hit, probability = ecs(outputs, faces.asked)
    values = {
        "ecs": hit,
        "ecs_probability": probability,
        "fss": (ref.identity.repeat(len(faces.expressions), 0) * embed(outputs)).sum(1),
        "detail": skin_detail(inputs, outputs, points),
        "found": np.isfinite(again).all((1, 2)).astype(np.float64),
        "background": background_change(inputs, outputs, points),
        "colour": colour_shift(inputs, outputs, points),
        "grey": colour_of_grey(inputs, outputs),
        "seam": seam(inputs, outputs),
    }
    if ref.target_points is not None:
        values["landmark_error"] = landmark_error(again, ref.target_points)
    if faces.pixels and faces.targets is not None:
        values["relative_l1"] = relative_l1(outputs, faces.targets, inputs)
        values["mse"] = mse(outputs, faces.targets)
        values["sharpness"] = sharpness_ratio(outputs, faces.targets, moved_skin(inputs, faces.targets))
    missing: dict[str, str] = {}
    distances: dict[str, float | int | str] = {}
    if quality:
        for name, judge in QUALITY.items():
            try:
                values[name] = judge(faces, outputs)
            except NotAvailable as reason:
                missing[name] = str(reason)
        try:  # real faces: the targets where they are photographs of the same kind, else the inputs
            distances = set_distance(faces.crops if faces.targets is None else faces.targets, outputs)._asdict()
        except NotAvailable as reason:
            missing["fid"] = str(reason)
    return Measured({name: values[name] for name in METRICS if name in values}, distances, missing)


# What was measured is kept between runs.

#: Files and folders on which every number depends: the metrics with their networks' weights, and finding a face.
IMPLEMENTATION = (Path(__file__), Path(metrics.__file__).parent, Path(faces_package.__file__).parent)


def fingerprint(faces: FaceSet, key: str, quality: bool) -> str:
    """Changes when the faces, the method, what is measured or how it is measured changes.

    Args:
        key: of the method.
        quality: as for `measure`.
    """
    digest = hashlib.sha256(repr((key, faces.names, faces.expressions, quality, list(METRICS))).encode())
    for array in (faces.crops, faces.landmarks, faces.targets):
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    for path in IMPLEMENTATION:
        files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.suffix in (".py", ".safetensors"))
        for file in files:
            digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def save_measured(path: Path, mark: str, outputs: np.ndarray, measured: Measured) -> None:
    """Write a method's outputs and their numbers.

    Args:
        mark: their `fingerprint`.
        outputs: (N, H, W, 3) uint8.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    header = json.dumps({"mark": mark, "distances": measured.distances, "missing": measured.missing})
    temporary = path.with_suffix(".part.npz")
    np.savez(temporary, header=header, outputs=outputs, **{f"metric_{k}": v for k, v in measured.values.items()})
    temporary.replace(path)


def load_measured(path: Path, mark: str) -> tuple[np.ndarray, Measured] | None:
    """What `save_measured` wrote with the same fingerprint, or None."""
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as f:
        header = json.loads(str(f["header"]))
        if header["mark"] != mark:
            return None
        values = {k.removeprefix("metric_"): f[k] for k in f.files if k.startswith("metric_")}
        return f["outputs"], Measured(values, header["distances"], header["missing"])
