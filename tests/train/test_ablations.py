"""RegGAN without each of its parts, and the table of them all."""

import copy
import json
from argparse import Namespace
from fnmatch import fnmatch
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from reggan import InputError
from reggan.baselines.__main__ import _Work, main
from reggan.baselines.ablations import (
    ABLATIONS,
    PORTRAITS,
    ROWS,
    STYLED,
    CoarseOnly,
    ResidualOnly,
    WithoutAttention,
    WithoutDisplacement,
    WithoutShading,
    WithoutStage1,
    model_class,
)
from reggan.faces import SIZE
from reggan.model.config import ModelConfig
from reggan.model.frame import LandmarkFrame, mean_shape
from reggan.model.refinement import Placement, RefinementNetwork
from reggan.model.reggan import RegGAN
from reggan.train.initialise import Flows
from reggan.weights.files import load_model, save_model
from tests.landmarks import mean_face, unwarped

SMALL = ModelConfig(grid=32, widths=(8, 8, 16, 16), shading=32)
KINDS = ("shared", "channelwise", "skip")


def network(kind: type[RegGAN] = RegGAN) -> RefinementNetwork:
    """Stage 2 of a kind of RegGAN, at 64 x 64."""
    return kind.refinement_network(SMALL, 64)


def given() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, Placement]:
    """Face, coarse change, strengths of what comes and what leaves, and placement for it."""
    return torch.rand(1, 3, 64, 64), torch.rand(1, 3, 32, 32), torch.rand(1, 6), torch.rand(1, 6), unwarped()


