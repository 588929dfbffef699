"""A photograph with another expression, and where every pixel of it came from."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit
from reggan.engine.fit.photo import FINE
from reggan.engine.pixels import pixel_grid, sample
from reggan.engine.raster import rasterise
from reggan.engine.render.background import spread
from reggan.engine.render.eyes import EyeLayer, contour, eye_layer, filled, seen_eye, smooth_curve
from reggan.engine.render.mouth import mouth_layer
from reggan.engine.render.shading import apply_log, shading
from reggan.engine.render.teeth import tooth_places
from reggan.faces import SIZE
from reggan.faces.topology import INNER_LIPS, LIP_MIDDLES, MESH
from reggan.folds import to_map

Float = NDArray[np.float32]
Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FLOW_GRID = 64
_LID_SHAPES = ("eyeBlink", "eyeSquint", "eyeLook")
_SEAM = 0.6  # brightness of the line between pressed lips over the lips'
_EDGE = 0.6  # working pixels: softness of the lids' and lips' edges


@dataclass(frozen=True)
class Rendered:
    """One picture of a pair.

    Attributes:
        image: (S, S, 3) uint8.
        landmarks: (478, 2) float64, where MediaPipe's landmarks should be now, crop pixels.
        flow: (2, 64, 64) float32 crop pixels (x, y): what is at u came from u + flow in the neutral crop. Means over
            cells of S / 64 pixels. In the opened mouth, which came from nowhere, continued from the lips.
        known: (64, 64) float32, the share of each cell that came from the photograph.
        teeth: (2, 3, 256, 256) float32, `tooth_places`, in crops larger than that; None in others.
        normals: (S, S, 3) float32 of the deformed skin, towards the viewer z < 0; zero where there is no skin.
    """

    image: NDArray[np.uint8]
    landmarks: Array
    flow: Float
    known: Float
    teeth: Float | None
    normals: Float


def eye_layers(fit: Fit) -> tuple[EyeLayer, EyeLayer]:
    """The two eyes without lids; worked out once per photograph."""
    return eye_layer(fit.photo, 0), eye_layer(fit.photo, 1)


def scaled_to_lids(fit: Fit, weights: Float) -> Float:
    """Weights (K,) with those that close the eyes scaled to how far this person's are open."""
    w = weights.copy()
    for k, name in enumerate(fit.rig.kit.names):
        if name.startswith(_LID_SHAPES):
            w[k] *= fit.lids[1 if name.endswith("_L") else 0]
    return w


