"""The detail of the mouth: where it lies, and what is done with it."""

import numpy as np
import torch

from reggan.faces import SIZE
from reggan.faces.topology import LEFT_EYE, MOUTH_CORNERS, MOUTH_SPANS, RIGHT_EYE
from reggan.model.config import ModelConfig
from reggan.model.forward import OnDevice
from reggan.model.frame import LandmarkFrame, mean_shape
from reggan.model.mouth_detail import (
    FACTOR,
    SIDE,
    MouthDetail,
    MouthFields,
    cut,
    enlarged,
    kind_of_teeth,
    mouth_corner,
    paint,
    window,
)
from reggan.model.reggan import RegGAN
from reggan.teeth import UPPER, draw_row, measured
from tests.landmarks import mean_face, moved


def _model() -> RegGAN:
    """Paints everywhere, in one colour, and has random detail."""
    torch.manual_seed(0)
    model = RegGAN(ModelConfig(grid=32, widths=(8, 8, 16, 16), shading=32))
    model.frame = LandmarkFrame(mean_shape(mean_face()[None], SIZE))
    model.refinement.mean.paint.data[:, 0] = 1.0
    torch.nn.init.normal_(model.mouth.head.weight, 0, 0.02)
    return model.eval().requires_grad_(False)


def test_the_square_follows_the_mouth() -> None:
    frame = LandmarkFrame(mean_shape(mean_face()[None], SIZE))
    faces = torch.stack([moved(mean_face(), 3, k) for k in range(4)])
    corner = mouth_corner(frame, frame(faces, SIZE).to_crop)
    centre = corner + SIDE / 2
    corners_of_lips = faces[:, list(MOUTH_CORNERS)].mean(1)
    assert ((centre - corners_of_lips)[:, 0].abs() < 2).all()
    assert ((centre - corners_of_lips)[:, 1] - 0.05 * SIZE).abs().max() < 3
    assert corner.min() >= 0 and corner.max() <= SIZE - SIDE


def test_an_untrained_network_leaves_rows_in_the_middle_and_flat() -> None:
    mouth, opacity = torch.rand(2, 3, SIDE, SIDE), torch.rand(2, 1, SIDE, SIDE)
    fields = MouthDetail()(mouth, opacity)
    assert torch.equal(fields.behind, mouth) and not fields.lips.any()
    for place, down in ((fields.upper, -1), (fields.lower, 1)):
        assert place.shape == (2, 2, SIDE, SIDE)
        assert (place[:, 0].diff(dim=-1) > 0).all() and (down * place[:, 1].diff(dim=-2) > 0).all()
        torch.testing.assert_close(place.mean((2, 3)), torch.zeros(2, 2), atol=1e-5, rtol=0)


def _flat(lips: float, along: tuple[float, float] = (0.0, 0.0), up: float = 2.0) -> MouthFields:
    """Of one black mouth with white teeth, whose upper row is at one height everywhere; the lower is far away."""
    upper = torch.empty(1, 2, SIDE, SIDE)
    upper[:, 0], upper[:, 1] = torch.linspace(*along, SIDE), up
    none, white = torch.zeros(1, 3, SIDE, SIDE), torch.ones(1, 3, SIDE, SIDE)
    return MouthFields(torch.full((1, 1, SIDE, SIDE), lips), upper, torch.full_like(upper, 2.0), none, white)


def test_teeth_are_drawn_where_their_places_are() -> None:
    """On a line across the incisors' middle, every tooth and the dark line between two is as `draw_row` has it."""
    number = 1
    colour, inside = paint(_flat(1.0, (-0.3, 0.3), 0.08), torch.tensor([number]))
    along = torch.linspace(-0.3, 0.3, SIDE).repeat_interleave(FACTOR).numpy()[None]
    light, tint, opacity = draw_row(measured().kinds[number], UPPER, along, np.full_like(along, 0.08), 231)
    expected = torch.from_numpy(opacity[0, :, None] * tint[0] * np.exp(light[0])[:, None]).float()
    assert (colour[0, :, 100].T - expected).abs().median() < 0.02
    assert colour[0, :, 100].T.std(0).min() > 0.02, "teeth are told apart"
    assert inside.min() > 0.99


def test_beyond_the_rows_is_what_is_behind_them_and_beyond_the_lips_nothing() -> None:
    colour, inside = paint(_flat(-1.0), torch.tensor([0]))
    assert not colour.any() and inside.max() < 0.01


def test_the_kind_of_teeth_is_that_of_the_likest_mouth() -> None:
    face = mean_face()
    left, right = (face[list(eye)].mean(0) for eye in (LEFT_EYE, RIGHT_EYE))
    for number, kind in enumerate(measured().kinds):
        alike = face.clone()
        for (a, b), span in zip(MOUTH_SPANS, kind.mouth, strict=True):  # the last leaves the first two as they are
            way = (alike[a] - alike[b]) / (alike[a] - alike[b]).norm()
            moving = a if a in (61, 2, 0) and (a, b) != (0, 17) else b
            other = b if moving == a else a
            alike[moving] = alike[other] + (1 if moving == a else -1) * way * float(span) * (left - right).norm()
        assert kind_of_teeth(torch.stack([alike, 2 * alike])).tolist() == [number, number]


def test_enlarging_keeps_straight_lines_and_centres() -> None:
    ramp = torch.arange(12.0).expand(1, 1, 12, 12)
    large = enlarged(ramp)[0, 0, 0]
    assert torch.allclose(large[7:-7], (torch.arange(36) - 1)[7:-7] / 3, atol=0.05)


def test_detail_is_only_where_something_is_painted() -> None:
    model = _model()
    crop, face = torch.rand(1, 3, SIZE, SIZE), mean_face()[None]
    without = model(crop, face, torch.eye(6)[:1])
    out = model(crop, face, torch.eye(6)[:1], detail=True)
    assert without.detail is None and torch.equal(out.refined, without.refined)
    mouth, opacity = (cut(t, out.detail.corner) for t in (out.refined, out.edit.opacity))
    colour, inside = paint(model.mouth(mouth, opacity), kind_of_teeth(face))
    expected = enlarged(window(crop) * (2 * opacity).clamp(max=1)) * inside * (colour - enlarged(mouth))
    torch.testing.assert_close(out.detail.value, expected)
    assert out.detail.value[..., 40:-40, 40:-40].abs().mean() > 1e-3
    assert out.detail.value[..., :2, :].abs().max() < 2e-3
    unpainted = model(crop, face, torch.zeros(1, 6), detail=True)
    assert not unpainted.detail.value.any()


def test_grey_stays_grey() -> None:
    grey = torch.rand(1, 1, SIZE, SIZE).expand(-1, 3, -1, -1)
    value = _model()(grey, mean_face()[None], torch.eye(6)[:1], detail=True).detail.value
    assert value.abs().max() > 1e-3 and (value.amax(1) - value.amin(1)).max() < 1e-5


def test_changes_carry_it_out_of_the_model() -> None:
    here = OnDevice(_model(), "cpu")
    crop = (torch.rand(2, SIZE, SIZE, 3) * 255).byte().numpy()
    faces = torch.stack([mean_face(), moved(mean_face(), 3)]).numpy()
    c, relax = torch.eye(6)[:2].numpy(), torch.ones(2).numpy()
    assert all(change.detail is None for change in here(crop, faces, c, relax).changes)
    first, second = (change.detail for change in here(crop, faces, c, relax, detail=True).changes)
    assert first.value.shape == (FACTOR * SIDE, FACTOR * SIDE, 3) and first.factor == FACTOR
    assert first.corner != second.corner
