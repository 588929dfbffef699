"""The contest: LSRF, rivals in RegGAN's frame, stopping where the error no longer falls, all rows in one command."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from reggan import InputError, baselines
from reggan.baselines import baseline, contest
from reggan.baselines.__main__ import main
from reggan.baselines.lsrf import LSRF
from reggan.baselines.placement import InFrame, smaller
from reggan.baselines.rival_trainer import RivalRecipe
from reggan.baselines.rows import Row, make_rows
from reggan.baselines.us_gan import USGAN
from reggan.model.config import ModelConfig
from reggan.model.frame import LandmarkFrame, mean_shape
from reggan.pairs.layout import Subject
from reggan.train import loop
from reggan.train.curve import draw
from tests.landmarks import mean_face, moved

SMALL = ModelConfig(grid=32, widths=(8, 8, 16, 16), shading=32)


def _shifted(seed: int, size: int = 16) -> Subject:
    """Noise, and the same noise two pixels to the right and one down, darker, for each of six expressions."""
    g = torch.Generator().manual_seed(seed)
    x = torch.randint(40, 216, (3, size, size), generator=g, dtype=torch.uint8)
    y = (x.roll((1, 2), (1, 2)) * 0.5).round().byte()
    return Subject(str(seed), x, mean_face(), y.expand(6, -1, -1, -1), torch.eye(6), ("",) * 6)


def test_lsrf_finds_the_pixel_that_matters_and_its_weight() -> None:
    module = LSRF(fields=2, window=7, size=16)
    module.fit([_shifted(k) for k in range(40)], ridge=1e-3)
    inner = (slice(None), slice(4, -4), slice(4, -4))
    offset = module.offset[2, :1][inner]
    assert (offset == (3 - 1) * 7 + (3 - 2)).all(), "up one, left two, from the middle of the window"
    torch.testing.assert_close(module.weight[2, :1][inner], torch.full((1, 8, 8), 0.5), atol=0.02, rtol=0)
    new = _shifted(99)
    made = module(new.neutral[None] / 255, torch.eye(6)[2:3])[0, :, 4:-4, 4:-4]
    torch.testing.assert_close(made, new.targets[0, :, 4:-4, 4:-4] / 255, atol=0.02, rtol=0)


def test_lsrf_is_ridge_regression_on_its_support() -> None:
    subjects = [_shifted(k, 8) for k in range(6)]
    module = LSRF(fields=3, window=5, size=8)
    module.fit(subjects, ridge=0.4)
    padded = torch.nn.functional.pad(torch.stack([s.neutral / 255 for s in subjects]), (2,) * 4, mode="replicate")
    for row, column, k in ((0, 0, 1), (4, 3, 5), (7, 6, 0)):
        places = [divmod(int(o), 5) for o in module.offset[k, :, row, column]]
        assert len(set(places)) == 3
        p = torch.stack([padded[:, :, row + dy, column + dx] for dy, dx in places] + [torch.ones(6, 3)], 2)
        p = p.flatten(0, 1).double()  # the three colours share the weights
        y = torch.stack([s.targets[k, :, row, column] / 255 for s in subjects]).flatten().double()
        w = torch.linalg.solve(p.T @ p + 0.4 * torch.eye(4), p.T @ y)
        torch.testing.assert_close(module.weight[k, :, row, column], w.float(), atol=1e-3, rtol=1e-3)


def test_lsrf_at_strength_0_is_the_input() -> None:
    module = LSRF(size=16)
    module.weight.normal_()
    x = torch.rand(2, 3, 16, 16)
    assert torch.equal(module(x, torch.zeros(2, 6)), x)


class _Same(baseline.Generator):
    """Returns its input, and for happy faces a brighter one."""

    def forward(self, x: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        return x + 0.1 * c[:, :1, None, None]


def _place() -> InFrame:
    place = InFrame()
    faces = torch.stack([moved(mean_face(), 2, k) for k in range(3)])
    place.frame = LandmarkFrame(mean_shape(faces, 256))
    return place


def test_in_the_frame_what_does_not_change_keeps_its_full_resolution() -> None:
    torch.manual_seed(0)
    x = torch.rand(1, 3, 256, 256)  # noise, which 128 x 128 cannot show
    one = baseline.Baseline("same", _Same(), _place())
    points = moved(mean_face(), 4)[None]
    still, brighter = (one.edit(x, points, c) for c in (torch.eye(6)[1:2], torch.eye(6)[:1]))
    torch.testing.assert_close(still, x, atol=2e-3, rtol=0)
    torch.testing.assert_close(
        brighter[..., 60:200, 60:200], (x + 0.1).clamp(0, 1)[..., 60:200, 60:200], atol=5e-3, rtol=0
    )
    published = baseline.Baseline("same", _Same()).edit(x, points, torch.eye(6)[1:2])
    assert (published - x).abs().mean() > 0.1


def test_the_frame_is_kept_in_the_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    one = baseline.Baseline("us-gan", USGAN(8).eval(), _place())
    baseline.save(one, tmp_path / baseline.FILE)
    again = baselines.load(tmp_path)
    assert again.place is not None and one.place is not None
    torch.testing.assert_close(again.place.frame.shape, one.place.frame.shape)
    crops = np.random.default_rng(0).integers(256, size=(2, 256, 256, 3), dtype=np.uint8)
    given = crops, np.stack([mean_face().numpy()] * 2), np.eye(6, dtype=np.float32)[:2]
    assert np.abs(again.edit_crops(*given).astype(int) - one.edit_crops(*given)).max() <= 2


def test_a_smaller_subject_is_the_same_face() -> None:
    x = torch.zeros(3, 256, 256, dtype=torch.uint8)
    x[:, 100:104, 60:64] = 200
    points = torch.full((478, 2), 0.0)
    points[0] = torch.tensor([61.5, 101.5])  # the middle of the square
    one = smaller(Subject("a", x, points, x[None], torch.eye(6)[:1], ("",), points[None]), 128)
    assert one.neutral.shape == (3, 128, 128) and one.targets.shape == (1, 3, 128, 128)
    assert one.landmarks[0].tolist() == [30.5, 50.5] and one.neutral[0, 50:52, 30:32].min() > 100


class _Falling(loop.Trainer):
    """Each step's error is given; the weights are the number of the step."""

    every, seed, steps, patience = 1, 0, 100, 3

    def __init__(self, errors: list[float]) -> None:
        self.errors = errors
        one, two = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
        opt = torch.optim.SGD(one.parameters(), 0.0)
        super().__init__(one, two, opt, 0.9)

    def train_step(self) -> dict[str, float]:
        return {"loss": 1.0}

    def validate(self) -> dict[str, float]:
        return {"refined_ratio": self.errors[self.step - 1]}

    def sheet(self) -> object:
        from PIL import Image

        return Image.new("RGB", (1, 1))

    def save(self, out: Path) -> None:
        (out / "weights.txt").write_text(str(self.step))


