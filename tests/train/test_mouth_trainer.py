"""Training the detail of the mouth, end to end on two invented people."""

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
from reggan.model.mouth_detail import FACTOR, SIDE
from reggan.model.reggan import RegGAN
from reggan.pairs.layout import Sample, write_identity, write_table
from reggan.train.__main__ import main
from reggan.train.mouths import CROP, load_mouths, soften
from reggan.weights.files import save_model
from tests.landmarks import mean_face


def _face(opened: float) -> np.ndarray:
    """Landmarks in a crop of 768, the inner edge of the upper lip `opened` pixels higher."""
    face = (mean_face().numpy() + 0.5) * FACTOR - 0.5
    inner = sorted(set(INNER_LIPS) & set(UPPER_LIP))
    face[inner, 1] -= opened
    return face


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each with a shut mouth and one that is open by 40 pixels."""
    folder = tmp_path_factory.mktemp("pairs")
    for k, name in enumerate(("ann", "ben")):
        picture = np.random.default_rng(k).integers(0, 256, (CROP, CROP, 3)).astype(np.uint8)
        samples = [
            Sample("surprised_100", np.eye(6)[4], picture, _face(40)),
            Sample("sad_100", np.eye(6)[1], picture, _face(0)),
        ]
        write_identity(folder, name, picture // 2, _face(0), samples)
    write_table(folder)
    return folder


@pytest.fixture(scope="module")
def model() -> RegGAN:
    torch.manual_seed(0)
    return RegGAN(ModelConfig(grid=16, widths=(8, 8, 8, 8), shading=16)).requires_grad_(False)


def test_only_open_mouths_are_learned_from(pairs: Path, model: RegGAN) -> None:
    (mouth,) = load_mouths(model, pairs, only={"ann"})
    side = mouth.target.shape[-1]
    assert side > FACTOR * SIDE
    y, x = torch.nonzero(mouth.inside[0] > 127, as_tuple=True)
    assert 20 < y.max() - y.min() < 60  # about as open as it was made
    assert abs((x.min() + x.max()) / 2 - side / 2) < 3
    assert len(load_mouths(model, pairs)) == 2


def test_what_stage_2_paints_lies_where_the_target_does(pairs: Path, model: RegGAN) -> None:
    """A model whose network does nothing moves little: its mouth is the picture's own, a third of the size."""
    (mouth,) = load_mouths(model, pairs, only={"ann"})
    assert mouth.painted is not None
    painted, image = mouth.painted[:3].float()[None], mouth.target.float()[None]
    likeness = [_likeness(painted, image.roll((3 * dx, 3 * dy), (-1, -2))) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    assert max(likeness) == likeness[4] > 0.5


def _likeness(small: torch.Tensor, large: torch.Tensor) -> float:
    a, b = (t[..., 8:-8, 8:-8].flatten() for t in (small, shrink(large, small.shape[-1])))
    return float(torch.corrcoef(torch.stack([a, b]))[0, 1])


def test_crops_of_another_size_are_refused(model: RegGAN, tmp_path: Path) -> None:
    small = np.zeros((64, 64, 3), np.uint8)
    write_identity(tmp_path, "x", small, _face(0), [Sample("sad_100", np.eye(6)[1], small, _face(0))])
    write_table(tmp_path)
    with pytest.raises(InputError, match="crops of 768, not 64"):
        load_mouths(model, tmp_path)


def test_softening_takes_detail_away() -> None:
    x = torch.rand(1, 3, 32, 32)
    assert torch.equal(soften(x, 0.0), x)
    assert soften(x, 1.0).var() < 0.3 * x.var()


def test_both_phases_run_and_touch_nothing_else(
    pairs: Path, model: RegGAN, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_model(model, tmp_path / "w.safetensors", {"a": "b"})
    (tmp_path / "validation.txt").write_text("ben\n")
    main(
        ["mouth", "--data", str(pairs), "--validation", str(tmp_path / "validation.txt"), "--device", "cpu"]
        + ["--weights", str(tmp_path / "w.safetensors"), "-o", str(tmp_path / "run")]
        + ["--steps", "1", "--adversarial-steps", "1", "--batch", "2", "--every", "5"]
    )
    figures = json.loads(capsys.readouterr().out)
    assert figures["energy_plain"] == pytest.approx(0.25, abs=0.01)  # of a picture half as bright, which it leaves
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2] and "critic" in lines[1]
    before, after = load_file(tmp_path / "w.safetensors"), load_file(tmp_path / "run" / "reggan.safetensors")
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"mouth"}
