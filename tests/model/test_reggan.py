"""Stage 2 and the model as a whole, on tiny or random weights."""

import copy
import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reggan import InputError
from reggan.model.config import ModelConfig
from reggan.model.frame import LandmarkFrame, mean_shape, pixel_grid
from reggan.model.refinement import Edit, RefinementNetwork
from reggan.model.refinement.attention import ChannelwiseAttentionBlock, SharedAttentionBlock, SkipGate
from reggan.model.refinement.network import keep_hue
from reggan.model.reggan import SIZE, RegGAN, channels_last, compose
from reggan.weights.files import EMBEDDED, load_model, save_model
from tests.landmarks import mean_face, moved, unwarped

SMALL = ModelConfig(grid=32, widths=(8, 8, 16, 16))
NOTHING = torch.zeros(1, 6)
FLAT = ModelConfig(widths=(8, 8, 16, 16), shading=32)  # for the network alone, at 64 x 64


@pytest.fixture(scope="module")
def model() -> RegGAN:
    """Random weights that do something visible."""
    torch.manual_seed(0)
    model = RegGAN(SMALL)
    model.frame = LandmarkFrame(mean_shape(mean_face()[None], SIZE))
    model.regression.weight.normal_(0, 0.02)
    torch.nn.init.normal_(model.refinement.head.weight, 0, 0.05)
    model.refinement.mean.displacement.data.normal_(0, 0.01)
    return model.eval().requires_grad_(False)


