"""Placing an ICT-FaceKit release on MediaPipe's mean face.

1. Similarity transform from the 68 landmarks that both name (Umeyama, "Least-squares estimation of transformation
   parameters between two point patterns", PAMI 1991).
2. Thin-plate spline through the same landmarks.
3. Three times: the closest point of the surface for each of MediaPipe's 468 points, and a spline that takes it there.
   Lips touch at rest, so a point of the upper lip may only land on what jawOpen moves less than the mouth's corner,
   one of the lower lip only on what it moves more.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from reggan.engine.kit.facekit import GUMS, LOWER_TEETH, SOCKET, UPPER_TEETH, FaceKit, Surface
from reggan.engine.kit.ict_topology import (
    EYE_SOCKET_VERTICES,
    FIRST_GUM,
    FIRST_LOWER_TOOTH,
    FIRST_TOOTH,
    MEDIAPIPE_OF_68,
    MOUTH_FACES,
    MOUTH_VERTICES,
    SKIN_FACES,
    SKIN_VERTICES,
    WEIGHT_OF_68,
)
from reggan.engine.kit.obj import read_triangles, read_vertices
from reggan.engine.kit.shapes import added_shapes
from reggan.errors import InputError
from reggan.faces.topology import LOWER_LIP, MESH, UPPER_LIP

Array = NDArray[np.float64]

_NEUTRAL = "generic_neutral_mesh"
_LIPS_68, _CORNERS_68, _CHIN_68, _JAW_LINE_68 = slice(48, 68), [48, 54, 60, 64], 8, 17
_DEPTH = 0.5  # weight of z in the search for the closest point: MediaPipe's depth is a guess
_REACH = 0.45  # IOD; skin further than this from every landmark is left out
_GUM_LIFT = 0.07  # IOD; the upper gums of the model show under a smile as few people's do


def mean_mesh() -> Array:
    """(468, 3): mean of MediaPipe's mesh over 99 frontal neutral faces, symmetric, in IOD."""
    return np.load(Path(__file__).with_name("mean_mesh.npy")).astype(np.float64)


def register(source: Path) -> FaceKit:
    """Make a face kit from the folder of OBJ files of an ICT-FaceKit release (`FaceXModel`).

    Raises:
        InputError: files are missing, or the meshes are not those of the release.
    """
    neutral = _upright(read_vertices(source / f"{_NEUTRAL}.obj"))
    triangles, face_of = read_triangles(source / f"{_NEUTRAL}.obj")
    if len(neutral) < MOUTH_VERTICES[1] or not len(face_of) or face_of[-1] + 1 < MOUTH_FACES[1]:
        raise InputError(
            "{name}.obj is not the neutral mesh of an ICT-FaceKit release: it has too few vertices.", name=_NEUTRAL
        )
    names, offsets = _expressions(source, neutral)
    named = _landmarks_68(source)
    mean = mean_mesh()

    target, weight = mean[list(MEDIAPIPE_OF_68)], np.array(WEIGHT_OF_68)
    scale, rotation, shift = umeyama(neutral[named], target, weight)
    rigid = scale * neutral @ rotation.T + shift
    shapes = np.einsum("ij,kvj->kvi", scale * rotation, offsets)

    skin = triangles[face_of < SKIN_FACES]
    on_skin = rigid[:SKIN_VERTICES]
    jaw = np.linalg.norm(shapes[names.index("jawOpen")], axis=1)
    fitted, corners, mix = _to_landmarks(on_skin, skin, named, mean, jaw)

    names += list(added_shapes(mean, mean, np.zeros(len(mean))))
    landmark_shapes = np.einsum("pc,kpci->kpi", mix, shapes[:, corners])
    skin_shapes = shapes[:, :SKIN_VERTICES]
    open_jaw = names.index("jawOpen")
    landmark_extra = added_shapes(mean, mean, np.linalg.norm(landmark_shapes[open_jaw], axis=1))
    skin_extra = added_shapes(fitted, mean, np.linalg.norm(skin_shapes[open_jaw], axis=1))
    near = cKDTree(mean).query(fitted)[0] < _REACH
    return FaceKit(
        tuple(names),
        mean.astype(np.float32),
        np.concatenate([landmark_shapes, np.stack(list(landmark_extra.values()))]).astype(np.float32),
        Surface(
            fitted.astype(np.float32),
            skin[near[skin].all(1)],
            np.concatenate([skin_shapes, np.stack(list(skin_extra.values()))]).astype(np.float32),
            np.zeros(SKIN_VERTICES, np.int8),
        ),
        _mouth(rigid, fitted, triangles, face_of, named, shapes, len(skin_extra)),
    )


