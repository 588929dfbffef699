"""Metrics of the optional extra: closed-form cases with a tiny network, and stand-ins for what must be downloaded."""

import functools
import hashlib
import http.server
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from reggan.errors import InputError
from reggan.metrics import affectnet, arcface
from reggan.metrics import qualiclip as quality
from reggan.metrics.brisque import brisque
from reggan.metrics.distances import set_distance
from reggan.metrics.optional import NotAvailable, download, package


class MeanColour(torch.nn.Module):
    """Three features: the mean of each channel."""

    num_features = 3

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.double().mean((2, 3))


def constant(colours: np.ndarray) -> np.ndarray:
    """(N, 3) to (N, 16, 16, 3) uint8."""
    return np.broadcast_to(colours[:, None, None], (len(colours), 16, 16, 3)).round().astype(np.uint8)


def test_fid_of_two_gaussians() -> None:
    """Independent channels: |mu_1 - mu_2|^2 + sum of (sigma_1 - sigma_2)^2."""
    signs = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)] * 8)  # variances n / (n - 1)
    one = set_distance(constant(100 + 10 * signs), constant(110 + 30 * signs), MeanColour())
    scale = np.sqrt(64 / 63)
    assert one.fid == pytest.approx(3 * 10**2 + 3 * (20 * scale) ** 2, rel=1e-3)
    assert (one.references, one.outputs) == (64, 64)
    assert "N = 64" in one.warning


def test_equal_sets_have_no_distance() -> None:
    images = constant(np.random.default_rng(0).integers(0, 256, (40, 3)))
    assert set_distance(images, images, MeanColour()).fid == pytest.approx(0, abs=1e-6)


def test_kid_is_unbiased_where_fid_is_not() -> None:
    rng = np.random.default_rng(0)
    sets = [constant(np.clip(rng.normal(2, 0.6, (200, 3)), 0, 255)) for _ in range(2)]
    shifted = constant(np.clip(rng.normal(4, 0.6, (200, 3)), 0, 255))
    same, other = set_distance(*sets, MeanColour()), set_distance(sets[0], shifted, MeanColour())
    assert abs(same.kid) < 0.05 * other.kid


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotAvailable, match="no_such_package is not installed"):
        package("no_such_package")
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(NotAvailable, match="torch_fidelity"):
        set_distance(constant(np.ones((4, 3))), constant(np.ones((4, 3))))


def test_brisque_prefers_the_sharp_image() -> None:
    import cv2

    rng = np.random.default_rng(0)
    scene = cv2.GaussianBlur(rng.uniform(0, 255, (256, 256, 3)), (0, 0), 1.2)
    scene = np.clip(128 + 4 * (scene - 128), 0, 255).astype(np.uint8)
    blurred = cv2.GaussianBlur(scene, (0, 0), 4)
    sharp, soft = brisque(np.stack([scene, blurred]))
    assert sharp < soft


