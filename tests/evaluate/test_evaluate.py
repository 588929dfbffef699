"""The evaluation end to end, with stand-ins for the models, the landmark detector and the embedder."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from reggan import metrics
from reggan.errors import InputError
from reggan.evaluate import __main__ as command
from reggan.evaluate import evaluate, extremes, measure, run
from reggan.evaluate.cost import costs
from reggan.evaluate.face_sets import FaceSet, load_images, load_pairs, styled
from reggan.evaluate.methods import Method, parse, results
from reggan.evaluate.summary import badness
from reggan.expressions import BASIC
from tests.paths import EXAMPLES

PEOPLE = ["ann", "bob"]


def brighten(amount: int) -> Method:
    """Brighter by `amount` grey levels for happy, twice that for sad, and so on."""

    def edit(crops: np.ndarray, landmarks: np.ndarray, c: np.ndarray) -> np.ndarray:
        assert crops.shape[1:] == (256, 256, 3) and landmarks.shape[1:] == (478, 2)
        assert len(crops) == len(landmarks) == len(c) and c.dtype == np.float32
        return (crops + amount * (c * np.arange(1, 7)).sum(1)[:, None, None, None]).astype(np.uint8)

    return Method(f"by {amount}", f"brighten {amount}", edit)


INPUT, TARGET = Method("input", "input"), Method("target", "target")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Neutral: a grey ramp of 20 to 80. Targets: 20 grey levels brighter per expression, what `brighten(20)` does."""
    ramp = np.linspace(20, 80, 256).astype(np.uint8)
    points = np.random.default_rng(0).uniform(80, 176, (478, 2)).astype(np.float32)
    points[[33, 133]], points[[362, 263]] = (90, 102), (165, 102)  # eyes
    for k, person in enumerate(PEOPLE):
        (tmp_path / person).mkdir()
        neutral = np.repeat(np.tile(ramp + k, (256, 1))[..., None], 3, 2)
        cv2.imwrite(str(tmp_path / person / "neutral.jpg"), neutral, [cv2.IMWRITE_JPEG_QUALITY, 100])
        for e, name in enumerate(BASIC, 1):
            cv2.imwrite(str(tmp_path / person / f"{name}_100.jpg"), neutral + 20 * e, [cv2.IMWRITE_JPEG_QUALITY, 100])
        np.save(tmp_path / person / "landmarks.npy", points)
    return tmp_path