def umeyama(source: Array, target: Array, weight: Array) -> tuple[float, Array, Array]:
    """Scale s, rotation R (3, 3) and shift t (3,) that minimise sum_i w_i |s R x_i + t - y_i|^2, for (N, 3) points."""
    w = weight[:, None] / weight.sum()
    x_mean, y_mean = (w * source).sum(0), (w * target).sum(0)
    x, y = source - x_mean, target - y_mean
    u, s, vt = np.linalg.svd((w * y).T @ x)
    d = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = u @ np.diag(d) @ vt
    scale = float((s * d).sum() / (w * x * x).sum())
    return scale, rotation, y_mean - scale * rotation @ x_mean


def closest_on_triangles(point: Array, corners: Array) -> tuple[int, Array]:
    """Which of the triangles (N, 3, 3) lies nearest to a point (3,), and the barycentric weights (3,) there."""
    origin, edge_b, edge_c = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    best = np.empty((4, len(corners), 2))
    to_point = point - origin
    bb, bc, cc = ((p * q).sum(1) for p, q in ((edge_b, edge_b), (edge_b, edge_c), (edge_c, edge_c)))
    pb, pc = (to_point * edge_b).sum(1), (to_point * edge_c).sum(1)
    det = np.maximum(bb * cc - bc * bc, 1e-18)
    inside = np.stack([cc * pb - bc * pc, bb * pc - bc * pb], 1) / det[:, None]
    best[0] = np.where((inside >= 0).all(1, keepdims=True) & (inside.sum(1, keepdims=True) <= 1), inside, 0)
    best[1] = np.stack([np.clip(pb / np.maximum(bb, 1e-18), 0, 1), np.zeros(len(corners))], 1)
    best[2] = np.stack([np.zeros(len(corners)), np.clip(pc / np.maximum(cc, 1e-18), 0, 1)], 1)
    along = np.clip((pc - pb + bb - bc) / np.maximum(bb - 2 * bc + cc, 1e-18), 0, 1)
    best[3] = np.stack([1 - along, along], 1)
    places = origin + best[..., :1] * edge_b + best[..., 1:] * edge_c
    kind, nearest = np.unravel_index(((places - point) ** 2).sum(2).argmin(), best.shape[:2])
    b, c = best[kind, nearest]
    return int(nearest), np.array([1 - b - c, b, c])


def _upright(vertices: NDArray[np.float32]) -> Array:
    """The release has y up and z towards the viewer."""
    return vertices.astype(np.float64) * [1, -1, -1]


def _expressions(source: Path, neutral: Array) -> tuple[list[str], Array]:
    """Names and (K, V, 3) offsets of all meshes that are neither the neutral one nor another identity."""
    skip = (_NEUTRAL, "identity", "PupilDilate", "eyeLookIn", "eyeLookOut")
    paths = sorted(p for p in source.glob("*.obj") if not p.stem.startswith(skip))
    offsets = np.empty((len(paths), len(neutral), 3))
    for k, path in enumerate(paths):
        vertices = _upright(read_vertices(path))
        if vertices.shape != neutral.shape:
            raise InputError(
                "{name} has another number of vertices than {neutral}.obj.", name=path.name, neutral=_NEUTRAL
            )
        offsets[k] = vertices - neutral
    names = [p.stem for p in paths]
    if "jawOpen" not in names:
        raise InputError("There are no expressions such as jawOpen.obj in {source}.", source=source)
    return names, offsets


def _landmarks_68(source: Path) -> list[int]:
    try:
        named = json.loads((source / "vertex_indices.json").read_text())["idx_to_landmark_verts"]
    except (OSError, ValueError, KeyError):
        raise InputError("vertex_indices.json with the 68 landmarks is missing from {source}.", source=source) from None
    return [int(v) for v in named]


