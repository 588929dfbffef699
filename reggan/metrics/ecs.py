"""ECS, expression classification score: does a classifier see the expression that was asked for?

The classifier is face-api's small expression network (`expression_net.py`), trained by others on other data. Per image
two numbers: whether the asked-for class is the most probable of the seven (the score is the share), and its
probability. The six basics only; the classifier knows no compounds and no strengths.

The box. face-api classifies what its detector boxes, roughly brows to chin. Our crops are aligned, so the box is fixed:
a square of 0.74 S around (0.50 S, 0.54 S). Chosen on real photographs of the project's 112 training and validation
people, among sides 0.50 to 1.00 and centres 0.46 to 0.66: neutrals read as neutral, real smiles read as happy.
Tighter boxes fail on neutral faces (side 0.56: 22 to 69 % right). From 0.68 up, 96 to 100 % of the neutrals are right
and 52 to 70 % of the smiles; this box is in the middle of the best, and its neighbours agree within a few people.

What it reads with this box (112 people; smiles 80 people):

    real neutral as neutral   100 %
    real smile as happy        68 %   (the rest as neutral: mostly faint, closed-mouth smiles, but three broad ones too)
    full-strength targets      92 %   happy 100, sad 97, fearful 85, angry 74, surprised 99, disgusted 95

So an output cannot be expected above the target's row. Fearful is confused with surprised, angry with neutral.
The targets had no part in the choice of the box. The resize is ours, see `crops.py`; without antialiasing the rows
change by at most 4 points.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from reggan.errors import InputError
from reggan.metrics import expression_net
from reggan.metrics.crops import cut_box

CENTRE_Y, BOX = 0.54, 0.74  # parts of the crop's side
_BATCH = 64


class EcsScore(NamedTuple):
    """Per image; the means over images are the score."""

    hit: np.ndarray  # (N,) float64, 1 where the asked-for expression is the most probable class, else 0
    probability: np.ndarray  # (N,) float64, of the asked-for expression


def probabilities(crops: np.ndarray) -> np.ndarray:
    """Class probabilities of aligned crops: (N, S, S, 3) uint8 to (N, 7) float64, order `expression_net.CLASSES`."""
    images = cut_box(crops, CENTRE_Y, BOX, expression_net.SIDE)
    logits = torch.cat([expression_net.logits(batch) for batch in images.split(_BATCH)])
    return logits.double().softmax(1).numpy()


def ecs(crops: np.ndarray, asked: str | Sequence[str]) -> EcsScore:
    """Expression classification score.

    Args:
        crops: (N, S, S, 3) uint8 RGB aligned crops, the outputs to judge.
        asked: the expression asked for, one for all or one per crop; "neutral" or a basic expression.

    Raises:
        InputError: images that are not aligned crops, an unknown expression, or the wrong number of them.
    """
    names = [asked] * len(crops) if isinstance(asked, str) else list(asked)
    if len(names) != len(crops):
        raise InputError("There are {crops} crops but {names} expressions.", crops=len(crops), names=len(names))
    for name in names:
        if name not in expression_net.CLASSES:
            raise InputError(
                "The classifier knows {names}; {name} is not one of them.",
                names=", ".join(expression_net.CLASSES),
                name=repr(name),
            )
    p = probabilities(crops)
    wanted = np.array([expression_net.CLASSES.index(name) for name in names])
    return EcsScore((p.argmax(1) == wanted).astype(np.float64), p[np.arange(len(p)), wanted])