@pytest.fixture(autouse=True)
def no_slow_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Landmarks that all lie at the image's mean brightness in x, eyes 100 pixels apart; none above brightness 165.

    Embeddings at an angle of the brightness over 255.
    """

    def find_landmarks(images: np.ndarray) -> np.ndarray:
        points = np.zeros((len(images), 478, 2), np.float32)
        points[:, (362, 263), 0] = 100
        points[..., 0] += images.mean((1, 2, 3))[:, None]
        points[images.mean((1, 2, 3)) > 165] = np.nan
        return points

    def embed(crops: np.ndarray) -> np.ndarray:
        angle = crops.mean((1, 2, 3)) / 255
        return np.stack([np.cos(angle), np.sin(angle)], 1)

    monkeypatch.setattr(measure, "find_landmarks", find_landmarks)
    monkeypatch.setattr(run, "find_landmarks", find_landmarks)
    monkeypatch.setattr(measure, "embed", embed)


def test_photographs(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    methods = [INPUT, brighten(10), brighten(20), TARGET]
    evaluate([load_pairs(folder, PEOPLE)], methods, tmp_path / "out", command="python -m x <y>")
    report = json.loads((tmp_path / "out" / "scores.json").read_text())
    scores = report["classes"]["photo"]["scores"]
    relative = {method: row["relative_l1"]["all"]["mean"] for method, row in scores.items()}
    assert relative["input"] == 1 and relative["target"] == 0
    assert relative["by 10"] == pytest.approx(0.5, abs=0.02) and relative["by 20"] < 0.02
    assert scores["by 10"]["mse"]["happy"]["mean"] == pytest.approx((10 / 255) ** 2, rel=0.1)
    assert scores["by 20"]["sharpness"]["sad"]["mean"] == pytest.approx(1, abs=0.1)
    assert scores["input"]["landmark_error"]["happy"]["mean"] == pytest.approx(0.2, rel=0.02)
    assert scores["by 10"]["landmark_error"]["angry"]["mean"] == pytest.approx(0.4, rel=0.02)
    assert scores["input"]["landmark_error"]["disgusted"] == {
        **{"mean": None, "low": None, "high": None},
        **{"measured": 0, "failed": 2},
    }
    assert scores["by 20"]["landmark_error"]["all"]["failed"] == 2
    assert scores["input"]["fss"]["all"]["mean"] == pytest.approx(1)
    assert scores["by 20"]["fss"]["fearful"]["mean"] == pytest.approx(np.cos(60 / 255), rel=1e-3)
    assert scores["by 10"]["seam"]["sad"]["mean"] == pytest.approx(20, abs=0.1)
    assert scores["by 10"]["background"]["sad"]["mean"] == pytest.approx(20, abs=0.1)
    assert 0 <= scores["by 20"]["ecs"]["all"]["low"] <= scores["by 20"]["ecs"]["all"]["high"] <= 1
    assert "'by 20': 2" in capsys.readouterr().out

    page = (tmp_path / "out" / "index.html").read_text()
    summary = (tmp_path / "out" / "summary.html").read_text()
    assert "data:image" in page and "data:image" not in summary and len(summary) > 1000
    assert f"{relative['by 10']:.3f}" in page and "by 10: 2, by 20: 2" in page.replace("input: 2, ", "")
    assert "&lt;y&gt;" in page and 'src="data:image/jpeg' in page and "http" not in page
    samples = cv2.imread(str(tmp_path / "out" / "samples_photo_input_by_relative_l1.png"))
    assert samples.shape == (6 * 128, 3 * 4 * 128, 3)


def test_what_was_measured_is_kept(folder: Path, tmp_path: Path) -> None:
    calls = []
    slow = brighten(10)
    assert slow.edit is not None
    counted = slow._replace(edit=lambda *faces: (calls.append(1), slow.edit(*faces))[1])
    photo = load_pairs(folder, PEOPLE)
    first = evaluate([photo], [counted], tmp_path / "out")
    assert len(calls) == 2
    assert evaluate([photo], [counted, INPUT], tmp_path / "out")["photo"]["by 10"] == first["photo"]["by 10"]
    assert len(calls) == 2
    evaluate([photo], [counted._replace(key="other weights")], tmp_path / "out")
    assert len(calls) == 4
    changed = photo.crops.copy()
    changed[0, 0, 0] ^= 1
    evaluate([photo._replace(crops=changed)], [counted._replace(key="other weights")], tmp_path / "out")
    assert len(calls) == 6


def test_a_changed_metric_is_measured_anew(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The metrics' code and weights stand in a copy here, of which one file after the other is changed."""
    assert set(measure.IMPLEMENTATION) >= {Path(measure.__file__), Path(metrics.__file__).parent}
    code = tmp_path / "metrics"
    shutil.copytree(Path(metrics.__file__).parent, code, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(measure, "IMPLEMENTATION", (code, tmp_path / "measure.py"))
    (tmp_path / "measure.py").write_text("")
    value = 1
    monkeypatch.setattr(measure, "seam", lambda inputs, outputs: np.full(len(inputs), float(value)))
    photo = load_pairs(folder, PEOPLE)

    def seam() -> object:
        return evaluate([photo], [INPUT], tmp_path / "out")["photo"]["input"]["seam"]["all"]["mean"]

    assert seam() == 1
    assert {f.name for f in code.rglob("*.safetensors")} == {"expression.safetensors", "recognition.safetensors"}
    changed = (code / "unchanged.py", code / "weights" / "expression.safetensors", tmp_path / "measure.py")
    for value, file in enumerate(changed, 2):
        assert seam() == value - 1, "kept, as no file has changed"
        file.write_bytes(file.read_bytes() + b" ")
        assert seam() == value, f"{file.name} has changed"


def test_styles_have_no_pixel_scores(folder: Path, tmp_path: Path) -> None:
    photo = load_pairs(folder, PEOPLE[:1])
    grey = styled(photo, "greyscale")
    summaries = evaluate([photo, grey], [brighten(20), TARGET], tmp_path / "out")
    assert list(summaries) == ["photo", "greyscale"]
    pixel_metrics = {"relative_l1", "mse", "sharpness"}
    assert pixel_metrics < set(summaries["photo"]["by 20"])
    assert not pixel_metrics & set(summaries["greyscale"]["by 20"])
    assert summaries["greyscale"]["target"]["landmark_error"]["happy"]["mean"] == pytest.approx(0, abs=0.01)


def test_quality_says_what_is_missing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_package(*images: np.ndarray) -> None:
        raise measure.NotAvailable("<torch_fidelity> is not installed")

    monkeypatch.setattr(measure, "QUALITY", {"brisque": no_package, "qualiclip": lambda faces, x: x.mean((1, 2, 3))})
    monkeypatch.setattr(measure, "set_distance", no_package)
    summaries = evaluate([load_pairs(folder, PEOPLE)], [INPUT], tmp_path / "out", quality=True)
    assert "brisque" not in summaries["photo"]["input"]
    assert summaries["photo"]["input"]["qualiclip"]["all"]["mean"] == pytest.approx(50.5, abs=1)
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.count("not available: &lt;torch_fidelity&gt; is not installed") == 2  # BRISQUE; FID and KID


def test_folder_of_results(folder: Path, tmp_path: Path) -> None:
    photo = load_pairs(folder, PEOPLE)
    rival = tmp_path / "rival"
    rival.mkdir()
    for k, (person, name) in enumerate((p, n) for p in PEOPLE for n in BASIC):
        cv2.imwrite(str(rival / f"{person}_{name}.png"), np.full((256, 256, 3), (1, 2, k), np.uint8))
    (method,) = parse(f"rival={rival}")
    outputs = results(method, photo)
    assert outputs is not None and outputs.shape == (12, 256, 256, 3)
    assert outputs[7, 0, 0].tolist() == [7, 2, 1]  # RGB; bob, sad
    cv2.imwrite(str(rival / "bob_sad.png"), np.zeros((128, 128, 3), np.uint8))
    assert parse(f"rival={rival}")[0].key != method.key
    with pytest.raises(InputError, match="bob_sad.png is missing or is not a picture of 256 x 256"):
        results(method, photo)


def test_methods_are_parsed() -> None:
    assert [m.name for m in parse("input, coarse,refined,target")] == ["input", "coarse", "refined", "target"]
    for wrong in ("fancy", "fancy=nowhere", "input,input", "", f"x={__file__}"):
        with pytest.raises(InputError):
            parse(wrong)


def test_stage_1_alone_is_what_the_predictor_shows() -> None:
    from reggan import Predictor
    from reggan.faces import align, alignment_matrix, find_faces, read_image, transform

    picture = read_image(EXAMPLES / "avatar_3d.jpg")
    matrix = alignment_matrix(found := find_faces(picture)[0].landmarks)
    crop, points = align(picture, matrix), transform(found, matrix).astype(np.float32)
    one = FaceSet("avatar", ["a"], crop[None], points[None])
    outputs = results(parse("coarse")[0], one)
    expected, _ = Predictor.from_pretrained().edit_crops(
        one.inputs, np.stack([points] * 6), np.eye(6, dtype=np.float32)
    )
    assert outputs is not None and np.abs(outputs.astype(int) - expected).max() <= 1


def test_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reggan.evaluate.cost._ROUNDS", 5)
    rng = np.random.default_rng(0)
    crop, points = np.full((256, 256, 3), 128, np.uint8), rng.uniform(60, 200, (478, 2)).astype(np.float32)
    table = costs(parse("input,coarse,refined"), crop, points)
    assert list(table) == ["coarse", "refined"]
    assert table["coarse"]["parameters"] == 6 * 10 * 128 * 128  # six expressions, 3 x 3 and a bias, 128 x 128 pixels
    coarse, refined = table["coarse"], table["refined"]
    assert coarse["gflop"] < refined["gflop"] < 20  # type: ignore[operator]
    assert coarse["ms"] < refined["ms"]  # type: ignore[operator]
    assert 100 < coarse["peak_mb"] < 4000  # type: ignore[operator]


def test_folder_of_pictures(tmp_path: Path) -> None:
    examples = EXAMPLES
    for kind, source in (("statue", "statue_marble.jpg"), ("photo", "photo_grace_hopper.jpg")):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / source).write_bytes((examples / source).read_bytes())
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((300, 300, 3), 128, np.uint8))
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    classes, left_out = load_images(tmp_path)
    assert [(f.name, f.names) for f in classes] == [
        ("photo", ["photo_grace_hopper"]),
        ("statue", ["statue_marble"]),
    ]
    assert classes[0].crops.shape == (1, 256, 256, 3) and classes[0].targets is None
    assert classes[0].expressions == (*BASIC, "neutral") and classes[0].pictures == 1
    assert len(left_out) == 2 and "pictures, wall.png: no face found" in left_out
    with pytest.raises(InputError, match="no folder"):
        load_images(tmp_path / "none")


