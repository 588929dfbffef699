"""Eyes: what lies behind the lids, as a picture that stays where it is while the lids move over it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.photo import FINE, Photo
from reggan.faces.topology import EYES, IRISES, LOWER_LID, UPPER_LID

Float = NDArray[np.float32]
Array = NDArray[np.float64]

_LASHES = 0.028, 0.008  # IOD; how far from the upper and lower lid's edge the eye is no longer clean
_REACH = 0.14  # IOD around the opening that lids may uncover
_SEAM = 0.010  # IOD over which what is seen and what is made up are blended
_RISEN = 0.03  # IOD by which the upper lid has moved when nothing is left of its old edge
_LIMBUS = 6.0  # grey levels from iris to sclera, from which on the circle is believed
_SHADED = 60  # percentile of the sclera's brightness below which it lies in the lid's shadow
_LID_SHADOW, _SHADOW_DEPTH = 0.38, 0.022  # at the upper lid; IOD


@dataclass(frozen=True)
class EyeLayer:
    """One eye without lids.

    Attributes:
        region: rows and columns of the working picture.
        pixels: (h, w, 3) float32, 0 to 255, without the upper lid's shadow.
        photo: (h, w, 3) float32, the photograph where it shows the eye, else as `pixels`.
        white: (3,) median colour of the sclera's brighter half, or None if none was to be seen.
    """

    region: tuple[slice, slice]
    pixels: Float
    photo: Float
    white: Float | None


def contour(points: Array, eye: int, steps: int = 6) -> Array:
    """(16 steps, 2): a smooth closed curve through the landmarks (478 or 468, 2) around an eye."""
    return smooth_curve(points[list(EYES[eye])], steps)


def smooth_curve(corners: Array, steps: int) -> Array:
    """Catmull-Rom spline through a closed polygon (N, 2): (N steps, 2)."""
    before, after, beyond = (np.roll(corners, k, 0) for k in (1, -1, -2))
    t = (np.arange(steps) / steps)[None, :, None]
    p0, p1, p2, p3 = (c[:, None] for c in (before, corners, after, beyond))
    curve = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return curve.reshape(-1, 2)


def filled(curve: Array, shape: tuple[int, int], origin: tuple[int, int] = (0, 0)) -> NDArray[np.uint8]:
    """(h, w) mask of a closed curve, in pixels; `origin` (x, y) is the mask's first pixel."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round((curve - origin) * 16).astype(np.int32)], (1,), shift=4)
    return mask


def eye_layer(photo: Photo, eye: int) -> EyeLayer:
    """Complete one eye: the iris from its mirror image above and below, the sclera from its nearest visible part."""
    points = photo.to_fine(photo.landmarks)
    iod = FINE * photo.iod
    corners = points[list(EYES[eye])]
    limit = np.array(photo.pixels.shape[1::-1])
    low = np.clip(np.floor(corners.min(0) - _REACH * iod).astype(int), 0, limit - 2)
    high = np.clip(np.ceil(corners.max(0) + _REACH * iod).astype(int), low + 2, limit)
    region = slice(low[1], high[1]), slice(low[0], high[0])
    picture = photo.pixels[region].astype(np.float32)

    seen = (
        filled(smooth_curve(_clean(corners, iod), 6), (picture.shape[0], picture.shape[1]), (int(low[0]), int(low[1])))
        > 0
    )
    landmark = points[IRISES[eye][0]] - low
    radius = float(np.linalg.norm(points[list(IRISES[eye][1:])] - points[IRISES[eye][0]], axis=1).mean())
    centre, radius = _iris_circle(picture, seen, landmark, radius)
    radius *= 1.03
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    away = np.hypot(x - centre[0], y - centre[1])
    iris = away < radius

    pixels, known = _mirrored_iris(picture, seen, iris, x, y, away, centre)
    pixels, white = _sclera(pixels, known, seen & (away > 1.12 * radius), ~iris, iod)
    missing = iris & ~known
    if missing.any():
        there = iris & known
        pixels[missing] = np.median(pixels[there], 0) if there.any() else picture[seen | iris].mean(0)
    limb = np.exp(-(((away - radius) / (0.012 * iod)) ** 2))[..., None] * (~seen[..., None])
    soft = cv2.GaussianBlur(pixels, (0, 0), 0.012 * iod)
    made_up = 0.4 * pixels + 0.6 * soft
    made_up = made_up + limb * (soft - made_up)
    inner = cv2.erode(seen.astype(np.float32), np.ones((3, 3), np.uint8), iterations=max(round(_SEAM * iod), 1))
    share = cv2.GaussianBlur(inner, (0, 0), _SEAM * iod)[..., None]
    made_up = (made_up + share * (picture - made_up)).astype(np.float32)
    opening = filled(smooth_curve(corners, 6), (picture.shape[0], picture.shape[1]), (int(low[0]), int(low[1])))
    soft_opening = cv2.GaussianBlur(opening.astype(np.float32), (0, 0), 1.0)[..., None]
    return EyeLayer(region, made_up, made_up + soft_opening * (picture - made_up), white)


