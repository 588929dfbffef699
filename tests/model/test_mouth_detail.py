"""The detail of the mouth: where it lies, and what is done with it."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from reggan.faces import SIZE
from reggan.faces.topology import LEFT_EYE, MOUTH_CORNERS, MOUTH_SPANS, RIGHT_EYE
from reggan.model import reggan
from reggan.model.config import ModelConfig
from reggan.model.finer_grid import FACTOR, SIDE, cut, enlarged, window
from reggan.model.forward import OnDevice
from reggan.model.frame import LandmarkFrame, mean_shape
from reggan.model.mouth_detail import (
    MouthDetail,
    MouthFields,
    MouthGuess,
    is_open,
    kind_of_teeth,
    mouth_corner,
    mouth_guess,
    paint,
)
from reggan.model.mouth_geometry import POWERS
from reggan.model.picture_quality import Quality
from reggan.model.reference_colours import reference_colours
from reggan.model.reggan import RegGAN
from reggan.predictor import Predictor
from reggan.teeth import UPPER, draw_row, measured
from tests.landmarks import mean_face, moved
from tests.paths import PHOTO


def _model() -> RegGAN:
    """Paints everywhere, in one colour, and has random detail in an open mouth with flat rows of teeth."""
    torch.manual_seed(0)
    model = RegGAN(ModelConfig(grid=32, widths=(8, 8, 16, 16), shading=32))
    model.frame = LandmarkFrame(mean_shape(mean_face()[None], SIZE))
    model.refinement.mean.paint.data[:, 0] = 1.0
    torch.nn.init.normal_(model.mouth.head.weight, 0, 0.02)
    lips, rows = model.mouth.geometry.weight[0].split([40, 40])
    lips.view(20, 2)[1:10, 1], lips.view(20, 2)[11:, 1] = -0.1, 0.1
    rows = rows.view(2, 2, 10)
    rows[:, 0, POWERS.index((1, 0))] = 1
    rows[:, 1, POWERS.index((0, 1))] = torch.tensor([-1.0, 1.0])
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


def test_an_untrained_network_leaves_everything_where_it_should_be() -> None:
    mouth, opacity, bare = torch.rand(2, 3, SIDE, SIDE), torch.rand(2, 1, SIDE, SIDE), torch.rand(2, 3, SIDE, SIDE)
    guess = MouthGuess(
        torch.randn(2, 1, SIDE, SIDE), torch.randn(2, 4, SIDE, SIDE), torch.tensor([0.0, 1])[:, None, None, None]
    )
    fields = MouthDetail()(mouth, opacity, bare, guess, torch.full((2, 3, 3), 0.7))
    assert torch.equal(fields.lips, guess.lips) and fields.behind.max() < fields.teeth.min()
    assert torch.equal(torch.cat([fields.upper, fields.lower], 1), guess.rows)
    assert not fields.belief[0].any() and fields.belief[1].min() > 0.8


def test_lips_and_teeth_are_guessed_in_the_square() -> None:
    """As far from the lips, and at the places, that the geometry has for these pixels of the crop."""
    model, face = _model(), mean_face()[None]
    corner = torch.tensor([[70, 120]])
    shape = model.mouth.geometry(face, torch.zeros(1, 6), SIZE)
    guess = mouth_guess(shape, corner)
    at = (shape.lips[0, 5] - corner[0]).round().long()  # on the middle of the upper lip
    assert guess.lips.shape == (1, 1, SIDE, SIDE) and guess.lips[0, 0, at[1], at[0]].abs() < 0.3
    assert guess.lips[0, 0, at[1] + 6, at[0]] > 0.5 and guess.lips[0, 0, at[1] - 6, at[0]] < -0.5
    along = (shape.lips[0, 5, 0] - shape.centre[0, 0]) / shape.unit
    assert (guess.rows[0, 0, at[1], at[0]] - along).abs() < 0.01 and guess.open.item() == 1


def test_a_shut_mouth_has_no_inside() -> None:
    assert is_open(torch.tensor([-1.0, 0.5, 1.5, 3]))[:, 0, 0, 0].tolist() == [0, 0, 0.5, 1]


def _flat(lips: float, along: tuple[float, float] = (0.0, 0.0), up: float = 2.0) -> MouthFields:
    """Of one black mouth with white teeth, whose upper row is at one height everywhere; the lower is far away."""
    upper = torch.empty(1, 2, SIDE, SIDE)
    upper[:, 0], upper[:, 1] = torch.linspace(*along, SIDE), up
    none, white = torch.zeros(1, 3, SIDE, SIDE), torch.ones(1, 3, SIDE, SIDE)
    edge = torch.full((1, 1, SIDE, SIDE), lips)
    return MouthFields(edge, upper, torch.full_like(upper, 2.0), none, white, torch.ones(1, 2, SIDE, SIDE))


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


def _smooth_face() -> torch.Tensor:
    """On which it makes no difference whether images are enlarged before or after they are mixed."""
    return F.interpolate(0.3 + 0.4 * torch.rand(1, 3, 6, 6), size=SIZE, mode="bicubic").clamp(0.2, 0.8)


@pytest.fixture
def sharp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Smooth faces count as sharp and black ones."""
    monkeypatch.setattr(reggan, "quality_of", lambda crop: Quality(*torch.zeros(2, len(crop))))


