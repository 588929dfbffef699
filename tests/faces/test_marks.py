"""A face laid over marks: eyes, mouth, chin and the mouth's corners come to lie exactly where they are marked."""

import numpy as np
import pytest
from matplotlib import cbook

from reggan.errors import InputError
from reggan.faces import SIZE, assumed_alignment, face_at_marks, find_faces, read_image, transform
from reggan.faces.align import alignment_matrix, eye_distance
from reggan.faces.marks import anchors, checked, level_similarity, mean_face, place, spline
from reggan.faces.topology import EYES, MOUTH_CORNERS

SHAPE = (480, 640, 3)
CAT = [(200.0, 150.0), (300.0, 170.0), (240.0, 230.0)]
HORSE = [(280.0, 100.0), (340.0, 100.0), (310.0, 340.0)]
CAR = [(150.0, 200.0), (450.0, 200.0), (300.0, 260.0)]
CHIN, CORNERS = (232.0, 290.0), [(200.0, 222.0), (290.0, 240.0)]

ASKED = "Mark eye, eye and mouth, three points; the chin and both corners of the mouth may follow."
OUTSIDE = "A mark lies outside the picture."
TOO_NEAR = "Eyes and mouth must be marked at least 8 pixels apart."
ON_A_LINE = "The mouth cannot lie on the line through the eyes."


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """(600, 512, 3): Rear Admiral Grace Hopper, her eyes at about (221, 191) and (304, 188)."""
    return read_image(cbook.get_sample_data("grace_hopper.jpg"))


def _placed(marks: list[tuple[float, float]], roundness: float = 1.0) -> np.ndarray:
    return place(checked(marks, SHAPE), mean_face(), roundness)


def test_marks_of_the_mean_face_give_the_mean_face() -> None:
    """Turned by 30 degrees and 90 times as large: the similarity alone, the spline adds nothing."""
    cos, sin = 90 * np.cos(np.pi / 6), 90 * np.sin(np.pi / 6)
    expected = transform(mean_face(), np.array([[cos, -sin, 320], [sin, cos, 200]]))
    marks = [tuple(p) for p in anchors(expected)]
    np.testing.assert_allclose(_placed(marks), expected, atol=1e-6)
    whole = [*marks, *(tuple(expected[k]) for k in (152, *MOUTH_CORNERS))]
    np.testing.assert_allclose(_placed(whole), expected, atol=1e-6)


@pytest.mark.parametrize("marks", [CAT, HORSE, CAR, [*CAT, CHIN], [*CAT, CHIN, *CORNERS]])
@pytest.mark.parametrize("roundness", [1.0, 1.8])
def test_what_is_marked_is_kept_exactly(marks: list[tuple[float, float]], roundness: float) -> None:
    placed = _placed(marks, roundness)
    reached = [*anchors(placed), *placed[[152, *MOUTH_CORNERS]]]
    np.testing.assert_allclose(reached[: len(marks)], marks, atol=1e-6)


def test_either_eye_may_be_marked_first_and_either_corner() -> None:
    one, other = [*CAT, CHIN, *CORNERS], [CAT[1], CAT[0], CAT[2], CHIN, *CORNERS[::-1]]
    np.testing.assert_array_equal(_placed(one), _placed(other))


def test_a_face_that_hangs_upside_down_is_turned_and_not_mirrored() -> None:
    upside_down = [(640 - x, 480 - y) for x, y in CAT]
    np.testing.assert_allclose(_placed(upside_down), [640, 480] - _placed(CAT), atol=1e-6)


def test_eyes_and_mouth_keep_their_proportions_on_a_car() -> None:
    """By hand: 300 pixels between the eyes, the mouth 60 below. With the mean's mouth m below eyes that are 1 apart,
    least squares give the scale (150 + 60 m 2 / 3) / (1 / 2 + m m 2 / 3)."""
    mean, placed = mean_face(), _placed(CAR)
    m = anchors(mean)[2, 1]
    scale = (150 + 40 * m) / (0.5 + m * m * 2 / 3)
    for loop in EYES:
        expected = scale * (mean[list(loop)] - mean[list(loop)].mean(0))
        np.testing.assert_allclose(placed[list(loop)] - placed[list(loop)].mean(0), expected, atol=0.05)
    width = np.subtract(*placed[list(MOUTH_CORNERS)])
    np.testing.assert_allclose(width, scale * np.subtract(*mean[list(MOUTH_CORNERS)]), atol=0.05)


def test_eyes_become_rounder_and_no_wider_and_do_not_meet() -> None:
    flat, rounder = _placed(HORSE), _placed(HORSE, 2.0)
    for loop in EYES:
        before, after = np.ptp(flat[list(loop)], 0), np.ptp(rounder[list(loop)], 0)
        np.testing.assert_allclose(after, before * [1, 2], rtol=1e-6)
    assert flat[133, 0] < flat[362, 0] - 20  # their inner corners; the eyes are 60 pixels apart


