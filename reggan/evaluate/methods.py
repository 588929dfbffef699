"""The methods that are compared.

input, target     what the metrics give for changing nothing, and for the right answer
coarse, refined   the two stages of the weights that come with the package
NAME=FILE         weights of `python -m reggan.train`: RegGAN (its refined output) or a baseline
NAME=FOLDER       another system's results: aligned 256 x 256 crops `<face>_<expression>.png`

`neutral` is asked for as no strength of anything: RegGAN takes away all that is there, a baseline is told that much.
"""

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
import torch.nn as nn
from safetensors import SafetensorError, safe_open

from reggan import baselines
from reggan.baselines.ablations import model_class
from reggan.errors import InputError
from reggan.evaluate.face_sets import FaceSet
from reggan.expressions import relaxation
from reggan.model.arrays import to_tensor, to_uint8
from reggan.model.reggan import RegGAN
from reggan.predictor import Predictor
from reggan.weights.files import EMBEDDED, load_model

DEFAULT = ("input", "coarse", "refined", "target")
Edit = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # crops, landmarks, c -> crops


class Method(NamedTuple):
    name: str
    key: str  # changes when the method changes; what was measured under the same key is not measured again
    edit: Edit | None = None  # None: input, target and folders
    module: nn.Module | None = None  # what is counted and timed
    file: Path | None = None  # of the weights, or the folder of results


def parse(text: str) -> list[Method]:
    """Methods from a comma-separated list, see above.

    Raises:
        InputError: an unknown name, a file that is no model, or a name given twice.
    """
    methods = [_method(part.strip()) for part in text.split(",") if part.strip()]
    names = [m.name for m in methods]
    if len(set(names)) < len(names) or not names:
        raise InputError("Every method needs a name of its own, in {given}.", given=repr(text))
    return methods


def _method(text: str) -> Method:
    name, equals, where = text.partition("=")
    if name in ("input", "target") and not equals:
        return Method(name, name)
    if name in ("coarse", "refined") and not equals:
        return regression_gan(name, EMBEDDED, int(name == "refined"))
    path = Path(where)
    if equals and path.is_dir():
        return Method(name, f"folder {_digest_of_folder(path)}", file=path)
    if equals and path.is_file():
        return _from_weights(name, path)
    raise InputError(
        "{given} is neither one of {names} nor NAME=FILE or NAME=FOLDER that exists.",
        given=repr(text),
        names=", ".join(DEFAULT),
    )


def regression_gan(name: str, path: Path, stage: int, kind: type[RegGAN] = RegGAN) -> Method:
    """A stage of RegGAN or of an ablation of it: 0 coarse (stage 1 alone), 1 refined."""
    predictor = Predictor(*load_model(path, kind))
    key = f"{predictor.metadata['sha256']} stage {stage + 1}"
    if stage == 0:
        return Method(name, key, partial(_stage_1, predictor.model), predictor.model.regression, path)
    return Method(name, key, partial(_stage_2, predictor), predictor.model, path)


def _stage_2(predictor: Predictor, crops: np.ndarray, landmarks: np.ndarray, c: np.ndarray) -> np.ndarray:
    return predictor.edit_crops(crops, landmarks, c, relaxation(c, neutral=1))[1]


@torch.inference_mode()
def _stage_1(model: RegGAN, crops: np.ndarray, landmarks: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Stage 1 without the cost of stage 2; the same image as `Predictor.edit_crops` gives of bare faces."""
    given = (torch.from_numpy(a) for a in (landmarks, c, relaxation(c, neutral=1)))
    return to_uint8(model.stage_1(to_tensor(crops), *given).coarse)


def _from_weights(name: str, path: Path) -> Method:
    try:
        with safe_open(path, framework="pt") as f:
            metadata = f.metadata() or {}
        config = json.loads(metadata.get("config", "{}"))
    except (SafetensorError, json.JSONDecodeError):
        raise InputError("{file} is not a weights file.", file=path) from None
    if "grid" in config and "widths" in config:
        return regression_gan(name, path, 1, model_class(metadata))
    baseline = baselines.load(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Method(name, f"baseline {digest}", baseline.edit_crops, baseline.module, path)


def results(method: Method, faces: FaceSet) -> np.ndarray | None:
    """A method's outputs, (N, 256, 256, 3) uint8; None for `target` where there is none.

    Raises:
        InputError: a picture is missing in a folder of results, or has another size.
    """
    if method.name == "target" and method.edit is None and method.file is None:
        return faces.targets
    if method.edit is None:
        return faces.inputs if method.file is None else _from_folder(method.file, faces)
    c, n = faces.c, len(faces.expressions)
    return np.concatenate([
        method.edit(np.stack([crop] * n), np.stack([points] * n), c)
        for crop, points in zip(faces.crops, faces.landmarks, strict=True)
    ])  # fmt: skip


def _from_folder(folder: Path, faces: FaceSet) -> np.ndarray:
    images = []
    for face in faces.names:
        for name in faces.expressions:
            path = folder / f"{face}_{name}.png"
            image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
            if image is None or image.shape != faces.crops.shape[1:]:
                height, width = faces.crops.shape[1:3]
                raise InputError(
                    "{file} is missing or is not a picture of {width} x {height} pixels.",
                    file=path,
                    width=width,
                    height=height,
                )
            images.append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return np.stack(images)


def _digest_of_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.png")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
