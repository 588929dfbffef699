"""A close look at what may be a face: it places the landmarks, refutes chance finds, and tells which way is up."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reggan.faces.align import EYE_DISTANCE, align, alignment_matrix, eye_centres, eye_distance, invert, transform
from reggan.faces.mesh import find_meshes
from reggan.faces.topology import CHIN, LIP_MIDDLES

Mesh: TypeAlias = NDArray[np.float64]  # (478, 2) pixels in the picture
Box: TypeAlias = tuple[float, float, float, float]  # x0, y0, x1, y1, pixels in the picture

CLOSE_UP = 320  # side in pixels of the look at one face

_NO_FACE = 0.6  # confidence: photographs and most drawings score above 0.9, false finds mostly below 0.6
# Faces that are read the wrong way round score less than the first, and bare ones less by more than the second. Above a
# mask or between a veil and a shawl, where one sees eyes alone, the two readings differ by less, either way.
_RIGHT_WAY_UP, _CLEARLY = 0.94, 0.12
_MOSTLY = 0.6  # of a box lies within another
_SURER = 0.1  # by how much a face must be surer than a larger one around it


@dataclass(frozen=True)
class Face:
    """One face in a picture.

    Attributes:
        box: (x0, y0, x1, y1) around the landmarks, pixels, may extend beyond the picture.
        landmarks: (478, 2) float32, MediaPipe's face mesh in pixels, x right, y down, pixel centres are integers.
        confidence: in [0, 1], how closely independent looks at the face agree on where it is; 0 if it is only assumed.
    """

    box: Box
    landmarks: NDArray[np.float32]
    confidence: float

    @property
    def assumed(self) -> bool:
        """Whether nobody saw this face: it was marked by hand, and its shape is the mean face's, bent to the marks."""
        return self.confidence == 0


def confirmed(
    image: NDArray[np.uint8], meshes: Iterable[Mesh], known: Sequence[Face] = (), doubt: float = 0.0
) -> list[Face]:
    """The faces that a close look confirms, each once, those that are `known` among them.

    Args:
        image: (H, W, 3) uint8 RGB.
        meshes: where faces may be.
        known: faces that were found before.
        doubt: confidence that a new face must have beyond the usual.
    """
    faces = list(known)
    for mesh in meshes:
        if not plausible(mesh, image.shape) or any(_same(mesh, face.landmarks) for face in faces):
            continue
        face = close_up(image, mesh)
        if face is not None and face.confidence > _NO_FACE + doubt:
            faces.append(face)
    return distinct(faces)


def distinct(faces: Iterable[Face]) -> list[Face]:
    """Each face once: of several finds of one the surest, of one within another the surer.

    MediaPipe sees small faces in nostrils, lenses and eyes, and at times one large face in several small ones.
    """
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: face.confidence, reverse=True):
        if any(_same(face.landmarks, other.landmarks) for other in kept):
            continue
        parts = [other for other in kept if _inside(other.box, face.box)]
        surer = any(part.confidence > face.confidence + _SURER for part in parts)
        if surer or any(_inside(face.box, other.box) for other in kept):
            continue
        kept = [other for other in kept if not any(other is part for part in parts)] + [face]
    return kept


def close_up(image: NDArray[np.uint8], mesh: Mesh) -> Face | None:
    """The face of a mesh as a close look sees it; None if it is none.

    Where it is not sure it looks again upside down. Heads are mostly upright: the other way round a face must be
    clearly surer.
    """
    face = looked_at(image, mesh)
    if face is None or face.confidence >= _RIGHT_WAY_UP:
        return face
    other = _surest(image, _turned(face.landmarks))
    if other is None or not _opposite(face, other) or _right_way_up(face, other) is face:
        return face
    back = _surest(image, _turned(other.landmarks))  # from where the face has been placed better
    return back if back is not None and _opposite(back, other) and _right_way_up(back, other) is back else other


def _surest(image: NDArray[np.uint8], meshes: Iterable[Mesh]) -> Face | None:
    looks = [look for look in (looked_at(image, mesh) for mesh in meshes) if look is not None]
    return max(looks, key=lambda look: look.confidence, default=None)


def outdone(face: Face, others: Iterable[Face]) -> bool:
    """Whether one of the others is the same face, read the other way round and more likely."""
    return any(
        _same(face.landmarks, other.landmarks) and _opposite(face, other) and _right_way_up(face, other) is other
        for other in others
    )


def _opposite(a: Face, b: Face) -> bool:
    return 90 < abs(roll(a) - roll(b)) < 270


