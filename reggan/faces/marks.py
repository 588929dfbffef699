"""A face where somebody marks eyes and a mouth: a pet's, a toy's, a car's, a child's drawing, a cloud.

No detector knows such faces, so the mean face is laid over the marks: first by a similarity, then by a thin-plate
spline, which takes eyes, mouth and chin exactly to where they are marked. Eyes and mouth keep their proportions on the
way, only what lies between them is stretched.
"""

import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.faces.align import alignment_matrix, eye_centres, eye_distance, invert, transform
from reggan.faces.topology import CHIN, EYES, FOREHEAD, LIP_MIDDLES, MOUTH_CORNERS

Points: TypeAlias = NDArray[np.float64]  # (..., 2) pixels, x right, y down
Marks: TypeAlias = Sequence[Sequence[float]]  # (x, y) of eye, eye, mouth; then perhaps chin; then the mouth's corners

LEAST = 8  # pixels between two of the first three marks
ROUND = 1.8  # how much higher than a human's an eye is in animals, toys and drawings

_UNREADABLE = "Marks are numbers separated by commas: x,y of eye, eye and mouth, and perhaps more."
_FLAT = 0.15  # least distance of the mouth from the line through the eyes, in their distance


def read_marks(text: str) -> list[tuple[float, float]] | None:
    """Marks written as "x,y,x,y,x,y"; None if nothing is written.

    Raises:
        InputError: they are not pairs of numbers.
    """
    if not text.strip():
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
        return list(zip(numbers[::2], numbers[1::2], strict=True))
    except ValueError:
        raise InputError(_UNREADABLE) from None


def as_points(marks: Marks) -> Points:
    """(N, 2); none if they are no points."""
    try:
        return np.array([(float(x), float(y)) for x, y in marks]).reshape(-1, 2)
    except (TypeError, ValueError):
        return np.zeros((0, 2))


def checked(marks: Marks, shape: tuple[int, ...]) -> Points:
    """The marks in the order in which the mean face has them: the viewer's left eye first, and the left corner.

    Left and right are those of the face as it stands upright; an animal that hangs upside down has its left eye on the
    right.

    Args:
        marks: three, four or six points (x, y) in pixels: both eyes, the mouth, then perhaps the chin, then perhaps
            both corners of the mouth.
        shape: (height, width, ...) of the picture.

    Returns:
        (3, 2), (4, 2) or (6, 2).

    Raises:
        InputError: they are not that many, lie outside the picture, on one another, or on one line.
    """
    points = as_points(marks)
    if len(points) not in (3, 4, 6):
        raise InputError("Mark eye, eye and mouth, three points; the chin and both corners of the mouth may follow.")
    if not ((points >= -0.5) & (points <= np.array([shape[1], shape[0]]) - 0.5)).all():  # also catches NaN
        raise InputError("A mark lies outside the picture.")
    left, right, mouth = points[:3]
    if min(math.dist(a, b) for a, b in ((left, right), (left, mouth), (right, mouth))) < LEAST:
        raise InputError("Eyes and mouth must be marked at least {n} pixels apart.", n=LEAST)
    along = (right - left) / math.dist(left, right)
    down = np.array([-along[1], along[0]])
    middle = (left + right) / 2
    if (mouth - middle) @ down < 0:
        points[[0, 1]] = right, left
        along, down = -along, -down
    below = (points - middle) @ down
    if below[2] < _FLAT * math.dist(left, right):
        raise InputError("The mouth cannot lie on the line through the eyes.")
    if len(points) > 3 and below[3] <= below[2]:
        raise InputError("The chin must lie beyond the mouth, as seen from the eyes.")
    if len(points) > 4:
        side = (points[4:] - mouth) @ along
        if not side.min() < 0 < side.max():
            raise InputError("The corners of the mouth must lie to its left and its right.")
        points[4:] = points[4:][np.argsort(side)]
    return points


