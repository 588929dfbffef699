"""Finds every face in photographs, paintings and statues: small, tilted, upside down or cut off by the border."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.faces.align import align, eye_distance, invert, transform
from reggan.faces.close_up import (
    CLOSE_UP,
    Face,
    Mesh,
    as_face,
    close_up,
    confirmed,
    distinct,
    looked_at,
    outdone,
    overlap,
    plausible,
    roll,
    size,
)
from reggan.faces.marks import ROUND, Marks, anchors, checked, mean_face, place
from reggan.faces.mesh import find_meshes
from reggan.faces.search import levels

__all__ = ["MIN_BOX", "Face", "face_at_marks", "face_in_box", "find_faces", "find_upright"]

MIN_BOX = 24  # pixels

_DOUBTFUL = 0.8  # confidence; if no face is surer, the picture may lie on its side
_TURNED_TILE = 400  # side in pixels: turned faces are found from 22 pixels between the eyes on
_LYING = 60.0  # degrees: so far MediaPipe finds only some of the faces
# Intersection over union, from which a box was drawn around a face; and from which around one that no close look sees.
_DRAWN, _FILLED = 0.5, 0.65
_UNSEEN = 0.1  # confidence of a face that no close look sees
_SURE = 0.9  # confidence: MediaPipe sees its own kind of face in some dogs, too, but not so surely
_NEAR = 0.2  # eye distances: within this, a tap on an eye or a mouth meant what is seen there


def find_faces(image: NDArray[np.uint8]) -> list[Face]:
    """All faces, the largest first; an empty list if there are none.

    The picture is searched as a whole, with a margin around it, and in overlapping tiles. This finds faces whose eyes
    are at least about 16 pixels apart, whatever the picture's size. Each candidate is then examined close up, upright
    and upside down, which either places its landmarks precisely or rejects it. If nothing convincing turns up, or a
    face lies on its side or on its head, the search is repeated with the picture rotated by 90, 180 and 270 degrees.

    Args:
        image: (H, W, 3) uint8 RGB.
    """
    faces = _search(image)
    if max((face.confidence for face in faces), default=0.0) < _DOUBTFUL or any(abs(roll(f)) > _LYING for f in faces):
        smallest = max(max(image.shape[:2]) / 6.5, _TURNED_TILE)  # three pictures more, so with fewer tiles
        for turns in (1, 2, 3):
            back = _turn_back(turns, *image.shape[:2])
            turned = _search(np.ascontiguousarray(np.rot90(image, turns)), smallest)
            found = [as_face(transform(face.landmarks, back), face.confidence) for face in turned]
            faces += [face for face in found if not outdone(face, faces)]
        faces = distinct(faces)
    return sorted(faces, key=lambda face: size(face.box), reverse=True)


def find_upright(image: NDArray[np.uint8]) -> Face | None:
    """The face of an aligned crop, (S, S, 3) uint8 RGB, as `find_faces` has it, more than twice as quick: the crop is
    looked at as it stands, and searched only if no face is seen there at once."""
    meshes = [mesh for mesh in find_meshes(image) if plausible(mesh, image.shape)]
    if meshes:
        face = looked_at(image, max(meshes, key=eye_distance))
        if face is not None:
            return face
    return next(iter(find_faces(image)), None)


def _search(image: NDArray[np.uint8], smallest: float = 0.0) -> list[Face]:
    """The faces of the picture as it stands; `smallest` as `levels` has it, where it is more than usual."""
    faces: list[Face] = []
    for level in levels(image, smallest):
        faces = confirmed(image, level.meshes([face.box for face in faces]), faces, level.doubt)
    return faces


def face_in_box(image: NDArray[np.uint8], box: Sequence[float]) -> Face:
    """The face inside a box drawn by hand, for pictures in which `find_faces` misses it.

    The face mesh is tried with more or less space around the box, and on versions of the picture that help with art:
    smoothed brush strokes, stronger contrast. Only a face that fills the box counts. If all fail, a mean face is
    stretched to fill it, with confidence 0.

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
    drawn = x0, y0, x1, y1
    centre, side = np.array([x0 + x1, y0 + y1]) / 2, max(x1 - x0, y1 - y0)
    for room in (1.6, 1.25, 2.2):
        scale = CLOSE_UP / (room * side)
        matrix = np.hstack([np.eye(2) * scale, (CLOSE_UP / 2 - scale * centre)[:, None]])
        view = align(image, matrix, CLOSE_UP, mirror=False)
        for version in (view, _smoothed(view), _contrasted(view)):
            meshes = [transform(mesh, invert(matrix)) for mesh in find_meshes(version, 0.1)]
            faces = [_seen_or_not(image, mesh) for mesh in meshes if plausible(mesh, image.shape)]
            nearest = max(faces, key=lambda face: overlap(face.box, drawn), default=None)
            if nearest is not None:
                least = _DRAWN if nearest.confidence > _UNSEEN else _FILLED
                if overlap(nearest.box, drawn) > least:
                    return nearest
    mean = mean_face()
    low, high = mean.min(0), mean.max(0)
    return as_face((mean - (low + high) / 2) * np.array([x1 - x0, y1 - y0]) / (high - low) + centre, 0.0)


def face_at_marks(image: NDArray[np.uint8], marks: Marks) -> Face:
    """The face whose eyes and mouth somebody marked, be it an animal's, a toy's or a drawing's.

    Where a close look sees a face with eyes and mouth at the marks, it is that one: it knows more of the face than
    three taps do. Chin and corners, if they are marked too, move it. Elsewhere a mean face is laid over the marks
    (`reggan.faces.marks`), with confidence 0.

    Args:
        image: (H, W, 3) uint8 RGB.
        marks: points (x, y) in pixels: both eyes, the mouth, then perhaps the chin, then perhaps both corners of the
            mouth.

    Raises:
        InputError: the marks are no face, see `reggan.faces.marks.checked`.
    """
    points = checked(marks, image.shape)
    assumed = place(points, mean_face(), ROUND)
    seen = close_up(image, assumed)
    missed = math.inf if seen is None else np.linalg.norm(anchors(seen.landmarks) - points[:3], axis=1).max()
    if seen is None or seen.confidence < _SURE or missed > _NEAR * eye_distance(assumed):
        return as_face(assumed, 0.0)
    return seen if len(points) == 3 else as_face(place(points, seen.landmarks.astype(np.float64)), seen.confidence)


def _seen_or_not(image: NDArray[np.uint8], mesh: Mesh) -> Face:
    """The face of a mesh as a close look sees it, or, if it sees none, as the mesh has it."""
    return close_up(image, mesh) or as_face(mesh, _UNSEEN)


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
