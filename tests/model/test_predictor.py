"""The predictor on a real photograph, with the weights that come with the package."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from reggan import BASIC, InputError, Predictor, resolve
from reggan.predictor import Analysis
from reggan.train.validate import count_numbers
from tests.paths import PHOTO


@pytest.fixture(scope="module")
def analysis(predictor: Predictor) -> Analysis:
    return predictor.analyse(PHOTO)


def test_result_has_the_documented_shapes(predictor: Predictor, analysis: Analysis) -> None:
    result = predictor(PHOTO, "happy", 0.8)
    assert result.image.shape == analysis.image.shape
    assert result.image.dtype == np.uint8
    (face,) = result.faces
    for image in (face.crop, face.coarse, face.refined):
        assert image.shape == (256, 256, 3)
        assert image.dtype == np.uint8
    assert face.landmarks.shape == (478, 2)
    x0, y0, x1, y1 = face.box
    assert 0 < x0 < x1 < analysis.image.shape[1]
    assert 0 < y0 < y1 < analysis.image.shape[0]


def test_neutral_changes_not_one_bit(predictor: Predictor, analysis: Analysis) -> None:
    result = predictor.edit(analysis, resolve("neutral"))
    assert np.array_equal(result.image, analysis.image)
    assert np.array_equal(result.faces[0].refined, result.faces[0].crop)
    assert np.array_equal(result.faces[0].coarse, result.faces[0].crop)


def test_a_smile_lifts_the_mouth_corners(predictor: Predictor, analysis: Analysis) -> None:
    """Landmarks found again on the result: corners 61 and 291 go up and apart, by a good part of an eye distance."""
    before = analysis.faces[0].face.landmarks
    smiling = predictor.edit(analysis, resolve("happy"))
    after = predictor.analyse(smiling.image).faces[0].face.landmarks
    iod = np.linalg.norm(before[[33, 133]].mean(0) - before[[362, 263]].mean(0))
    assert (after[291, 0] - after[61, 0]) - (before[291, 0] - before[61, 0]) > 0.08 * iod
    lips_middle = [0, 17]
    lift = (after[lips_middle, 1].mean() - after[[61, 291], 1].mean()) - (
        before[lips_middle, 1].mean() - before[[61, 291], 1].mean()
    )
    assert lift > 0.08 * iod


def test_surprise_opens_the_mouth_and_strength_says_how_far(predictor: Predictor, analysis: Analysis) -> None:
    def opening(strength: float) -> float:
        result = predictor.edit(analysis, resolve("surprised", strength))
        lm = predictor.analyse(result.image).faces[0].face.landmarks
        return float(lm[14, 1] - lm[13, 1])

    assert opening(1.0) > opening(0.5) > opening(0.0)


def test_only_the_face_changes(predictor: Predictor, analysis: Analysis) -> None:
    result = predictor.edit(analysis, resolve("surprised"))
    changed = (result.image != analysis.image).any(-1)
    assert 0.01 < changed.mean() < 0.5
    from reggan.faces import transform
    from reggan.faces.align import invert

    corners = transform(np.array([[0, 0], [256, 0], [256, 256], [0, 256.0]]), invert(analysis.faces[0].matrix))
    rows, columns = np.nonzero(changed)
    assert columns.min() >= corners[:, 0].min() - 1
    assert columns.max() <= corners[:, 0].max() + 1
    assert rows.min() >= corners[:, 1].min() - 1
    assert rows.max() <= corners[:, 1].max() + 1


def test_all_expressions_at_once_equal_one_by_one(predictor: Predictor, analysis: Analysis) -> None:
    together = predictor.edit_many(analysis, np.eye(6, dtype=np.float32))
    for k in (0, 4):
        alone = predictor.edit(analysis, resolve(BASIC[k]))
        difference = together[k].faces[0].refined.astype(int) - alone.faces[0].refined
        assert np.abs(difference).max() <= 1


def test_concurrent_callers_get_their_own_face(predictor: Predictor, analysis: Analysis) -> None:
    pictures = [np.ascontiguousarray(p) for p in (analysis.image, analysis.image[:, ::-1], analysis.image // 2)]
    alone = [predictor(p, "happy").image for p in pictures]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda p: predictor(p, "happy").image, pictures * 2))
    for got, want in zip(together, alone * 2, strict=True):
        assert np.abs(got.astype(int) - want).mean() < 0.05


def test_twelve_megapixels_in_twelve_out(predictor: Predictor) -> None:
    with Image.open(PHOTO) as photo:
        large = photo.convert("RGB").resize((3072, 3600), Image.Resampling.BICUBIC)
    result = predictor(large, "angry")
    assert result.image.shape == (3600, 3072, 3)
    assert (result.image != np.asarray(large)).any()


def test_rotated_head(predictor: Predictor, analysis: Analysis) -> None:
    with Image.open(PHOTO) as photo:
        turned = photo.convert("RGB").rotate(30, expand=True)
    result = predictor(turned, "happy")
    upright = predictor.edit(analysis, resolve("happy"))
    difference = result.faces[0].refined.astype(float) - upright.faces[0].refined
    assert np.abs(difference)[64:240, 48:208].mean() < 8  # the same smile, from the same crop up to resampling


def test_box_by_hand(predictor: Predictor, analysis: Analysis) -> None:
    x0, y0, x1, y1 = analysis.faces[0].face.box
    result = predictor(PHOTO, "happy", box=(x0, y0, x1, y1))
    np.testing.assert_allclose(result.faces[0].box, (x0, y0, x1, y1), atol=0.1 * (x1 - x0))


def test_attention_maps_of_all_three_types(predictor: Predictor, analysis: Analysis) -> None:
    maps = predictor.attention(analysis.faces[0], resolve("happy"))
    for kind in ("shared", "channelwise", "skip"):
        scales = {m.shape for name, m in maps.items() if name.startswith(kind)}
        assert len(scales) >= 2  # at several scales
    assert all(0 <= m.min() and m.max() <= 1 for m in maps.values())


def test_unusable_input_is_one_sentence(predictor: Predictor, analysis: Analysis) -> None:
    with pytest.raises(InputError, match="No face was found"):
        predictor(np.full((200, 200, 3), 128, np.uint8))
    with pytest.raises(InputError, match="There is no face 3"):
        predictor.edit(analysis, resolve("happy"), face=3)
    with pytest.raises(InputError, match="no expression called"):
        predictor(PHOTO, "hangry")
    with pytest.raises(InputError, match="no weights file"):
        Predictor.from_pretrained("nowhere.safetensors")


def test_size_of_the_model(predictor: Predictor) -> None:
    assert count_numbers(predictor.model) <= 4_800_000
    from reggan.weights.files import EMBEDDED

    assert EMBEDDED.stat().st_size < 10_000_000


def test_a_smile_is_seen_and_goes(predictor: Predictor) -> None:
    """A smile that the model made is there when the picture is read again, and neutral takes most of it away."""
    smiling = predictor(PHOTO, "happy").image
    analysis = predictor.analyse(smiling)
    present = analysis.faces[0].present
    assert present.argmax() == BASIC.index("happy") and present.max() > 0.5
    again = predictor(smiling, "neutral")
    np.testing.assert_array_equal(again.faces[0].present, present)
    left = predictor.analyse(again.image).faces[0].present
    assert left.max() < 0.6 * present.max()
    half = predictor(smiling, "neutral", 0.5)
    assert left.max() < predictor.analyse(half.image).faces[0].present.max() < present.max()
    assert np.array_equal(predictor(smiling, "neutral", 0.0).image, smiling)


def test_rows_may_relax_differently(predictor: Predictor) -> None:
    analysis = predictor.analyse(predictor(PHOTO, "happy").image)
    c = np.zeros((3, 6), np.float32)
    as_it_was, half, neutral = predictor.edit_many(analysis, c, 0, np.array([0, 0.5, 1], np.float32))
    assert np.array_equal(as_it_was.image, analysis.image)
    alone = predictor.edit(analysis, c[0], 0, 1.0).image.astype(int)
    assert np.abs(neutral.image - alone).max() <= 1  # sums of another order
    assert (
        np.abs(half.image.astype(int) - analysis.image).mean()
        < np.abs(neutral.image.astype(int) - analysis.image).mean()
    )
