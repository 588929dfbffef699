"""Rejecting bad samples: landmarks must be found again where the engine put them."""

import numpy as np
from numpy.typing import NDArray

from reggan.faces.topology import LEFT_EYE, MESH, RIGHT_EYE

#: IOD. Good samples of studio photographs have 0.02 to 0.04, good ones of old portraits up to 0.07: at 0.05 none of
#: their full-strength disgust would be left, at 0.09 mouths begin to lie beside the lips.
LIMIT = 0.075


def find_again(image: NDArray[np.uint8], intended: NDArray[np.floating]) -> tuple[NDArray[np.floating], float]:
    """MediaPipe's landmarks of the face nearest to the intended ones, and how far they are from them.

    Args:
        image: (S, S, 3) uint8 aligned crop.
        intended: (478, 2) crop pixels.

    Returns:
        (478, 2) crop pixels, and the mean distance in IOD of the intended ones; those and inf if no face is found.
    """
    from reggan.faces.mesh import find_meshes  # here, because MediaPipe takes seconds to load

    eyes = intended[list(LEFT_EYE)].mean(0) - intended[list(RIGHT_EYE)].mean(0)
    best, distance = intended, float("inf")
    for found in find_meshes(image):
        apart = float(np.linalg.norm(found[:MESH] - intended[:MESH], axis=1).mean() / np.linalg.norm(eyes))
        if apart < distance:
            best, distance = found, apart
    return best, distance


def landmark_distance(image: NDArray[np.uint8], intended: NDArray[np.floating]) -> float:
    """`find_again`'s distance alone."""
    return find_again(image, intended)[1]