def test_level_similarity_is_least_squares_with_the_eyes_parallel() -> None:
    source, target = anchors(mean_face()), np.array(CAT)
    matrix = level_similarity(source, target)
    reached, marked = (np.subtract(*p[:2]) for p in (transform(source, matrix), target))
    assert reached[0] * marked[1] == pytest.approx(reached[1] * marked[0]) and reached @ marked > 0

    def error(scale: float, shift: tuple[float, float]) -> float:
        return float(((transform(source, matrix * [scale, scale, 1]) + shift - target) ** 2).sum())

    best = error(1, (0, 0))
    for other in ((1.01, (0, 0)), (0.99, (0, 0)), (1, (1, 0)), (1, (-1, 0)), (1, (0, 1)), (1, (0, -1))):
        assert error(*other) > best


def test_the_spline_goes_through_its_points_and_keeps_what_is_affine() -> None:
    points, values, elsewhere = np.random.default_rng(0).normal(size=(3, 9, 2))
    np.testing.assert_allclose(spline(points, values, points), values, atol=1e-9)
    linear = np.array([[2.0, 1.0], [-0.5, 3.0]])
    np.testing.assert_allclose(spline(points, points @ linear + 7, elsewhere), elsewhere @ linear + 7, atol=1e-9)


def test_in_the_crop_eyes_and_mouth_lie_about_where_they_usually_do() -> None:
    """A human face exactly there; a horse's mouth well within the crop, which by the eyes alone it is not."""
    usual = transform(mean_face(), alignment_matrix(mean_face()))
    np.testing.assert_allclose(transform(usual, assumed_alignment(usual)), usual, atol=1e-9)
    horse = _placed(HORSE)
    assert transform(anchors(horse), alignment_matrix(horse))[2, 1] > 1.5 * SIZE
    assert transform(anchors(horse), assumed_alignment(horse))[2, 1] < 0.85 * SIZE


@pytest.mark.parametrize(
    ("marks", "sentence"),
    [
        ([], ASKED),
        (CAT[:2], ASKED),
        ([*CAT, CHIN, CORNERS[0]], ASKED),
        ([(1, 2, 3)] * 3, ASKED),
        (["a", "b", "c"], ASKED),
        (7, ASKED),
        ([(-5, 10), *CAT[1:]], OUTSIDE),
        ([(640, 10), *CAT[1:]], OUTSIDE),
        ([(np.nan, 10), *CAT[1:]], OUTSIDE),
        ([*CAT, (200, 600)], OUTSIDE),
        ([CAT[0], CAT[0], CAT[2]], TOO_NEAR),
        ([CAT[0], CAT[1], CAT[1]], TOO_NEAR),
        ([(100, 100), (200, 100), (150, 100)], ON_A_LINE),
        ([(100, 100), (200, 200), (300, 300)], ON_A_LINE),
        ([*CAT, (230, 200)], "The chin must lie beyond the mouth, as seen from the eyes."),
        ([*CAT, CHIN, (250, 230), (290, 235)], "The corners of the mouth must lie to its left and its right."),
    ],
)
def test_impossible_marks(marks: object, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        checked(marks, SHAPE)  # type: ignore[arg-type]
    assert str(caught.value) == sentence


def test_a_face_that_is_really_there_is_seen(portrait: np.ndarray) -> None:
    """Taps that miss by a tenth of the eye distance mean it, and its own landmarks are better than the taps."""
    (found,) = find_faces(portrait)
    truth, distance = anchors(found.landmarks), eye_distance(found.landmarks)
    off = 0.1 * distance
    seen = face_at_marks(portrait, truth + [[off, 0], [0, off], [-off, 0]])
    assert seen.confidence > 0.9
    np.testing.assert_allclose(anchors(seen.landmarks), truth, atol=0.05 * distance)

    chin = found.landmarks[152] + [0, 20]
    moved = face_at_marks(portrait, [*truth, chin])
    assert moved.confidence > 0.9
    np.testing.assert_allclose(moved.landmarks[152], chin, atol=1e-3)
    np.testing.assert_allclose(anchors(moved.landmarks), truth, atol=1e-3)


def test_a_face_beside_the_marks_is_not_meant(portrait: np.ndarray) -> None:
    marks = [(221.0, 300.0), (304.0, 300.0), (262.0, 380.0)]  # her cheeks and her collar
    face = face_at_marks(portrait, marks)
    assert face.assumed and face.confidence == 0
    np.testing.assert_allclose(anchors(face.landmarks), marks, atol=1e-3)
