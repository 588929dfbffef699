"""How the skin's brightness changes when it folds, as a log ratio after to before."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit
from reggan.engine.kit.rig import Rig

Float = NDArray[np.float32]

_LIGHT = (0.0, -0.55, -0.83)  # towards it, as the camera sees it: from above, behind the camera
_AMBIENT = 0.55
_GAIN, _DARKEST, _BRIGHTEST = 0.7, -0.22, 0.13
_CONCAVE, _FOLD = 0.004, 0.10  # IOD by which a vertex sinks below its neighbours; log brightness that costs
_SHADOW_COLOUR = (0.82, 1.08, 1.14)  # exponents: shadows on skin turn red


def shading(fit: Fit, normals: Float, vertices: Float) -> Float:
    """(V,) log brightness of the skin's vertices, from their normals and from how they sink between neighbours.

    Args:
        fit: where the face lies.
        normals, vertices: (V, 3) each, of the deformed skin, model units; `Rig.skin_normals` makes one of the other.
    """
    rig = fit.rig
    rest = rig.kit.skin.vertices
    towards = (np.array(_LIGHT) / np.linalg.norm(_LIGHT) @ fit.rotation).astype(np.float32)
    before, after = (_AMBIENT + np.maximum(rig.smooth(n, 3) @ towards, 0) for n in (rig.normals, normals))
    sunk = rig.smooth(_sinking(rig, vertices, normals) - _sinking(rig, rest, rig.normals), 3)
    log_ratio = np.log(after / before) - _FOLD * np.clip(sunk / _CONCAVE, -1, 1.5)
    return np.clip(_GAIN * rig.smooth(log_ratio, 2), _DARKEST, _BRIGHTEST).astype(np.float32)


def apply_log(picture: Float, log_ratio: Float, chroma: float) -> Float:
    """Brighten or darken (H, W, 3) by a log ratio (H, W); shadows on coloured skin (chroma above 15) get redder."""
    share = min(max(chroma / 15.0, 0.0), 1.0)
    dark = np.minimum(log_ratio, 0)
    channels = [log_ratio + np.float32(share * (e - 1)) * dark for e in _SHADOW_COLOUR]
    return picture * cv2.exp(cv2.merge(channels))


def _sinking(rig: Rig, vertices: Float, normals: Float) -> Float:
    """(V,) how far each vertex lies below the mean of its neighbours, IOD."""
    return ((rig.neighbours @ vertices - vertices) * normals).sum(1)
