"""FSS, face similarity score: does an embedder see the same face in input and output?

Cosine similarity of the face descriptors of input and output, by face-api's recognition network
(`recognition_net.py`), trained by others on other data. 1 is the same image.

Nobody can read a cosine without a scale, so show `ANCHORS` beside every score: on 80 people of the London set, a real
neutral and a real smile of one person are 0.988 apart on average (lowest 0.955), neutral and smile of two different
people 0.840 (highest 0.945). All photographs there share camera, light and background; anything between the two
anchors means "less alike than a person and their own smile".

The box: a square of 0.86 S around (0.50 S, 0.54 S), chosen on those real photographs for the widest gap between the two
groups in units of their spread (5.6; 4.8 at best with side 0.62, 4.6 with the whole crop).

Limits. A full-strength expression costs likeness by itself: our own targets, made from the very photograph, score
0.948 (angry) to 0.971 (surprised). The low end is crowded: drawings, noise and a colour gradient score 0.84 to 0.88
against photographs, as a stranger does. And blur hardly counts (0.992 for a Gaussian of 2 pixels at S = 256).
"""

import numpy as np
import torch
import torch.nn.functional as F

from reggan.metrics import recognition_net
from reggan.metrics.crops import check_images, cut_box

CENTRE_Y, BOX = 0.54, 0.86  # parts of the crop's side
ANCHORS = {"neutral and smile of one person": 0.988, "two strangers": 0.840}  # means, real photographs
_BATCH = 64


def embed(crops: np.ndarray) -> np.ndarray:
    """Face descriptors of length 1: (N, S, S, 3) uint8 aligned crops to (N, 128) float64."""
    images = cut_box(crops, CENTRE_Y, BOX, recognition_net.SIDE)
    descriptors = torch.cat([recognition_net.embed(batch) for batch in images.split(_BATCH)])
    return F.normalize(descriptors.double(), dim=1).numpy()


def fss(inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Cosine similarity of each input with its output.

    Args:
        inputs, outputs: (N, S, S, 3) uint8 RGB aligned crops.

    Returns:
        (N,) float64 in [-1, 1]; compare with `ANCHORS`.
    """
    check_images(inputs, outputs)
    return (embed(inputs) * embed(outputs)).sum(1)
