"""Training the detail of the mouth, end to end on two invented people."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from reggan import InputError
from reggan.faces.topology import INNER_LIPS, UPPER_LIP
from reggan.model.arrays import shrink
from reggan.model.config import ModelConfig
from reggan.model.finer_grid import FACTOR, SIDE
from reggan.model.reggan import RegGAN
from reggan.pairs.layout import Sample, ToothPlaces, write_identity, write_table
from reggan.train import losses
from reggan.train.__main__ import main
from reggan.train.mouths import CROP, draw, load_mouths
from reggan.weights.files import save_model
from tests.landmarks import mean_face


def _lips(opened: float) -> np.ndarray:
    """The lips' inner edge in a crop of 768, its upper half `opened` pixels higher."""
    face = (mean_face().numpy() + 0.5) * FACTOR - 0.5
    inner = sorted(set(INNER_LIPS) & set(UPPER_LIP))
    face[inner, 1] -= opened
    return face[list(INNER_LIPS)]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each with a shut mouth and one that is open by 40 pixels; rows of teeth along x, their edges in the middle."""
    folder = tmp_path_factory.mktemp("pairs")
    x, y = np.meshgrid(np.arange(256) - 127.5, np.arange(256) - 190)
    places = np.stack([np.stack([x, side * y, np.full_like(x, 77)]) for side in (-1, 1)]) / 77
    face = (mean_face().numpy() + 0.5) * FACTOR - 0.5
    for k, name in enumerate(("ann", "ben")):
        picture = np.random.default_rng(k).integers(0, 256, (CROP, CROP, 3)).astype(np.uint8)
        samples = [
            Sample("surprised_100", np.eye(6)[4], picture, face, teeth=ToothPlaces(_lips(40), places, k)),
            Sample("sad_100", np.eye(6)[1], picture, face, teeth=ToothPlaces(_lips(0), places, k)),
        ]
        write_identity(folder, name, picture // 2, face, samples)
    write_table(folder)
    return folder


@pytest.fixture(scope="module")
def model() -> RegGAN:
    torch.manual_seed(0)
    return RegGAN(ModelConfig(grid=16, widths=(8, 8, 8, 8), shading=16)).requires_grad_(False)


def test_mouths_of_faces_at_rest_and_of_expressions(pairs: Path, model: RegGAN) -> None:
    """Of each person two of the face at rest; and of one of both others one back to rest and one to the other."""
    mouths = load_mouths(model, pairs, only={"ann"})
    assert len(mouths) == 4 and len(load_mouths(model, pairs)) == 8
    side = mouths[0].lips.shape[-1]
    assert side > SIDE and mouths[0].images.shape == (9, FACTOR * side, FACTOR * side)
    y, x = torch.nonzero(mouths[0].lips[0] > 0, as_tuple=True)
    assert 20 < FACTOR * (y.max() - y.min()) < 60  # about as open as it was made
    assert abs((x.min() + x.max()) / 2 - side / 2) < 2
    neutral, surprised = (float(mouths[0].images[k].float().mean()) for k in (0, 6))
    assert surprised == pytest.approx(2 * neutral, rel=0.05)
    to_rest = [m for m in mouths if not m.places.any()]
    assert len(to_rest) == 1 and (to_rest[0].lips <= 0).all()
    images = to_rest[0].images.float()
    assert float(images[6:].mean()) == pytest.approx(neutral, rel=0.05), "the target is the face at rest"
    assert float(images[:3].mean()) > 1.5 * neutral, "and the source is not"


def test_what_is_drawn_lies_where_the_target_does(pairs: Path, model: RegGAN) -> None:
    """A model whose network does nothing moves little: its mouth is the neutral's, half as bright, as the target is;
    mirrored mouths have their left on the other side."""
    mouth = load_mouths(model, pairs, only={"ben"})[0]
    drawn = draw([mouth] * 8, 0, 0)
    assert drawn.seen.shape == (8, 3, SIDE, SIDE) and drawn.places.shape == (8, 2, 3, SIDE, SIDE)
    assert (drawn.plain - drawn.target / 2).abs().mean() < 0.01  # JPEG
    torch.testing.assert_close(drawn.seen, shrink(drawn.plain, SIDE))
    assert (drawn.places[:, :, 0].diff(dim=-1) > 0).all() and drawn.kind.tolist() == [1] * 8
    open_here = (drawn.lips > 0).float()
    centre = (open_here * drawn.places[:, 0, :1]).sum((1, 2, 3)) / open_here.sum((1, 2, 3))
    assert centre.abs().max() < 0.03, "mouth and teeth have the same middle"
    better = draw([mouth], 0, 1)
    between = (better.lips > 0.25).expand(-1, 3, -1, -1)
    assert better.seen[between].mean() > 1.8 * shrink(better.plain, SIDE)[between].mean(), "the target instead"


def test_a_new_look_changes_the_colours_elsewhere_in_the_face_likewise(pairs: Path, model: RegGAN) -> None:
    """What is all of one colour stays as the colours that are given along with it."""
    torch.manual_seed(0)
    mouth = load_mouths(model, pairs, only={"ann"})[0]
    one = torch.tensor([180, 120, 100], dtype=torch.uint8)
    images = one.repeat(3)[:, None, None].expand_as(mouth.images).contiguous()
    flat = dataclasses.replace(mouth, images=images, around=one.expand(3, 3))
    drawn = draw([flat] * 16, 1, 0)
    assert drawn.around.shape == (16, 3, 3) and drawn.around[:, 0].std(0).min() > 0.03, "every one has its own look"
    elsewhere = drawn.around[:, 1:3].mean(1)
    torch.testing.assert_close(elsewhere, drawn.target[..., 100:200, 100:200].mean((2, 3)), atol=0.03, rtol=0)
    torch.testing.assert_close(draw([flat], 0, 0).around[0], (one / 255).expand(3, 3))


def test_crops_of_another_size_are_refused(model: RegGAN, tmp_path: Path) -> None:
    small = np.zeros((64, 64, 3), np.uint8)
    write_identity(
        tmp_path, "x", small, mean_face().numpy(), [Sample("sad_100", np.eye(6)[1], small, mean_face().numpy())]
    )
    write_table(tmp_path)
    with pytest.raises(InputError, match="crops of 768, not 64"):
        load_mouths(model, tmp_path)


def test_it_learns_and_touches_nothing_else(
    pairs: Path, model: RegGAN, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_model(model, tmp_path / "w.safetensors", {"a": "b"})
    (tmp_path / "validation.txt").write_text("ben\n")
    main(
        ["mouth", "--data", str(pairs), "--validation", str(tmp_path / "validation.txt"), "--device", "cpu"]
        + ["--weights", str(tmp_path / "w.safetensors"), "-o", str(tmp_path / "run")]
        + ["--steps", "2", "--batch", "2", "--every", "5"]
    )
    figures = json.loads(capsys.readouterr().out)
    assert figures["energy_plain"] == pytest.approx(0.27, abs=0.01)  # of pictures half as bright or, some, as bright
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2] and lines[0]["places"] > 0
    before, after = load_file(tmp_path / "w.safetensors"), load_file(tmp_path / "run" / "reggan.safetensors")
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"mouth"}


def test_contrast_forgives_what_lies_elsewhere_and_not_what_is_faint() -> None:
    """Of stripes one pixel wide, between 0.5 - a and 0.5 + a, the standard deviation in a window is nearly a."""
    stripes = torch.where(torch.arange(60) % 2 == 0, 1.0, -1.0).expand(1, 3, 60, 60)
    where = torch.zeros(1, 1, 60, 60)
    where[..., 20:40, 20:40] = 1
    target, shifted, faint = 0.5 + 0.3 * stripes, 0.5 - 0.3 * stripes, 0.5 + 0.1 * stripes
    assert losses.local_contrast(shifted, target, where) < 0.002
    assert losses.local_contrast(faint, target, where).item() == pytest.approx(0.2, abs=0.004)