def test_training_ends_where_the_error_no_longer_falls_and_keeps_the_best(tmp_path: Path) -> None:
    errors = [0.9, 0.5, 0.7, 0.4, 0.6, 0.5, 0.41, 0.1]
    figures = loop.run(_Falling(errors), tmp_path, "falling", minutes=0)
    assert figures["finished"] == 0 and figures["step"] == 1
    seconds = figures["seconds"]
    figures = loop.run(_Falling(errors), tmp_path, "falling")
    assert (figures["refined_ratio"], figures["step"], figures["finished"]) == (0.4, 4, 1)
    assert figures["seconds"] > seconds, "of both calls together"
    assert (tmp_path / "weights.txt").read_text() == "4"
    again = loop.run(_Falling(errors), tmp_path, "falling")
    assert again["step"] == 4 and len((tmp_path / "log.jsonl").read_text().splitlines()) == 7, "it is finished"
    with (tmp_path / "curve.csv").open() as f:
        assert [float(row["refined_ratio"]) for row in csv.DictReader(f)] == errors[:7]
    assert (tmp_path / "curve.svg").read_text().count("<circle") == 7


def test_a_curve_goes_down_where_the_error_falls() -> None:
    picture = draw({"a & b": [(0, 1.0), (10, 0.0)], "unknown": []}, "error")
    line = picture.split('polyline points="')[1].split('"')[0]
    (x0, y0), (x1, y1) = (map(float, point.split(",")) for point in line.split())
    assert x1 > x0 and y1 > y0 and "a &amp; b" in picture and "unknown" not in picture


