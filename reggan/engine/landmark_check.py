"""Rejecting bad samples: landmarks must be found again where the engine put them."""

import numpy as np
from numpy.typing import NDArray

from reggan.faces.topology import LEFT_EYE, MESH, RIGHT_EYE

#: IOD. Good samples of studio photographs have 0.02 to 0.04, good ones of old portraits up to 0.07: at 0.05 none of
#: their full-strength disgust would be left, at 0.09 mouths begin to lie beside the lips.
LIMIT = 0.075


def landmark_distance(image: NDArray[np.uint8], intended: NDArray[np.floating]) -> float:
    """Mean distance of MediaPipe's landmarks from the intended ones, in IOD of the latter; inf if no face is found.

    Args:
        image: (S, S, 3) uint8 aligned crop.
        intended: (478, 2) crop pixels.
    """
    from reggan.faces.mesh import find_meshes  # here, because MediaPipe takes seconds to load

    eyes = intended[list(LEFT_EYE)].mean(0) - intended[list(RIGHT_EYE)].mean(0)
    errors = [float(np.linalg.norm(found[:MESH] - intended[:MESH], axis=1).mean()) for found in find_meshes(image)]
    return min(errors, default=float("inf")) / float(np.linalg.norm(eyes))
