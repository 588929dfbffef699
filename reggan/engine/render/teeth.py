"""Rows of teeth in a face: where they lie, and in which light."""

import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit
from reggan.engine.fit.photo import FINE
from reggan.engine.kit.arch import LIP_LINE, Arch
from reggan.engine.kit.facekit import LOWER_TEETH, UPPER_TEETH
from reggan.engine.pixels import grey
from reggan.engine.raster import rasterise
from reggan.faces.topology import LIP_MIDDLES, MOUTH_SPANS
from reggan.teeth import LOWER, UPPER, Kind, draw_row, measured

Float = NDArray[np.float32]
Array = NDArray[np.float64]

_PARTS = UPPER_TEETH, LOWER_TEETH
_LOWER_EDGE = 0.012  # IOD below the lip line while the jaws are shut
_GUM_SHOWN = 0.012  # IOD of gum above the middle incisors that a raised lip may bare; beyond it the row rises too
_REACH = 0.36, 0.08  # IOD above and below the edge, of the band on which a row is drawn
_FAR = 0.7  # IOD, of the band for `tooth_places`
_COLUMNS = 49
_COLOURFUL = 12.0  # CIE chroma of the face from which on teeth and gums have their full colour
_TURNED, _HIDDEN = 0.4, 0.8  # sine of the yaw from which on the hindmost teeth are darker by this log brightness


def mouth_shape(fit: Fit) -> Array:
    """(3,) `MOUTH_SPANS` of the neutral photograph, IOD."""
    points = fit.photo.landmarks / fit.scale
    return np.array([np.linalg.norm(points[a] - points[b]) for a, b in MOUTH_SPANS])


def kind_of(fit: Fit) -> Kind:
    """The kind whose people have the mouth most like this one."""
    return measured().kinds[kind_number(fit)]


def kind_number(fit: Fit) -> int:
    """Its number among `measured().kinds`."""
    mouths = np.array([kind.mouth for kind in measured().kinds])
    away = (mouth_shape(fit) - mouths) / (mouths.std(0) + 1e-6)
    return int((away**2).sum(1).argmin())


def tooth_row(
    fit: Fit, row: int, moves: Float, lip: float, white: Float, region: tuple[slice, slice]
) -> tuple[Float, Float]:
    """Draw the upper or the lower teeth with their gums.

    Args:
        fit: where the face lies.
        row: `UPPER` or `LOWER`.
        moves: (V, 3) displacement of the mouth's vertices, model units.
        lip: row of the region at which the upper lip ends in its middle.
        white: (3,) colour of the incisors, 0 to 255.
        region: rows and columns of the working picture.

    Returns:
        (h, w, 3) colour and (h, w) opacity.
    """
    rows, columns = region
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if not _has(fit, row):
        return np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    xy, depth, place, triangles = _row_mesh(fit, row, moves, lip + rows.start, _REACH)
    xy = fit.photo.to_fine(xy) - [columns.start, rows.start]
    drawn, there = rasterise(xy.astype(np.float32), depth, triangles, place, height, width)
    kind = kind_of(fit)
    light, colour, opacity = draw_row(kind, row, drawn[..., 0], drawn[..., 1], FINE * fit.photo.iod)
    turned = min(abs(float(fit.rotation[0, 2])) / _TURNED, 1.0)  # the cheek hides what is far back from the light
    light = light - turned * _HIDDEN * np.clip((np.abs(drawn[..., 0]) - 0.35) / 0.25, 0, 1)
    picture = white * colour * np.exp(np.float32(fit.contrast) * light)[..., None]
    luma = grey(picture)[..., None]
    share = np.float32(min(fit.chroma / _COLOURFUL, 1.0))
    return luma + share * (picture - luma), opacity * there


def _has(fit: Fit, row: int) -> bool:
    return bool((fit.rig.kit.mouth.part == _PARTS[row]).any())


