"""How skin really changes its brightness in a smile, from photographs of people who smiled and did not: what
smile_shading.png holds.

Everything is seen on the mean face: both photographs are unrolled there, so that the displacement drops out and what
is left is folds, shadows and shine. The fold from nose to mouth lies elsewhere in every face; before the median is
taken, each is brought to the same place, or its edge would be lost and a grey patch be left.
"""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from reggan.engine.fit.face_fit import Fit, fit_face
from reggan.engine.fit.photo import aligned
from reggan.engine.kit.rig import Rig
from reggan.engine.pixels import grey, pixel_grid
from reggan.engine.raster import rasterise
from reggan.engine.render.wrinkles import STEPS
from reggan.errors import InputError
from reggan.faces.align import SIZE as CROP
from reggan.faces.images import picture_files, read_image
from reggan.faces.topology import BROWS, EYES, MOUTH_CORNERS, OUTER_LIPS
from reggan.folds import HEIGHT, LEFT, SIDE, TOP, WIDTH, to_map

Float = NDArray[np.float32]

_WIDER = 1.15  # least widening of the mouth that counts as a smile
_FLOOR = 8.0  # grey levels, added before the ratio is taken
_FOLD = ((0.27, 0.44), (0.36, 0.56), (0.44, 0.68), (0.50, 0.80), (0.545, 0.92), (0.57, 1.04))  # on the mean face, IOD
_PLACES, _REACH, _SEARCHED = 60, 0.20, 0.12  # along the fold; IOD across it that moves; within which it is looked for
_FINEST = 0.00333  # IOD: steps across the fold


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
    at = to_map(skin.vertices[:, :2])
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
        smooth = [cv2.GaussianBlur(grey(picture), (0, 0), 1.0) + _FLOOR for picture in (before, after)]
        ratio = np.log(smooth[1] / smooth[0])
        ratios.append(with_folds_in_place(ratio - np.median(ratio[there & also])))
        mask &= there
    if landmarks is None:
        raise InputError("Nobody smiles widely enough.")
    points = to_map(landmarks)
    for outline in (OUTER_LIPS, *EYES, *BROWS):
        cv2.fillConvexPoly(mask, cv2.convexHull(points[list(outline)]).astype(np.int32), (0,))
    weight = cv2.GaussianBlur(cv2.erode(mask, np.ones((15, 15), np.uint8)).astype(np.float32), (0, 0), 5)
    median = np.median(ratios, 0)
    symmetric = cv2.GaussianBlur((0.5 * (median + median[:, ::-1])).astype(np.float32), (0, 0), 1.0) * weight
    small = cv2.resize(symmetric, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA)
    return np.clip(128 + STEPS * small, 0, 255).round().astype(np.uint8), len(ratios)


def with_folds_in_place(ratio: Float) -> Float:
    """(512, 512) log ratio, warped so that the folds from nose to mouth lie where they do in the mean of all."""
    moved = ratio
    for sign in (1, -1):
        place, away, normal = _along_fold(sign)
        shift = cv2.GaussianBlur(_fold_offset(moved, sign).astype(np.float32)[None], (0, 0), 4)[0][place]
        shift = shift * np.exp(-((away / (0.6 * _REACH)) ** 2))
        step = (shift[..., None] * normal[place] * (to_map(np.ones(2)) - to_map(np.zeros(2)))).astype(np.float32)
        at = pixel_grid(SIDE) + step
        moved = np.asarray(
            cv2.remap(moved, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
        )
    return moved


@functools.lru_cache(maxsize=2)
def _along_fold(sign: int) -> tuple[NDArray[np.intp], Float, Float]:
    """For every pixel of the atlas: the nearest place of the fold, and how far away it is towards the cheek; and the
    normals (60, 2) there. `sign` 1 is the viewer's right."""
    points, normal = _fold_line(sign)
    side = np.arange(SIDE)
    grid = np.stack(np.meshgrid(LEFT + WIDTH * side / (SIDE - 1), TOP + HEIGHT * side / (SIDE - 1)), -1)
    away = grid[:, :, None] - points
    place = (away**2).sum(-1).argmin(-1)
    nearest = np.take_along_axis(away, place[..., None, None], 2)[:, :, 0]
    distance = np.linalg.norm(nearest, axis=-1) * np.sign((nearest * normal[place]).sum(-1))
    return place, distance.astype(np.float32), normal.astype(np.float32)


def _fold_line(sign: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(60, 2) points of the fold and their normals towards the cheek."""
    spline = CubicSpline(np.arange(len(_FOLD)), np.array(_FOLD))
    places = np.linspace(0, len(_FOLD) - 1, _PLACES)
    points, along = spline(places), spline(places, 1)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    flip = np.array([sign, 1])
    return points * flip, np.stack([along[:, 1], -along[:, 0]], 1) * flip


def _fold_offset(ratio: Float, sign: int) -> NDArray[np.float64]:
    """(60,) IOD towards the cheek, where the fold is: the darkest path across the normals that bends little."""
    points, normal = _fold_line(sign)
    across = np.arange(-_REACH, _REACH + _FINEST / 2, _FINEST)
    at = to_map(points[:, None] + across[None, :, None] * normal[:, None]).astype(np.float32)
    strip = cv2.GaussianBlur(cv2.remap(ratio, at[..., 0], at[..., 1], cv2.INTER_LINEAR), (0, 0), 2)
    valley = strip - cv2.GaussianBlur(strip, (0, 0), 12, sigmaY=2)
    allowed = np.flatnonzero(np.abs(across) <= _SEARCHED)
    valley = valley[:, allowed]
    steps = np.array([-2, -1, 0, 1, 2])
    columns = np.arange(len(allowed))
    total, back = valley[0].copy(), []
    for row in valley[1:]:
        before = columns[None] + steps[:, None]
        reached = np.where(
            (before >= 0) & (before < len(columns)), total[before.clip(0, len(columns) - 1)], np.inf
        ) + 0.004 * np.abs(steps[:, None])
        best = reached.argmin(0)
        back.append((columns + steps[best]).clip(0, len(columns) - 1))
        total = reached.min(0) + row
    path = [int(total.argmin())]
    for origin in back[::-1]:
        path.append(int(origin[path[-1]]))
    return across[allowed[path[::-1]]]


def _mouth_width(fit: Fit) -> float:
    return float(np.linalg.norm(np.subtract(*fit.photo.landmarks[list(MOUTH_CORNERS)]))) / fit.scale
