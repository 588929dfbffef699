"""The baselines: closed forms, shapes, and that training moves them towards the target."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from reggan import InputError, baselines
from reggan.baselines import baseline
from reggan.baselines.__main__ import main
from reggan.baselines.blocks import ClassCritic
from reggan.baselines.masked_regression import MaskedRegression
from reggan.baselines.pix2pix import PatchCritic, Pix2Pix
from reggan.baselines.rival_trainer import RivalRecipe, RivalTrainer
from reggan.baselines.sargan import SARGAN
from reggan.baselines.star_gan import StarGAN
from reggan.baselines.us_gan import USGAN
from reggan.expressions import BASIC
from reggan.faces import align, alignment_matrix, read_image
from reggan.faces.detect import find_faces
from reggan.pairs.layout import Subject
from tests.landmarks import mean_face
from tests.paths import PHOTO

NETWORKS = ("us-gan", "sargan", "star-gan", "pix2pix")


def _subject(seed: int) -> Subject:
    """A 256 x 256 face of noise, and all six expressions of it."""
    g = torch.Generator().manual_seed(seed)
    images = torch.randint(256, (7, 3, 256, 256), generator=g, dtype=torch.uint8)
    return Subject(str(seed), images[0], mean_face(), images[1:], torch.eye(6), ("",) * 6)


def test_masked_regression_is_ridge_regression_of_each_pixel() -> None:
    from reggan.train.regression import in_frame

    subjects = [_subject(k) for k in range(5)]
    module = MaskedRegression(3, 8)
    module.fit(subjects, 0.4)
    x, y = zip(*(in_frame(None, s, 8) for s in subjects), strict=True)
    x, y = torch.stack(x).double(), torch.stack(y).double()  # (5, 3, 8, 8), (5, 6, 3, 8, 8)
    for row, column, channel, expression in ((3, 4, 0, 0), (0, 0, 2, 5), (7, 2, 1, 3)):
        rows, columns = (range(max(0, v - 1), min(8, v + 2)) for v in (row, column))
        window = x[:, channel][:, rows][:, :, columns].flatten(1)
        features = torch.cat([window, torch.ones(5, 1)], 1)
        wanted = y[:, expression, channel, row, column]
        w = torch.linalg.solve(features.T @ features + 0.4 * torch.eye(features.shape[1]), features.T @ wanted)
        c = torch.eye(6)[expression].expand(5, -1)
        made = module(x.float(), c)[:, channel, row, column]
        torch.testing.assert_close(made, (features @ w).float(), atol=1e-4, rtol=0)


def test_masked_regression_has_the_published_number_of_weights() -> None:
    assert MaskedRegression().count() == 6 * 3 * 162_308


def test_masked_regression_at_strength_0_is_the_input_and_in_between_a_blend() -> None:
    module = MaskedRegression(3, 8)
    module.weight.normal_()
    x = torch.rand(1, 3, 8, 8)
    assert torch.equal(module(x, torch.zeros(1, 6)), x)
    full, half = module(x, torch.eye(6)[2:3]), module(x, 0.5 * torch.eye(6)[2:3])
    torch.testing.assert_close(half, 0.5 * x + 0.5 * full)


def test_networks_have_their_published_sizes() -> None:
    """2.5, 3.0, 8.4 and 54.4 million."""
    sizes = [round(net.count() / 1e6, 1) for net in (USGAN(), SARGAN(), StarGAN(), Pix2Pix(size=256))]
    assert sizes == [2.5, 3.0, 8.4, 54.4]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_expression_matters_everywhere_not_just_at_the_border(name: str) -> None:
    torch.manual_seed(0)
    net = baseline.GENERATORS[name](width=8).eval()
    x, c = torch.rand(1, 3, net.size, net.size), torch.eye(6)[:1]
    with torch.no_grad():
        difference = (net(x, c) - net(x, c.roll(1, 1))).abs()[0].amax(0)
    assert (difference > 1e-5).float().mean() > 0.9


def test_skips_of_us_gan_and_sargan_are_ultimate_and_star_gan_has_none() -> None:
    x, c = torch.rand(1, 3, 128, 128), torch.eye(6)[:1]
    for net, skip in ((USGAN(8), x), (SARGAN(8), x), (StarGAN(8), torch.full_like(x, 0.5))):
        last = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d) and m.out_channels == 3][0]
        torch.nn.init.zeros_(last.weight)
        assert torch.equal(net(x, c), skip)


def test_a_closed_attention_map_leaves_sargan_its_encoder_and_decoder() -> None:
    torch.manual_seed(0)
    net = SARGAN(8)
    x, c = torch.rand(1, 3, 128, 128), torch.eye(6)[:1]
    torch.nn.init.zeros_(net.attention.map.weight)
    torch.nn.init.constant_(net.attention.map.bias, -100.0)
    without = USGAN(8)
    without.network[0], without.network[1], without.network[2] = net.encoder, torch.nn.Identity(), net.decoder
    torch.testing.assert_close(net(x, c), without(x, c))


def test_critics_judge_patches() -> None:
    image, c = torch.rand(2, 3, 128, 128), torch.eye(6)[:2]
    scores, logits = ClassCritic(4)(image)
    assert (scores.shape, logits.shape) == ((2, 1, 4, 4), (2, 6))
    image = torch.rand(2, 3, 256, 256)
    assert PatchCritic(8)(image, image, c).shape == (2, 1, 30, 30)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_comes_closer_to_the_one_pair_it_is_shown(name: str) -> None:
    torch.manual_seed(0)
    trainer = RivalTrainer(name, RivalRecipe(steps=60, width=8, lr=4e-2), [], [], torch.device("cpu"))
    size = trainer.model.size
    x = torch.nn.functional.interpolate(torch.rand(1, 3, 4, 4), size=(size, size), mode="bilinear")
    l1 = []
    for trainer.step in range(12):
        l1.append(trainer.learn(x, 1 - x, torch.eye(6)[:1])["l1"])
    assert sum(l1[-3:]) < 0.8 * sum(l1[:3])


@pytest.mark.parametrize("name", ["us-gan", "pix2pix"])
def test_a_resumed_run_equals_an_uninterrupted_one(data: Path, tmp_path: Path, name: str) -> None:
    def run(out: str, minutes: str) -> None:
        main(
            ["rival", name, "--data", str(data / "pairs"), "--validation", str(data / "validation.txt")]
            + ["-o", str(tmp_path / out), "--width", "8", "--batch", "2", "--steps", "3", "--every", "2"]
            + ["--lr", "0.05", "--device", "cpu", "--minutes", minutes]
        )

    run("whole", "60")
    run("parts", "0")  # one step, then out of time
    run("parts", "60")
    whole, parts = (baselines.load(tmp_path / n).module.state_dict() for n in ("whole", "parts"))
    for key, weight in whole.items():
        torch.testing.assert_close(parts[key], weight, atol=1e-5, rtol=1e-4)
    lines = [json.loads(line) for line in (tmp_path / "parts" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3]
    assert (tmp_path / "whole" / "sheet_000003.png").is_file()


def test_files_and_the_interface_of_the_evaluation(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = USGAN(8)
    baseline.save(baseline.Baseline("us-gan", module), tmp_path / baseline.FILE)
    one = baselines.load(tmp_path)
    assert (one.name, one.parameters_count) == ("us-gan", sum(p.numel() for p in module.parameters()))
    rng = np.random.default_rng(0)
    crops = rng.integers(256, size=(9, 256, 256, 3), dtype=np.uint8)
    c = np.eye(6, dtype=np.float32)[np.arange(9) % 6]
    images = one.edit_crops(crops, np.zeros((9, 478, 2), np.float32), c)
    assert (images.shape, images.dtype) == (crops.shape, np.uint8)
    alone = one.edit_crops(crops[8:], np.zeros((1, 478, 2), np.float32), c[8:])
    assert np.abs(images[8].astype(int) - alone[0]).max() <= 1


def test_a_rival_edits_aligned_faces_for_a_gallery(tmp_path: Path) -> None:
    torch.manual_seed(0)
    one = baseline.Baseline("us-gan", USGAN(8))
    baseline.save(one, tmp_path / baseline.FILE)
    photo = read_image(PHOTO)
    crop = align(photo, alignment_matrix(find_faces(photo)[0].landmarks))
    (tmp_path / "crops").mkdir()
    Image.fromarray(crop).save(tmp_path / "crops" / "grace.png")
    command = ["edit", str(tmp_path / baseline.FILE), "--crops", str(tmp_path / "crops"), "-o", str(tmp_path / "out")]
    main(command)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"grace_{name}.png" for name in BASIC}
    made = np.asarray(Image.open(tmp_path / "out" / f"grace_{BASIC[2]}.png"))
    points = np.zeros((1, 478, 2), np.float32)  # only in the frame they are looked at
    expected = baselines.load(tmp_path).edit_crops(crop[None], points, np.eye(6, dtype=np.float32)[2:3])[0]
    assert np.abs(made.astype(int) - expected).max() <= 1
    Image.fromarray(0 * crop).save(tmp_path / "crops" / "nobody.png")
    with pytest.raises(InputError, match=r"No face was found in nobody\.png\."):
        main(command)


def test_unusable_files_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no baseline"):
        baselines.load(tmp_path)
    for header in (None, {"baseline": "unknown", "config": "{}"}, {"baseline": "us-gan", "config": '{"width": 8}'}):
        save_file({"a": torch.zeros(1)}, tmp_path / baseline.FILE, header)
        with pytest.raises(InputError, match="not a baseline's"):
            baselines.load(tmp_path)
