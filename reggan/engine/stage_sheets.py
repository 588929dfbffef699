"""Sheets that show each stage of the engine on its own, to be looked at."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit
from reggan.engine.fit.photo import FINE
from reggan.engine.kit.facekit import GUMS, FaceKit
from reggan.engine.landmark_check import landmark_distance
from reggan.engine.raster import rasterise
from reggan.engine.render.express import express, prepare_person
from reggan.engine.render.expression_table import mixture
from reggan.engine.render.eyes import EyeLayer
from reggan.engine.render.mouth import mouth_layer
from reggan.engine.render.picture import FLOW_GRID
from reggan.engine.render.shading import shading
from reggan.engine.render.wrinkles import blend
from reggan.engine.vary.augment import relit, toned, turned, varied
from reggan.engine.vary.morph import morph
from reggan.expressions import BASIC, resolve
from reggan.faces.topology import INNER_LIPS, MESH

Picture = NDArray[np.uint8]
Float = NDArray[np.float32]


def save_sheet(path: Path, sheet: Picture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), sheet[..., ::-1])


def facekit_sheet(kit: FaceKit, side: int = 900) -> Picture:
    """Left: the skin's triangles and MediaPipe's points on the mean face. Right: the teeth."""
    scale, origin = 0.30 * side, np.array([0.5, 0.36]) * side
    panels = []
    for surface in (kit.skin, kit.mouth):
        panel = np.full((side, side, 3), 255, np.uint8)
        xy = np.round((surface.vertices[:, :2] * scale + origin) * 8).astype(np.int32)
        shade = (200, 200, 200) if surface is kit.skin else (190, 120, 110)
        triangles = surface.triangles
        if surface is kit.mouth:
            triangles = triangles[surface.part[triangles[:, 0]] > GUMS]
        cv2.polylines(panel, list(xy[triangles]), True, shade, 1, cv2.LINE_AA, shift=3)
        for point in np.round(kit.landmarks[:, :2] * scale + origin).astype(int).tolist():
            cv2.circle(panel, point, 2, (200, 30, 30), -1, cv2.LINE_AA)
        panels.append(panel)
    return np.hstack(panels)


def stage_sheet(fit: Fit) -> Picture:
    """Fit, eyes, mouth, shading and wrinkles of anger, displacement of surprise; below, six expressions, each with the
    distance in IOD at which its landmarks were found again."""
    person = prepare_person(fit)
    top = [
        mesh_on_photo(fit),
        eyes_alone(fit, person.eyes),
        mouth_alone(fit, resolve("surprised")),
        log_picture(shading_alone(fit, resolve("angry"))),
        log_picture(_resized(blend(mixture(resolve("angry"))[1]), fit.photo.size)),
    ]
    surprised = express(person, resolve("surprised"))
    top.append(flow_picture(surprised.flow, fit.photo.size))
    top.append(np.round(127.5 * (surprised.normals + 1)).astype(np.uint8))
    bottom = [_labelled(fit.photo.crop(), "neutral")]
    for name in BASIC:
        result = express(person, resolve(name))
        bottom.append(_labelled(result.image, f"{name} {landmark_distance(result.image, result.landmarks):.3f}"))
    return np.vstack([np.hstack(top), np.hstack(bottom)])


def style_sheet(fit: Fit, seed: int = 0) -> Picture:
    """A row per style: neutral, and the same with happy, sad, angry and surprised."""
    from reggan.engine.styles import STYLES, Shots

    person = prepare_person(fit)
    shown = [np.zeros(len(BASIC)), *(resolve(name) for name in ("happy", "sad", "angry", "surprised"))]
    results = [express(person, c) for c in shown]
    shots = Shots(
        np.stack([fit.photo.crop(), *(r.image for r in results[1:])]),
        np.stack([r.normals for r in results]),
        np.stack([r.flow for r in results]),
    )
    rows = []
    for name, style in STYLES.items():
        pictures = style(shots, np.random.default_rng(seed))
        rows.append(np.hstack([_labelled(pictures[0], name), *pictures[1:]]))
    half = (len(rows) + 1) // 2
    rows += [np.full_like(rows[0], 255)] * (2 * half - len(rows))
    return np.hstack([np.vstack(rows[:half]), np.vstack(rows[half:])])


def variety_sheet(fit: Fit, other: Fit | None = None) -> Picture:
    """Above: as it is, turned, of other skin, in other light. Below: random mixtures of these, or, with another person,
    morphs from one to the other."""
    photos = [fit.photo, turned(fit, -8, 0), turned(fit, 8, 0), toned(fit, -0.3), toned(fit, 0.5)]
    photos += [relit(fit, (x, -0.3, -0.7), 0.45, warmth, -0.1) for x, warmth in ((-0.8, -0.15), (0.8, 0.15))]
    if other is None:
        below = [varied(fit, np.random.default_rng(seed)) for seed in range(len(photos))]
    else:
        below = [morph(fit.photo, other.photo, k / (len(photos) - 1)) for k in range(len(photos))]
    return np.vstack([np.hstack([photo.crop() for photo in row]) for row in (photos, below)])


def mesh_on_photo(fit: Fit) -> Picture:
    """Every sixth triangle, and the landmarks it was laid on."""
    picture = fit.photo.pixels.copy()
    xy = np.round(fit.photo.to_fine(fit.skin) * 8).astype(np.int32)
    cv2.polylines(picture, list(xy[fit.rig.kit.skin.triangles[::6]]), True, (255, 255, 255), 1, cv2.LINE_AA, shift=3)
    for point in np.round(fit.photo.to_fine(fit.photo.landmarks[:MESH])).astype(int).tolist():
        cv2.circle(picture, point, 2, (255, 40, 40), -1)
    return fit.photo.crop(picture)


def eyes_alone(fit: Fit, eyes: tuple[EyeLayer, EyeLayer]) -> Picture:
    """The eyes without lids."""
    picture = fit.photo.pixels.copy()
    for eye in eyes:
        picture[eye.region] = np.clip(eye.pixels, 0, 255)
    return fit.photo.crop(picture)


def mouth_alone(fit: Fit, c: np.ndarray) -> Picture:
    """All that is behind the lips, without the lips."""
    kit = fit.rig.kit
    weights = kit.weights(mixture(c)[0])
    landmarks = fit.photo.landmarks[:MESH] + fit.offset(np.tensordot(weights, kit.landmark_shapes, 1))[:, :2]
    side = len(fit.photo.pixels)
    everywhere = slice(0, side), slice(0, side)
    lips = fit.photo.to_fine(landmarks)[list(INNER_LIPS)]
    opening = np.ones((side, side), np.uint8)
    opening[[0, -1]] = 0  # its edge lies far away
    return fit.photo.crop(mouth_layer(fit, kit.mouth.displacement(weights), lips, opening, None, everywhere)[0])


def shading_alone(fit: Fit, c: np.ndarray) -> Float:
    """(S, S) log brightness that the skin's normals give an expression."""
    skin, photo = fit.rig.kit.skin, fit.photo
    moves = skin.displacement(fit.rig.kit.weights(mixture(c)[0]))
    moved = skin.vertices + moves
    log_ratio = shading(fit, fit.rig.skin_normals(moved), moved)
    side = len(photo.pixels)
    xy = photo.to_fine(fit.skin + fit.offset(moves)[:, :2]).astype(np.float32)
    drawn, _ = rasterise(xy, fit.depth, skin.triangles, log_ratio[:, None], side, side)
    cut = FINE * photo.margin
    return _resized(drawn[cut:-cut, cut:-cut, 0], photo.size)


def log_picture(log_ratio: Float) -> Picture:
    """Grey is no change; black and white are half and one and a half times as bright."""
    return np.repeat(np.clip(128 + 250 * log_ratio, 0, 255).astype(np.uint8)[..., None], 3, 2)


def flow_picture(flow: Float, size: int) -> Picture:
    """Direction as colour, length as brightness (full at 16 pixels)."""
    x, y = (cv2.resize(f, (size, size)) for f in flow)
    length, angle = cv2.cartToPolar(x, y, angleInDegrees=True)
    hsv = np.stack([angle / 2, np.full_like(x, 255), np.clip(length / 16, 0, 1) * 255], -1).astype(np.uint8)
    assert flow.shape[1:] == (FLOW_GRID, FLOW_GRID)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


def _resized(values: Float, size: int) -> Float:
    return np.asarray(cv2.resize(values, (size, size), interpolation=cv2.INTER_AREA), np.float32)


def _labelled(picture: Picture, text: str) -> Picture:
    out = picture.copy()
    for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(out, text, (6, len(out) - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, width, cv2.LINE_AA)
    return out
