"""Data engine: whole pairs as paintings, drawings, statues and other photographs."""

import numpy as np
import pytest

pytest.importorskip("numba")

from reggan.engine.__main__ import main
from reggan.engine.fit.face_fit import fit_face
from reggan.engine.kit.rig import prepare_rig
from reggan.engine.pixels import grey
from reggan.engine.render.express import express, prepare_person
from reggan.engine.styles import STYLES, Shots, styled_copies
from reggan.engine.styles.texture import clouds, cracks, kuwahara, noise, smeared
from reggan.errors import InputError
from reggan.expressions import resolve
from reggan.pairs.layout import Sample
from tests.engine.toy_face import toy_kit, toy_photo

SHIFT = 6
OF_THE_PLACE = {"old_photograph", "coloured_light"}  # darker corners, lamps at the sides: they stay where they are


@pytest.fixture(scope="module")
def shots() -> Shots:
    """The toy face, neutral and the same again a few pixels further to the right."""
    fitted = fit_face(prepare_rig(toy_kit()), toy_photo())
    neutral = fitted.photo.crop()
    normals = express(prepare_person(fitted), np.zeros(6)).normals
    flow = np.zeros((2, 2, 64, 64), np.float32)
    flow[1, 0] = -SHIFT
    return Shots(np.stack([neutral, np.roll(neutral, SHIFT, 1)]), np.stack([normals, np.roll(normals, SHIFT, 1)]), flow)


def test_there_are_enough_styles() -> None:
    assert len(STYLES) == 16


@pytest.mark.parametrize("name", STYLES)
def test_a_style_treats_all_pictures_alike_and_travels_with_the_skin(name: str, shots: Shots) -> None:
    styled = STYLES[name](shots, np.random.default_rng(5))
    assert styled.shape == shots.images.shape
    assert styled.dtype == np.uint8
    assert np.abs(styled[0].astype(int) - shots.images[0]).mean() > 4
    again = STYLES[name](Shots(shots.images[:1], shots.normals[:1], shots.flow[:1]), np.random.default_rng(5))
    np.testing.assert_array_equal(again[0], styled[0])
    if name not in OF_THE_PLACE:
        edge = 32
        here = styled[0, edge:-edge, edge : -edge - SHIFT].astype(int)
        there = styled[1, edge:-edge, edge + SHIFT : -edge].astype(int)
        assert np.abs(here - there).mean() < 1.5


def test_a_pattern_is_carried_by_the_displacement(shots: Shots) -> None:
    pattern = np.random.default_rng(0).random(shots.shape, np.float32)
    np.testing.assert_array_equal(shots.carry(0)(pattern), pattern)
    np.testing.assert_allclose(shots.carry(1)(pattern)[:, SHIFT:], pattern[:, :-SHIFT], atol=1e-5)


def test_styled_copies_keep_strengths_and_displacement() -> None:
    fitted = fit_face(prepare_rig(toy_kit()), toy_photo())
    person = prepare_person(fitted)
    rest = express(person, np.zeros(6))
    results = [express(person, resolve(name)) for name in ("happy", "sad", "surprised")]
    samples = [Sample(str(k), np.full(6, k / 3), r.image, r.landmarks, r.flow, r.known) for k, r in enumerate(results)]
    normals = [r.normals for r in results]
    rng = np.random.default_rng(0)
    copies = list(styled_copies(rest.image, rest.normals, samples, normals, ("sepia", "pencil", "oil"), 9, rng))
    assert {style for style, _, _ in copies} == {"sepia", "pencil", "oil"}
    for _, neutral, chosen in copies:
        assert neutral.shape == rest.image.shape
        assert len(chosen) == 1
        original = samples[int(chosen[0].name)]
        assert chosen[0].flow is original.flow
        assert (chosen[0].c == original.c).all()
        assert (chosen[0].image != original.image).any()


def test_unknown_styles_are_named() -> None:
    command = ["synthesise", "--photos", "tests", "--pattern", "*.none", "--facekit", "x", "-o", "y"]
    with pytest.raises(InputError, match="no style crayon; there are oil, "):
        main([*command, "--without-styles", "crayon"])
    with pytest.raises(InputError, match="No style is left"):
        main([*command, "--style-names", "oil", "--without-styles", "oil"])


def test_patterns() -> None:
    shape = (64, 96)
    for field in (noise(shape, 2.0, np.random.default_rng(0)), clouds(shape, 16, np.random.default_rng(0))):
        assert field.shape == shape
        assert field.std() == pytest.approx(1, abs=1e-3)
    net = cracks(shape, 20, np.random.default_rng(0))
    assert 0 <= net.min() <= net.max() <= 1
    assert 0.01 < (net > 0.2).mean() < 0.5
    assert grey(np.array([[[255, 255, 255], [255, 0, 0]]], np.uint8)) == pytest.approx(np.array([[1, 0.299]]))
    along = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    strokes = smeared(noise(shape, 0.5, np.random.default_rng(0)), along, 12)
    assert np.abs(np.diff(strokes, axis=1)).mean() < 0.3 * np.abs(np.diff(strokes, axis=0)).mean()


def test_kuwahara_keeps_edges_and_calms_noise() -> None:
    clean = np.repeat(np.where(np.arange(40) < 20, 0.2, 0.8)[None, :, None], 40, 0).repeat(3, 2)
    noisy = (clean + np.random.default_rng(0).normal(0, 0.05, clean.shape)).astype(np.float32)
    filtered = kuwahara(noisy, 4)
    assert np.abs(filtered - clean)[5:-5, 5:-5].mean() < 0.75 * np.abs(noisy - clean)[5:-5, 5:-5].mean()
    assert filtered[20, 18].mean() < 0.35
    assert filtered[20, 21].mean() > 0.65