def test_sheets_pick_best_median_and_worst() -> None:
    images = {"input": np.stack([np.full((8, 8, 3), 5 * n, np.uint8) for n in range(18)])}
    bad = np.concatenate([np.full(6, 0.5), np.full(6, 0.9), np.full(6, 0.1)])  # the second face is the worst
    chosen = extremes.by_expression(images, bad, list(BASIC) * 3)
    assert [int(chosen[40, 64 + 128 * k, 0]) for k in range(3)] == [60, 0, 30]
    assert [int(chosen[168, 64 + 128 * k, 0]) for k in range(3)] == [65, 5, 35]
    bad[16] = 7
    worst = extremes.worst(images, bad, [str(n) for n in range(18)], count=2)
    assert [int(worst[40 + 128 * k, 64, 0]) for k in range(2)] == [80, 30]


def test_badness_follows_the_metric() -> None:
    values = {"ecs": np.array([1.0, 0.0]), "mse": np.array([1.0, np.nan]), "sharpness": np.array([0.5, 1.2])}
    measured = measure.Measured(values, {}, {})
    assert badness(measured, "ecs").tolist() == [-1, 0]
    assert badness(measured, "mse").tolist() == [1, np.inf]
    np.testing.assert_allclose(badness(measured, "sharpness"), [0.5, 0.2])


def test_mistakes_get_one_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="carl"):
        load_pairs(folder, ["ann", "carl"])
    with pytest.raises(InputError, match="empty"):
        load_pairs(folder, [])
    out = ["-o", str(tmp_path)]
    with pytest.raises(SystemExit, match="--identities must be a file"):
        command.main(["--pairs", str(folder), "--identities", str(tmp_path / "none.txt"), *out])
    with pytest.raises(SystemExit, match="neither"):
        (tmp_path / "list.txt").write_text("ann")
        command.main(["--pairs", str(folder), "--identities", str(tmp_path / "list.txt"), "--methods", "x", *out])