def tooth_places(fit: Fit, moves: Float, lip: float, cells: int) -> Float:
    """Which place of each row of teeth lies where, far beyond the teeth too: smooth, so that it can be learned.

    Args:
        fit, moves: as `tooth_row` has them.
        lip: row of the working picture at which the upper lip ends in its middle.
        cells: side of the grid on the crop.

    Returns:
        (2, 3, cells, cells) of the upper and the lower row: along the arch from its middle, up from the incisors' edge,
        IOD; and 1 where that is known.
    """
    step = fit.photo.size / cells
    places = np.zeros((2, 3, cells, cells), np.float32)
    for row in (UPPER, LOWER):
        if not _has(fit, row):
            continue
        xy, depth, place, triangles = _row_mesh(fit, row, moves, lip, (_FAR, _FAR))
        xy = (xy + 0.5) / step - 0.5
        drawn, there = rasterise(xy.astype(np.float32), depth, triangles, place, cells, cells)
        places[row] = [*drawn.transpose(2, 0, 1), there]
    return places


def _row_mesh(
    fit: Fit, row: int, moves: Float, lip: float, reach: tuple[float, float]
) -> tuple[Array, Float, Float, NDArray[np.int32]]:
    """Where the wall on which a row of teeth is drawn lies: `reach` above and below its edge, IOD.

    Returns:
        (N, 2) positions in the crop, (N,) depths, (N, 2) places on the row, and triangles.
    """
    down = 1 if row == UPPER else -1
    arch = fit.rig.arches[row]
    edge = LIP_LINE + (measured().edge if row == UPPER else _LOWER_EDGE)
    points, triangles = _band(arch, edge, down, reach)
    camera = fit.offset(points + _carried(fit, row, points, moves))
    xy = camera[:, :2] + fit.shift + fit.misfit[list(LIP_MIDDLES)].mean(0)
    place = np.stack([_along(arch), down * (edge - points[:, 1])], 1)
    if row == UPPER:
        fine = fit.photo.to_fine(xy)
        xy[:, 1] -= _rise(fine[_COLUMNS // 2 :: _COLUMNS, 1], lip, FINE * fit.photo.iod, reach) / FINE
    return xy, camera[:, 2].astype(np.float32), place.astype(np.float32), triangles


def _rise(middle: Array, lip: float, iod: float, reach: tuple[float, float]) -> float:
    """Pixels by which the row is drawn higher, so that a raised lip bares teeth and not gums alone.

    Args:
        middle: (2,) rows of the band's upper and lower end in the middle of the face.
        lip: row of the upper lip's edge there.
        iod: pixels.
        reach: of the band above and below the edge, IOD.
    """
    above = (reach[0] - measured().gum[0]) / sum(reach)  # share of the band above the middle incisors
    gum_line = middle[0] + above * (middle[1] - middle[0])
    return float(max(gum_line - _GUM_SHOWN * iod - lip, 0.0))


def _along(arch: Arch) -> Array:
    return np.tile(np.linspace(arch.along[0], arch.along[-1], _COLUMNS), 2)


def _band(arch: Arch, edge: float, down: int, reach: tuple[float, float]) -> tuple[Array, NDArray[np.int32]]:
    """(2 _COLUMNS, 3) points on the wall along the arch, and triangles."""
    x, z = arch.at(_along(arch))
    y = np.repeat([edge - down * reach[0], edge + down * reach[1]], _COLUMNS)
    k = np.arange(_COLUMNS - 1)
    first = np.stack([k, k + 1, k + _COLUMNS], 1)
    second = np.stack([k + 1, k + _COLUMNS + 1, k + _COLUMNS], 1)
    return np.stack([x, y, z], 1), np.concatenate([first, second]).astype(np.int32)


def _carried(fit: Fit, row: int, points: Array, moves: Float) -> Array:
    """(N, 3) how far the jaw carries points, an affine map of how it carries the model's own teeth of that row."""
    mouth = fit.rig.kit.mouth
    own = mouth.part == _PARTS[row]
    known, to = mouth.vertices[own][::8], moves[own][::8]
    terms, wanted = (np.hstack([np.ones((len(p), 1)), p[:, 1:]]) for p in (known, points))
    return np.asarray(wanted @ np.linalg.lstsq(terms, to, rcond=1e-6)[0], np.float64)