def _to_landmarks(
    vertices: Array, triangles: NDArray[np.int32], named: list[int], mean: Array, jaw: Array
) -> tuple[Array, NDArray[np.int32], Array]:
    """Deform the skin onto the mean face.

    Returns:
        (V, 3) vertices, and per landmark the three vertices (468, 3) it lies between and their weights (468, 3).
    """
    anchors = [_CHIN_68, *range(_JAW_LINE_68, 68)]
    target = mean[list(MEDIAPIPE_OF_68)]
    slack = np.full(68, 1e-3)
    slack[17:27], slack[_CHIN_68] = 2e-2, 5e-2
    at = vertices[named]
    current = vertices + _spline(at[anchors], (target - at)[anchors], slack[anchors])(vertices)

    lip_line = jaw[[named[k] for k in _CORNERS_68]].mean()
    moved = jaw[triangles].mean(1)
    allowed = {"upper": np.flatnonzero(moved < 1.02 * lip_line), "lower": np.flatnonzero(moved > 0.98 * lip_line)}
    allowed["any"] = np.arange(len(triangles))
    of = dict.fromkeys(UPPER_LIP, "upper") | dict.fromkeys(LOWER_LIP, "lower")
    squash = np.array([1.0, 1.0, _DEPTH])
    corners, mix = np.empty((MESH, 3), np.int32), np.empty((MESH, 3))
    for step in range(3):
        flat = current * squash
        trees = {k: cKDTree(flat[triangles[rows]].mean(1)) for k, rows in allowed.items()}
        for i in range(MESH):
            rows = allowed[of.get(i, "any")]
            near = rows[trees[of.get(i, "any")].query(mean[i] * squash, min(60, len(rows)))[1]]
            k, mix[i] = closest_on_triangles(mean[i] * squash, flat[triangles[near]])
            corners[i] = triangles[near[k]]
        on_surface = np.einsum("pc,pci->pi", mix, current[corners])
        if step < 2:
            distinct = np.unique(on_surface.round(4), axis=0, return_index=True)[1]
            pull = _spline(on_surface[distinct], (mean - on_surface)[distinct], 3e-3)
            current = current + pull(current)
    return current, corners, mix


def _spline(at: Array, value: Array, slack: float | Array) -> RBFInterpolator:
    return RBFInterpolator(at, value, kernel="thin_plate_spline", smoothing=slack)


def _mouth(
    rigid: Array,
    fitted: Array,
    triangles: NDArray[np.int32],
    face_of: NDArray[np.int32],
    named: list[int],
    shapes: Array,
    added: int,
) -> Surface:
    """Socket, gums, tongue and teeth, moved with the lips and narrowed with them, otherwise as they are."""
    first, last = MOUTH_VERTICES
    rows = triangles[(face_of >= MOUTH_FACES[0]) & (face_of < MOUTH_FACES[1])]
    rows = rows[((rows >= first) & (rows < last)).all(1)]
    rows = rows[~((rows >= EYE_SOCKET_VERTICES[0]) & (rows < EYE_SOCKET_VERTICES[1])).any(1)]
    part = np.full(last - first, SOCKET, np.int8)
    part[FIRST_GUM - first :] = GUMS
    part[FIRST_TOOTH - first :] = UPPER_TEETH
    part[FIRST_LOWER_TOOTH - first :] = LOWER_TEETH

    lips = named[_LIPS_68]
    shift = (fitted[lips] - rigid[lips]).mean(0) * [1, 1, 0.5]
    left, right = (named[k] for k in _CORNERS_68[:2])
    narrower = min(1.0, (fitted[right, 0] - fitted[left, 0]) / (rigid[right, 0] - rigid[left, 0]))
    centre = rigid[lips].mean(0)
    vertices = rigid[first:last].copy()
    vertices[:, 0] = (vertices[:, 0] - centre[0]) * narrower + centre[0]
    vertices += shift
    front = vertices[part == UPPER_TEETH]
    upper = (part == GUMS) & (vertices[:, 1] < front[:, 1].mean()) & (vertices[:, 2] < front[:, 2].min() + 0.25)
    vertices[upper, 1] -= _GUM_LIFT
    moved = np.concatenate([shapes[:, first:last], np.zeros((added, last - first, 3))])
    return Surface(vertices.astype(np.float32), rows - first, moved.astype(np.float32), part)