def test_rows_wait_for_their_time(tmp_path: Path) -> None:
    made: list[str] = []

    def row(name: str) -> Row:
        def make(minutes: float) -> dict[str, float]:
            made.append(name)
            return {"finished": float(name != "slow"), "numbers": 1.0}

        return Row(name, name.title(), ["x", name], make)

    make_rows(["quick", "slow"], row, tmp_path, minutes=1)
    make_rows(["quick", "slow"], row, tmp_path, minutes=1)
    assert made == ["quick", "slow", "slow"], "the finished one is not made again"
    make_rows(["another"], row, tmp_path, minutes=0)
    assert made == ["quick", "slow", "slow"]
    assert not (tmp_path / "slow" / "figures.json").exists()


@dataclass(frozen=True)
class _Narrow(RivalRecipe):
    width: int = 8


def test_the_contest_trains_rivals_and_gives_reggan_no_more_time(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("reggan.baselines.__main__.ModelConfig", lambda: SMALL)
    monkeypatch.setattr("reggan.baselines.__main__.RivalRecipe", _Narrow)
    out = tmp_path / "contest"

    def run(*rows: str) -> dict[str, dict]:
        common = ["--data", str(few / "pairs"), "--validation", str(few / "validation.txt"), "--device", "cpu"]
        main(["contest", *common, "-o", str(out), "--steps", "1", "--every", "1", "--batch", "2", "--rows", *rows])
        return {r["row"]: r for r in json.loads((out / "table.json").read_text())}

    with pytest.raises(InputError, match="quickest rival"):
        run("stage-1", "reggan")
    monkeypatch.setattr(contest, "steps_within", lambda seconds, trainer: (1, 1) if seconds > 0 else (0, 0))
    rows = run("pix2pix", "pix2pix-in-frame", "masked-regression", "reggan")
    assert list(rows) == ["stage-1", "masked-regression", "pix2pix", "pix2pix-in-frame", "reggan"]
    assert "--steps 1 --adversarial-steps 1" in rows["reggan"]["command"]
    assert "--aligned frame" in rows["pix2pix-in-frame"]["command"]
    assert baselines.load(out / "pix2pix-in-frame").place is not None and baselines.load(out / "pix2pix").place is None
    assert all(r["seconds"] > 0 for name, r in rows.items() if name != "stage-1")
    assert set(json.loads((out / "curves.json").read_text())) >= {
        "pix2pix, aligned by the eyes",
        "pix2pix, in our frame",
    }
    printed = capsys.readouterr().out
    assert f"pix2pix-in-frame={out / 'pix2pix-in-frame' / baseline.FILE}" in printed.split("--methods ")[-1]
    with pytest.raises(InputError, match="needs --regression"):
        main(["rival", "us-gan", "--aligned", "frame", "--data", str(few / "pairs"), "-o", str(out / "x")])


def test_steps_fill_the_time_at_the_pace_of_each_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reconstruction step takes 1 second, an adversarial one 3: a fifth of the steps are adversarial."""
    now = [0.0]

    class Paced:
        recipe = type("Recipe", (), {"steps": 4, "adversarial_steps": 4})
        step = 0

        def advance(self) -> None:
            now[0] += 1.0 if self.step < 4 else 3.0
            self.step += 1

    monkeypatch.setattr(contest.time, "monotonic", lambda: now[0])
    assert contest.steps_within(1400, Paced()) == (800, 200)  # type: ignore[arg-type]


def test_six_systems_are_in_the_contest_each_in_both_places() -> None:
    assert len(contest.RIVALS) == 12 and {name for name, _ in contest.RIVALS.values()} == set(baselines.NAMES)
    assert set(baselines.NAMES) == set(contest.TITLES)
