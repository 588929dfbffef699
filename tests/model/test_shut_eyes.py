"""Shut eyes stay shut, and what is around them moves all the same."""

import numpy as np
import pytest
from numpy.typing import NDArray

from reggan.expressions import resolve
from reggan.faces import Change, paste_back
from reggan.faces.align import eye_distance
from reggan.faces.topology import BROWS, EYES, LID_MIDDLES, LOWER_LID, UPPER_LID
from reggan.model.shut_eyes import keep_shut
from reggan.predictor import Analysis, Predictor
from tests.paths import EXAMPLES, PHOTO


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Predictor.from_pretrained().analyse(PHOTO)


def shut(landmarks: NDArray[np.float32], eyes: tuple[int, ...], share: float = 1.0) -> NDArray[np.float32]:
    """The same face with its upper lids on the lower ones."""
    out = landmarks.copy()
    for eye in eyes:
        loop = np.array(EYES[eye])
        upper, lower = loop[UPPER_LID], loop[LOWER_LID][::-1]
        out[upper] += share * (landmarks[lower] - landmarks[upper])
    return out


def at(values: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    x, y = np.rint(points).astype(int).T
    return values[y, x]


def stretch(change: Change, landmarks: NDArray[np.float32], eye: int) -> float:
    """Pixels by which the change draws apart what is at the line where the lids meet."""
    line = landmarks[list(EYES[eye])][UPPER_LID]
    above, below = (at(change.displacement, line + [0, d])[:, 1] for d in (-5, 3))
    return float(np.abs(above - below).max())


def opening(landmarks: NDArray[np.float32]) -> Change:
    """What training has taught, on shut lids: all above the line goes up by 8 pixels, and an eye is painted."""
    y, x = np.mgrid[:256, :256].astype(np.float32)
    up, eye = np.zeros((256, 256), np.float32), np.zeros((256, 256), np.float32)
    for loop in EYES:
        corners = landmarks[[loop[0], loop[8]]]
        above = corners[:, 1].mean() + 2 - y
        wide = np.abs(x - corners[:, 0].mean()) < 22
        up += np.where(wide & (above > 0), 8 * np.clip(1 - above / 60, 0, 1), 0)
        eye += (np.abs(x - corners[:, 0].mean()) < 17) & (np.abs(above) < 8)
    displacement = np.stack([np.zeros_like(up), up], -1)
    return Change(
        displacement, 0.8 * eye[..., None], np.ones((256, 256, 3), np.float32), 0.4 * np.repeat(eye[..., None], 3, 2)
    )


def test_lids_that_meet_do_not_part(analysis: Analysis) -> None:
    landmarks = shut(analysis.faces[0].landmarks, (0, 1))
    before = opening(landmarks)
    kept = keep_shut(landmarks, before)
    for eye in (0, 1):
        assert stretch(before, landmarks, eye) > 5, "they would have"
        assert stretch(kept, landmarks, eye) < 2.5
        line = landmarks[list(EYES[eye])][UPPER_LID]
        assert at(kept.opacity, line).max() < 1e-3 and np.abs(at(kept.residual, line)).max() < 0.1, "no eye is painted"
        brow = landmarks[list(BROWS[eye])][:5]
        np.testing.assert_allclose(at(kept.displacement, brow), at(before.displacement, brow), atol=1.5)
    for name in ("displacement", "opacity", "paint", "residual"):
        np.testing.assert_array_equal(getattr(before, name)[160:], getattr(kept, name)[160:])


def test_open_eyes_are_left_alone_and_a_wink_holds_one(analysis: Analysis) -> None:
    landmarks = analysis.faces[0].landmarks
    before = opening(landmarks)
    assert keep_shut(landmarks, before) is before
    wink = keep_shut(shut(landmarks, (1,)), before)
    left, right = (landmarks[list(EYES[eye])].mean(0)[None] - [0, 5] for eye in (0, 1))
    np.testing.assert_array_equal(at(wink.displacement, left), at(before.displacement, left))
    assert np.abs(at(wink.displacement, right) - at(before.displacement, right)).max() > 2


def test_between_shut_and_open_it_is_a_matter_of_degree(analysis: Analysis) -> None:
    landmarks = analysis.faces[0].landmarks
    apart = float(np.linalg.norm(np.subtract(*landmarks[list(LID_MIDDLES[0])]))) / eye_distance(landmarks)
    values = []
    for wide in (0.04, 0.065, 0.075, 0.09):
        narrow = shut(landmarks, (0,), 1 - wide / apart)
        left = narrow[list(EYES[0])].mean(0)[None]
        values.append(float(at(keep_shut(narrow, opening(landmarks)).opacity, left).item()))
    assert values[0] < 1e-3 and values[0] < values[1] < values[2] < values[3] == pytest.approx(0.8)


def asleep(analysis: Analysis) -> NDArray[np.uint8]:
    """The picture with the skin between brow and upper lid drawn down to the lower lid."""
    face = analysis.faces[0]
    p, y = face.landmarks, np.arange(256, dtype=np.float32)
    displacement = np.zeros((256, 256, 2), np.float32)
    for eye in (0, 1):
        loop = p[list(EYES[eye])]
        lids = [loop[[0, *range(1, 8), 8]], loop[[8, *range(9, 16), 0]]]
        upper, lower = (np.interp(y, *lid[np.argsort(lid[:, 0])].T, left=np.nan, right=np.nan) for lid in lids)
        brow = p[list(BROWS[eye]), 1].max()
        for x in np.flatnonzero(lower > upper + 0.5):
            within = (y > brow) & (y < lower[x])
            source = brow + (y - brow) * (upper[x] - brow) / (lower[x] - brow)
            displacement[within, x, 1] = (source - y)[within]
    blank = np.zeros((256, 256, 3), np.float32)
    return paste_back(analysis.image, face.matrix, Change(displacement, blank[..., :1], blank, blank))


def test_a_sleeper_sleeps_on() -> None:
    """Through the predictor: the mesh is found again, and says that the eyes are shut, after each expression too."""
    predictor = Predictor.from_pretrained()
    analysis = predictor.analyse(EXAMPLES / "painting_portrait.jpg")
    sleeping = predictor.analyse(asleep(analysis))
    for name in ("surprised", "fearful"):
        edited = predictor.edit(sleeping, resolve(name), 0)
        assert (np.abs(edited.image.astype(int) - sleeping.image).max(2) > 30).sum() > 2000, "the face changes"
        faces = [found.faces[0].landmarks for found in (analysis, sleeping, predictor.analyse(edited.image))]
        awake, before, after = (
            max(float(np.linalg.norm(p[a] - p[b])) / eye_distance(p) for a, b in LID_MIDDLES) for p in faces
        )
        assert before < 0.055 and after < 0.08 < 0.15 < awake
