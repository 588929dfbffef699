"""What is made of a report's kept outputs later: the contest's table and picture, and quality on another machine."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from reggan.errors import InputError
from reggan.evaluate import elsewhere, evaluate, measure, run, side_by_side
from reggan.evaluate.face_sets import WITH_NEUTRAL, FaceSet
from reggan.evaluate.kept import read_report
from reggan.evaluate.methods import Method
from reggan.metrics import expression_net
from reggan.metrics import qualiclip as qualiclip_module
from reggan.metrics.distances import set_distance


def points_in(images: np.ndarray) -> np.ndarray:
    """Landmarks with eyes that do not coincide."""
    return np.arange(len(images) * 478 * 2, dtype=np.float32).reshape(-1, 478, 2) % 956


def _edit(level: int) -> Method:
    """Paints everything in one grey; the stand-in for the classifier reads happiness in white."""
    return Method(f"grey {level}", f"grey {level}", lambda crops, points, c: np.full_like(crops, level))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people with targets, and two classes of two and of one picture, one of each with an expression."""

    def probabilities(crops: np.ndarray) -> np.ndarray:
        read = ["happy" if image.mean() > 200 else "neutral" for image in crops]
        return np.eye(7)[[expression_net.CLASSES.index(name) for name in read]]

    points = np.random.default_rng(0).uniform(80, 176, (3, 478, 2)).astype(np.float32)

    def crops(*levels: int) -> np.ndarray:
        return np.stack([np.full((256, 256, 3), level, np.uint8) for level in levels])

    methods = [Method("input", "input"), _edit(90), _edit(255), Method("target", "target")]
    people = FaceSet("photo", ["a", "b", "c"], crops(10, 20, 30), points, crops(40, 50, 60).repeat(6, 0), pixels=True)
    folder = tmp_path_factory.mktemp("reports")
    wild = [
        FaceSet("old", ["x", "y"], crops(210, 80), points[:2], expressions=WITH_NEUTRAL, pictures=4),
        FaceSet("new", ["z"], crops(100), points[:1], expressions=WITH_NEUTRAL, pictures=1),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reggan.metrics.ecs.probabilities", probabilities)
        patch.setattr(measure, "probabilities", probabilities)
        patch.setattr(measure, "find_landmarks", points_in)
        patch.setattr(run, "find_landmarks", points_in)
        patch.setattr(measure, "embed", lambda crops: np.ones((len(crops), 1)))
        evaluate([people], methods, folder / "people", cost=True)
        evaluate(wild, methods, folder / "wild")
    return folder


@pytest.fixture
def reports(made: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Of each test its own."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "people", tmp_path / "wild"


def test_means_are_over_all_classes_and_leave_neutral_out(reports: tuple[Path, Path]) -> None:
    wild = read_report(reports[1])
    assert wild.methods == ["input", "grey 90", "grey 255"]
    hits = wild.mean("grey 255", "ecs")
    assert hits.mean == pytest.approx(1 / 6) and hits.measured == 3 * 6
    assert wild.mean("grey 90", "ecs", "neutral").mean == 1
    assert wild.mean("input", "ecs", "neutral").mean == pytest.approx(2 / 3)
    assert wild.mean("grey 90", "sharpness").measured == 0, "there is no target"
    last = wild.kept["old"]["input"]
    assert last.image("y", "neutral")[0, 0].tolist() == [80] * 3


def test_the_table_has_every_method_once_with_both_reports(
    reports: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people, wild = reports
    scores = json.loads((people / "scores.json").read_text())
    scores["costs"] = {"grey 90": {"ms": 12.4}}
    (people / "scores.json").write_text(json.dumps(scores))
    side_by_side.main(["--people", str(people), "--wild", str(wild), "--shown", str(wild), "-o", str(tmp_path / "out")])
    text = capsys.readouterr().out
    assert (tmp_path / "out" / "contest.md").read_text() == text
    first = [line for line in text.split("ECS in the wild")[0].splitlines() if line.startswith("|")]
    assert [line.split("|")[1].strip() for line in first[2:]] == ["input unchanged", "grey 90", "grey 255", "target"]
    grey = [cell.strip() for cell in first[3].split("|")]
    assert grey[-2] == "12" and grey[2] == "0 (0 to 0)" and grey[8] == "100 (100 to 100)"
    assert first[5].split("|")[5].strip() == "", "there are no targets in the wild"
    assert "3 people, 3 pictures" in text and "old: 2 of 4, new: 0 of 1" in text
    image = cv2.imread(str(tmp_path / "out" / "contest.jpg"))
    side, head, left = side_by_side._SIDE, side_by_side._CAPTION, side_by_side._FIRST
    assert image.shape == (head + 3 * side, left + 3 * side, 3)
    tiles = [[int(image[head + side * r + 64, left + side * k + 64, 0]) for k in range(3)] for r in range(3)]
    np.testing.assert_allclose(tiles, [[210, 90, 255], [80, 90, 255], [100, 90, 255]], atol=2)


def test_faces_can_be_named(reports: tuple[Path, Path]) -> None:
    wild = read_report(reports[1])
    first = wild.kept["old"]["input"].faces[0]
    named = side_by_side.picture(wild, ["y", first])
    side, head, left = side_by_side._SIDE, side_by_side._CAPTION, side_by_side._FIRST
    assert named.shape == (head + 2 * side, left + 3 * side, 3)
    assert [int(named[head + side * r + 64, left + 64, 0]) for r in range(2)] == [80, 210], (
        "in the order they are named"
    )
    with pytest.raises(InputError, match="no face nobody; it has"):
        side_by_side.picture(wild, ["y", "nobody"])


def test_systems_of_the_contest_are_called_by_their_names() -> None:
    assert side_by_side.title("us-gan-in-frame") == "US-GAN, in our frame"
    assert side_by_side.title("no-attention") == "without attention"
    assert side_by_side.title("refined") == "RegGAN, shipped weights" and side_by_side.title("other") == "other"


def test_quality_is_measured_from_what_was_saved(
    reports: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a judge and an Inception of a few weights: the mean brightness, and the mean colour."""

    class MeanColour(torch.nn.Module):
        num_features = 3

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.double().mean((2, 3))

    judge = torch.nn.Sequential(torch.nn.Conv2d(3, 1, 1, bias=False), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    torch.nn.init.constant_(judge[0].weight, 1 / 3)
    monkeypatch.setattr(qualiclip_module, "_judge", lambda: judge)
    monkeypatch.setattr(elsewhere, "set_distance", lambda a, b: set_distance(a, b, MeanColour()))
    people, wild = reports
    kept = wild / "kept" / "new_input.npz"
    elsewhere.main([str(people)])
    found = json.loads((people / "quality.json").read_text())["photo"]
    assert found["grey 90"]["qualiclip"] == pytest.approx(90 / 255, abs=1e-4)
    assert (found["target"]["fid"], found["target"]["outputs"]) == (pytest.approx(0, abs=1e-6), 18)
    assert found["grey 255"]["fid"] > found["grey 90"]["fid"] > 0
    assert "| photo | grey 90 | 0.353 (0.353 to 0.353) |" in (people / "quality.md").read_text()
    assert "| photo | target |" in capsys.readouterr().out
    kept.unlink()
    with pytest.raises(InputError, match="kept outputs"):
        elsewhere.main([str(wild)])


def test_quality_says_what_cannot_be_had(reports: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def no_package(*images: np.ndarray) -> None:
        tries.append("tried")
        raise measure.NotAvailable("no network")

    monkeypatch.setattr(elsewhere, "qualiclip", no_package)
    monkeypatch.setattr(elsewhere, "set_distance", no_package)
    text = elsewhere.table(elsewhere.quality(read_report(reports[0])))
    assert "Not available, qualiclip: no network." in text and "Not available, fid: no network." in text
    assert len(tries) == 2, "each once, not for every method"
    assert "| photo | grey 90 | - | - | - | - |" in text


def test_a_report_to_compare_with_nothing_is_refused(reports: tuple[Path, Path]) -> None:
    wild = read_report(reports[1])
    without = {name: {"grey 90": one["grey 90"]} for name, one in wild.kept.items()}
    with pytest.raises(InputError, match="neither input nor target"):
        elsewhere.quality(wild._replace(kept=without))
    with pytest.raises(InputError, match="input among its methods"):
        side_by_side.picture(wild._replace(kept=without))
