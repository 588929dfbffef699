"""From a strength vector to a picture of one person: weights, wrinkles, and what the neutral face brings along."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.data.eyes import EyeLayer
from reggan.data.fit import Fit
from reggan.data.render import Rendered, eye_layers, render
from reggan.data.table import mixture
from reggan.data.topology import MOUTH_CORNERS
from reggan.data.wrinkles import blend
from reggan.expressions import BASIC

Float = NDArray[np.float32]

_WRINKLES, _FEWEST, _MOST = 0.6, 0.4, 0.85  # 1 looks drawn on young faces
_ROUGHNESS = 0.013  # median over 112 young adults
_LEVEL_CORNERS = 0.015  # IOD below the middle of the lips: where a relaxed mouth has its corners
_RELAXED, _MOST_RELAXED = 0.6, 0.25  # share taken back (full lips look like a smile), and the most of it


@dataclass(frozen=True)
class Actor:
    """A fitted person, ready to be given expressions.

    Attributes:
        fit: the model on the neutral photograph.
        eyes: the eyes without lids.
        wrinkles: factor on all wrinkles, from the skin's roughness.
        smile: weight of mouthSmile that is taken back where another expression is added, 0 to 0.25.
        asymmetry: added to the weights on the viewer's right, taken from those on the left, as a share of them.
    """

    fit: Fit
    eyes: tuple[EyeLayer, EyeLayer]
    wrinkles: float
    smile: float
    asymmetry: float


def actor(fit: Fit, asymmetry: float = 0.0) -> Actor:
    """Prepare a fitted photograph."""
    gain = float(np.clip(_WRINKLES * np.sqrt(roughness(fit) / _ROUGHNESS), _FEWEST, _MOST))
    return Actor(fit, eye_layers(fit), gain, min(_RELAXED * smile_of(fit), _MOST_RELAXED), asymmetry)


def act(person: Actor, c: np.ndarray, open_anger: bool = False) -> Rendered:
    """Render one expression.

    Args:
        person: who.
        c: (6,) strengths in [0, 1], order of `reggan.expressions.BASIC`.
        open_anger: with bared teeth where anger is part of it.
    """
    named, wrinkles = mixture(c, open_anger)
    weights = person.fit.rig.kit.weights(named)
    for k, name in enumerate(person.fit.rig.kit.names):
        if name.endswith(("_L", "_R")):
            weights[k] *= 1 + (person.asymmetry if name.endswith("_L") else -person.asymmetry)
    other = float(np.clip(np.sum(c) - c[BASIC.index("happy")], 0, 1))  # a smile need not go where one is added
    weights -= other * person.fit.rig.kit.weights({"mouthSmile": person.smile})
    return render(person.fit, person.eyes, weights, blend({k: person.wrinkles * v for k, v in wrinkles.items()}))


def smile_of(fit: Fit) -> float:
    """Weight of mouthSmile that lifts the mouth's corners as far above a relaxed mouth's as they are.

    Over 112 neutral photographs 0 in the median and 0.43 at most; over 80 smiling ones 0.5 in the median.
    """
    kit = fit.rig.kit
    lift = -_corner_height(np.tensordot(kit.weights({"mouthSmile": 1.0}), kit.landmark_shapes, 1)[:, :2])
    upright = fit.misfit @ fit.rotation[:2, :2] / fit.scale + kit.landmarks[:, :2]  # undoes the pose, roughly
    lifted = _LEVEL_CORNERS - _corner_height(upright)
    return max(lifted / max(lift, 1e-3), 0.0)


def roughness(fit: Fit) -> float:
    """Standard deviation of the log brightness of forehead and cheeks, between 1/60 and 1/20 IOD."""
    photo = fit.photo
    grey = np.log(cv2.cvtColor(photo.crop(), cv2.COLOR_RGB2GRAY).astype(np.float32) + 40)
    band = cv2.GaussianBlur(grey, (0, 0), photo.iod / 60) - cv2.GaussianBlur(grey, (0, 0), photo.iod / 20)
    spreads = []
    for x, y, width, height in ((0.0, -0.57, 0.76, 0.40), (-0.70, 0.48, 0.38, 0.34), (0.70, 0.48, 0.38, 0.34)):
        corner = fit.project(np.array([[x - width / 2, y - height / 2, 0]]))[0].round().astype(int)
        patch = band[
            max(corner[1], 0) : corner[1] + round(height * photo.iod),
            max(corner[0], 0) : corner[0] + round(width * photo.iod),
        ]
        spreads.append(float(patch.std()) if patch.size else _ROUGHNESS)
    return float(np.median(spreads))


def _corner_height(points: NDArray[np.floating]) -> float:
    """How far the mouth's corners lie below the middle of the lips."""
    return float(points[list(MOUTH_CORNERS), 1].mean() - points[[13, 14], 1].mean())
