"""Expression error: are the features where the target has them?

MediaPipe's landmarks are found again on the output and compared with the target's, in units of the distance between
the target's eye centres. Most of the 468 points hardly move, so read the number against the unchanged input's.
A face that is not found again is a failure: it has no error (nan), and the failures are to be counted and reported
beside the mean, or a model that destroys faces would look good. The ten iris points are left out (gaze is not ours).
"""

import numpy as np

from reggan.errors import InputError
from reggan.faces.topology import LEFT_EYE, MESH, RIGHT_EYE


def find_landmarks(images: np.ndarray) -> np.ndarray:
    """Landmarks of the face in each image.

    Args:
        images: (N, S, S, 3) uint8 RGB, aligned crops.

    Returns:
        (N, 478, 2) float32 pixels, all nan where no face is found.
    """
    from reggan.faces.detect import find_upright  # here, because MediaPipe takes seconds to load

    found = np.full((len(images), 478, 2), np.nan, np.float32)
    for i, image in enumerate(images):
        face = find_upright(image)
        if face is not None:
            found[i] = face.landmarks
    return found


def landmark_error(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Mean distance between corresponding landmarks, in the target's inter-eye distances.

    Args:
        outputs, targets: (N, 478, 2) float pixels; a set of nan means that the face was not found.

    Returns:
        (N,) float64, nan where either face was not found.
    """
    if outputs.shape != targets.shape or outputs.ndim != 3 or outputs.shape[1:] != (478, 2):
        raise InputError(
            "Landmarks must be (N, 478, 2) twice, not {one} and {other}.", one=outputs.shape, other=targets.shape
        )
    distance = np.linalg.norm(outputs[:, :MESH].astype(np.float64) - targets[:, :MESH], axis=2).mean(1)
    eyes = targets[:, LEFT_EYE].mean(1) - targets[:, RIGHT_EYE].mean(1)
    return distance / np.linalg.norm(eyes, axis=1)
