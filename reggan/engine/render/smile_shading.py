"""How skin really changes its brightness in a smile, from photographs of people who smiled and did not.

Everything is seen on the mean face: both photographs are unrolled there, so that the displacement drops out and what
is left is folds, shadows and shine.
"""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.fit import Fit
from reggan.engine.raster import rasterise
from reggan.engine.render.wrinkles import SIDE, STEPS, to_atlas
from reggan.faces.topology import BROWS, EYES, OUTER_LIPS

Float = NDArray[np.float32]

_WIDER = 1.15  # least widening of the mouth that counts as a smile
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_FLOOR = 8.0  # grey levels, added before the ratio is taken


def unrolled(fit: Fit) -> tuple[Float, NDArray[np.bool_]]:
    """The photograph on the atlas, (512, 512, 3) float32, and where there is skin."""
    skin = fit.rig.kit.skin
    at = to_atlas(skin.vertices[:, :2])
    source, covered = rasterise(
        at, skin.vertices[:, 2], skin.triangles, fit.photo.to_fine(fit.skin).astype(np.float32), SIDE, SIDE
    )
    picture = cv2.remap(fit.photo.pixels, source[..., 0], source[..., 1], cv2.INTER_CUBIC)
    return picture.astype(np.float32), covered


def smile_shading(pairs: Iterable[tuple[Fit, Fit]]) -> tuple[NDArray[np.uint8], int]:
    """Median log ratio of smiling to neutral brightness, symmetric, without brows, eyes and lips.

    Args:
        pairs: fits of a neutral and a smiling photograph of the same person.

    Returns:
        (256, 256) uint8, 128 = no change, 200 steps per unit; and the number of pairs with a smile wide enough.
    """
    ratios = []
    mask = np.ones((SIDE, SIDE), np.uint8)
    landmarks: Float | None = None
    for neutral, smiling in pairs:
        if _mouth_width(smiling) < _WIDER * _mouth_width(neutral):
            continue
        landmarks = neutral.rig.kit.landmarks[:, :2]
        (before, there), (after, also) = unrolled(neutral), unrolled(smiling)
        grey = [cv2.GaussianBlur(picture @ _LUMA, (0, 0), 1.5) + _FLOOR for picture in (before, after)]
        ratio = np.log(grey[1] / grey[0])
        ratios.append(ratio - np.median(ratio[there & also]))
        mask &= there
    if landmarks is None:
        return np.full((SIDE // 2, SIDE // 2), 128, np.uint8), 0
    points = to_atlas(landmarks)
    for outline in (OUTER_LIPS, *EYES, *BROWS):
        cv2.fillConvexPoly(mask, cv2.convexHull(points[list(outline)]).astype(np.int32), (0,))
    weight = cv2.GaussianBlur(cv2.erode(mask, np.ones((15, 15), np.uint8)).astype(np.float32), (0, 0), 5)
    median = np.median(ratios, 0)
    smooth = cv2.GaussianBlur((0.5 * (median + median[:, ::-1])).astype(np.float32), (0, 0), 1.5) * weight
    small = cv2.resize(smooth, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA)
    return np.clip(128 + STEPS * small, 0, 255).round().astype(np.uint8), len(ratios)


def _mouth_width(fit: Fit) -> float:
    points = fit.photo.landmarks
    return float(np.linalg.norm(points[291] - points[61])) / fit.scale
