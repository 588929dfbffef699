"""Loops: their strengths, their frames, and the files they become."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from reggan import InputError, Predictor, resolve
from reggan.analysis.analysed import crop_analysis, shrink_analysis
from reggan.faces import alignment_matrix, transform
from reggan.output import provenance
from reggan.output.animation import (
    Animation,
    animate,
    loop_durations,
    loop_strengths,
    neighbourhood,
    save_animation,
)
from reggan.output.palette import bayer, to_palette
from reggan.predictor import Analysis
from tests.paths import AVATAR, EXAMPLES

MODEL = {"sha256": "ab" * 32}


@pytest.fixture(scope="module")
def gallery(predictor: Predictor) -> Analysis:
    return predictor.analyse(EXAMPLES / "gallery_faces.jpg")


@pytest.fixture(scope="module")
def loop() -> Animation:
    """A red square that slides over grey noise and back."""
    still = np.random.default_rng(0).integers(90, 130, (41, 63, 1), np.uint8).repeat(3, 2)
    frames = np.stack([still] * 6)
    for k, x in enumerate((0, 10, 20, 30, 20, 10)):
        frames[k, 10:20, x : x + 12] = (200, 20, 20)
    return Animation(frames, loop_durations(6))


def test_strengths_go_there_and_back() -> None:
    c = resolve("happily surprised")
    rows = loop_strengths(c, 8)
    half = np.sqrt(0.5) / 2
    assert np.allclose(
        rows / c.max(), np.outer([0, 0.5 - half, 0.5, 0.5 + half, 1] + [0.5 + half, 0.5, 0.5 - half], c > 0)
    )
    assert not rows[0].any()
    assert np.array_equal(rows[4], c)
    assert np.array_equal(rows[1:4], rows[:4:-1])


def test_both_ends_are_held() -> None:
    durations = loop_durations(16)
    assert [k for k, d in enumerate(durations) if d > durations[1]] == [0, 8]
    assert all(d % 10 == 0 for d in durations)


@pytest.mark.parametrize("frames", [2, 15, 66])
def test_an_odd_number_of_frames_is_refused(frames: int) -> None:
    with pytest.raises(InputError, match="even number of frames"):
        loop_strengths(resolve("sad"), frames)


def test_a_smaller_picture_shows_the_same_faces(gallery: Analysis) -> None:
    height, width = gallery.image.shape[:2]
    small = shrink_analysis(crop_analysis(gallery, (100, 50, width, height)), 300)
    assert max(small.image.shape) == 300
    for before, after in zip(gallery.faces, small.faces, strict=True):
        # The matrix still leads to the same crop, and is the one that the moved landmarks ask for.
        assert np.allclose(transform(after.face.landmarks, after.matrix), before.landmarks, atol=1e-2)
        assert np.allclose(after.matrix, alignment_matrix(after.face.landmarks), rtol=0.02, atol=0.3)
        ends = after.face.landmarks.min(0).tolist() + after.face.landmarks.max(0).tolist()
        assert after.face.box == pytest.approx(ends, abs=1e-2)
        assert after.crop is before.crop
    assert shrink_analysis(gallery, 5000) is gallery


def test_half_a_picture_puts_pixel_centres_where_they_belong(gallery: Analysis) -> None:
    """Pixel (0, 0) of the half is the mean of four, around (0.5, 0.5)."""
    half = shrink_analysis(gallery, gallery.image.shape[1] // 2)
    expected = (gallery.faces[0].face.landmarks - 0.5) / 2
    assert np.allclose(half.faces[0].face.landmarks, expected, atol=1e-4)


def test_small_faces_are_cut_out_and_all_of_them_are_not(gallery: Analysis) -> None:
    height, width = gallery.image.shape[:2]
    assert neighbourhood(gallery, None) == (0, 0, width, height)
    x0, y0, x1, y1 = neighbourhood(gallery, 1)
    box = gallery.faces[1].face.box
    assert 0 <= x0 < box[0] and 0 <= y0 < box[1] and box[2] < x1 <= width and box[3] < y1 <= height
    assert (x1 - x0) * (y1 - y0) < 0.6 * width * height


def test_frames_are_those_of_the_editor(predictor: Predictor, gallery: Analysis) -> None:
    c = resolve("surprised")
    film = animate(predictor, gallery, c, face=1, frames=4, largest=320)
    assert film.frames.dtype == np.uint8
    assert max(film.frames.shape[1:3]) == 320
    shown = shrink_analysis(crop_analysis(gallery, neighbourhood(gallery, 1)), 320)
    assert np.array_equal(film.frames[0], shown.image)
    assert np.array_equal(film.frames[2], predictor.edit_many(shown, np.stack([c / 2, c]), 1)[1].image)
    assert np.array_equal(film.frames[1], film.frames[3])
    assert np.abs(film.frames[2].astype(int) - film.frames[0]).max() > 30
    whole = animate(predictor, gallery, c, face=1, frames=4, largest=256, crop=False)
    assert whole.frames.shape == (4, 192, 256, 3)


def test_a_face_can_become_neutral(predictor: Predictor) -> None:
    smile = predictor.analyse(predictor(AVATAR, "happy").image)
    film = animate(predictor, smile, resolve("neutral"), frames=4, largest=256, relax=1.0)
    assert np.abs(film.frames[2].astype(int) - film.frames[0]).max() > 30


def test_there_is_no_such_face(predictor: Predictor, gallery: Analysis) -> None:
    with pytest.raises(InputError, match="no face 7"):
        animate(predictor, gallery, resolve("happy"), face=7)


@pytest.mark.parametrize("suffix", [".webp", ".gif"])
def test_files_hold_the_loop_and_say_what_it_is(loop: Animation, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"loop{suffix}"
    save_animation(loop, path, MODEL, "happy, 100 %")
    with Image.open(path) as film:
        assert film.info["loop"] == 0
        frames = []
        durations = []
        for frame in ImageSequence.Iterator(film):
            frames.append(np.asarray(frame.convert("RGB"), np.int16))
            durations.append(frame.info["duration"])
    assert tuple(durations) == loop.durations
    assert np.abs(np.stack(frames) - loop.frames).mean() < 6
    assert provenance.read(path) == provenance.statement(MODEL, "happy, 100 %")


def test_a_gif_does_not_crawl(loop: Animation, tmp_path: Path) -> None:
    """Where the frames agree, so does what is shown of them."""
    save_animation(loop, tmp_path / "loop.gif", MODEL)
    with Image.open(tmp_path / "loop.gif") as film:
        shown = np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)])
    assert np.array_equal(shown, [np.asarray(image.convert("RGB")) for image in to_palette(loop.frames)])
    still = (loop.frames == loop.frames[:1]).all((0, 3))
    assert 0.5 < still.mean() < 1
    assert (shown == shown[:1])[:, still].all()


def test_a_palette_keeps_rare_colours() -> None:
    frame = np.random.default_rng(1).integers(100, 200, (128, 128, 3), np.uint8)
    frame[60:64, 60:64] = (10, 250, 10)
    (image, *_) = to_palette(np.stack([frame] * 4))
    assert np.abs(np.asarray(image.convert("RGB"), np.int16)[61, 61] - (10, 250, 10)).max() < 12


def test_bayers_matrix() -> None:
    assert np.allclose(bayer(2), [[-3 / 8, 1 / 8], [3 / 8, -1 / 8]])
    assert np.allclose(np.sort(bayer(8).ravel()), (np.arange(64) - 31.5) / 64)


def test_an_mp4_plays_in_browsers(loop: Animation, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "loop.mp4"
    save_animation(loop, path, MODEL, "sad, 50 %")
    with av.open(str(path)) as film:
        (stream,) = film.streams
        assert stream.codec_context.name == "h264"
        assert stream.pix_fmt == "yuv420p"
        assert (stream.width, stream.height) == (62, 40)
        assert provenance.read_comment(film.metadata["comment"]) == provenance.statement(MODEL, "sad, 50 %")
        times = [frame.time for frame in film.decode(stream)]
    assert np.allclose(np.diff(times), loop.durations[1] / 1000, atol=1e-3)
    assert len(times) % (sum(loop.durations) // loop.durations[1]) == 0
    assert path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat")  # plays before it is loaded


def test_without_pyav_an_mp4_is_one_sentence(loop: Animation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(InputError, match="needs PyAV"):
        save_animation(loop, tmp_path / "loop.mp4", MODEL)
    with pytest.raises(InputError, match=r"must end in \.webp"):
        save_animation(loop, tmp_path / "loop.avi", MODEL)


def test_a_drawing_of_two_colours_stays_as_it_is() -> None:
    frames = np.random.default_rng(2).integers(0, 2, (4, 32, 32, 1), np.uint8).repeat(3, 3) * np.uint8(255)
    assert np.array_equal([np.asarray(image.convert("RGB")) for image in to_palette(frames)], frames)
