"""Laying the face model over a photograph."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.photo import FINE, Photo
from reggan.engine.kit.rig import Rig
from reggan.engine.pixels import to_lab
from reggan.faces.topology import ABOVE_MOUTH, LID_MIDDLES, MESH

Float = NDArray[np.float32]
Array = NDArray[np.float64]

_TONES, _DARKEST = 8, 0.5  # of a palette; percentile
_CONTRAST = 37.0  # CIE L from the darkest spot to the brightest tone: the least of 28 studio photographs
_TONED = 2.7, 3.3  # CIE ab: up to this far from its palette a face is of one tone; from the second on in colour


@dataclass(frozen=True)
class Fit:
    """Where the model lies on the photograph. Positions in crop pixels.

    Attributes:
        rig, photo: what was laid on what.
        scale: crop pixels per unit of the model (close to the photograph's IOD).
        rotation: (3, 3) from the model to the camera (x right, y down, z away).
        shift: (2,) crop pixels.
        skin: (V, 2) skin vertices, `depth` (V,) how far away, in crop pixels.
        mouth, mouth_depth: the same for what is behind the lips.
        misfit: (468, 2) landmarks minus the rigid model's, crop pixels.
        lids: opening of the eyes on the viewer's left and right over the mean face's, clipped to 0.45 to 1.3.
        lightness: 95th percentile of CIE L* over the face, 0 to 100.
        chroma: median CIE chroma of the face; near 0 for grey pictures, 15 to 25 for skin.
        palette: (9, 3) CIE Lab: the darkest spot of the face, then its tones from dark to bright.
        toned: 1 where the palette is all there is (grey, sepia, bronze, an engraving), 0 in colour.
    """

    rig: Rig
    photo: Photo
    scale: float
    rotation: Array
    shift: Array
    skin: Float
    depth: Float
    mouth: Float
    mouth_depth: Float
    misfit: Array
    lids: tuple[float, float]
    lightness: float
    chroma: float
    palette: Float
    toned: float

    def project(self, points: NDArray[np.floating]) -> Array:
        """(N, 2) crop positions of model points (N, 3), without the misfit."""
        return self.scale * (points @ self.rotation[:2].T) + self.shift

    def offset(self, moves: NDArray[np.floating]) -> Array:
        """(N, 3) displacement in crop pixels (z away) of displacements (N, 3) of the model."""
        return self.scale * (moves @ self.rotation.T)

    @property
    def contrast(self) -> float:
        """1, or less if the face is a faded print's, whose shadows must not be deeper than it can show."""
        return min(float(self.palette[-1, 0] - self.palette[0, 0]) / _CONTRAST, 1.0)

    @property
    def turn(self) -> tuple[float, float]:
        """Yaw (positive: the face looks to the viewer's right) and pitch (positive: down), degrees."""
        ahead = self.rotation @ [0.0, 0.0, -1.0]
        return tuple(float(v) for v in np.degrees(np.arcsin(np.clip(ahead[:2], -1, 1))))  # type: ignore[return-value]


def fit_face(rig: Rig, photo: Photo) -> Fit:
    """Scaled-orthographic pose from the landmarks' x and y, the rest carried over to all vertices."""
    kit = rig.kit
    points = photo.landmarks[:MESH]
    scale, rotation, shift = pose(kit.landmarks.astype(np.float64), points)
    misfit = points - (scale * (kit.landmarks @ rotation[:2].T) + shift)

    def placed(vertices: Float) -> tuple[Array, Float]:
        camera = scale * (vertices @ rotation.T)
        return camera[:, :2] + shift, camera[:, 2].astype(np.float32)

    skin, depth = placed(kit.skin.vertices)
    mouth, mouth_depth = placed(kit.mouth.vertices)
    openings = [
        float(np.clip(_opening(points, pair) / scale / _opening(kit.landmarks[:, :2], pair), 0.45, 1.3))
        for pair in LID_MIDDLES
    ]
    return Fit(
        rig,
        photo,
        scale,
        rotation,
        shift,
        (skin + rig.carry @ misfit).astype(np.float32),
        depth,
        (mouth + misfit[list(ABOVE_MOUTH)].mean(0)).astype(np.float32),  # the upper teeth are fixed to the skull
        mouth_depth,
        misfit,
        (openings[0], openings[1]),
        *_colour(photo),
    )


def pose(model: Array, points: Array) -> tuple[float, Array, Array]:
    """Scale, rotation (3, 3) and shift (2,) that take model points (468, 3) to positions (468, 2).

    Weighted least squares for an affine camera, then the nearest scaled rotation. Jaw and cheeks count little: they
    differ most between people.
    """
    w = np.ones(len(model))
    w[model[:, 1] > 0.75] = 0.2
    w[np.abs(model[:, 0]) > 0.85] *= 0.3
    w = w[:, None] / w.sum()
    centre, middle = (w * model).sum(0), (w * points).sum(0)
    camera = np.linalg.lstsq((model - centre) * np.sqrt(w), (points - middle) * np.sqrt(w), rcond=None)[0].T
    u, s, vt = np.linalg.svd(camera, full_matrices=False)
    scale, rows = float(s.mean()), u @ vt
    return scale, np.vstack([rows, np.cross(rows[0], rows[1])]), middle - scale * rows @ centre


def _opening(points: NDArray[np.floating], pair: tuple[int, int]) -> float:
    return float(np.linalg.norm(points[pair[0]] - points[pair[1]]))


def _colour(photo: Photo) -> tuple[float, float, Float, float]:
    """Of the face inside the outline of its landmarks, in CIE Lab: 95th percentile of lightness, median chroma, its
    tones, and how far they are all there is.

    The distance that 90 % of the face keep from the tones is below 2.7 in grey and sepia pictures, with stains and
    JPEG's noise, and above it in photographs in colour (112 people: 3.0 to 7.8).
    """
    inside = np.zeros(photo.pixels.shape[:2], np.uint8)
    outline = cv2.convexHull(photo.to_fine(photo.landmarks[:MESH]).astype(np.float32)).astype(np.int32)
    cv2.fillConvexPoly(inside, outline, (1,))
    blurred = np.asarray(cv2.GaussianBlur(photo.pixels, (0, 0), 1.5 * FINE), np.uint8)
    sharp, soft = (to_lab(pixels[inside > 0][None])[0] for pixels in (photo.pixels, blurred))
    by_lightness = np.array_split(soft[np.argsort(soft[:, 0])], _TONES)
    tones = [np.median(part, 0) for part in by_lightness]
    darkest = tones[0] * min(np.percentile(sharp[:, 0], _DARKEST) / max(tones[0][0], 1e-3), 1.0)
    palette = np.vstack([darkest, *tones]).astype(np.float32)
    away = np.vstack([part - tone for part, tone in zip(by_lightness, palette[1:], strict=True)])[:, 1:]
    toned = (_TONED[1] - np.percentile(np.linalg.norm(away, axis=1), 90)) / (_TONED[1] - _TONED[0])
    lightness, chroma = np.percentile(sharp[:, 0], 95), np.median(np.hypot(sharp[:, 1], sharp[:, 2]))
    return float(lightness), float(chroma), palette, float(np.clip(toned, 0, 1))
