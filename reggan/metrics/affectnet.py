"""ECS by a larger classifier: an EfficientNet-B0 trained on AffectNet (Savchenko, 2022), eight classes.

Through the package `hsemotion-onnx` (Apache-2.0) and onnxruntime; it downloads the weights from their authors at first
use. AffectNet is licensed for research. The eighth class, contempt, counts as a miss.
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from reggan.errors import InputError
from reggan.metrics.crops import cut_box
from reggan.metrics.ecs import CENTRE_Y, EcsScore
from reggan.metrics.optional import package, unavailable

_BOX = 0.90  # part of the crop's side; the network was trained on whole faces with a margin. Our choice
_SIDE = 224
CLASSES = {
    "Anger": "angry",
    "Contempt": "contempt",
    "Disgust": "disgusted",
    "Fear": "fearful",
    "Happiness": "happy",
    "Neutral": "neutral",
    "Sadness": "sad",
    "Surprise": "surprised",
}


def affectnet_ecs(crops: np.ndarray, asked: str | Sequence[str]) -> EcsScore:
    """As `reggan.metrics.ecs.ecs`.

    Raises:
        InputError: an unknown expression, or the wrong number of them.
        NotAvailable: the package is missing, or its weights cannot be had.
    """
    names = [asked] * len(crops) if isinstance(asked, str) else list(asked)
    if len(names) != len(crops) or not set(names) <= set(CLASSES.values()):
        raise InputError("The classifier takes one of its expressions for each crop.")
    judge = _judge()
    classes = [CLASSES[judge.idx_to_class[k]] for k in range(len(CLASSES))]
    images = cut_box(crops, CENTRE_Y, _BOX, _SIDE).permute(0, 2, 3, 1).numpy()
    _, scores = judge.predict_multi_emotions([np.clip(image, 0, 255) for image in images], logits=False)
    wanted = np.array([classes.index(name) for name in names])
    probability = np.asarray(scores, np.float64)[:, : len(classes)]
    hit = (probability.argmax(1) == wanted).astype(np.float64)
    return EcsScore(hit, probability[np.arange(len(wanted)), wanted])


@functools.cache
def _judge() -> Any:
    recogniser = package("hsemotion_onnx.facial_emotions")
    try:
        return recogniser.HSEmotionRecognizer("enet_b0_8_best_vgaf")
    except Exception as error:  # download and model errors of a package that is not ours
        raise unavailable("the weights could not be downloaded", error) from error