def place(marks: Points, shape: Points, roundness: float = 1.0) -> Points:
    """Lay a face's shape over marks.

    The similarity is that of `level_similarity`. The spline then moves eyes and mouth by what is missing, the chin, if
    it is not marked, with the mouth, and the forehead with the eyes. Eyes larger than their distance allows, as on a
    horse with its mouth far below, become smaller.

    Args:
        marks: from `checked`.
        shape: (478, 2), any units.
        roundness: by which factor eyes become higher.

    Returns:
        (478, 2) pixels, with eye centres (`eye_centres`), the middle of the inner lips, chin and corners of the mouth
        exactly where they are marked.
    """
    placed = transform(shape, level_similarity(anchors(shape), marks[:3]))
    eyes, distance = eye_centres(placed), eye_distance(placed)
    shift = marks[:3] - anchors(placed)
    goals = {FOREHEAD: placed[FOREHEAD] + shift[:2].mean(0)}
    stretch = min(1.0, math.dist(marks[0], marks[1]) / distance) * _across(eyes[1] - eyes[0], roundness)
    for eye, goal, centre in zip(EYES, marks[:2], eyes, strict=True):
        goals |= {k: goal + stretch @ (placed[k] - centre) for k in eye}
    goals |= {k: placed[k] + shift[2] for k in (*LIP_MIDDLES, *MOUTH_CORNERS, CHIN)}
    goals |= dict(zip((CHIN, *MOUTH_CORNERS), marks[3:], strict=False))
    control = placed[list(goals)]
    unit = (control - placed.mean(0)) / distance, (placed - placed.mean(0)) / distance
    return placed + spline(unit[0], np.stack(list(goals.values())) - control, unit[1])


def _across(along: Points, factor: float) -> Points:
    """The (2, 2) matrix that stretches across a direction (2,) by a factor."""
    unit = along / math.hypot(*along)
    return factor * np.eye(2) + (1 - factor) * np.outer(unit, unit)


def level_similarity(source: Points, target: Points) -> NDArray[np.float64]:
    """The similarity between two (3, 2), eye, eye, mouth, that keeps the line through the eyes parallel.

    Scale and shift are those of least squares.

    Returns:
        (2, 3) from source to target.
    """
    along = [(p[1] - p[0]) / math.dist(p[0], p[1]) for p in (source, target)]
    cos, sin = along[0] @ along[1], along[0][0] * along[1][1] - along[0][1] * along[1][0]
    turn = np.array([[cos, -sin], [sin, cos]])
    a, b = (source - source.mean(0)) @ turn.T, target - target.mean(0)
    linear = turn * ((a * b).sum() / (a * a).sum())
    return np.hstack([linear, (target.mean(0) - linear @ source.mean(0))[:, None]])


def spline(source: Points, values: Points, at: Points) -> Points:
    """The thin-plate spline through `values` (N, 2) at `source` (N, 2), evaluated at (M, 2): (M, 2).

    With K = U(|s_i - s_j|), U(r) = r^2 log r and P = [1, s] it solves [K, P; P^T, 0] [w; a] = [values; 0]
    (Bookstein, "Principal warps", PAMI 1989).
    """

    def basis(points: Points) -> Points:
        square = ((points[:, None] - source) ** 2).sum(-1)
        kernel = 0.5 * square * np.log(np.maximum(square, 1e-20))
        return np.hstack([kernel, np.ones((len(points), 1)), points])

    upper = basis(source)
    lower = np.hstack([upper[:, len(source) :].T, np.zeros((3, 3))])
    weights = np.linalg.solve(np.vstack([upper, lower]), np.vstack([values, np.zeros((3, 2))]))
    return np.asarray(basis(at) @ weights)


def anchors(shape: NDArray[np.floating]) -> Points:
    """Eye, eye and mouth, (3, 2), of a shape (478, 2)."""
    return np.concatenate([eye_centres(shape), shape[list(LIP_MIDDLES)].mean(0, keepdims=True, dtype=np.float64)])


def assumed_alignment(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """The similarity transform (2, 3) from the picture to the crop, for a face whose proportions may be no human's.

    `alignment_matrix` goes by the eyes alone. With a mouth far below them, as a horse's, it would be outside of the
    crop; here eyes and mouth together lie as near to where they usually do as they can.

    Args:
        landmarks: (478, 2) pixels in the picture.
    """
    mean = mean_face()
    usual = transform(anchors(mean), alignment_matrix(mean))
    return invert(level_similarity(usual, anchors(landmarks)))


@functools.lru_cache(maxsize=1)
def mean_face() -> Points:
    """(478, 2): mean of 112 frontal neutral faces, symmetric; eye midpoint at the origin, eyes 1 apart."""
    return np.load(Path(__file__).with_name("mean_face.npy")).astype(np.float64)
