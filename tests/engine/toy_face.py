"""A face kit made of formulas, and a face made of circles: what the data engine's tests work on."""

from functools import lru_cache

import cv2
import numpy as np
from scipy.spatial import Delaunay

from reggan.engine.fit.photo import Photo, aligned
from reggan.engine.kit.facekit import SOCKET, UPPER_TEETH, FaceKit, Surface
from reggan.engine.kit.register import mean_mesh
from reggan.faces.topology import EYES, INNER_LIPS, LOWER_LIP, UPPER_LIP

_SIDED = {  # centre on the viewer's right, radius, displacement
    "browDown": ((0.4, -0.33), 0.2, (0, 0.06)),
    "browInnerUp": ((0.2, -0.33), 0.15, (0, -0.08)),
    "browOuterUp": ((0.7, -0.33), 0.2, (0, -0.08)),
    "cheekSquint": ((0.6, 0.35), 0.2, (0, -0.05)),
    "eyeBlink": ((0.5, -0.06), 0.12, (0, 0.1)),
    "eyeSquint": ((0.5, 0.1), 0.12, (0, -0.05)),
    "eyeWide": ((0.5, -0.08), 0.12, (0, -0.05)),
    "eyeLookDown": ((0.5, -0.06), 0.1, (0, 0.03)),
    "noseSneer": ((0.2, 0.4), 0.12, (0, -0.06)),
    "mouthDimple": ((0.4, 0.92), 0.12, (0.02, 0)),
    "mouthFrown": ((0.4, 0.92), 0.15, (0, 0.08)),
    "mouthLowerDown": ((0.2, 1.05), 0.15, (0, 0.06)),
    "mouthPress": ((0.3, 0.92), 0.1, (0, 0.01)),
    "mouthSmile": ((0.4, 0.92), 0.2, (0.12, -0.15)),
    "mouthStretch": ((0.4, 0.92), 0.2, (0.1, 0.02)),
    "mouthUpperUp": ((0.15, 0.85), 0.12, (0, -0.05)),
}
_MIDDLE = ("jawForward", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthRollUpper", "mouthShrugLower")


@lru_cache(maxsize=1)
def toy_kit() -> FaceKit:
    """The mean face itself as skin, with holes for eyes and mouth, every blendshape a bump."""
    mean = mean_mesh().astype(np.float32)
    around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rim = np.stack([1.5 * np.cos(around), 0.4 + 1.7 * np.sin(around), np.full(24, 1.2)], 1).astype(np.float32)
    vertices = np.concatenate([mean, rim])
    triangles = Delaunay(vertices[:, :2]).simplices.astype(np.int32)
    for ring in (*EYES, INNER_LIPS):
        triangles = triangles[~np.isin(triangles, ring).all(1)]
    lips = np.isin(triangles, UPPER_LIP).any(1) & np.isin(triangles, LOWER_LIP).any(1)
    triangles = triangles[~lips]

    shapes: dict[str, np.ndarray] = {}
    for name, (centre, radius, move) in _SIDED.items():
        for side, sign in (("_L", 1), ("_R", -1)):
            shapes[name + side] = _bump(vertices, (sign * centre[0], centre[1]), radius, (sign * move[0], move[1]))
    for name in _MIDDLE:
        shapes[name] = _bump(vertices, (0, 1.0), 0.1, (0, 0.002))
    jaw = np.zeros_like(vertices)
    below = [*LOWER_LIP, *np.flatnonzero((mean[:, 1] > 1.2) & (np.abs(mean[:, 0]) < 0.6))]
    jaw[below, 1] = 0.5
    shapes["jawOpen"] = jaw
    shapes["mouthRound"] = np.zeros_like(vertices)
    shapes["browV"] = _bump(vertices, (0.2, -0.3), 0.1, (-0.03, 0.06)) + _bump(
        vertices, (-0.2, -0.3), 0.1, (0.03, 0.06)
    )
    stacked = np.stack(list(shapes.values())).astype(np.float32)

    wall = np.array([[-0.5, 0.7, 0.3], [0.5, 0.7, 0.3], [0.5, 1.7, 0.3], [-0.5, 1.7, 0.3]])
    teeth = np.array([[-0.25, 0.75, 0.0], [0.25, 0.75, 0.0], [0.25, 0.95, 0.0], [-0.25, 0.95, 0.0]])
    inside = np.concatenate([wall, teeth]).astype(np.float32)
    quads = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]], np.int32)
    part = np.array([SOCKET] * 4 + [UPPER_TEETH] * 4, np.int8)
    return FaceKit(
        tuple(shapes),
        mean,
        stacked[:, : len(mean)],
        Surface(vertices, triangles, stacked, np.zeros(len(vertices), np.int8)),
        Surface(inside, quads, np.zeros((len(shapes), 8, 3), np.float32), part),
    )


def toy_landmarks(iod: float = 120.0, centre: tuple[float, float] = (256, 200)) -> np.ndarray:
    """(478, 2) the mean face's landmarks in a picture of 512 x 512, with irises."""
    mean = mean_mesh()[:, :2]
    irises = []
    for ring in EYES:
        middle = mean[list(ring)].mean(0)
        irises += [middle, *(middle + 0.09 * np.array(d) for d in ((1, 0), (0, -1), (-1, 0), (0, 1)))]
    return np.concatenate([mean, irises]) * iod + centre


@lru_cache(maxsize=1)
def toy_photo() -> Photo:
    """A drawn face of 512 x 512 with shading, aligned at 128 x 128."""
    points = toy_landmarks()
    picture = np.full((512, 512, 3), (150, 160, 170), np.uint8)
    cv2.fillConvexPoly(picture, cv2.convexHull(points.astype(np.int32)), (205, 160, 135))
    for ring, iris in zip(EYES, (468, 473), strict=True):
        cv2.fillPoly(picture, [points[list(ring)].astype(np.int32)], (235, 232, 228))
        cv2.circle(picture, points[iris].astype(int).tolist(), 10, (70, 45, 30), -1)
    cv2.fillPoly(picture, [points[[*UPPER_LIP[5:14]]].astype(np.int32)], (170, 90, 85))
    noise = np.random.default_rng(0).normal(0, 6, picture.shape[:2])
    soft = cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.float64) + cv2.GaussianBlur(noise, (0, 0), 1.5)[..., None]
    return aligned(np.clip(soft, 0, 255).astype(np.uint8), points, 128)


def _bump(points: np.ndarray, centre: tuple[float, float], radius: float, move: tuple[float, float]) -> np.ndarray:
    d = np.zeros_like(points)
    near = np.exp(-((points[:, :2] - centre) ** 2).sum(1) / (2 * radius**2))
    d[:, :2] = near[:, None] * move
    return d
