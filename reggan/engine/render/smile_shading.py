"""How skin really changes its brightness in a smile, from photographs of people who smiled and did not: what
smile_shading.png holds.

Everything is seen on the mean face: both photographs are unrolled there, so that the displacement drops out and what
is left is folds, shadows and shine.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit, fit_face
from reggan.engine.fit.photo import aligned
from reggan.engine.kit.rig import Rig
from reggan.engine.pixels import grey
from reggan.engine.raster import rasterise
from reggan.engine.render.wrinkles import SIDE, STEPS, to_atlas
from reggan.errors import InputError
from reggan.faces.align import SIZE as CROP
from reggan.faces.images import picture_files, read_image
from reggan.faces.topology import BROWS, EYES, MOUTH_CORNERS, OUTER_LIPS

Float = NDArray[np.float32]

_WIDER = 1.15  # least widening of the mouth that counts as a smile
_FLOOR = 8.0  # grey levels, added before the ratio is taken


def find_smiles(folder: Path) -> list[tuple[Path, Path]]:
    """Photographs of the same people, neutral and smiling: NAME_neutral.jpg and NAME_smiling.jpg.

    Raises:
        InputError: there are no such two files.
    """
    files = {path.stem: path for path in picture_files(folder, "*")}
    found = [
        (path, files[smiling])
        for name, path in files.items()
        if name.endswith("_neutral") and (smiling := f"{name.removesuffix('_neutral')}_smiling") in files
    ]
    if not found:
        raise InputError("There are no pictures called NAME_neutral and NAME_smiling in {folder}.", folder=folder)
    return found


def fitted_pairs(photographs: Iterable[tuple[Path, Path]], rig: Rig, size: int = CROP) -> Iterator[tuple[Fit, Fit]]:
    """The model laid over the largest face of each photograph; pairs of which one shows no face are left out."""
    from reggan.faces.detect import find_faces  # here, because MediaPipe takes seconds to load

    for paths in photographs:
        images = [read_image(path) for path in paths]
        faces = [find_faces(image)[:1] for image in images]
        if all(faces):
            neutral, smiling = (
                fit_face(rig, aligned(image, face.landmarks, size))
                for image, (face,) in zip(images, faces, strict=True)
            )
            yield neutral, smiling


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

    Raises:
        InputError: no pair is of use.
    """
    ratios = []
    mask = np.ones((SIDE, SIDE), np.uint8)
    landmarks: Float | None = None
    for neutral, smiling in pairs:
        if _mouth_width(smiling) < _WIDER * _mouth_width(neutral):
            continue
        landmarks = neutral.rig.kit.landmarks[:, :2]
        (before, there), (after, also) = unrolled(neutral), unrolled(smiling)
        smooth = [cv2.GaussianBlur(grey(picture), (0, 0), 1.5) + _FLOOR for picture in (before, after)]
        ratio = np.log(smooth[1] / smooth[0])
        ratios.append(ratio - np.median(ratio[there & also]))
        mask &= there
    if landmarks is None:
        raise InputError("Nobody smiles widely enough.")
    points = to_atlas(landmarks)
    for outline in (OUTER_LIPS, *EYES, *BROWS):
        cv2.fillConvexPoly(mask, cv2.convexHull(points[list(outline)]).astype(np.int32), (0,))
    weight = cv2.GaussianBlur(cv2.erode(mask, np.ones((15, 15), np.uint8)).astype(np.float32), (0, 0), 5)
    median = np.median(ratios, 0)
    symmetric = cv2.GaussianBlur((0.5 * (median + median[:, ::-1])).astype(np.float32), (0, 0), 1.5) * weight
    small = cv2.resize(symmetric, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA)
    return np.clip(128 + STEPS * small, 0, 255).round().astype(np.uint8), len(ratios)


def _mouth_width(fit: Fit) -> float:
    return float(np.linalg.norm(np.subtract(*fit.photo.landmarks[list(MOUTH_CORNERS)]))) / fit.scale
