"""The detail of the mouth: where it lies, and what is done with it."""

import torch

from reggan.faces import SIZE
from reggan.faces.topology import MOUTH_CORNERS
from reggan.model.config import ModelConfig
from reggan.model.forward import OnDevice
from reggan.model.frame import LandmarkFrame, mean_shape
from reggan.model.mouth_detail import FACTOR, SIDE, MouthDetail, cut, enlarged, mouth_corner, window
from reggan.model.reggan import RegGAN
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


def test_an_untrained_network_adds_nothing_and_a_trained_one_what_it_says() -> None:
    mouth = torch.rand(2, 3, SIDE, SIDE)
    net = MouthDetail()
    assert net(mouth).shape == (2, 3, FACTOR * SIDE, FACTOR * SIDE) and not net(mouth).any()
    torch.nn.init.constant_(net.head.bias, 0.25)
    assert torch.equal(net(mouth), torch.full_like(net(mouth), 0.25))


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
    opacity = enlarged(window(crop) * cut(out.edit.opacity, out.detail.corner))
    expected = opacity * model.mouth(cut(out.refined, out.detail.corner))
    torch.testing.assert_close(out.detail.value, expected)
    assert out.detail.value[..., 40:-40, 40:-40].abs().mean() > 1e-3
    assert out.detail.value[..., :2, :].abs().max() < 1e-3
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
