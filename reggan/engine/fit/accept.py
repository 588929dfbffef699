"""Which photographs the engine can use. Every refusal is one sentence."""

import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit, fit_face
from reggan.engine.fit.photo import aligned
from reggan.engine.fit.traits import frown_of, smile_of
from reggan.engine.kit.rig import Rig
from reggan.errors import InputError
from reggan.faces.align import SIZE, eye_distance
from reggan.faces.topology import LID_MIDDLES, LIP_MIDDLES, MESH

# Measured on 112 neutral studio photographs and 500 portraits from before 1930, turned, bearded, engraved, painted (in
# brackets the studio's worst and the portraits' 99th percentile). That an expression is neutral is a matter of geometry
# alone: a classifier reads one bearded sitter in five as sad or angry.
_SMALLEST = 50  # pixels between the eyes (220, 50)
_SURE = 0.8  # confidence of `find_faces` (0.93, 0.68): below that, landmarks of drawings slip
_YAW, _PITCH = 35.0, 18.0  # degrees (7, 25; 14, 12)
_MISFIT = 0.08  # mean distance of the landmarks from the posed mean face, IOD (0.039, 0.074)
_EYES_OPEN, _EYES_WIDE = 0.5, 1.4  # opening over the mean face's (0.64 to 1.22, 0.61 to 1.13)
_MOUTH_OPEN = 0.07  # IOD between the lips (0.062, 0.024)
_SMILE, _FROWN = 0.6, 1.0  # weight of mouthSmile (0.43, 0.30) and of mouthFrown (0.74, 0.95; sadness 1.4)
_SECOND = 0.5  # size of another face over the largest's from which on it is unclear who is meant


def accept(image: NDArray[np.uint8], rig: Rig, size: int = SIZE) -> Fit:
    """Find the face in a photograph, check that it can be used, and fit it.

    Args:
        image: (H, W, 3) uint8 RGB.
        rig: the face model.
        size: side S of the crop.

    Raises:
        InputError: no face, several, too small, turned too far, eyes shut or torn open, mouth open, implausible
            landmarks, or another expression than neutral.
    """
    from reggan.faces.detect import find_faces  # here, because MediaPipe takes seconds to load

    faces = find_faces(image)
    if not faces:
        raise InputError("no face was found")
    widths = [float(np.ptp(face.landmarks[:, 0])) for face in faces]
    if len(widths) > 1 and widths[1] > _SECOND * widths[0]:
        raise InputError("there is more than one face")
    face = faces[0]
    photo = aligned(image, face.landmarks, size)
    apart = eye_distance(face.landmarks)
    if apart < _SMALLEST:
        raise InputError("the face is too small: {apart} pixels between the eyes", apart=f"{apart:.0f}")
    if face.confidence < _SURE:
        raise InputError("the landmarks are not certain")
    fitted = fit_face(rig, photo)
    check_fit(fitted)
    if smile_of(fitted) > _SMILE:
        raise InputError("the face smiles")
    if frown_of(fitted) > _FROWN:
        raise InputError("the corners of the mouth are drawn down")
    return fitted


def check_fit(fitted: Fit) -> None:
    """Raise `InputError` if the face is turned too far, eyes shut or torn open, mouth open, or its landmarks are
    implausible."""
    yaw, pitch = fitted.turn
    if abs(yaw) > _YAW or abs(pitch) > _PITCH:
        raise InputError(
            "the face is turned by {yaw} and tilted by {pitch} degrees",
            yaw=f"{abs(yaw):.0f}",
            pitch=f"{abs(pitch):.0f}",
        )
    points, mean = fitted.photo.landmarks[:MESH] / fitted.scale, fitted.rig.kit.landmarks[:, :2]
    if np.linalg.norm(fitted.misfit, axis=1).mean() / fitted.scale > _MISFIT:
        raise InputError("the landmarks are not those of a human face")
    openings = [np.linalg.norm(points[a] - points[b]) / np.linalg.norm(mean[a] - mean[b]) for a, b in LID_MIDDLES]
    if min(openings) < _EYES_OPEN:
        raise InputError("the eyes are shut or nearly so")
    if max(openings) > _EYES_WIDE:
        raise InputError("the eyes are torn open")
    if np.linalg.norm(np.subtract(*points[list(LIP_MIDDLES)])) > _MOUTH_OPEN:
        raise InputError("the mouth is open")