class TestQualiClip:
    @pytest.fixture(autouse=True)
    def fresh(self) -> None:
        quality._judge.cache_clear()

    def test_runs_the_judge_on_unit_images(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = []

        def create_metric(name: str, device: str) -> object:
            made.append((name, device))
            return lambda x: x.mean((1, 2, 3), keepdim=True)[:, 0, 0]  # (B, 1), as pyiqa's

        monkeypatch.setitem(sys.modules, "pyiqa", SimpleNamespace(create_metric=create_metric))
        scores = quality.qualiclip(constant(np.arange(40)[:, None] * np.ones(3)))
        np.testing.assert_allclose(scores, np.arange(40) / 255, rtol=1e-5)
        assert made == [("qualiclip", "cpu")]
        assert "non-commercial" in capsys.readouterr().err

    def test_says_why_there_are_no_weights(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def create_metric(name: str, device: str) -> None:
            raise ConnectionError("no route to host\nTraceback")

        monkeypatch.setitem(sys.modules, "pyiqa", SimpleNamespace(create_metric=create_metric))
        with pytest.raises(NotAvailable, match="could not be downloaded: no route to host$"):
            quality.qualiclip(constant(np.ones((1, 3))))


class TestDownload:
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[str]:
        """A loopback stand-in for the source of a file."""
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "model.onnx").write_bytes(b"weights")
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "site"))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
            threading.Thread(target=httpd.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{httpd.server_port}"
            httpd.shutdown()

    def test_fetched_once_and_checked(self, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REGGAN_CACHE", str(tmp_path / "cache"))
        digest = hashlib.sha256(b"weights").hexdigest()
        path = download(f"{server}/model.onnx", digest, "m.onnx")
        assert path.read_bytes() == b"weights" and path.parent == tmp_path / "cache"
        assert download("http://127.0.0.1:9/gone", digest, "m.onnx") == path  # no request
        with pytest.raises(NotAvailable, match="checksum"):
            download(f"{server}/model.onnx", "0" * 64, "m.onnx")
        assert list(path.parent.iterdir()) == []

    def test_failures_are_named(self, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REGGAN_CACHE", str(tmp_path / "cache"))
        with pytest.raises(NotAvailable, match=r"m\.onnx could not be downloaded.*404"):
            download(f"{server}/nothing", "0" * 64, "m.onnx")
        with pytest.raises(NotAvailable, match="could not be downloaded"):
            download("http://127.0.0.1:9/", "0" * 64, "m.onnx")


def test_arcface_sees_the_eyes_where_it_was_trained() -> None:
    crop = np.zeros((256, 256, 3), np.uint8)
    for x in (0.355, 0.645):
        crop[round(0.4 * 256), round(x * 256)] = 255
    small = arcface.aligned(crop)[..., 0].astype(float)
    centres = [np.average(np.arange(112)[a:b], weights=small[:, a:b].sum(0)) for a, b in ((0, 56), (56, 112))]
    np.testing.assert_allclose(centres, [38.29, 73.53], atol=0.4)
    assert np.average(np.arange(112), weights=small.sum(1)) == pytest.approx(51.6, abs=0.4)


def test_arcface_runs_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    class Session:
        """Embeds a face as the mean of its upper and lower half."""

        def get_inputs(self) -> list[SimpleNamespace]:
            return [SimpleNamespace(name="in")]

        def run(self, _: None, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
            assert feed["in"].shape == (1, 3, 112, 112) and -1 <= feed["in"].min() <= feed["in"].max() <= 1
            return [np.stack([feed["in"][:, :, :56].mean((1, 2, 3)), feed["in"][:, :, 56:].mean((1, 2, 3))], 1)]

    monkeypatch.setattr(arcface, "_session", Session)
    white, black = np.full((1, 256, 256, 3), 255, np.uint8), np.zeros((1, 256, 256, 3), np.uint8)
    assert arcface.arcface_fss(white, white)[0] == pytest.approx(1)
    assert arcface.arcface_fss(white, black)[0] < 0


def test_affectnet_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    affectnet._judge.cache_clear()
    classes = dict(enumerate(affectnet.CLASSES))

    class Recogniser:
        idx_to_class = classes

        def __init__(self, model_name: str) -> None:
            pass

        def predict_multi_emotions(self, images: list[np.ndarray], logits: bool) -> tuple[list[str], np.ndarray]:
            assert all(image.shape == (224, 224, 3) for image in images) and not logits
            scores = np.eye(8)[[int(image.mean()) for image in images]]
            return [], scores

    monkeypatch.setitem(sys.modules, "hsemotion_onnx", SimpleNamespace())
    fake = SimpleNamespace(HSEmotionRecognizer=Recogniser)
    monkeypatch.setitem(sys.modules, "hsemotion_onnx.facial_emotions", fake)
    crops = np.stack([np.full((256, 256, 3), v, np.uint8) for v in (0, 4, 4)])
    score = affectnet.affectnet_ecs(crops, ["angry", "happy", "sad"])
    assert score.hit.tolist() == [1, 1, 0] and score.probability.tolist() == [1, 1, 0]
    with pytest.raises(InputError):
        affectnet.affectnet_ecs(crops, "awed")
    affectnet._judge.cache_clear()