def _count(net: torch.nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def test_residual_only_moves_and_paints_nothing() -> None:
    net = network(ResidualOnly)
    torch.nn.init.normal_(net.head.weight)
    net.mean.displacement.data.fill_(0.1)
    edit = net(*given())
    assert not edit.displacement.any()
    assert not edit.opacity.any()
    assert edit.residual.any()


@pytest.mark.parametrize("left_out", KINDS)
def test_a_type_of_attention_left_out_has_maps_of_1_and_no_parameters(left_out: str) -> None:
    whole, net = network(), network(ABLATIONS[f"no-{left_out}"].model)
    hourglasses = {"shared": whole.encoder, "channelwise": [whole.bottleneck, *whole.decoder]}
    modules = whole.gate if left_out == "skip" else [b.attention for b in hourglasses[left_out]]
    gone = sum(_count(m) for m in modules)
    assert _count(whole) - _count(net) == gone > 0
    maps: dict[str, torch.Tensor] = {}
    net(*given(), maps)
    assert {name.split()[0] for name in maps} == set(KINDS)
    assert all(bool((m == 1).all()) == name.startswith(left_out) for name, m in maps.items())


def test_no_attention_is_attention_with_maps_of_1() -> None:
    torch.manual_seed(0)
    net, whole = network(WithoutAttention), network()
    for one in (net, whole):
        torch.nn.init.constant_(one.head.weight, 0.01)
    missing, extra = whole.load_state_dict(net.state_dict(), strict=False)
    assert not extra
    opened = [m.expand for m in whole.modules() if hasattr(m, "expand")] + [g.logit for g in whole.gate]
    assert len(opened) == 3 + 1 + 2 + 3
    for conv in opened:
        torch.nn.init.zeros_(conv.weight)
        torch.nn.init.constant_(conv.bias, 100.0)
    inputs = given()
    for a, b in zip(net(*inputs), whole(*inputs), strict=True):
        torch.testing.assert_close(a, b)


def test_without_shading_the_network_says_the_rest_as_before() -> None:
    """One change at a time: the mean gain is gone, shadows still keep the hue of what they fall on."""
    torch.manual_seed(0)
    net, whole = network(WithoutShading), network()
    torch.nn.init.normal_(net.head.weight, 0, 0.05)
    whole.load_state_dict(net.state_dict(), strict=False)
    inputs = given()
    for a, b in zip(net(*inputs), whole(*inputs), strict=True):  # the whole network's gain is still 1
        torch.testing.assert_close(a, b)
    whole.mean.shading.data.fill_(0.1)
    assert not torch.allclose(net(*inputs).residual, whole(*inputs).residual)
    assert _count(whole) - _count(net) == 6 * (SMALL.shading**2 + (SMALL.shading // 2) ** 2)


def test_what_stage_2_is_shown() -> None:
    x, change = torch.rand(1, 3, SIZE, SIZE), torch.full((1, 3, 32, 32), 0.1)
    shown = {kind: kind(SMALL).refinement_input(x, change) for kind in (RegGAN, WithoutStage1, CoarseOnly)}
    assert torch.equal(shown[RegGAN][0], x)
    torch.testing.assert_close(shown[RegGAN][1], torch.full((1, 3, SIZE // 2, SIZE // 2), 0.1))
    assert torch.equal(shown[WithoutStage1][0], x)
    torch.testing.assert_close(shown[CoarseOnly][0], x + 0.1)
    assert not shown[WithoutStage1][1].any()
    assert not shown[CoarseOnly][1].any()


@pytest.mark.parametrize(("kind", "equal"), [(RegGAN, False), (WithoutStage1, True)])
def test_without_stage_1_its_weights_do_not_matter(kind: type[RegGAN], equal: bool) -> None:
    torch.manual_seed(0)
    face = mean_face()[None]
    model = kind(SMALL).eval().requires_grad_(False)
    model.frame = LandmarkFrame(mean_shape(face, SIZE))
    model.regression.weight.normal_(0, 0.02)
    torch.nn.init.normal_(model.refinement.head.weight, 0, 0.05)
    other = copy.deepcopy(model)
    other.regression.weight.zero_()
    crop = torch.rand(1, 3, SIZE, SIZE)
    a, b = (m(crop, face, torch.eye(6)[:1]).refined for m in (model, other))
    assert torch.equal(a, b) == equal


@pytest.mark.parametrize("name", ABLATIONS)
def test_ablations_survive_their_file(name: str, tmp_path: Path) -> None:
    model = ABLATIONS[name].model(SMALL)
    save_model(model, tmp_path / "w.safetensors", {"ablation": name})
    with safe_open(tmp_path / "w.safetensors", "pt") as f:
        kind = model_class(f.metadata())
    loaded, _ = load_model(tmp_path / "w.safetensors", kind)
    assert type(loaded) is type(model)
    assert loaded.config == SMALL


def test_the_table_makes_every_row_once(few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reggan.baselines.__main__.ModelConfig", lambda: SMALL)
    out = tmp_path / "ablations"
    rows = ["full", "no-attention", "coarse-only", "no-displacement", "residual-only"]

    def run(rows: list[str]) -> list[dict]:
        common = ["--data", str(few / "pairs"), "--validation", str(few / "validation.txt"), "--device", "cpu"]
        main(["ablations", *common, "-o", str(out), "--steps", "1", "--batch", "2", "--rows", *rows])
        return json.loads((out / "table.json").read_text())

    table = {r["row"]: r for r in run(rows)}
    assert list(table) == rows
    assert {r["step"] for r in table.values()} == {1}
    assert table["no-attention"]["numbers"] < table["coarse-only"]["numbers"] == table["full"]["numbers"]
    for row in rows:
        with safe_open(out / row / "reggan.safetensors", "pt") as f:
            assert model_class(f.metadata()) is ABLATIONS[row].model
    frozen = [load_file(out / row / "reggan.safetensors")["regression.weight"] for row in rows]
    assert all(torch.equal(frozen[0], other) for other in frozen)

    written = {p: p.stat().st_mtime_ns for p in out.rglob("reggan.safetensors")}
    again = run(["full", "no-sources"])
    assert {p: p.stat().st_mtime_ns for p in written} == written
    assert [r["row"] for r in again] == sorted([*rows, "no-sources"], key=ROWS.index)
    assert "| 0." in (out / "table.md").read_text()


def test_every_ablation_is_a_row() -> None:
    assert sorted(ROWS) == sorted(ABLATIONS)


def test_copies_in_a_style_are_told_from_variations_by_their_names(data: Path, tmp_path: Path) -> None:
    assert fnmatch("ann__varied_1__marble", STYLED) and fnmatch("ann__old_photograph", STYLED)
    assert not any(fnmatch(name, STYLED) for name in ("ann", "ann__varied_1", "ann__bob_60", "ann_smith"))
    work = _Work(Namespace(data=data / "pairs", validation=None, device="cpu"))
    flows = Flows(*([torch.full((1,), float(k)) for k in range(3)] for _ in range(2)))
    people, kept = work._kept(Namespace(name="no-portraits", portraits="person_[12]"), flows)
    assert [s.name for s in people] == ["person_0"] and [float(f) for f in kept.there] == [0]
    assert ABLATIONS["no-portraits"].without == PORTRAITS
    for pattern in ("", "nobody_*", "*"):
        with pytest.raises(InputError, match="no-portraits leaves out"):
            work._kept(Namespace(name="no-portraits", portraits=pattern), flows)
    assert len(work._kept(Namespace(name="full"), flows)[0]) == 3


def test_without_displacement_nothing_moves_and_the_rest_is_as_before() -> None:
    torch.manual_seed(0)
    net, whole = network(WithoutDisplacement), network()
    torch.nn.init.normal_(net.head.weight, 0, 0.05)
    net.mean.displacement.data.fill_(0.1)
    whole.load_state_dict(net.state_dict())
    inputs = given()
    a, b = net(*inputs), whole(*inputs)
    assert not a.displacement.any() and b.displacement.any()
    assert a.opacity.any() and a.residual.any()
