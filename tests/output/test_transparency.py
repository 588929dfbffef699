"""Cut-outs: what is transparent stays so, and moves with the face."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from reggan.errors import InputError
from reggan.expressions import resolve
from reggan.faces import Change, read_image, read_picture
from reggan.faces.transparency import move_opacity, off_white
from reggan.output import provenance
from reggan.output.archive import write_zip
from reggan.output.badge import badge
from reggan.predictor import Predictor, Result
from tests.paths import PHOTO


@pytest.fixture(scope="module")
def cut_out() -> Image.Image:
    """A head without its background, its outline soft; the face itself is a little translucent on the right."""
    photo = Image.open(PHOTO).convert("RGB")
    mask = Image.new("L", photo.size)
    ImageDraw.Draw(mask).ellipse((220, 120, 560, 600), fill=255)
    ImageDraw.Draw(mask).rectangle((400, 300, 470, 560), fill=200)
    photo.putalpha(mask.filter(ImageFilter.GaussianBlur(6)))
    return photo


@pytest.fixture(scope="module")
def edited(cut_out: Image.Image) -> Result:
    predictor = Predictor.from_pretrained()
    return predictor.edit(predictor.analyse(cut_out), resolve("happy"), 0)


def on(colour: tuple[int, int, int], rgba: np.ndarray) -> np.ndarray:
    alpha = rgba[..., 3:] / 255.0
    return rgba[..., :3] * alpha + np.array(colour) * (1 - alpha)


def test_an_edited_cut_out_is_one_still(cut_out: Image.Image, edited: Result) -> None:
    before, after = np.asarray(cut_out), edited.picture
    assert after.shape == before.shape
    np.testing.assert_allclose(on((255, 255, 255), after), edited.image, atol=1)
    assert (np.abs(edited.image.astype(int) - read_image(cut_out)).max(2) > 20).sum() > 300, "it smiles"
    outside = np.ones(before.shape[:2], bool)
    outside[90:760, 130:680] = False
    np.testing.assert_array_equal(after[outside, 3], before[outside, 3])
    moved = np.abs(after[..., 3].astype(int) - before[..., 3]) > 10
    assert 50 < moved.sum() < 20000, "the edge of what is translucent goes with the cheek"


def test_what_is_not_edited_looks_the_same_on_any_background(cut_out: Image.Image) -> None:
    before = np.asarray(cut_out)
    after = off_white(*read_picture(cut_out))
    np.testing.assert_array_equal(after[..., 3], before[..., 3])
    for colour in ((255, 255, 255), (0, 0, 0), (200, 30, 90)):
        assert np.abs(on(colour, after) - on(colour, before)).max() <= 1
    opaque = before[..., 3] == 255
    np.testing.assert_array_equal(after[opaque], before[opaque])


def test_opacity_moves_as_the_picture_does() -> None:
    size = 256
    change = Change(
        displacement=np.tile(np.float32([3.0, 0.0]), (size, size, 1)),
        opacity=np.ones((size, size, 1), np.float32),  # paint hides colours, and makes nothing transparent
        paint=np.zeros((size, size, 3), np.float32),
        residual=np.ones((size, size, 3), np.float32),
    )
    opacity = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    moved = move_opacity(opacity, np.eye(2, 3), change)
    np.testing.assert_array_equal(moved[60:200, 60:200], opacity[60:200, 63:203])


@pytest.mark.parametrize("format", ["png", "webp"])
def test_files_keep_it_and_say_what_they_are(edited: Result, format: str) -> None:
    data = provenance.encode(badge(edited.picture), format, {})
    saved = Image.open(io.BytesIO(data))
    assert saved.mode == "RGBA" and provenance.read(data)["source_type"] == provenance.SOURCE_TYPE
    alpha = np.asarray(saved)[..., 3]
    np.testing.assert_array_equal(alpha[:700], edited.picture[:700, :, 3])
    assert alpha[840:, 600:].max() > 100, "the mark shows on what is transparent"


def test_jpeg_says_that_it_cannot(edited: Result, cut_out: Image.Image, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="JPEG cannot keep the transparent parts"):
        provenance.encode(edited.picture, "jpeg", {})
    files = [("cut.png", cut_out), ("photo.jpg", PHOTO)]
    steps = list(write_zip(tmp_path / "a.zip", Predictor.from_pretrained(), files, resolve("sad"), "sad", 0, "jpeg"))
    assert ["JPEG" in str(step.problem) for step in steps] == [True, False]


def test_a_picture_that_is_opaque_throughout_has_no_opacity() -> None:
    assert read_picture(Image.new("RGBA", (4, 4), (1, 2, 3, 255)))[1] is None
    assert read_picture(np.full((4, 4, 4), 255, np.uint8))[1] is None
    half = read_picture(np.full((4, 4, 2), 128, np.uint8))[1]
    assert half is not None and (half == 128).all()