def _input(n: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    crop = torch.nn.functional.interpolate(torch.rand(n, 3, 16, 16), size=(SIZE, SIZE), mode="bilinear")
    return crop, torch.stack([moved(mean_face(), 3, seed) for seed in range(n)])


def test_attention_maps_have_their_type() -> None:
    x, e = torch.randn(2, 16, 8, 8), torch.randn(2, 64)
    shared, channelwise = SharedAttentionBlock(16, 64), ChannelwiseAttentionBlock(16, 64)
    assert shared.attention_map(x).shape == (2, 1, 8, 8)
    assert channelwise.attention_map(x).shape == (2, 16, 8, 8)
    gate = SkipGate(16, 16, 64)
    a = gate.attention_map(x, x, e)
    assert a.shape == (2, 1, 8, 8)
    assert 0 < a.min() < a.max() < 1
    torch.testing.assert_close(gate(x, x, e), x * a)
    assert not torch.equal(a, gate.attention_map(x, x, e + 1))  # the expression drives it
    assert not torch.equal(a, gate.attention_map(x, x + 1, e))  # and so does the decoder


def test_a_closed_attention_map_closes_the_block() -> None:
    block = SharedAttentionBlock(16, 64)
    torch.nn.init.zeros_(block.attention.expand.weight)
    torch.nn.init.constant_(block.attention.expand.bias, -100.0)
    x = torch.randn(1, 16, 8, 8)
    assert torch.equal(block(x, torch.randn(1, 64)), x)


def test_zero_strength_returns_the_crop_bit_for_bit(model: RegGAN) -> None:
    crop, landmarks = _input(2)
    out = model(crop, landmarks, torch.zeros(2, 6))
    assert torch.equal(out.coarse, crop)
    assert torch.equal(out.refined, crop)
    assert all(float(t.abs().max()) == 0 for t in (out.edit.displacement, out.edit.opacity, out.edit.residual))


def test_strength_does_something_and_range_is_kept(model: RegGAN) -> None:
    crop, landmarks = _input()
    out = model(crop, landmarks, torch.eye(6))
    for image in (out.coarse, out.refined):
        assert image.shape == (6, 3, SIZE, SIZE)
        assert 0 <= image.min() <= image.max() <= 1
        assert (image - crop).abs().mean() > 1e-3


def test_refined_is_its_own_edit(model: RegGAN) -> None:
    """What is pasted back is what was shown: equation (4) in the crop."""
    from reggan.faces import Change, apply_change

    crop, landmarks = _input()
    out = model(crop, landmarks, torch.eye(6)[:1])
    d, m, paint, r = (t[0].permute(1, 2, 0).numpy() for t in out.edit)
    pixels = (crop[0].permute(1, 2, 0) * 255).round().byte().numpy()
    pasted = apply_change(pixels, Change(np.ascontiguousarray(d) * np.float32(SIZE / 2), m, paint, r))
    shown = (out.refined[0].permute(1, 2, 0) * 255).numpy()
    inside = np.s_[24:-24, 24:-24]  # borders are mirrored in two slightly different ways
    assert np.abs(pasted[inside].astype(float) - shown[inside]).mean() < 0.6


def test_displacement_alone_is_a_warp() -> None:
    """A constant displacement of 8 pixels to the left shows what was 8 pixels to the right."""
    crop, _ = _input()
    zero = torch.zeros_like(crop)
    d = torch.zeros(1, 2, SIZE, SIZE)
    d[:, 0] = 8 * 2 / SIZE
    moved = compose(crop, pixel_grid(SIZE, crop) + channels_last(d), Edit(d, zero[:, :1], zero, zero))
    torch.testing.assert_close(moved[..., :-16], crop[..., 8:-8], atol=1e-4, rtol=0)


def test_one_face_many_expressions_equals_one_by_one(model: RegGAN) -> None:
    crop, landmarks = _input()
    together = model(crop, landmarks, torch.eye(6)[:3])
    for k in range(3):
        alone = model(crop, landmarks, torch.eye(6)[k : k + 1])
        torch.testing.assert_close(together.refined[k : k + 1], alone.refined, atol=1e-4, rtol=0)


def test_a_muscle_pulls_as_far_on_a_long_chin_as_on_a_short_one(model: RegGAN) -> None:
    """What the network knows of all faces is a distance in the crop, whatever shape the frame has normalised."""
    crop, landmarks = _input()
    longer = landmarks.clone()
    longer[..., 1] += 0.25 * (longer[..., 1] - 120).clamp(min=0)
    net = copy.deepcopy(model)
    net.refinement.mean.displacement.data.zero_()[:, 1] = -0.1  # looks up by a twentieth of the crop
    net.refinement.head.weight.data.zero_()
    net.refinement.head.bias.data.zero_()
    for shape in (landmarks, longer):
        moved = net(crop, shape, torch.eye(6)[4:5]).edit.displacement[0]
        assert float(moved[0].abs().max()) < 1e-6
        torch.testing.assert_close(moved[1], torch.full_like(moved[1], -0.1), atol=1e-5, rtol=0)


def test_shading_is_a_gain_that_travels_with_the_skin() -> None:
    """A grey face, twice as light left of the middle; moved to the left by an eighth, where nothing was lit."""
    net = RefinementNetwork(FLAT, 64)
    x, change, c = torch.full((1, 3, 64, 64), 0.3), torch.zeros(1, 3, 32, 32), torch.eye(6)[:1]
    with torch.no_grad():
        before = net(x, change, c, NOTHING, unwarped())
        net.mean.shading[0, :, :16] = math.log(2.0)
        edit = net(x, change, c, NOTHING, unwarped())
        assert torch.equal(edit.displacement, before.displacement) and torch.equal(edit.opacity, before.opacity)
        added = (edit.residual - before.residual) / (1 - edit.opacity)
        assert torch.allclose(added[..., :30], torch.tensor(0.3), atol=1e-5)
        assert torch.allclose(added[..., 34:], torch.tensor(0.0), atol=1e-6)
        half = net(x, change, c / 2, NOTHING, unwarped())  # half the strength, half the logarithm
        added = (half.residual - unshaded(net, x, change, c / 2)) / (1 - half.opacity)
        assert torch.allclose(added[..., :30], torch.tensor(0.3 * (2**0.5 - 1)), atol=1e-5)
        net.mean.displacement[0, 0] = 0.25  # looks a quarter of half the width to the right
        added = net(x, change, c, NOTHING, unwarped()).residual - unshaded(net, x, change, c)
        opacity = net(x, change, c, NOTHING, unwarped()).opacity
        assert torch.allclose((added / (1 - opacity))[..., :22], torch.tensor(0.3), atol=1e-5)
        assert torch.allclose((added / (1 - opacity))[..., 26:56], torch.tensor(0.0), atol=1e-6)


def test_what_leaves_has_maps_of_its_own() -> None:
    net = RefinementNetwork(FLAT, 64)
    x, change, happy = torch.full((1, 3, 64, 64), 0.3), torch.zeros(1, 3, 32, 32), torch.eye(6)[:1]
    with torch.no_grad():
        net.mean.displacement_leaving[0, 1] = 0.25
        net.mean.paint_leaving[0, 0] = 1.0
        net.mean.shading_leaving[0] = math.log(2.0)
        comes, leaves = net(x, change, happy, NOTHING, unwarped()), net(x, change, NOTHING, happy, unwarped())
        assert not comes.displacement.any() and torch.allclose(leaves.displacement[:, 1], torch.tensor(0.25))
        assert torch.allclose(leaves.opacity, torch.sigmoid(torch.tensor(5.0 - 3.0)) * (1 - math.exp(-8)), atol=1e-5)
        assert torch.allclose(leaves.residual / (1 - leaves.opacity), torch.tensor(0.3), atol=1e-5)
        assert not net(x, change, NOTHING, NOTHING, unwarped()).residual.any()


def test_nothing_is_added_outside_of_the_face() -> None:
    net = RefinementNetwork(FLAT, 64)
    torch.nn.init.normal_(net.head.weight, 0, 0.05)
    placement = unwarped()._replace(face=torch.zeros(1, 1, 64, 64))
    edit = net(torch.rand(1, 3, 64, 64), torch.zeros(1, 3, 32, 32), torch.eye(6)[:1], NOTHING, placement)
    assert not edit.opacity.any() and not edit.residual.any() and edit.displacement.any()


def test_skin_burnt_to_white_gets_no_shadow_and_grey_skin_does() -> None:
    net = RefinementNetwork(FLAT, 64)
    net.mean.shading.data.fill_(math.log(0.5))
    net.mean.paint.data[:, 0] = -100.0  # nothing is painted
    for brightness, expected in ((1.0, 0.0), (0.8, -0.4)):
        x = torch.full((1, 3, 64, 64), brightness)
        edit = net(x, torch.zeros(1, 3, 32, 32), torch.eye(6)[:1], NOTHING, unwarped())
        assert torch.allclose(edit.residual, torch.tensor(expected), atol=1e-5)


def test_a_shadow_has_the_hue_of_what_it_falls_on() -> None:
    colour = torch.tensor([0.55, 0.35, 0.15])[None, :, None, None]
    grey, coloured = torch.full((1, 3, 1, 1), -0.1), torch.tensor([0.1, 0.0, -0.1])[None, :, None, None]
    assert torch.allclose(keep_hue(grey, colour).flatten(), torch.tensor([-0.15, -0.1, -0.05]))
    assert torch.allclose(keep_hue(coloured, colour), coloured)
    assert torch.allclose(keep_hue(grey + coloured, torch.full_like(colour, 0.4)), grey + coloured)
    assert torch.allclose(keep_hue(grey, torch.zeros_like(colour)), grey)


def unshaded(net: RefinementNetwork, x: torch.Tensor, change: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
    """The residual of the same network without its shading."""
    base = copy.deepcopy(net)
    base.mean.shading.data.zero_()
    return base(x, change, c, NOTHING, unwarped()).residual


def test_a_file_that_lacks_a_size_is_told_apart(tmp_path) -> None:
    """Weights from before the shape of the face would move the wrong way if they were read."""
    config = {k: v for k, v in SMALL.to_dict().items() if k != "shape"}
    save_file(RegGAN(SMALL).state_dict(), tmp_path / "old.safetensors", {"config": json.dumps(config)})
    with pytest.raises(InputError, match="not a RegGAN weights file"):
        load_model(tmp_path / "old.safetensors")


def test_the_embedded_weights_have_the_default_sizes() -> None:
    model, _ = load_model(EMBEDDED)
    assert model.config == ModelConfig()


def test_weights_round_trip(model: RegGAN, tmp_path) -> None:
    path = tmp_path / "w.safetensors"
    save_model(model, path, {"steps": "7"})
    loaded, metadata = load_model(path)
    assert metadata["steps"] == "7"
    assert len(metadata["sha256"]) == 64
    assert loaded.config == model.config
    crop, landmarks = _input()
    a, b = (m(crop, landmarks, torch.eye(6)[:2]) for m in (model, loaded))
    torch.testing.assert_close(a.refined, b.refined, atol=5e-3, rtol=0)  # float16


def test_unusable_weights_are_one_sentence(model: RegGAN, tmp_path) -> None:
    with pytest.raises(InputError, match="no weights file"):
        load_model(tmp_path / "missing.safetensors")
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(InputError, match="not a RegGAN weights file"):
        load_model(tmp_path / "text.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match="not a RegGAN weights file"):
        load_model(tmp_path / "other.safetensors")
    config = json.dumps(model.config.to_dict())
    save_file({"a": torch.zeros(1)}, tmp_path / "misfit.safetensors", {"config": config})
    with pytest.raises(InputError, match="do not fit"):
        load_model(tmp_path / "misfit.safetensors")
