"""Reading Wavefront OBJ files, as far as ICT-FaceKit needs it: positions, and faces with any number of corners."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError


def read_vertices(path: Path) -> NDArray[np.float32]:
    """(V, 3) positions, in the file's units.

    Raises:
        InputError: there is no such file, or no vertices in it.
    """
    rows = [line[2:].split()[:3] for line in _lines(path) if line.startswith("v ")]
    try:
        vertices = np.array(rows, np.float32)
    except ValueError:
        vertices = np.zeros((0, 3), np.float32)
    if vertices.ndim != 2 or vertices.shape[1:] != (3,) or not len(vertices):
        raise InputError("{name} holds no vertices that can be read.", name=path.name)
    return vertices


def read_triangles(path: Path) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Faces, cut into fans of triangles.

    Returns:
        (T, 3) vertex numbers from 0, and (T,) the number of the face in the file that each triangle is part of.
    """
    triangles: list[tuple[int, int, int]] = []
    face_of: list[int] = []
    face = 0
    for line in _lines(path):
        if line.startswith("f "):
            corners = [int(corner.split("/")[0]) - 1 for corner in line.split()[1:]]
            for a, b in zip(corners[1:], corners[2:], strict=False):
                triangles.append((corners[0], a, b))
                face_of.append(face)
            face += 1
    return np.array(triangles, np.int32).reshape(-1, 3), np.array(face_of, np.int32)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        raise InputError("The file {name} is missing from {folder}.", name=path.name, folder=path.parent) from None
