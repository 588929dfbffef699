"""Frames of spectacles are found and stay as they are; bare faces have none."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from reggan.expressions import resolve
from reggan.faces import find_faces
from reggan.faces.topology import BROWS, EYES
from reggan.model.spectacles import spectacles
from reggan.predictor import Analysis, Predictor
from tests.paths import EXAMPLES, PHOTO

Image = NDArray[np.uint8]


@pytest.fixture(scope="module")
def bare(predictor: Predictor) -> Analysis:
    return predictor.analyse(EXAMPLES / "photo_astronaut.jpg")


def drawn(analysis: Analysis, colour: tuple[int, int, int], thick: float, square: bool) -> tuple[Image, Image]:
    """Two rims, a bridge and temples, in the crop's pixels, laid over the picture; and where they are."""
    face = analysis.faces[0]
    fine = 4
    layer = np.zeros((256 * fine, 256 * fine), np.uint8)

    def scaled(x: float, y: float) -> tuple[int, int]:
        return round(fine * (x + 0.5)), round(fine * (y + 0.5))

    width = max(1, round(fine * thick))
    for side in (-1, 1):
        x, y = 128 + side * 38, 106
        if square:
            cv2.rectangle(layer, scaled(x - 27, y - 19), scaled(x + 27, y + 19), 255, width)
        else:
            cv2.ellipse(layer, scaled(x, y), (27 * fine, 22 * fine), 0, 0, 360, 255, width)
        cv2.line(layer, scaled(x + side * 27, y - 8), scaled(x + side * 55, y - 12), 255, width)
    cv2.line(layer, scaled(117, 98), scaled(139, 98), 255, width)
    to_layer = fine * face.matrix
    to_layer[:, 2] += 0.5 * fine
    size = analysis.image.shape[1::-1]
    alpha = cv2.warpAffine(layer.astype(np.float32) / 255, to_layer, size, flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP)
    picture = analysis.image * (1 - alpha[..., None]) + np.array(colour) * alpha[..., None]
    inside = cv2.warpAffine(alpha, face.matrix, (256, 256))
    return np.rint(picture).astype(np.uint8), inside


@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("colour, thick", [((20, 18, 16), 4.0), ((60, 20, 20), 6.0), ((20, 18, 16), 2.5)])
def test_frames_are_found_and_do_not_bend(
    predictor: Predictor, bare: Analysis, colour: tuple[int, int, int], thick: float, square: bool
) -> None:
    picture, inside = drawn(bare, colour, thick, square)
    analysis = predictor.analyse(picture)
    (face,) = analysis.faces
    found = spectacles(face.crop)
    assert found is not None
    middle = np.s_[:, 70:186]  # without the temples
    assert found[middle][inside[middle] > 0.6].mean() > 0.85
    assert found.sum() < 3.2 * (inside > 0.5).sum()
    (result,) = predictor.edit_many(analysis, resolve("surprised")[None])
    moved = np.abs(result.faces[0].refined.astype(int) - face.crop).max(2)
    assert np.percentile(moved[found], 95) <= 6, "the frame stays"
    whole = (
        cv2.warpAffine(found.astype(np.float32), face.matrix, picture.shape[1::-1], flags=cv2.WARP_INVERSE_MAP) > 0.9
    )
    assert np.percentile(np.abs(result.image.astype(int) - picture)[whole], 95) <= 6, "in the picture too"
    eyes = face.landmarks[[k for eye in EYES for k in eye]].astype(int)
    assert (moved[eyes[:, 1], eyes[:, 0]] > 12).any(), "eyes open behind them"
    brows = int(face.landmarks[list(BROWS[0]), 1].min())
    assert (moved[brows - 12 : brows + 2] > 12).sum() > 100


def test_brows_rise_above_them_and_no_second_frame_is_seen(predictor: Predictor, bare: Analysis) -> None:
    picture, inside = drawn(bare, (20, 18, 16), 4.0, False)
    analysis = predictor.analyse(picture)
    seen, without = (predictor.edit_many(a, resolve("surprised")[None])[0].faces[0].refined for a in (analysis, bare))
    brows = [
        find_faces(image)[0].landmarks[[*BROWS[0], *BROWS[1]], 1].mean() for image in (analysis.faces[0].crop, seen)
    ]
    assert brows[0] - brows[1] > 3.5, "pixels; 12 of the bare face, 2 if skin beside a frame hardly moves"
    beside = cv2.dilate((inside > 0.1).astype(np.uint8), np.ones((5, 5))) == 0
    ghost = (seen.max(2) < 60) & (without.max(2) > 90) & beside
    assert ghost[:, 70:186].sum() < 0.05 * (inside > 0.5).sum()


def test_without_their_frame_they_would_bend(predictor: Predictor, bare: Analysis) -> None:
    """What this is for: the same displacement, unlimited, moves the frame by pixels."""
    (result,) = predictor.edit_many(bare, resolve("surprised")[None])
    _, inside = drawn(bare, (20, 18, 16), 4.0, True)
    assert np.linalg.norm(result.faces[0].change.displacement, axis=2)[inside > 0.5].max() > 4


def test_bare_faces_wear_none_and_who_wears_them_does(predictor: Predictor) -> None:
    for path in sorted(EXAMPLES.glob("*_*.jpg")):
        if path.name not in ("photo_grace_hopper.jpg", "gallery_faces.jpg"):
            assert spectacles(predictor.analyse(path).faces[0].crop) is None, path.name
    assert spectacles(predictor.analyse(PHOTO).faces[0].crop) is not None


def test_mirrored_faces_wear_mirrored_frames(predictor: Predictor) -> None:
    crop = predictor.analyse(PHOTO).faces[0].crop
    there, mirrored = spectacles(crop), spectacles(np.ascontiguousarray(crop[:, ::-1]))
    assert there is not None and mirrored is not None
    both = there & mirrored[:, ::-1]
    assert both.sum() > 0.85 * max(there.sum(), mirrored.sum())
