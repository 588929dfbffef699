"""A face kit with everything that can be worked out before a photograph is seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.spatial.distance import cdist

from reggan.engine.kit.arch import Arch, dental_arch
from reggan.engine.kit.facekit import LOWER_TEETH, UPPER_TEETH, FaceKit
from reggan.engine.raster import vertex_normals

Float = NDArray[np.float32]

_RIDGE = 1e-3  # of the radial basis: landmarks are only known to a few thousandths of an IOD


@dataclass(frozen=True)
class Rig:
    """A face kit, prepared.

    Attributes:
        kit: the face model.
        carry: (V, 468) what each skin vertex takes over of a displacement of each landmark.
        neighbours: (V, V) sparse, mean over the neighbouring vertices.
        normals: (V, 3) of the skin at rest, towards the viewer where the skin faces the viewer.
        normal_sign: 1 or -1, which brings `vertex_normals` of the skin into that direction.
        arches: on which the upper and the lower teeth stand.
    """

    kit: FaceKit
    carry: Float
    neighbours: csr_matrix
    normals: Float
    normal_sign: float
    arches: tuple[Arch, Arch]

    def smooth(self, values: Float, times: int) -> Float:
        """Values (V,) or (V, K), each step half way to the mean of their neighbours."""
        for _ in range(times):
            values = 0.5 * (values + self.neighbours @ values)
        return values

    def skin_normals(self, vertices: Float) -> Float:
        """(V, 3) of the skin, deformed."""
        return np.asarray(self.normal_sign * vertex_normals(vertices, self.kit.skin.triangles), np.float32)


def prepare_rig(kit: FaceKit) -> Rig:
    """Prepare a face kit; about a second."""
    vertices, triangles = kit.skin.vertices, kit.skin.triangles
    edges = np.concatenate([triangles[:, [i, j]] for i, j in ((0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2))])
    links = csr_matrix((np.ones(len(edges), np.float32), (edges[:, 0], edges[:, 1])), shape=(len(vertices),) * 2)
    links.data[:] = 1
    links = csr_matrix(links.multiply(1 / np.maximum(np.asarray(links.sum(1)), 1)), dtype=np.float32)
    normals = vertex_normals(vertices, triangles)
    normal_sign = -1.0 if normals[triangles, 2].mean() > 0 else 1.0
    return Rig(
        kit,
        radial_carry(kit.landmarks, vertices),
        links,
        np.asarray(normal_sign * normals, np.float32),
        normal_sign,
        (dental_arch(kit, UPPER_TEETH), dental_arch(kit, LOWER_TEETH)),
    )


def radial_carry(landmarks: Float, points: Float) -> Float:
    """Matrix (P, L) that spreads values at landmarks (L, 3) over points (P, 3): radial basis phi(r) = r plus an affine
    part, which together bend least (the biharmonic spline of three dimensions), with a ridge."""
    n = len(landmarks)
    affine = np.hstack([np.ones((n, 1)), landmarks])
    system = np.zeros((n + 4, n + 4))
    system[:n, :n] = cdist(landmarks, landmarks) - _RIDGE * np.eye(n)  # phi is conditionally negative definite
    system[:n, n:], system[n:, :n] = affine, affine.T
    basis = np.hstack([cdist(points, landmarks), np.ones((len(points), 1)), points])
    return (basis @ np.linalg.inv(system)[:, :n]).astype(np.float32)