def seen_eye(layer: EyeLayer, before: Array, after: Array, eye: int, iod: float) -> Float:
    """(h, w, 3) float32, 0 to 255: the eye behind lids that have moved, with the upper lid's shadow.

    Where lids stay or close, the photograph has all that is seen, with its own shadow and highlight; the further the
    upper lid rises, the more of its old edge must go.

    Args:
        layer: the eye.
        before, after: (478, 2) landmarks of the photograph and now, working pixels.
        iod: working pixels.
    """
    lid = np.array(EYES[eye][UPPER_LID])
    rise = float((before[lid, 1] - after[lid, 1]).mean()) / iod
    new = np.float32(np.clip(rise / _RISEN, 0, 1))
    shade = 1 + np.float32(min(abs(rise) / _RISEN, 1.0)) * (lid_shadow(after, eye, layer.region, iod) - 1)
    return (layer.photo + new * (layer.pixels - layer.photo)) * shade[..., None]


def lid_shadow(landmarks: Array, eye: int, region: tuple[slice, slice], iod: float) -> Float:
    """(h, w) factor: the upper lid's shadow on the eye, from landmarks in working pixels."""
    lid = landmarks[list(EYES[eye])][UPPER_LID]
    lid = lid[np.argsort(lid[:, 0])]
    rows, columns = region
    edge = np.interp(np.arange(columns.start, columns.stop), lid[:, 0], lid[:, 1])
    below = (np.arange(rows.start, rows.stop)[:, None] - edge[None]) / iod
    return (1 - _LID_SHADOW * np.exp(-np.clip(below, 0, None) / _SHADOW_DEPTH)).astype(np.float32)


def _clean(corners: Array, iod: float) -> Array:
    """The opening (16, 2) without the rims of the lids, their lashes and their shadow."""
    height = corners[LOWER_LID, 1].mean() - corners[UPPER_LID, 1].mean()
    inner = corners.copy()
    inner[UPPER_LID, 1] += min(_LASHES[0] * iod, 0.26 * height)
    inner[LOWER_LID, 1] -= min(_LASHES[1] * iod, 0.10 * height)
    middle = corners[:, 0].mean()
    inner[:, 0] = middle + 0.94 * (inner[:, 0] - middle)
    return inner


def _iris_circle(picture: Float, seen: NDArray[np.bool_], landmark: Array, radius: float) -> tuple[Array, float]:
    """Centre (2,) and radius of the iris, near the landmarks': where the visible part of the circle is darker inside
    than outside. Landmarks put the centre of a half hidden iris too low, by up to a third of its radius."""
    light = np.asarray(cv2.GaussianBlur(picture.mean(2), (0, 0), 1.0), np.float32)
    angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    rim = np.stack([np.cos(angles), np.sin(angles)], 1)
    best = _LIMBUS, np.asarray(landmark, np.float64), radius
    for scale in (0.92, 0.96, 1.0, 1.04, 1.08):
        for down in np.linspace(-0.36, 0.12, 13):
            centre = landmark + [0.0, down * radius]
            inside, outside = (
                (centre + f * scale * radius * rim).round().astype(int).clip(0, np.array(light.shape[::-1]) - 1)
                for f in (0.90, 1.10)
            )
            both = seen[inside[:, 1], inside[:, 0]] & seen[outside[:, 1], outside[:, 0]]
            if both.sum() < 12:
                continue
            step = light[outside[both, 1], outside[both, 0]] - light[inside[both, 1], inside[both, 0]]
            score = float(np.median(step)) * np.sqrt(both.mean())
            if score > best[0]:
                best = score, centre, scale * radius
    return best[1], best[2]


def _mirrored_iris(
    picture: Float, seen: NDArray[np.bool_], iris: NDArray[np.bool_], x: Float, y: Float, away: Float, centre: Array
) -> tuple[Float, NDArray[np.bool_]]:
    """Fill the hidden iris from below or above, else from beside, at the same distance from its centre."""
    pixels, known = picture.copy(), seen.copy()
    side = np.where(x < centre[0], -1, 1).astype(np.float32)
    level = np.full_like(y, centre[1] + 0.05 * away.max())
    places = ((x, 2 * centre[1] - y), (centre[0] + away * side, level), (centre[0] - away * side, level))
    for from_x, from_y in places:
        at = from_x.astype(np.float32), from_y.astype(np.float32)
        colour = cv2.remap(picture, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        visible = cv2.remap(seen.astype(np.float32), *at, cv2.INTER_LINEAR) > 0.98
        take = iris & ~known & visible
        pixels[take] = colour[take]
        known |= take
    return pixels, known


def _sclera(
    pixels: Float, known: NDArray[np.bool_], white: NDArray[np.bool_], outside: NDArray[np.bool_], iod: float
) -> tuple[Float, Float | None]:
    """Fill everything outside the iris; returns the picture and the sclera's colour."""
    colour = None
    if white.sum() > 10:
        colours = pixels[white]
        light = colours.mean(1)
        median = np.median(colours[light >= np.percentile(light, _SHADED)], 0)
        colour = np.median(colours[light >= np.percentile(light, 60)], 0).astype(np.float32)
        lit = white & (pixels.mean(2) >= np.percentile(light, _SHADED))
        _, labels = cv2.distanceTransformWithLabels(
            (~lit).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        nearest = np.zeros((labels.max() + 1, 3), np.float32)
        nearest[labels[lit]] = pixels[lit]
        fill = 0.5 * cv2.GaussianBlur(nearest[labels], (0, 0), 0.02 * iod) + 0.5 * median
    else:
        fill = np.broadcast_to(pixels[known].mean(0) if known.any() else pixels.mean((0, 1)), pixels.shape)
    take = ~known & outside
    pixels = pixels.copy()
    pixels[take] = fill[take]
    return pixels, colour