def _right_way_up(a: Face, b: Face) -> Face:
    """Of two opposite readings of one face the likelier."""
    upright, turned = sorted((a, b), key=lambda one: abs(roll(one)))
    sure = turned.confidence >= max(_RIGHT_WAY_UP, upright.confidence)
    return turned if sure or turned.confidence > upright.confidence + _CLEARLY else upright


def _turned(landmarks: NDArray[np.floating]) -> tuple[Mesh, Mesh]:
    """The mesh turned by 180 degrees: about the middle of its box, and about the eyes, if they alone are seen."""
    mesh = landmarks.astype(np.float64)
    return np.asarray(mesh.min(0) + mesh.max(0) - mesh), np.asarray(2 * eye_centres(mesh).mean(0) - mesh)


def looked_at(image: NDArray[np.uint8], mesh: Mesh) -> Face | None:
    """Look at the face alone again, upright and at three scales; None unless at least two of the looks agree."""
    looks: list[Mesh] = []
    for missed, distance in enumerate((0.20, 0.25, 0.16)):  # between the eyes, of the view's side
        if missed - len(looks) > 1:  # not two are left that could agree
            return None
        matrix = alignment_matrix(mesh, CLOSE_UP) * (distance / EYE_DISTANCE)
        matrix[:, 2] += CLOSE_UP / 2 - matrix[:, :2] @ mesh.mean(0) - matrix[:, 2]  # the face in the middle
        back = invert(matrix)
        seen = [transform(m, back) for m in find_meshes(align(image, matrix, CLOSE_UP, mirror=False))]
        seen = [m for m in seen if _same(m, mesh)]
        if seen:
            looks.append(min(seen, key=lambda m: float(np.abs(m - mesh).mean())))
    if len(looks) < 2:
        return None
    mean = np.mean(looks, axis=0)
    spread = float(np.mean([np.linalg.norm(look - mean, axis=1).mean() for look in looks])) / eye_distance(mean)
    if not plausible(mean, image.shape):
        return None
    confidence = len(looks) / 3 * math.exp(-spread / 0.15)
    return as_face(mean, confidence) if confidence > _NO_FACE else None


def plausible(mesh: NDArray[np.floating], shape: tuple[int, ...]) -> bool:
    """Whether this can be a visible face: eyes apart, at least one in the picture, both above the mouth and chin."""
    if not np.isfinite(mesh).all():
        return False
    eyes = eye_centres(mesh)
    distance = eye_distance(mesh)
    if distance < 8.0:
        return False
    along = (eyes[1] - eyes[0]) / distance
    down = np.array([-along[1], along[0]])
    mouth, chin = ((p - eyes.mean(0)) @ down / distance for p in (mesh[list(LIP_MIDDLES)].mean(0), mesh[CHIN]))
    edge = np.array([shape[1], shape[0]]) - 1
    inside = ((mesh >= 0) & (mesh <= edge)).all(1).mean()
    eye_inside = ((eyes >= 0) & (eyes <= edge)).all(1).any()
    return bool(0.4 < mouth < 3.0 and mouth < chin < 4.5 and inside > 0.5 and eye_inside)


def _same(a: NDArray[np.floating], b: NDArray[np.floating]) -> bool:
    """Whether two meshes belong to one face: their boxes overlap, or their eyes are less than half apart."""
    apart = float(np.linalg.norm(eye_centres(a).mean(0) - eye_centres(b).mean(0)))
    return overlap(box_of(a), box_of(b)) > 0.3 or apart < 0.5 * min(eye_distance(a), eye_distance(b))


def _common(a: Box, b: Box) -> float:
    """Area of the intersection of two boxes."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0)


def size(box: Box) -> float:
    """Area of a box, square pixels."""
    return (box[2] - box[0]) * (box[3] - box[1])


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    common = _common(a, b)
    return common / (size(a) + size(b) - common)


def _inside(a: Box, b: Box) -> bool:
    """Whether box a lies mostly within b, which is larger."""
    return size(a) < size(b) and _common(a, b) > _MOSTLY * size(a)


def box_of(mesh: NDArray[np.floating]) -> Box:
    """The upright box around the landmarks."""
    (x0, y0), (x1, y1) = mesh.min(0), mesh.max(0)
    return float(x0), float(y0), float(x1), float(y1)


def as_face(mesh: Mesh, confidence: float) -> Face:
    """A mesh and its confidence as a `Face`."""
    landmarks = mesh.astype(np.float32)
    return Face(box_of(landmarks), landmarks, confidence)


def roll(face: Face) -> float:
    """The angle of the line through the eyes to the horizontal, in degrees, between -180 and 180."""
    left, right = eye_centres(face.landmarks)
    return math.degrees(math.atan2(right[1] - left[1], right[0] - left[0]))
