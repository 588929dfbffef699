"""Finds every face in photographs, paintings and statues: small, tilted or cut off by the border."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.faces.align import EYE_DISTANCE, align, alignment_matrix, eye_centres, invert, transform
from reggan.faces.images import scaled_down
from reggan.faces.mesh import find_meshes

Mesh: TypeAlias = NDArray[np.float64]  # (478, 2) pixels in the picture

MIN_BOX = 24  # pixels

_VIEW = 512  # side in pixels of what the detector is shown
_CLOSE_UP = 320  # side in pixels of the close-up of one face
_NO_FACE, _DOUBTFUL = 0.6, 0.8  # confidence: photographs and most drawings score above 0.9, false finds below 0.6
_CHIN, _LIPS = 152, (13, 14)  # MediaPipe face mesh


@dataclass(frozen=True)
class Face:
    """One face in a picture.

    Attributes:
        box: (x0, y0, x1, y1) around the landmarks, pixels; may extend beyond the picture.
        landmarks: (478, 2) float32, MediaPipe's face mesh in pixels, x right, y down, pixel centres are integers.
        confidence: in [0, 1], how closely independent looks at the face agree on where it is; 0 if it is only assumed.
    """

    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float32]
    confidence: float


def find_faces(image: NDArray[np.uint8]) -> list[Face]:
    """All faces, the largest first; an empty list if there are none.

    The picture is searched as a whole, with a margin around it, and in overlapping tiles. This finds faces whose eyes
    are at least about 48 pixels apart in 12 megapixels, or 20 in one megapixel. Only if nothing convincing turns up is
    the search repeated with the picture rotated by 90, 180 and 270 degrees. Each candidate is then examined upright and
    close up, which either places its landmarks precisely or rejects it.

    Args:
        image: (H, W, 3) uint8 RGB.
    """
    faces = _confirmed(image, _search(image))
    if max((face.confidence for face in faces), default=0.0) < _DOUBTFUL:
        for turns in (1, 2, 3):
            back = _turn_back(turns, *image.shape[:2])
            meshes = _search(np.rot90(image, turns), tiles=False)
            turned = _confirmed(image, [transform(mesh, back) for mesh in meshes])
            faces = max(faces, turned, key=lambda found: max((face.confidence for face in found), default=0.0))
    return sorted(faces, key=_area, reverse=True)


def face_in_box(image: NDArray[np.uint8], box: Sequence[float]) -> Face:
    """The face inside a box drawn by hand, for pictures in which `find_faces` misses it.

    The face mesh is tried with more or less space around the box, and on versions of the picture that help with art:
    smoothed brush strokes, stronger contrast. If all fail, a mean face is placed in the box, with confidence 0.

    Args:
        image: (H, W, 3) uint8 RGB.
        box: (x0, y0, x1, y1) in pixels, from the forehead to the chin; clipped to the picture.

    Raises:
        InputError: the box lies outside the picture, or a side of it is shorter than `MIN_BOX` pixels.
    """
    height, width = image.shape[:2]
    x0, y0, x1, y1 = (float(v) for v in box)
    if not all(map(math.isfinite, (x0, y0, x1, y1))) or x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        raise InputError("The box around the face lies outside the picture.")
    x0, y0, x1, y1 = max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height))
    if x1 - x0 < MIN_BOX or y1 - y0 < MIN_BOX:
        raise InputError("The box around the face must be at least {n} pixels wide and high.", n=MIN_BOX)
    centre, side = np.array([x0 + x1, y0 + y1]) / 2, max(x1 - x0, y1 - y0)
    for room in (1.6, 1.25, 2.2):
        scale = _CLOSE_UP / (room * side)
        matrix = np.hstack([np.eye(2) * scale, (_CLOSE_UP / 2 - scale * centre)[:, None]])
        view = align(image, matrix, _CLOSE_UP, mirror=False)
        for version in (view, _smoothed(view), _contrasted(view)):
            meshes = [transform(mesh, invert(matrix)) for mesh in find_meshes(version, 0.1)]
            meshes = [m for m in meshes if _plausible(m, image.shape) and _overlap(_box(m), (x0, y0, x1, y1)) > 0.35]
            if meshes:
                mesh = max(meshes, key=lambda m: _overlap(_box(m), (x0, y0, x1, y1)))
                return _close_up(image, mesh) or _face(mesh, 0.1)
    mean = _mean_face()
    low, high = mean.min(0), mean.max(0)
    scale = float(np.mean(np.array([x1 - x0, y1 - y0]) / (high - low)))
    return _face((mean - (low + high) / 2) * scale + centre, 0.0)


def _search(image: NDArray[np.uint8], tiles: bool = True) -> list[Mesh]:
    """Meshes from many views of the picture: most faces are found several times, and some finds may be wrong."""
    height, width = image.shape[:2]
    longest = max(height, width)
    found: list[Mesh] = []
    side = float(longest)
    while True:
        scale = min(1.0, _VIEW / side)
        level = image if scale == 1.0 else scaled_down(image, scale)
        stretch = np.array([width / level.shape[1], height / level.shape[0]])
        for x, y, view in _views(level, min(_VIEW, math.ceil(side)) if side < longest else 0):
            for mesh in find_meshes(view):
                if side == longest or _within(mesh, view.shape):  # a face cut by this tile may be whole in another
                    # Pixel q of the reduced picture averages the pixels around stretch (q + 1/2) - 1/2 of the original.
                    found.append((mesh + [x, y] + 0.5) * stretch - 0.5)
        side /= 2.5
        if not tiles or side < max(_CLOSE_UP, longest / 6.5):
            return found


def _views(level: NDArray[np.uint8], side: int) -> list[tuple[int, int, NDArray[np.uint8]]]:
    """(x, y, view) of square tiles overlapping by 40 %; for side 0, the whole, also with a quarter as margin."""
    height, width = level.shape[:2]
    if side == 0:
        pad = max(height, width) // 4
        framed = cv2.copyMakeBorder(level, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        return [(0, 0, level), (-pad, -pad, np.asarray(framed, np.uint8))]
    starts = []
    for length in (width, height):
        count = max(1, math.ceil((length - side) / (0.6 * side)) + 1)
        starts.append(np.linspace(0, max(length - side, 0), count).round().astype(int).tolist())
    return [(x, y, level[y : y + side, x : x + side]) for y in starts[1] for x in starts[0]]


def _confirmed(image: NDArray[np.uint8], meshes: list[Mesh]) -> list[Face]:
    """One `Face` for each face that a close-up confirms."""
    faces: list[Face] = []
    for mesh in meshes:
        if not _plausible(mesh, image.shape) or any(_same(mesh, face.landmarks) for face in faces):
            continue
        face = _close_up(image, mesh)
        if face is not None and not any(_same(face.landmarks, other.landmarks) for other in faces):
            faces.append(face)
    return faces


def _close_up(image: NDArray[np.uint8], mesh: Mesh) -> Face | None:
    """Look at the face alone again, upright and at three scales; None unless at least two of the looks agree."""
    looks: list[Mesh] = []
    for eye_distance in (0.20, 0.25, 0.16):  # as a share of the view's side
        matrix = alignment_matrix(mesh, _CLOSE_UP) * (eye_distance / EYE_DISTANCE)
        matrix[:, 2] += _CLOSE_UP / 2 - matrix[:, :2] @ mesh.mean(0) - matrix[:, 2]  # centres the face
        back = invert(matrix)
        seen = [transform(m, back) for m in find_meshes(align(image, matrix, _CLOSE_UP, mirror=False))]
        seen = [m for m in seen if _same(m, mesh)]
        if seen:
            looks.append(min(seen, key=lambda m: float(np.abs(m - mesh).mean())))
    if len(looks) < 2:
        return None
    mean = np.mean(looks, axis=0)
    spread = float(np.mean([np.linalg.norm(look - mean, axis=1).mean() for look in looks])) / _eye_distance(mean)
    if not _plausible(mean, image.shape):
        return None
    confidence = len(looks) / 3 * math.exp(-spread / 0.15)
    return _face(mean, confidence) if confidence > _NO_FACE else None


def _plausible(mesh: NDArray[np.floating], shape: tuple[int, ...]) -> bool:
    """Whether this can be a visible face: eyes apart, at least one in the picture, both above the mouth and chin."""
    if not np.isfinite(mesh).all():
        return False
    eyes = eye_centres(mesh)
    distance = _eye_distance(mesh)
    if distance < 8.0:
        return False
    along = (eyes[1] - eyes[0]) / distance
    down = np.array([-along[1], along[0]])
    mouth, chin = ((p - eyes.mean(0)) @ down / distance for p in (mesh[list(_LIPS)].mean(0), mesh[_CHIN]))
    edge = np.array([shape[1], shape[0]]) - 1
    inside = ((mesh >= 0) & (mesh <= edge)).all(1).mean()
    eye_inside = ((eyes >= 0) & (eyes <= edge)).all(1).any()
    return bool(0.4 < mouth < 3.0 and mouth < chin < 4.5 and inside > 0.5 and eye_inside)


def _within(mesh: Mesh, shape: tuple[int, ...]) -> bool:
    """Whether the whole face lies in the view."""
    return bool((mesh >= 0).all() and (mesh <= [shape[1] - 1, shape[0] - 1]).all())


def _same(a: NDArray[np.floating], b: NDArray[np.floating]) -> bool:
    """Whether two meshes show the same face: boxes overlap, or eye midpoints lie within half an eye distance."""
    apart = float(np.linalg.norm(eye_centres(a).mean(0) - eye_centres(b).mean(0)))
    return _overlap(_box(a), _box(b)) > 0.3 or apart < 0.5 * min(_eye_distance(a), _eye_distance(b))


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0.0) * max(height, 0.0)
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def _eye_distance(mesh: NDArray[np.floating]) -> float:
    return float(np.linalg.norm(np.subtract(*eye_centres(mesh))))


def _box(mesh: NDArray[np.floating]) -> tuple[float, float, float, float]:
    (x0, y0), (x1, y1) = mesh.min(0), mesh.max(0)
    return float(x0), float(y0), float(x1), float(y1)


def _face(mesh: Mesh, confidence: float) -> Face:
    landmarks = mesh.astype(np.float32)
    return Face(_box(landmarks), landmarks, confidence)


def _area(face: Face) -> float:
    return (face.box[2] - face.box[0]) * (face.box[3] - face.box[1])


def _turn_back(turns: int, height: int, width: int) -> NDArray[np.float64]:
    """(2, 3) transform from `np.rot90(image, turns)` to `image`, which is (height, width)."""
    return {
        1: np.array([[0.0, -1, width - 1], [1, 0, 0]]),
        2: np.array([[-1.0, 0, width - 1], [0, -1, height - 1]]),
        3: np.array([[0.0, 1, 0], [-1, 0, height - 1]]),
    }[turns]


def _smoothed(view: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Brush strokes and stone grain smoothed out, edges kept."""
    return np.asarray(cv2.bilateralFilter(view, 9, 60, 7), np.uint8)


def _contrasted(view: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey, with local contrast equalised."""
    grey = cv2.createCLAHE(3.0, (4, 4)).apply(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY))
    return np.repeat(grey[..., None], 3, 2)


@functools.lru_cache(maxsize=1)
def _mean_face() -> Mesh:
    """(478, 2): mean of 112 frontal neutral faces, symmetric; eye midpoint at the origin, eyes 1 apart."""
    return np.load(Path(__file__).with_name("mean_face.npy")).astype(np.float64)
