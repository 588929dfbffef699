"""FSS by a larger embedder: ArcFace (Deng et al., CVPR 2019), the MobileFaceNet of InsightFace's WebFace600K release.

Through onnxruntime; the weights (13 MB, for non-commercial research only) are downloaded at first use from a mirror
of InsightFace's release and checked against their SHA-256.
"""

import functools
from typing import Any

import cv2
import numpy as np

from reggan.errors import InputError
from reggan.faces.align import EYE_DISTANCE, EYE_MIDPOINT
from reggan.metrics.crops import check_images
from reggan.metrics.optional import download, package, unavailable

URL = "https://github.com/yakhyo/uniface/releases/download/weights/w600k_mbf.onnx"
SHA256 = "9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f"
_SIDE = 112
_EYES = np.array([[38.2946, 51.6963], [73.5318, 51.5014]])  # where ArcFace's training had them, pixels


def arcface_fss(inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Cosine similarity of each input with its output, as `reggan.metrics.fss.fss`; strangers are near 0 here.

    Raises:
        NotAvailable: onnxruntime is missing, or the weights cannot be had.
    """
    check_images(inputs, outputs)
    a, b = (_embed(images) for images in (inputs, outputs))
    return (a * b).sum(1)


def _embed(crops: np.ndarray) -> np.ndarray:
    session = _session()
    faces = np.stack([aligned(crop) for crop in crops]).astype(np.float32).transpose(0, 3, 1, 2) / 127.5 - 1
    name = session.get_inputs()[0].name
    vectors = np.concatenate([session.run(None, {name: face[None]})[0] for face in faces]).astype(np.float64)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def aligned(crop: np.ndarray) -> np.ndarray:
    """Our crop (S, S, 3) as ArcFace's (112, 112, 3): the eye centres brought to where they were in its training."""
    side = crop.shape[0]
    if crop.shape[1] != side:
        raise InputError("Aligned crops are square.")
    scale = float(np.linalg.norm(_EYES[1] - _EYES[0])) / (EYE_DISTANCE * side)
    shift = _EYES.mean(0) - scale * np.array(EYE_MIDPOINT) * side
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    soft = cv2.GaussianBlur(crop, (0, 0), 0.5 / scale) if scale < 1 else crop  # bilinear alone would alias
    return cv2.warpAffine(soft, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR)


@functools.cache
def _session() -> Any:
    onnxruntime = package("onnxruntime")
    path = download(URL, SHA256, "w600k_mbf.onnx")
    try:
        return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # a damaged model
        raise unavailable("the model does not load", error) from error
