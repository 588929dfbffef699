"""A z-buffer rasteriser, compiled by numba (part of `pip install reggan[data]`)."""

import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError

try:
    from numba import njit
except ImportError:  # pragma: no cover
    raise InputError("The data engine needs numba: pip install 'reggan[data]'.") from None

Float = NDArray[np.float32]


def rasterise(
    xy: Float, depth: Float, triangles: NDArray[np.int32], values: Float, height: int, width: int
) -> tuple[Float, NDArray[np.bool_]]:
    """Draw a mesh; what is nearer hides what is further away.

    Args:
        xy: (V, 2) positions in pixels; the centres of pixels are whole numbers.
        depth: (V,) larger is further away.
        triangles: (T, 3), seen from either side.
        values: (V, K) quantities to interpolate linearly over each triangle.

    Returns:
        (height, width, K) values, zero where nothing was drawn, and (height, width) where something was.
    """
    out = np.zeros((height, width, values.shape[1]), np.float32)
    nearest = np.full((height, width), np.inf, np.float32)
    _draw(
        np.ascontiguousarray(xy, np.float32),
        np.ascontiguousarray(depth, np.float32),
        np.ascontiguousarray(triangles, np.int32),
        np.ascontiguousarray(values, np.float32),
        nearest,
        out,
    )
    return out, nearest < np.inf


@njit(cache=True, fastmath={"reassoc", "contract", "arcp"})
def _draw(xy, depth, triangles, values, nearest, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    height, width = nearest.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, bx, by, cx, cy = xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1], xy[c, 0], xy[c, 1]
        area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
        if abs(area) < 1e-9:
            continue
        left, right = max(0, int(np.ceil(min(ax, bx, cx)))), min(width - 1, int(np.floor(max(ax, bx, cx))))
        top, bottom = max(0, int(np.ceil(min(ay, by, cy)))), min(height - 1, int(np.floor(max(ay, by, cy))))
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                u = ((by - cy) * (x - cx) + (cx - bx) * (y - cy)) / area
                v = ((cy - ay) * (x - cx) + (ax - cx) * (y - cy)) / area
                w = 1 - u - v
                if u < -1e-5 or v < -1e-5 or w < -1e-5:
                    continue
                z = u * depth[a] + v * depth[b] + w * depth[c]
                if z < nearest[y, x]:
                    nearest[y, x] = z
                    for k in range(out.shape[2]):
                        out[y, x, k] = u * values[a, k] + v * values[b, k] + w * values[c, k]


def vertex_normals(vertices: Float, triangles: NDArray[np.int32]) -> Float:
    """(V, 3) unit normals, the mean of the surrounding triangles' weighted by area; towards the viewer (z < 0) if the
    triangles are wound anticlockwise as seen on the screen."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    facing = np.cross(b - a, c - a)
    normals = np.stack(
        [
            sum(np.bincount(triangles[:, k], facing[:, axis], len(vertices)) for k in range(3))  # type: ignore[misc]
            for axis in range(3)
        ],
        1,
    )
    return (normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12)).astype(np.float32)
