"""Which photographs the engine can use. Every refusal is one sentence."""

import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.face_fit import Fit, fit_face
from reggan.engine.fit.photo import aligned
from reggan.engine.fit.traits import smile_of
from reggan.engine.kit.rig import Rig
from reggan.errors import InputError
from reggan.faces.align import SIZE, eye_distance
from reggan.faces.topology import LID_MIDDLES, LIP_MIDDLES, MESH

# Measured on 112 frontal neutral photographs (in brackets their worst): all limits leave room around that.
_SMALLEST = 60  # pixels between the eyes
_SURE = 0.9  # confidence of `find_faces` (0.934)
_YAW, _PITCH = 12.0, 18.0  # degrees (7, 14)
_MISFIT = 0.06  # mean distance of the landmarks from the posed mean face, IOD (0.038)
_EYES_OPEN = 0.5  # opening over the mean face's (0.63)
_MOUTH_OPEN = 0.07  # IOD between the lips (0.064)
_SMILE = 0.6  # weight of mouthSmile (0.43)
_SECOND = 0.5  # size of another face over the largest's from which on it is unclear who is meant


def accept(image: NDArray[np.uint8], rig: Rig, size: int = SIZE) -> Fit:
    """Find the face in a photograph, check that it can be used, and fit it.

    Args:
        image: (H, W, 3) uint8 RGB.
        rig: the face model.
        size: side S of the crop.

    Raises:
        InputError: no face, several, too small, not frontal, eyes shut, mouth open, implausible landmarks, or another
            expression than neutral.
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
    _check_neutral(photo.crop())
    return fitted


def check_fit(fitted: Fit) -> None:
    """Raise `InputError` if the face is not frontal, eyes shut, mouth open, or its landmarks are implausible."""
    yaw, pitch = fitted.turn
    if abs(yaw) > _YAW or abs(pitch) > _PITCH:
        raise InputError(
            "the face is not frontal: turned by {yaw} and tilted by {pitch} degrees",
            yaw=f"{abs(yaw):.0f}",
            pitch=f"{abs(pitch):.0f}",
        )
    points, mean = fitted.photo.landmarks[:MESH] / fitted.scale, fitted.rig.kit.landmarks[:, :2]
    if np.linalg.norm(fitted.misfit, axis=1).mean() / fitted.scale > _MISFIT:
        raise InputError("the landmarks are not those of a human face")
    openings = [np.linalg.norm(points[a] - points[b]) / np.linalg.norm(mean[a] - mean[b]) for a, b in LID_MIDDLES]
    if min(openings) < _EYES_OPEN:
        raise InputError("the eyes are shut or nearly so")
    if np.linalg.norm(np.subtract(*points[list(LIP_MIDDLES)])) > _MOUTH_OPEN:
        raise InputError("the mouth is open")


def _check_neutral(crop: NDArray[np.uint8]) -> None:
    """Let the project's expression classifier decide; it reads all of 112 neutral photographs as neutral."""
    from reggan.metrics import ecs, expression_net

    p = ecs.probabilities(crop[None])[0]
    seen = expression_net.CLASSES[int(p.argmax())]
    if seen != "neutral":
        raise InputError("the face does not look neutral but {seen}", seen=seen)
