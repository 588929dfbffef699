"""Masks, veils and hands stay what they are, above them the eyes move; bare faces and beards are edited as ever."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from reggan.expressions import BASIC, resolve
from reggan.faces import Change, find_faces, hands_before, read_image
from reggan.faces.align import eye_centres, eye_distance
from reggan.faces.close_up import roll
from reggan.faces.topology import BROWS, FACE_OVAL
from reggan.model.covered import covered, covering, keep_covering
from reggan.predictor import Analysis, Predictor
from tests.paths import EXAMPLES, PHOTO

Image = NDArray[np.uint8]
LIGHT_BLUE, BLACK, RED = (150, 190, 215), (24, 24, 28), (150, 40, 55)


@pytest.fixture(scope="module")
def bare(predictor: Predictor) -> Analysis:
    return predictor.analyse(PHOTO)


def drawn(image: Image, mask: NDArray[np.bool_], colour: tuple[int, int, int]) -> Image:
    """Cloth with a soft edge and some light and shade."""
    noise = np.random.default_rng(0).normal(0, 0.02, image.shape[:2])
    light = 1 + noise + 0.08 * np.sin(np.arange(len(image)) / 9.0)[:, None]  # folds
    cloth = (np.array(colour) * light[..., None]).clip(0, 255)
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.0)[..., None]
    return np.rint(image * (1 - alpha) + cloth * alpha).astype(np.uint8)


def masked(analysis: Analysis, colour: tuple[int, int, int]) -> tuple[Image, NDArray[np.bool_]]:
    """A mask from the bridge of the nose to below the chin."""
    p = analysis.faces[0].face.landmarks
    top = [p[234], 0.5 * (p[117] + p[50]), p[197], 0.5 * (p[346] + p[280]), p[454]]
    below = np.array([0, 0.1 * eye_distance(p)])
    outline = np.array([*top, p[397], p[400] + below, p[152] + below, p[176] + below, p[172]])
    mask = cv2.fillPoly(np.zeros(analysis.image.shape[:2], np.uint8), [np.rint(outline).astype(np.int32)], 1) > 0
    return drawn(analysis.image, mask, colour), mask


def veiled(analysis: Analysis, colour: tuple[int, int, int]) -> tuple[Image, NDArray[np.bool_]]:
    """Everything but the eyes."""
    p, apart = analysis.faces[0].face.landmarks, eye_distance(analysis.faces[0].face.landmarks)
    x, y = np.rint(eye_centres(p).mean(0)).astype(int).tolist()
    mask = np.zeros(analysis.image.shape[:2], np.uint8)
    cv2.ellipse(mask, (x, y), (int(1.3 * apart), int(1.5 * apart)), 0, 0, 360, 1, -1)
    cv2.rectangle(mask, (int(x - 1.3 * apart), y), (int(x + 1.3 * apart), len(mask)), 1, -1)
    cv2.ellipse(mask, (x, y), (int(1.0 * apart), int(0.34 * apart)), 0, 0, 360, 0, -1)
    return drawn(analysis.image, mask > 0, colour), mask > 0


@pytest.mark.parametrize("make, colour", [(masked, LIGHT_BLUE), (masked, BLACK), (veiled, BLACK), (veiled, RED)])
def test_cloth_stays_and_eyes_move(predictor: Predictor, bare: Analysis, make, colour: tuple[int, int, int]) -> None:
    picture, mask = make(bare, colour)
    analysis = predictor.analyse(picture)
    (face,) = analysis.faces
    assert abs(roll(face.face)) < 30, "not upside down"
    inside = cv2.erode(mask.astype(np.uint8), np.ones((5, 5))) > 0
    eyes = cv2.erode((~mask).astype(np.uint8), np.ones((5, 5))) > 0
    results = predictor.edit_many(analysis, np.stack([resolve(name) for name in BASIC]))
    for name, result in zip(BASIC, results, strict=True):
        changed = np.abs(result.image.astype(int) - picture).max(2)
        assert (changed[inside] > 6).mean() < 0.002, f"{name}: the cloth"
        painted = [np.abs(detail.value[..., 0]).max() for detail in result.faces[0].change.details]
        assert max(painted, default=0) < 0.02, f"{name}: {painted}"
        coarse = np.abs(result.faces[0].coarse.astype(int) - face.crop).max(2)
        assert (coarse[face.covered.distance == 0] == 0).all(), f"{name}: the cloth in the coarse image"
    surprised = np.abs(results[BASIC.index("surprised")].image.astype(int) - picture).max(2)
    assert (surprised[eyes] > 20).sum() > 150, "it is surprised above"


def test_skin_shows_no_cloth(bare: Analysis) -> None:
    """However far the model would move it."""
    picture, mask = masked(bare, BLACK)
    face, size = bare.faces[0], 256
    crop = cv2.warpAffine(picture, face.matrix, (size, size))
    distance = covering(crop, face.landmarks)
    assert distance is not None
    moved = np.zeros((size, size, 2), np.float32)
    moved[..., 1] = 25  # upwards
    blank = np.zeros((size, size, 3), np.float32)
    mask = covered(crop, face.landmarks, None)
    assert mask is not None and mask.mouth and (mask.distance <= distance).all(), "she wears spectacles too"
    distance = mask.distance
    kept = keep_covering(Change(moved, blank[..., :1], blank, blank), mask)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    source = cv2.remap(distance, x + kept.displacement[..., 0], y + kept.displacement[..., 1], cv2.INTER_LINEAR)
    free = (distance > 2) & (y < size - 30)
    assert free.sum() > 5000 and (source[free] > 0.45 * distance[free]).all()
    assert (kept.displacement[distance == 0] == 0).all() and kept.displacement.max() > 10, "what is far from it moves"


def test_bare_faces_are_not_covered(predictor: Predictor, bare: Analysis) -> None:
    for face in [predictor.analyse(path).faces[0] for path in sorted(EXAMPLES.glob("[ps]*_*.jpg"))] + [bare.faces[0]]:
        assert covering(face.crop, face.landmarks) is None
        assert face.covered is None or not face.covered.mouth


@pytest.fixture(scope="module")
def hand() -> tuple[Image, NDArray[np.bool_]]:
    """The Mona Lisa's right one, cut out, pointing to the right."""
    painting = read_image(EXAMPLES / "painting_mona_lisa.jpg")
    height, width = painting.shape[:2]
    x0, x1, y0, y1 = (round(s * n) for s, n in ((0.32, width), (0.59, width), (0.755, height), (0.895, height)))
    part = painting[y0:y1, x0:x1]
    light = cv2.cvtColor(cv2.GaussianBlur(part, (0, 0), len(part) / 40), cv2.COLOR_RGB2GRAY)
    _, bright = cv2.threshold(light, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    _, pieces, statistics, _ = cv2.connectedComponentsWithStats(bright)
    return part, pieces == 1 + statistics[1:, cv2.CC_STAT_AREA].argmax()


@pytest.fixture(scope="module")
def astronaut(predictor: Predictor) -> Analysis:
    return predictor.analyse(EXAMPLES / "photo_astronaut.jpg")


def with_hand(
    analysis: Analysis, hand: tuple[Image, NDArray[np.bool_]], down: float
) -> tuple[Image, NDArray[np.bool_]]:
    """It lies across the face, so many eye distances below the eyes."""
    part, mask = hand
    p = analysis.faces[0].face.landmarks
    scale = 2.6 * eye_distance(p) / np.ptp(np.flatnonzero(mask.any(0)))
    middle = np.array([np.flatnonzero(mask.any(axis)).mean() for axis in (0, 1)])
    at = eye_centres(p).mean(0) + [0, down * eye_distance(p)] - scale * middle
    matrix = np.float64([[scale, 0, at[0]], [0, scale, at[1]]])
    height, width = analysis.image.shape[:2]
    laid, alpha = (cv2.warpAffine(t, matrix, (width, height)) for t in (part, mask.astype(np.float32)))
    return np.rint(analysis.image * (1 - alpha[..., None]) + laid * alpha[..., None]).astype(np.uint8), alpha > 0.5


def test_a_hand_before_the_mouth_stays_and_eyes_move(
    predictor: Predictor, astronaut: Analysis, hand: tuple[Image, NDArray[np.bool_]]
) -> None:
    picture, mask = with_hand(astronaut, hand, 1.2)
    analysis = predictor.analyse(picture)
    (face,) = analysis.faces
    assert face.covered is not None and face.covered.mouth
    found = cv2.warpAffine((face.covered.distance == 0).astype(np.uint8), face.matrix, mask.shape[::-1], flags=16) > 0
    assert (found & mask).sum() > 0.85 * mask.sum() and (found & ~mask).sum() < 0.6 * mask.sum()
    for result in predictor.edit_many(analysis, np.stack([resolve("happy"), resolve("surprised")])):
        changed = np.abs(result.image.astype(int) - picture).max(2)
        assert (changed[found] > 2).mean() < 0.002
        assert not result.faces[0].change.opacity[face.covered.distance == 0].any(), "no teeth on fingers"
    brows = np.s_[: int(face.face.landmarks[list(BROWS[0]), 1].max())]
    assert (changed[brows] > 20).sum() > 150


def test_a_hand_on_the_chin_leaves_the_mouth_free(
    predictor: Predictor, astronaut: Analysis, hand: tuple[Image, NDArray[np.bool_]]
) -> None:
    picture, _ = with_hand(astronaut, hand, 2.45)
    (face,) = predictor.analyse(picture).faces
    assert face.covered is not None and not face.covered.mouth
    free = face.covered.free
    mouth = face.landmarks[[13, 14]].mean(0).astype(int)
    assert free[mouth[1], mouth[0]] > 0.9 and not free[-20:, mouth[0]].any()


def test_hands_elsewhere_and_before_small_faces_cover_nothing(
    predictor: Predictor, astronaut: Analysis, hand: tuple[Image, NDArray[np.bool_]]
) -> None:
    assert predictor.analyse(EXAMPLES / "painting_mona_lisa.jpg").faces[0].covered is None
    picture, _ = with_hand(astronaut, hand, 1.2)
    shrunk = cv2.resize(picture, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    (face,) = predictor.analyse(shrunk).faces
    assert eye_distance(face.face.landmarks) < 24 and face.covered is None
    assert find_faces(picture) and hands_before(astronaut.image, astronaut.faces[0].matrix) is None


def test_a_beard_is_no_mask(bare: Analysis) -> None:
    """Dark from the cheeks downwards, up to the mouth and over it, but not over the nose."""
    face = bare.faces[0]
    p = face.landmarks
    oval = cv2.fillPoly(np.zeros((256, 256), np.uint8), [np.rint(p[list(FACE_OVAL)]).astype(np.int32)], 1) > 0
    beard = oval & (np.arange(256)[:, None] > p[164, 1])
    for colour in (BLACK, (90, 60, 40), (225, 225, 225)):
        assert covering(drawn(face.crop, beard, colour), p) is None
    assert covering(drawn(face.crop, oval & (np.arange(256)[:, None] > p[195, 1]), BLACK), p) is not None
    assert covering(drawn(face.crop, oval & (np.arange(256)[:, None] < p[BROWS[0][2], 1]), BLACK), p) is None, "a hat"
