"""Both training stages, end to end on invented people small enough for a test."""

import itertools
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from reggan.faces import SIZE
from reggan.faces.topology import CONTROL, MIRROR
from reggan.model.config import ModelConfig
from reggan.model.frame import LandmarkFrame, mean_shape, mirrored
from reggan.model.reggan import RegGAN
from reggan.pairs import layout
from reggan.pairs.layout import AT_REST, SMILING
from reggan.train import precision, restyle
from reggan.train.__main__ import main
from reggan.train.adversary import on_patches
from reggan.train.batches import Choice, Pairs, PairSampler, mirror
from reggan.train.initialise import pair_flow, subject_flows
from reggan.train.occlude import occlude
from reggan.train.recipe import RefinementRecipe
from reggan.train.refinement import RefinementTrainer
from reggan.train.regression import fit
from reggan.train.validate import validate
from reggan.weights.files import load_model, save_model
from tests.landmarks import mean_face, moved

SMALL = ModelConfig(grid=32, widths=(8, 8, 16, 16), shading=48)


@pytest.fixture(scope="module")
def stage1(data: Path) -> Path:
    """Weights file of a small model with stage 1 fitted."""
    torch.manual_seed(0)
    model = RegGAN(SMALL)
    fit(model, layout.load(data / "pairs", without={"person_2"}), 0.1)
    save_model(model, data / "small.safetensors")
    return data / "small.safetensors"


def _train(
    data: Path,
    start: Sequence[str],
    out: Path,
    steps: int,
    adversarial: int,
    minutes: str = "60",
    more: Sequence[str] = (),
) -> None:
    main(
        ["refinement", "--data", str(data / "pairs"), "--validation", str(data / "validation.txt")]
        + [*start, "-o", str(out), "--batch", "2", "--every", "3", "--device", "cpu"]
        + ["--steps", str(steps), "--adversarial-steps", str(adversarial), "--minutes", minutes, *more]
    )


def test_validation_people_are_left_out(data: Path) -> None:
    assert [s.name for s in layout.load(data / "pairs", without={"person_2"})] == ["person_0", "person_1"]
    assert [s.name for s in layout.load(data / "pairs", only={"person_2"})] == ["person_2"]


def test_stage_1_learns_what_it_is_shown(few: Path) -> None:
    people = layout.load(few / "pairs")
    model = RegGAN(replace(SMALL, r=5))
    fit(model, people, 0.01)
    figures = validate(model, people)
    assert figures["coarse_mse"] < 0.5 * figures["input_mse"]


