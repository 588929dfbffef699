"""From a strength vector to a picture of one person: weights, wrinkles, and what the neutral face brings along."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit
from reggan.engine.fit.traits import ROUGHNESS, roughness, smile_of
from reggan.engine.render.expression_table import mixture
from reggan.engine.render.eyes import EyeLayer
from reggan.engine.render.picture import Rendered, eye_layers, render
from reggan.engine.render.wrinkles import blend
from reggan.expressions import BASIC

Float = NDArray[np.float32]

_WRINKLES, _FEWEST, _MOST = 0.6, 0.4, 0.85  # 1 looks drawn on young faces
_LIGHT = ("smile_light",)  # falls on smooth skin as on lined
_MEASURED = 0.85  # of the shading by normals that a smile goes without: smile_shading.png has it, measured
_RELAXED, _MOST_RELAXED = 0.6, 0.25  # share taken back (full lips look like a smile), and the most of it


@dataclass(frozen=True)
class Person:
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


def prepare_person(fit: Fit, asymmetry: float = 0.0) -> Person:
    """Prepare a fitted photograph."""
    gain = float(np.clip(_WRINKLES * np.sqrt(roughness(fit) / ROUGHNESS), _FEWEST, _MOST))
    return Person(fit, eye_layers(fit), gain, min(_RELAXED * smile_of(fit), _MOST_RELAXED), asymmetry)


def express(person: Person, c: np.ndarray) -> Rendered:
    """Render one expression.

    Args:
        person: who.
        c: (6,) strengths in [0, 1], order of `reggan.expressions.BASIC`.
    """
    named, wrinkles = mixture(c)
    weights = person.fit.rig.kit.weights(named)
    for k, name in enumerate(person.fit.rig.kit.names):
        if name.endswith(("_L", "_R")):
            weights[k] *= 1 + (person.asymmetry if name.endswith("_L") else -person.asymmetry)
    other = float(np.clip(np.sum(c) - c[BASIC.index("happy")], 0, 1))  # a smile need not go where one is added
    weights -= other * person.fit.rig.kit.weights({"mouthSmile": person.smile})
    lines = {k: v if k in _LIGHT else person.wrinkles * v for k, v in wrinkles.items()}
    smiling = float(c[BASIC.index("happy")] / max(np.sum(c), 1e-6))
    return render(person.fit, person.eyes, weights, blend(lines), 1 - _MEASURED * smiling)
