"""Faces that were edited before, opened again from their files."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from reggan import Predictor, resolve
from reggan.analysis.analysed import Analysis, crop_analysis, shrink_analysis
from reggan.expressions import relaxation
from reggan.faces import align
from reggan.metrics.fss import fss
from reggan.output import provenance
from reggan.predictor import Result
from tests.paths import EXAMPLES, PHOTO

NAMES = ("painting_mona_lisa.jpg", "photo_einstein.jpg", "statue_marble.jpg")


def edit(predictor: Predictor, analysis: Analysis, name: str, strength: float = 1.0, face: int = 0) -> Result:
    c = resolve(name, strength)
    return predictor.edit(analysis, c, face, relaxation(c[None], strength)[0])


def saved(predictor: Predictor, result: Result, format: str = "png", told: bool = True) -> bytes:
    edits = result.edits if told else ()
    return provenance.encode(result.picture, format, predictor.metadata, "", edits=edits)


def rounds(predictor: Predictor, image: np.ndarray, names: Sequence[str], format: str, told: bool = True) -> float:
    """FSS against the first face after these edits, each of the file of the one before."""
    analysis = predictor.analyse(image)
    first = analysis.faces[0]
    for name in names:
        analysis = predictor.analyse(saved(predictor, edit(predictor, analysis, name), format, told))
    return float(fss(first.crop[None], align(analysis.image, first.matrix)[None])[0])


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.asarray(Image.open(PHOTO).convert("RGB").resize((512, 600)))


@pytest.fixture(scope="module")
def smiling(predictor: Predictor, photo: np.ndarray) -> bytes:
    return saved(predictor, edit(predictor, predictor.analyse(photo), "happy"))


@pytest.mark.parametrize("name", NAMES)
def test_five_rounds_leave_the_face_as_it_was(predictor: Predictor, name: str) -> None:
    image = np.asarray(Image.open(EXAMPLES / name).convert("RGB").resize((360, 450)))
    assert rounds(predictor, image, ("happy", "neutral") * 5, "png") >= 0.97


def test_what_the_file_says_makes_the_difference(predictor: Predictor, photo: np.ndarray) -> None:
    names = ("happy", "neutral") * 3
    told, untold = (rounds(predictor, photo, names, "jpeg", told) for told in (True, False))
    assert told >= 0.97 and 1 - untold > 1.5 * (1 - told)


def test_another_expression_is_that_of_the_face_before(predictor: Predictor, photo: np.ndarray, smiling: bytes) -> None:
    analysis = predictor.analyse(photo)
    first = analysis.faces[0]
    expected = align(edit(predictor, analysis, "surprised").image, first.matrix).astype(int)
    plain, again = predictor.analyse(np.array(predictor.analyse(smiling).image)), predictor.analyse(smiling)
    assert plain.faces[0].before is None and again.faces[0].before is not None
    off = [
        np.abs(align(edit(predictor, one, "surprised").image, first.matrix) - expected).mean() for one in (again, plain)
    ]
    assert off[0] < 0.6 * off[1]


def test_nothing_asked_for_is_the_file_to_the_bit(predictor: Predictor, smiling: bytes) -> None:
    analysis = predictor.analyse(smiling)
    result = edit(predictor, analysis, "sad", 0.0)
    assert np.array_equal(result.image, analysis.image)
    (kept,) = result.edits
    assert kept.comes[0] > 0.5, "it says still what was done earlier"
    assert analysis.faces[0].present[0] > 0.5 > analysis.faces[0].base.present[0]


def test_a_face_made_neutral_again_has_nothing_done_to_it(predictor: Predictor, smiling: bytes) -> None:
    assert edit(predictor, predictor.analyse(smiling), "neutral").edits == ()


def test_half_of_what_is_asked_for_leaves_half_of_what_was_done(predictor: Predictor, smiling: bytes) -> None:
    came = predictor.analyse(smiling).faces[0].before
    assert came is not None
    (done,) = edit(predictor, predictor.analyse(smiling), "sad", 0.4).edits
    stays = 1 - relaxation(resolve("sad", 0.4)[None], 0.4)[0]
    assert 0.3 < stays < 0.7
    assert np.allclose(done.comes, resolve("sad", 0.4) + stays * came.edit.comes, atol=1e-4)


def test_of_several_faces_each_has_its_own_past(predictor: Predictor) -> None:
    analysis = predictor.analyse(EXAMPLES / "gallery_faces.jpg")
    left, right = 0, 2  # wherever their sizes put them

    def order(known: Analysis) -> list[int]:
        return sorted(range(3), key=lambda n: known.faces[n].face.box[0])

    one = predictor.analyse(saved(predictor, edit(predictor, analysis, "happy", face=order(analysis)[right])))
    assert [one.faces[n].before is not None for n in order(one)] == [False, False, True]
    result = edit(predictor, one, "angry", face=order(one)[left])
    assert sorted(edit.comes.argmax() for edit in result.edits) == [0, 3]
    two = predictor.analyse(saved(predictor, result))
    assert [two.faces[n].before is not None for n in order(two)] == [True, False, True]
    calm = edit(predictor, two, "neutral", face=order(two)[right]).image
    for n in order(two)[:right]:
        x0, y0, x1, y1 = np.array(two.faces[n].face.box).astype(int)
        assert np.array_equal(calm[y0:y1, x0:x1], two.image[y0:y1, x0:x1]), "the others stay as they are"


def test_a_smaller_copy_and_a_part_know_the_face_before(predictor: Predictor, smiling: bytes) -> None:
    analysis = predictor.analyse(smiling)
    whole = edit(predictor, analysis, "neutral").image
    height, width = whole.shape[:2]
    part = edit(predictor, crop_analysis(analysis, (20, 30, width - 10, height)), "neutral").image
    assert np.abs(part.astype(int) - whole[30:, 20 : width - 10]).mean() < 0.05
    small = edit(predictor, shrink_analysis(analysis, 300), "neutral").image
    expected = np.asarray(Image.fromarray(whole).resize(small.shape[1::-1], Image.Resampling.BOX), int)
    assert np.abs(small - expected).mean() < 0.5


def test_what_is_transparent_comes_back_too(predictor: Predictor, photo: np.ndarray) -> None:
    """A cut-out whose edge runs through the chin, which surprise moves."""
    analysis = predictor.analyse(photo)
    opacity = np.full(photo.shape[:2], 255, np.uint8)
    opacity[int(analysis.faces[0].face.box[3]) - 12 :] = 0
    cut_out = predictor.analyse(np.dstack([photo, opacity]))
    result = edit(predictor, cut_out, "surprised")
    again = predictor.analyse(saved(predictor, result))
    assert again.opacity is not None and np.mean(again.opacity != opacity) > 0.003
    calm = edit(predictor, again, "neutral")
    assert calm.opacity is not None and np.mean(np.abs(calm.opacity.astype(int) - opacity) > 64) < 0.0015


def test_what_does_not_fit_the_picture_is_not_believed(predictor: Predictor, photo: np.ndarray) -> None:
    analysis = predictor.analyse(photo)
    result = edit(predictor, analysis, "happy")
    elsewhere = provenance.encode(photo[:, ::-1][:200], "png", predictor.metadata, "", edits=result.edits)
    assert all(face.before is None for face in predictor.analyse(elsewhere).faces)