@pytest.mark.usefixtures("sharp")
def test_detail_is_equation_7_and_only_where_something_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reggan, "with_thin_paint_as_light", lambda edit, moved: edit)
    model, crop, face = _model(), _smooth_face(), mean_face()[None]
    without = model(crop, face, torch.eye(6)[:1])
    out = model(crop, face, torch.eye(6)[:1], detail=True)
    assert not without.details
    (detail,) = out.details
    corner = detail.corner

    refined, (_, opacity, painted, residual) = without.refined, without.edit
    moved = (refined - opacity * painted - residual) / (1 - opacity)
    mouth, m, bare = (cut(t, corner) for t in (refined, opacity, moved + residual))
    guess = mouth_guess(model.mouth.geometry(face, torch.eye(6)[:1], SIZE), corner)
    fields = model.mouth(mouth, m, bare, guess, reference_colours(crop, face))
    colour, inside = paint(fields, kind_of_teeth(face))
    between, beyond = enlarged(window(crop) * fields.belief * (4 * F.max_pool2d(m, 9, 1, 4)).clamp(max=1)).split(1, 1)
    share = inside * between + (1 - inside) * beyond
    finer = inside * colour.clamp(0, 1) + (1 - inside) * enlarged(bare)
    expected = torch.lerp(enlarged(mouth), finer, share)

    _, opacity, painted, residual = out.edit
    opacity, added = (cut(t, corner) for t in (opacity, opacity * painted + residual))
    opacity, added = enlarged(opacity) + detail.opacity, enlarged(added) + detail.added
    pasted = (1 - opacity) * enlarged(cut(moved, corner)) + added
    torch.testing.assert_close(pasted, expected, atol=0.005, rtol=0)
    assert (pasted - enlarged(mouth))[..., 40:-40, 40:-40].abs().mean() > 0.01
    unpainted = model(crop, face, torch.zeros(1, 6), detail=True)
    assert not unpainted.details[0].opacity.any() and not unpainted.details[0].added.any()
    assert torch.equal(unpainted.refined, crop)


def test_without_its_training_mouths_are_left_as_stage_2_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reggan, "with_thin_paint_as_light", lambda edit, moved: edit)
    model, crop, face = _model(), _smooth_face(), mean_face()[None]
    model.neutral.present[0, 0] = 1.0  # every face smiles
    given = crop, face, torch.eye(6)[4:5], torch.ones(1)
    plain = model(*given).refined
    assert (model(*given, detail=True).refined - plain).abs().max() > 0.01
    model.mouth.geometry.weight.zero_()
    assert torch.equal(model(*given, detail=True).refined, plain)


@pytest.mark.usefixtures("sharp")
def test_what_is_finer_is_nothing_in_the_mean() -> None:
    """The crop has the mean of the detail over each of its pixels; and nothing is left at the square's border."""
    out = _model()(_smooth_face(), mean_face()[None], torch.eye(6)[:1], detail=True)
    fine = torch.cat(out.details[0][1:], 1)
    assert fine.abs().max() > 0.1 and F.avg_pool2d(fine, FACTOR).abs().max() < 0.35 * fine.abs().max()
    assert F.avg_pool2d(fine, 4 * FACTOR).abs().max() < 0.05 * fine.abs().max()
    assert fine[..., :2, :].abs().max() < 0.01
    edit = out.edit
    assert 0 <= edit.opacity.min() and edit.opacity.max() <= 1 and 0 <= edit.paint.min() and edit.paint.max() <= 1


def test_between_the_lips_grey_stays_grey() -> None:
    model = _model()
    torch.nn.init.normal_(model.mouth.colours.weight, 0, 0.2)
    model.mouth.head.bias.data[:4] = 9.0  # open everywhere
    grey = torch.rand(1, 1, SIZE, SIZE).expand(-1, 3, -1, -1)
    added = model(grey, mean_face()[None], torch.eye(6)[:1], detail=True).details[0].added
    assert added.abs().max() > 1e-3 and (added.amax(1) - added.amin(1)).max() < 1e-5


def test_changes_carry_it_out_of_the_model() -> None:
    here = OnDevice(_model(), "cpu")
    crop = (torch.rand(2, SIZE, SIZE, 3) * 255).byte().numpy()
    faces = torch.stack([mean_face(), moved(mean_face(), 3)]).numpy()
    c, relax = torch.eye(6)[:2].numpy(), torch.ones(2).numpy()
    (first,), (second,) = (change.details for change in here(crop, faces, c, relax).changes)
    assert first.value.shape == (FACTOR * SIDE, FACTOR * SIDE, 4) and first.factor == FACTOR
    assert first.corner != second.corner


def test_only_large_faces_take_what_is_finer_along() -> None:
    predictor = Predictor.from_pretrained(device="cpu")
    photo = Image.open(PHOTO).convert("RGB")
    large, small = (np.asarray(photo.resize((side, side * 450 // 384))) for side in (1500, 300))
    assert predictor(large, "happy").faces[0].change.details
    assert not predictor(small, "happy").faces[0].change.details