def test_command_line_of_stage_1(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reggan.train.__main__.ModelConfig", lambda: replace(SMALL, grid=64))
    out = tmp_path / "stage1.safetensors"
    main(["regression", "--data", str(few / "pairs"), "--grid", "32", "--r", "1", "-o", str(out), "--device", "cpu"])
    assert json.loads(capsys.readouterr().out)["coarse_ratio"] < 1.5
    assert load_file(out)["regression.weight"].shape == (6, 2, 32, 32)


def test_command_line_of_the_face_at_rest(
    few: Path, stage1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only where a face would be at rest is solved anew: noise is no face, so there are no results among the faces."""
    out = tmp_path / "rest.safetensors"
    model, _ = load_model(stage1)
    model.neutral.move.zero_()
    save_model(model, tmp_path / "unsolved.safetensors")
    main(["rest", "--data", str(few / "pairs"), "--weights", str(tmp_path / "unsolved.safetensors"), "-o", str(out)])
    figures = json.loads(capsys.readouterr().out)
    assert figures["full_estimated"] < figures["full_as_it_is"]
    before, after = load_file(stage1), load_file(out)
    assert {k for k in before if not torch.equal(before[k], after[k])} <= {"neutral.move"}
    assert after["neutral.move"].any()


def test_both_phases_run_and_leave_their_files(data: Path, stage1: Path, tmp_path: Path) -> None:
    _train(data, ["--regression", str(stage1)], tmp_path, steps=3, adversarial=3)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [3, 6]
    assert "critic" in lines[1]
    assert "matching" in lines[1]
    assert {"sheet_000003.png", "sheet_000006.png", "reconstruction.safetensors", "reggan.safetensors"} <= {
        p.name for p in tmp_path.iterdir()
    }
    before, after = load_file(tmp_path / "reconstruction.safetensors"), load_file(tmp_path / "reggan.safetensors")
    assert torch.equal(before["regression.weight"], after["regression.weight"])  # stage 1 is frozen
    assert not torch.equal(before["refinement.head.weight"], after["refinement.head.weight"])


@pytest.fixture
def trainer() -> RefinementTrainer:
    model, average = RegGAN(SMALL), RegGAN(SMALL)
    model.frame = LandmarkFrame(mean_shape(mean_face()[None], SIZE))
    average.load_state_dict(model.state_dict())
    return RefinementTrainer(model, average, RefinementRecipe(), None, [], torch.device("cpu"))


def test_every_parameter_of_stage_2_is_trained(trainer: RefinementTrainer) -> None:
    trained = [id(p) for group in trainer.opt.param_groups for p in group["params"]]
    assert len(set(trained)) == len(trained)
    assert set(trained) == {id(p) for p in trainer.model.refinement.parameters()}


def test_the_critic_looks_where_errors_weigh_most(trainer: RefinementTrainer) -> None:
    weight = on_patches(trainer.weight, torch.zeros(2, 1, 32, 32))
    assert weight.shape == (1, 1, 32, 32) and abs(weight.mean().item() - 1) < 1e-5
    x, y = ((trainer.model.frame.shape[CONTROL.index(13)] + 1) * 16).int().tolist()  # the middle of the upper lip
    assert weight[0, 0, y, x] > 3 * weight[0, 0, 0, 0]


@pytest.mark.parametrize("faster", [torch.float32, torch.bfloat16])
def test_the_faster_precision_is_chosen(monkeypatch: pytest.MonkeyPatch, faster: torch.dtype) -> None:
    """Although most of its steps are held up by other work."""
    steps = itertools.count()

    def step(layers: torch.nn.Module, x: torch.Tensor, dtype: torch.dtype) -> float:
        time.sleep(0.01)
        held_up = dtype == faster and next(steps) % 10 > 0
        return 1.0 if held_up else 0.1 if dtype == faster else 0.2

    monkeypatch.setattr(precision, "_step", step)
    assert precision.faster_precision(torch.device("cpu")) == faster


def test_both_precisions_are_measured() -> None:
    layers, x = torch.nn.Conv2d(2, 2, 1), torch.ones(1, 2, 2, 2)
    assert 0 < max(precision._quickest(layers, x)) < 1
    assert layers.weight.grad is not None


def test_without_restyling_pairs_keep_their_look(data: Path) -> None:
    people = layout.load(data / "pairs")
    torch.manual_seed(0)
    drawn = PairSampler(people, "cpu", restyle=0).draw(8)
    for pair, (i, _, j), flipped in zip(drawn.pair, drawn.chosen, drawn.mirrored, strict=True):
        original = torch.cat([people[i].neutral, people[i].targets[j]]).float() / 255
        assert torch.equal(pair, original.flip(-1) if flipped else original)
    torch.manual_seed(0)
    restyled = PairSampler(people, "cpu").draw(8)
    assert restyled.chosen == drawn.chosen
    assert ((restyled.pair - drawn.pair).abs().mean((1, 2, 3)) > 1e-3).all()
    # Their landmarks stay within half a pixel or so; those of pairs with another look do not.
    moved = [_landmark_error(people, p) for p in (drawn, restyled)]
    assert 0.05 < moved[0] < 0.7 < moved[1] < 3


def test_any_picture_of_a_person_is_the_source_of_any_other(data: Path) -> None:
    people = layout.load(data / "pairs")
    torch.manual_seed(0)
    drawn = [PairSampler(people, "cpu", restyle=0, expressive=1).draw(8) for _ in range(12)]
    chosen = [k for d in drawn for k in d.chosen]
    assert {k.source for k in chosen if k.subject == 0} == {SMILING, *range(6)}
    assert all(k.source != AT_REST and k.source != k.target for k in chosen)
    assert 0.15 < sum(k.target == AT_REST for k in chosen) / len(chosen) < 0.45
    for d in drawn:
        for n, (i, source, target) in enumerate(d.chosen):
            s = people[i]
            there = s.smile if source == SMILING else s.targets[source]
            expected = torch.cat([there, s.neutral if target == AT_REST else s.targets[target]]).float() / 255
            assert torch.equal(d.pair[n], expected.flip(-1) if d.mirrored[n] else expected)
            assert torch.equal(d.shows[n], torch.zeros(6) if target == AT_REST else s.c[target])
            assert d.relax[n] == 1 and torch.equal(d.c[n], d.shows[n])  # nothing of these pictures' sources may stay
            moved = (d.landmarks - d.goal)[n, list(CONTROL), 0].abs().mean()
            assert abs(float(moved) - (5 if source == SMILING else 2 * (source + 1))) < 0.5


def test_what_a_target_shares_with_its_source_may_stay(data: Path) -> None:
    (ann,) = layout.load(data / "pairs", only={"person_1"})
    ann.c[1] = torch.tensor([0.25, 0.8, 0, 0, 0, 0])  # the source, target 0, is happy at 1
    sampler = PairSampler([ann], "cpu", restyle=0, expressive=1)
    torch.manual_seed(0)
    told = set()
    for _ in range(20):
        c, relax, shows = sampler._told(Choice(0, 0, 1))
        assert torch.equal(shows, ann.c[1])
        told.add((*[round(v, 4) for v in c.tolist()], round(float(relax), 4)))
    assert told == {(0.25, 0.8, 0, 0, 0, 0, 1), (0, 0.8, 0, 0, 0, 0, 0.75)}


def test_an_occluder_is_the_same_on_input_and_target(data: Path) -> None:
    people = layout.load(data / "pairs")
    torch.manual_seed(0)
    plain = PairSampler(people, "cpu", restyle=0).draw(8)
    covered = occlude(plain.pair, plain.landmarks, 1.0)
    changed = (covered != plain.pair).unflatten(1, (2, 3)).any(2)  # (B, 2, S, S)
    assert ((0.001 < changed.float().mean((2, 3))) & (changed.float().mean((2, 3)) < 0.5)).all()
    apart = (plain.pair[:, :3] - plain.pair[:, 3:]).abs().amax(1)
    still = (covered[:, :3] - covered[:, 3:]).abs().amax(1)
    assert (still <= apart + 1e-6).all()  # nowhere do the two differ more than without it
    assert torch.equal(occlude(plain.pair, plain.landmarks, 0.0), plain.pair)


def _landmark_error(people: list[layout.Subject], drawn: Pairs) -> float:
    """Mean distance, in pixels, from the landmarks that the people came with, over the control points."""
    known = torch.stack([people[i].landmarks for i, *_ in drawn.chosen])
    known[drawn.mirrored] = mirror(known[drawn.mirrored], 256)
    return float((drawn.landmarks - known)[:, list(CONTROL)].norm(dim=-1).mean())


def test_a_resumed_run_equals_an_uninterrupted_one(few: Path, stage1: Path, tmp_path: Path) -> None:
    def run(out: str, minutes: str = "60") -> None:
        _train(few, ["--regression", str(stage1)], tmp_path / out, 3, 0, minutes, ["--lr", "0.06"])

    run("whole")
    run("parts", minutes="0")  # one step, then out of time
    run("parts")
    whole, parts = (load_file(tmp_path / n / "reggan.safetensors") for n in ("whole", "parts"))
    for name, weight in whole.items():
        torch.testing.assert_close(parts[name], weight, atol=1e-5, rtol=1e-4)


def test_mirrored_landmarks_mirror_twice() -> None:
    face = moved(mean_face(), 3)
    control = list(CONTROL)
    assert not torch.allclose(mirror(face, 256)[control], face[control])
    torch.testing.assert_close(mirror(mirror(face, 256), 256)[control], face[control])
    left = MIRROR[0]
    torch.testing.assert_close(mirror(face, 256)[control[0], 0], 255 - face[control[left], 0])


def test_flow_of_a_shifted_picture_is_the_shift() -> None:
    torch.manual_seed(0)
    noise = torch.nn.functional.interpolate(torch.rand(1, 3, 64, 64), size=(256, 256), mode="bicubic")[0]
    x = (noise.clamp(0, 1) * 255).byte()
    flow = pair_flow(x, x.roll(6, -1)) * 128  # target(u) = neutral(u - 6)
    assert abs(float(flow[0, 8:-8, 8:-8].median()) + 6) < 0.5
    assert abs(float(flow[1, 8:-8, 8:-8].median())) < 0.5


def test_true_displacements_are_used_where_they_are_known(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "pairs", tmp_path / "pairs")
    shutil.copy(data / "pairs.csv", tmp_path)
    true = np.stack([np.full((64, 64), 6.0), np.full((64, 64), -3.0)])[None].astype(np.float16)  # pixels
    known = np.full((1, 64, 64), 255, np.uint8)
    np.savez(tmp_path / "pairs" / "person_0" / "flow.npz", names=np.array(["sad_100"]), flow=true, known=known)
    (person,) = layout.load(tmp_path / "pairs", only={"person_0"})
    flows = dict(zip(person.names, subject_flows(person).float() * 128, strict=True))
    assert torch.equal(flows["sad_100"], torch.from_numpy(true[0]).float())
    assert abs(float(flows["surprised_100"][0].median()) + 10) < 0.5  # found: the noise is shifted by ten pixels
    assert layout.load(data / "pairs", only={"person_0"})[0].flow is None


def test_a_warm_start_keeps_what_was_learned(data: Path, stage1: Path, tmp_path: Path) -> None:
    start, _ = load_model(stage1)
    torch.nn.init.normal_(start.refinement.head.weight, 0, 1e-3)
    save_model(start, tmp_path / "start.safetensors")
    start_from = ["--warm-start", str(tmp_path / "start.safetensors")]
    _train(data, start_from, tmp_path / "run", steps=1, adversarial=0, more=["--lr", "0"])
    before, after = (load_file(tmp_path / n) for n in ("start.safetensors", "run/reggan.safetensors"))
    assert all(torch.equal(before[name], weight) for name, weight in after.items())


def test_from_nothing_the_mean_displacement_is_fitted_and_the_network_moves_nothing(
    data: Path, stage1: Path, tmp_path: Path
) -> None:
    _train(data, ["--regression", str(stage1)], tmp_path, steps=1, adversarial=0, more=["--lr", "0"])
    written = load_file(tmp_path / "reggan.safetensors")
    mean = written["refinement.mean.displacement"]
    assert mean.any()
    torch.testing.assert_close(mirrored(mean), mean, atol=1e-5, rtol=0)  # every pair and its mirror image
    assert written["refinement.shape.basis"].any()
    assert not written["refinement.head.weight"].any()


@pytest.mark.parametrize("style", [restyle.oil, restyle.pencil, restyle.cartoon, restyle.sculpture, restyle.colour])
def test_a_style_treats_input_and_target_alike(style) -> None:
    torch.manual_seed(0)
    x = torch.nn.functional.interpolate(torch.rand(2, 3, 8, 8), size=(64, 64), mode="bilinear")
    out = style(torch.cat([x, x], 1))
    assert out.shape == (2, 6, 64, 64)
    assert 0 <= out.min() <= out.max() <= 1
    torch.testing.assert_close(out[:, :3], out[:, 3:])
    assert not torch.allclose(out[:, :3], x)


def test_jpeg_coarsens_with_falling_quality() -> None:
    torch.manual_seed(0)
    x = torch.nn.functional.interpolate(torch.rand(1, 3, 8, 8), size=(64, 64), mode="bilinear")
    good, bad = ((restyle.jpeg(x, q) - x).abs().mean() for q in (100, 10))
    assert good < 0.02 < bad
    flat = torch.full((2, 3, 16, 16), 0.4)
    torch.testing.assert_close(restyle.jpeg(flat, 50), flat, atol=3 / 255, rtol=0)


def test_kuwahara_keeps_flat_areas_and_steps() -> None:
    x = torch.zeros(1, 3, 32, 32)
    x[..., 16:] = 1
    torch.testing.assert_close(restyle.kuwahara(x, 3), x)
