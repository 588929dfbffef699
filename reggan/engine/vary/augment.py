"""Other light, another skin tone, a slightly turned head: changes of the photograph before it gets expressions."""

import dataclasses
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit, fit_face
from reggan.engine.fit.photo import FINE, Photo
from reggan.engine.pixels import pixel_grid, sample, soft_clip, soft_mask, to_bytes, to_lab
from reggan.engine.raster import rasterise
from reggan.engine.render.background import spread
from reggan.faces.align import alignment_matrix, transform
from reggan.faces.topology import IRISES, LEFT_EYE, MESH, RIGHT_EYE

Float = NDArray[np.float32]

_MELANIN = np.array([-0.45, -0.60, -0.70], np.float32)  # log of what one unit of it leaves of red, green and blue
_SKIN = 0.55  # width of what counts as skin's colour, in units of the face's own spread plus a floor
_CELLS = 64


def turned(fit: Fit, yaw: float, pitch: float) -> Photo:
    """The head turned by a few degrees, aligned again.

    Args:
        fit: the model on the photograph.
        yaw, pitch: degrees, positive to the viewer's right and down; beyond 10 hair and wall stretch visibly.
    """
    photo, skin = fit.photo, fit.rig.kit.skin
    rotation = _rotation(math.radians(yaw), math.radians(pitch))

    def moved(points: Float) -> NDArray[np.float64]:
        camera = fit.scale * (points @ fit.rotation.T)
        return camera @ rotation.T - camera

    landmarks = photo.landmarks.copy()
    landmarks[:MESH] += moved(fit.rig.kit.landmarks)[:, :2]
    for corners, iris in zip((LEFT_EYE, RIGHT_EYE), IRISES, strict=True):
        landmarks[list(iris)] += (landmarks - photo.landmarks)[list(corners)].mean(0)
    again = alignment_matrix(landmarks, photo.size)
    move = moved(skin.vertices)
    goal = transform(fit.skin + move[:, :2], again)
    side = len(photo.pixels)
    values = photo.to_fine(fit.skin).astype(np.float32)
    depth = (fit.depth + move[:, 2]).astype(np.float32)
    source, covered = rasterise(photo.to_fine(goal).astype(np.float32), depth, skin.triangles, values, side, side)
    grid = pixel_grid(side)
    flow = np.where(covered[..., None], source - grid, 0).astype(np.float32)
    at = grid + np.where(covered[..., None], flow, spread(flow, covered, _CELLS))
    return Photo(sample(photo.pixels, at), transform(landmarks, again), photo.size)


def toned(fit: Fit, melanin: float) -> Photo:
    """Darker (positive) or lighter skin: what melanin absorbs, where the picture has skin's colour. Within -0.4 to 0.6.

    Hair, eyes and lips keep most of theirs; on grey pictures everything of the skin's brightness changes.
    """
    photo = fit.photo
    lab = to_lab(photo.pixels)
    face = face_mask(photo)
    inner = face > 0.9
    median = np.median(lab[inner], 0)
    width = np.array([25.0, 8.0, 8.0], np.float32) * _SKIN + lab[inner].std(0)
    away = (((lab - median) / (1.6 * width)) ** 2).sum(-1)
    skin = cv2.GaussianBlur(np.exp(-np.clip(away - 1, 0, None)).astype(np.float32), (0, 0), 0.015 * FINE * photo.iod)
    reach = cv2.GaussianBlur(face, (0, 0), 0.8 * FINE * photo.iod)  # the neck is skin, a beige wall is not
    amount = skin * np.clip(8 * np.maximum(face, reach), 0, 1)
    changed = photo.pixels * np.exp(melanin * amount[..., None] * _MELANIN)
    return dataclasses.replace(photo, pixels=to_bytes(changed, white=255))


def relit(fit: Fit, direction: tuple[float, float, float], amount: float, warmth: float, exposure: float) -> Photo:
    """Another light.

    Args:
        fit: the model on the photograph, whose normals say where the light falls.
        direction: towards the light (x right, y down, z away from the camera, so usually negative).
        amount: log brightness between facing the light and facing sideways; 0 to 0.5 looks natural.
        warmth: positive for a yellower light; log of red over blue.
        exposure: log brightness of everything.
    """
    photo, skin = fit.photo, fit.rig.kit.skin
    towards = np.array(direction) / np.linalg.norm(direction)
    normals = fit.rig.smooth(fit.rig.normals, 6) @ fit.rotation.T
    facing = (normals @ towards).astype(np.float32)[:, None]
    side = len(photo.pixels)
    lit, covered = rasterise(photo.to_fine(fit.skin).astype(np.float32), fit.depth, skin.triangles, facing, side, side)
    field = np.where(covered[..., None], np.repeat(lit, 2, 2), 0).astype(np.float32)
    field = np.where(covered, lit[..., 0], spread(field, covered, _CELLS)[..., 0])
    field = cv2.GaussianBlur(field, (0, 0), 0.08 * FINE * photo.iod) - float(facing.mean())
    log_ratio = exposure + amount * field[..., None] + np.array([0.5, 0.0, -0.5], np.float32) * warmth
    picture = photo.pixels.astype(np.float32) / 255
    return dataclasses.replace(photo, pixels=to_bytes(soft_clip(picture * np.exp(log_ratio))))


def varied(fit: Fit, rng: np.random.Generator) -> Photo:
    """A random mild change of pose, tone and light, each in about two thirds of the cases."""
    photo = fit.photo
    if rng.random() < 0.65:
        yaw, pitch = fit.turn
        room = [(-8 - min(v, 0), 8 - max(v, 0)) for v in (yaw, pitch)]
        turn = [float(rng.uniform(max(low, -8), min(high, 8))) for low, high in room]
        photo = turned(fit, turn[0], 0.6 * turn[1])
        fit = fit_face(fit.rig, photo)
    if rng.random() < 0.65:
        lighter = -0.15 if fit.lightness > 65 else -0.4
        photo = toned(fit, float(rng.uniform(lighter, 0.55 if fit.lightness > 55 else 0.2)))
        fit = fit_face(fit.rig, photo)
    if rng.random() < 0.8 or photo is fit.photo:
        angle = rng.uniform(-1.2, 1.2)
        direction = (math.sin(angle), float(rng.uniform(-0.7, 0.2)), -math.cos(angle))
        photo = relit(
            fit, direction, float(rng.uniform(0.1, 0.45)), float(rng.normal(0, 0.10)), float(rng.uniform(-0.35, 0.0))
        )
    return photo


def face_mask(photo: Photo) -> Float:
    """(N, N) 1 inside the outline of the landmarks, 0 outside, soft in between, on the working grid."""
    outline = cv2.convexHull(photo.to_fine(photo.landmarks[:MESH]).astype(np.float32))
    return soft_mask(outline, len(photo.pixels), 0.05 * FINE * photo.iod)


def _rotation(yaw: float, pitch: float) -> NDArray[np.float64]:
    """Turns (0, 0, -1), where the face looks, to the viewer's right and down."""
    about_y = np.array([[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0], [math.sin(yaw), 0, math.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    return about_x @ about_y