def render(
    fit: Fit, eyes: tuple[EyeLayer, EyeLayer], weights: Float, wrinkles: Float | None = None, normal_light: float = 1.0
) -> Rendered:
    """Give the photograph an expression.

    Args:
        fit: the model on the photograph.
        eyes: `eye_layers` of the fit.
        weights: (K,) of the blendshapes.
        wrinkles: (512, 512) log brightness over the mean face, `wrinkles.blend`.
        normal_light: share of the shading by the skin's normals, where the wrinkles hold the rest.
    """
    photo, kit = fit.photo, fit.rig.kit
    side, cut = len(photo.pixels), FINE * photo.margin
    inner = slice(cut, -cut), slice(cut, -cut)
    w = scaled_to_lids(fit, weights)
    moves = kit.skin.displacement(w)
    moved = fit.offset(moves)
    landmarks = photo.landmarks.copy()
    used = np.flatnonzero(w)
    landmarks[:MESH] += fit.offset(np.tensordot(w[used], kit.landmark_shapes[used], 1))[:, :2]
    points = photo.to_fine(landmarks)

    after = fit.rig.skin_normals(kit.skin.vertices + moves)
    values = np.hstack(
        [
            photo.to_fine(fit.skin),
            to_map(kit.skin.vertices[:, :2]),
            np.float32(normal_light) * shading(fit, after, kit.skin.vertices + moves)[:, None],
            after @ fit.rotation.T.astype(np.float32),
        ]
    )
    drawn, covered = rasterise(
        photo.to_fine(fit.skin + moved[:, :2]).astype(np.float32),
        fit.depth + moved[:, 2].astype(np.float32),
        kit.skin.triangles,
        values.astype(np.float32),
        side,
        side,
    )
    eye_holes = [_hole(contour(points, eye), covered, 3) for eye in (0, 1)]
    mouth_hole = _hole(smooth_curve(points[list(INNER_LIPS)], 4), covered, 4)

    grid = pixel_grid(side)
    flow = (drawn[..., :2] - grid) * covered[..., None]
    flow = np.where(covered[..., None], flow, spread(flow, covered, FLOW_GRID))
    holes = (eye_holes[0] | eye_holes[1] | mouth_hole)[inner]
    log_ratio = fit.contrast * _log_ratio(drawn[inner], covered[inner], holes, wrinkles)
    picture = np.zeros((side, side, 3), np.float32)  # on the whole grid, but only what the crop shows is drawn
    moved_pixels = sample(photo.pixels, (grid + flow)[inner]).astype(np.float32)
    picture[inner] = apply_log(moved_pixels, log_ratio, (1 - fit.toned) * fit.chroma)

    for eye, (layer, hole) in enumerate(zip(eyes, eye_holes, strict=True)):
        behind = seen_eye(layer, photo.to_fine(photo.landmarks), points, eye, FINE * photo.iod)
        picture[layer.region] = _over(picture[layer.region], behind, hole[layer.region])
    painted = np.zeros((side, side), np.float32)
    if mouth_hole.any():
        region = _around(mouth_hole)
        whites = [eye.white for eye in eyes if eye.white is not None]
        inside, opacity = mouth_layer(
            fit,
            kit.mouth.displacement(w),
            points[list(INNER_LIPS)],
            mouth_hole[region].astype(np.uint8),
            np.mean(whites, 0) if whites else None,
            region,
        )
        seam = _SEAM * picture[region]  # the lips' own texture, drawn together
        picture[region] = _over(picture[region], seam + opacity[..., None] * (inside - seam), mouth_hole[region])
        painted[region] = opacity * mouth_hole[region]

    teeth = None
    if photo.size > SIZE:
        teeth = tooth_places(fit, kit.mouth.displacement(w), float(points[LIP_MIDDLES[0], 1]), SIZE)
    for layer, hole in zip(eyes, eye_holes, strict=True):
        flow[layer.region][hole[layer.region]] = 0
    return Rendered(
        photo.crop(picture),
        landmarks,
        _small(flow[inner], FLOW_GRID).transpose(2, 0, 1) / FINE,
        1 - _small(painted[inner], FLOW_GRID),
        teeth,
        _small(drawn[..., 5:8][inner], photo.size),  # the rasteriser leaves zeros where there is no skin
    )


def _hole(curve: Array, covered: Mask, grow: int) -> Mask:
    """What a curve encloses, grown by some pixels, and no skin covers."""
    inside = filled(curve, (len(covered), len(covered)))
    return (cv2.dilate(inside, np.ones((2 * grow + 1,) * 2, np.uint8)) > 0) & ~covered


def _log_ratio(drawn: Float, covered: Mask, holes: Mask, wrinkles: Float | None) -> Float:
    """(N, N) shading and wrinkles, fading out towards the outline of the model."""
    side = len(covered)
    solid = (covered | holes).astype(np.float32)
    small = cv2.resize(solid, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 2.0 * side / 512)
    fade = np.clip(2 * cv2.resize(small, (side, side)) - 1, 0, 1)
    log_ratio = cv2.GaussianBlur(drawn[..., 4], (0, 0), FINE)  # the rasteriser leaves zeros beside the skin
    if wrinkles is not None:
        there = cv2.remap(wrinkles, drawn[..., 2], drawn[..., 3], cv2.INTER_LINEAR)
        log_ratio = log_ratio + there * covered
    return np.asarray(log_ratio * fade, np.float32)


def _over(below: Float, above: Float, mask: Mask) -> Float:
    """Lay one picture over another through a mask with soft edges."""
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _EDGE)[..., None]
    return below + alpha * (above - below)


def _around(mask: Mask) -> tuple[slice, slice]:
    """The mask's bounding box, eight pixels larger where there is room."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return tuple(slice(max(int(k[0]) - 8, 0), int(k[-1]) + 9) for k in (rows, columns))  # type: ignore[return-value]


def _small(fine: Float, cells: int) -> Float:
    """Means over the cells of a grid on the crop: (N, N, ...) to (cells, cells, ...)."""
    return np.asarray(cv2.resize(fine, (cells, cells), interpolation=cv2.INTER_AREA), np.float32)
