"""Pictures as they come: neutral among the expressions, faces that have one already apart, faces that were missed."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from reggan.evaluate import evaluate, measure
from reggan.evaluate.__main__ import main
from reggan.evaluate.face_sets import WITH_NEUTRAL, FaceSet
from reggan.evaluate.methods import Method, parse, results
from reggan.evaluate.summary import summarise
from reggan.metrics import expression_net
from tests.paths import EXAMPLES

SMILING, AT_REST = 0, 1


@pytest.fixture
def wild(monkeypatch: pytest.MonkeyPatch) -> FaceSet:
    """A smiling face and one at rest, which are told apart by their brightness; three pictures were looked at."""

    def probabilities(crops: np.ndarray) -> np.ndarray:
        read = ["happy" if image.mean() > 100 else "neutral" for image in crops]
        return np.eye(7)[[expression_net.CLASSES.index(name) for name in read]]

    monkeypatch.setattr("reggan.metrics.ecs.probabilities", probabilities)
    monkeypatch.setattr(measure, "probabilities", probabilities)
    monkeypatch.setattr(measure, "find_landmarks", lambda images: np.zeros((len(images), 478, 2), np.float32))
    monkeypatch.setattr(measure, "embed", lambda crops: np.ones((len(crops), 1)))
    crops = np.stack([np.full((256, 256, 3), value, np.uint8) for value in (150, 50)])
    points = np.random.default_rng(0).uniform(80, 176, (2, 478, 2)).astype(np.float32)
    return FaceSet("wild", ["smiling", "resting"], crops, points, expressions=WITH_NEUTRAL, pictures=3)


def darken(crops: np.ndarray, landmarks: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Takes every smile away, and answers nothing else."""
    return np.where(c.sum(1)[:, None, None, None] == 0, crops // 3, crops)


def test_neutral_and_faces_with_an_expression_are_told_apart(wild: FaceSet, tmp_path: Path) -> None:
    outputs = results(Method("m", "m", darken), wild)
    assert outputs is not None and outputs.shape == (14, 256, 256, 3)
    assert outputs[:7, 0, 0, 0].tolist() == [150] * 6 + [50]
    evaluate([wild], [Method("input", "input"), Method("m", "m", darken)], tmp_path)
    report = json.loads((tmp_path / "scores.json").read_text())["classes"]["wild"]
    assert (report["pictures"], report["expressive"], report["expressions"]) == (3, 1, list(WITH_NEUTRAL))
    ecs = {name: {part: n["mean"] for part, n in row["ecs"].items()} for name, row in report["scores"].items()}
    assert ecs["input"]["neutral"] == 0.5 and ecs["m"]["neutral"] == 1
    assert ecs["input"]["happy"] == 0.5 and ecs["input"]["all"] == pytest.approx(1 / 12), "neutral is not in it"
    assert ecs["input"]["inputs with an expression, neutral"] == 0 and ecs["input"]["inputs at rest, neutral"] == 1
    assert ecs["input"]["inputs with an expression, all"] == pytest.approx(1 / 6)
    assert ecs["input"]["inputs at rest, all"] == 0
    page = (tmp_path / "summary.html").read_text()
    assert "2 faces in 3 pictures (1 missed), 14 outputs" in page
    assert "inputs with an expression: 1" in page and page.count("<th>neutral</th>") > 3


def test_intervals_are_over_faces_not_outputs() -> None:
    """Seven equal outputs of each of two faces are two observations: the interval reaches from one to the other."""
    values = np.repeat([0.0, 1.0], 7)
    numbers = summarise({"m": measure.Measured({"ecs": values}, {}, {})}, WITH_NEUTRAL)["m"]["ecs"]["all"]
    assert (numbers["mean"], numbers["low"], numbers["high"], numbers["measured"]) == (0.5, 0, 1, 12)


def test_the_expression_that_is_there_goes_when_neutral_is_asked_for() -> None:
    """With `relax`, as the page does it: a method that left a smile for neutral would not be the one that ships."""
    from reggan import Predictor
    from reggan.expressions import resolve
    from reggan.faces import align, alignment_matrix, find_faces, read_image, transform

    predictor = Predictor.from_pretrained()
    image = predictor(read_image(EXAMPLES / "avatar_3d.jpg"), "happy").image
    matrix = alignment_matrix(found := find_faces(image)[0].landmarks)
    crop, points = align(image, matrix), transform(found, matrix).astype(np.float32)
    one = FaceSet("avatar", ["a"], crop[None], points[None], expressions=WITH_NEUTRAL)
    outputs = results(parse("refined")[0], one)
    (expected,) = predictor.edit_many(predictor.analyse(image), resolve("neutral")[None], 0, relax=1)
    assert outputs is not None
    assert np.abs(outputs[-1].astype(int) - expected.faces[0].refined).max() <= 1
    assert np.abs(outputs[-1].astype(int) - crop).mean() > 1


def test_the_command_reports_what_it_missed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = tmp_path / "pictures"
    (pictures / "statue").mkdir(parents=True)
    (pictures / "statue" / "marble.jpg").write_bytes((EXAMPLES / "statue_marble.jpg").read_bytes())
    cv2.imwrite(str(pictures / "statue" / "wall.png"), np.full((300, 300, 3), 128, np.uint8))
    main(["--images", str(pictures), "--methods", "input", "-o", str(tmp_path / "out")])
    assert "statue: 1 faces in 2 pictures" in capsys.readouterr().out
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert scores["left_out"] == ["statue, wall.png: no face found"]
    row = scores["classes"]["statue"]["scores"]["input"]
    assert row["found"]["all"]["mean"] == 1 and row["detail"]["neutral"]["mean"] == pytest.approx(1)
    assert row["background"]["neutral"]["mean"] == row["seam"]["neutral"]["mean"] == 0
