"""The validation script end to end, with stand-ins for the model and the landmark detector."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from reggan import evaluate
from reggan.errors import InputError
from reggan.expressions import BASIC

PEOPLE = ["ann", "bob"]

pytestmark = pytest.mark.usefixtures("one_thread")


class Brighten:
    """Coarse brightens by ten grey levels per expression, refined by twenty."""

    def edit_crops(self, crops, landmarks, c):
        assert crops.shape[1:] == (256, 256, 3) and landmarks.shape[1:] == (478, 2)
        assert len(crops) == len(landmarks) == len(c) and c.dtype == np.float32
        amount = (c * np.arange(1, 7)).sum(1)[:, None, None, None]  # (N, 1, 1, 1)
        return (crops + 10 * amount).astype(np.uint8), (crops + 20 * amount).astype(np.uint8)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Neutral: a grey ramp of 20 to 80. Targets: 20 grey levels brighter per expression, what refined does."""
    ramp = np.linspace(20, 80, 256).astype(np.uint8)
    for k, person in enumerate(PEOPLE):
        (tmp_path / person).mkdir()
        neutral = np.repeat(np.tile(ramp + k, (256, 1))[..., None], 3, 2)
        cv2.imwrite(str(tmp_path / person / "neutral.jpg"), neutral, [cv2.IMWRITE_JPEG_QUALITY, 100])
        for e, name in enumerate(BASIC, 1):
            cv2.imwrite(str(tmp_path / person / f"{name}_100.jpg"), neutral + 20 * e, [cv2.IMWRITE_JPEG_QUALITY, 100])
        np.save(tmp_path / person / "landmarks.npy", np.zeros((478, 2), np.float32))
    return tmp_path


@pytest.fixture(autouse=True)
def no_slow_networks(monkeypatch):
    """Landmarks that all lie at the image's mean brightness in x, eyes 100 pixels apart; none above brightness 165.

    Embeddings at an angle of the brightness over 255.
    """

    def find_landmarks(images):
        points = np.zeros((len(images), 478, 2), np.float32)
        points[:, (362, 263), 0] = 100
        points[..., 0] += images.mean((1, 2, 3))[:, None]
        points[images.mean((1, 2, 3)) > 165] = np.nan
        return points

    def embed(crops):
        angle = crops.mean((1, 2, 3)) / 255
        return np.stack([np.cos(angle), np.sin(angle)], 1)

    monkeypatch.setattr(evaluate, "find_landmarks", find_landmarks)
    monkeypatch.setattr(evaluate, "embed", embed)


def test_photographs(folder, tmp_path, capsys):
    evaluate.evaluate(Brighten(), evaluate.load_pairs(folder, PEOPLE), tmp_path / "out")
    report = json.loads((tmp_path / "out" / "scores.json").read_text())
    scores = report["scores"]["photo"]
    relative = {method: row["relative_l1"]["all"]["mean"] for method, row in scores.items()}
    assert relative["input"] == 1 and relative["target"] == 0
    assert relative["coarse"] == pytest.approx(0.5, abs=0.02) and relative["refined"] < 0.02
    assert scores["coarse"]["mse"]["happy"]["mean"] == pytest.approx((10 / 255) ** 2, rel=0.1)
    assert scores["refined"]["sharpness"]["sad"]["mean"] == pytest.approx(1, abs=0.1)
    assert scores["input"]["landmark_error"]["happy"]["mean"] == pytest.approx(0.2, rel=0.02)
    assert scores["coarse"]["landmark_error"]["angry"]["mean"] == pytest.approx(0.4, rel=0.02)
    assert scores["input"]["landmark_error"]["disgusted"] == {
        **{"mean": None, "low": None, "high": None},
        **{"measured": 0, "failed": 2},
    }
    assert scores["refined"]["landmark_error"]["all"]["failed"] == 2
    assert scores["input"]["fss"]["all"]["mean"] == pytest.approx(1)
    assert scores["refined"]["fss"]["fearful"]["mean"] == pytest.approx(np.cos(60 / 255), rel=1e-3)
    assert 0 <= scores["refined"]["ecs"]["all"]["low"] <= scores["refined"]["ecs"]["all"]["high"] <= 1
    printed = capsys.readouterr().out
    assert "2 people, 12 images" in printed and "'refined': 2" in printed and "0.988" in printed
    sheet = cv2.imread(str(tmp_path / "out" / "samples_photo.png"))
    assert sheet.shape == (6 * 128, 12 * 128, 3)


def test_styles_have_no_pixel_scores(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate, "STYLES", {"greyscale": evaluate.STYLES["greyscale"]})
    summaries = evaluate.evaluate(Brighten(), evaluate.load_pairs(folder, PEOPLE[:1]), tmp_path / "out", styles=True)
    assert list(summaries) == ["photo", "greyscale"]
    assert set(summaries["greyscale"]["refined"]) == {"landmark_error", "ecs", "ecs_probability", "fss"}
    assert summaries["greyscale"]["target"]["landmark_error"]["happy"]["mean"] == pytest.approx(0, abs=0.01)
    assert (tmp_path / "out" / "samples_greyscale.png").is_file()


def test_sample_sheet_picks_best_median_and_worst():
    images = {"input": np.stack([np.full((8, 8, 3), n, np.uint8) for n in range(18)])}
    badness = np.concatenate([np.full(6, 0.5), np.full(6, 0.9), np.full(6, 0.1)])  # person 1 is the worst, 2 the best
    sheet = evaluate.sample_sheet(images, badness)
    assert [int(sheet[2, 2 + 128 * k, 0]) for k in range(3)] == [12, 0, 6]
    assert [int(sheet[130, 2 + 128 * k, 0]) for k in range(3)] == [13, 1, 7]


def test_missing_files_are_named(folder, tmp_path):
    with pytest.raises(InputError, match="carl"):
        evaluate.load_pairs(folder, ["ann", "carl"])
    with pytest.raises(InputError, match="empty"):
        evaluate.load_pairs(folder, [])
    with pytest.raises(SystemExit, match="no list of identities"):
        evaluate.main(["--pairs", str(folder), "--identities", str(tmp_path / "none.txt"), "-o", str(tmp_path)])
