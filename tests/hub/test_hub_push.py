"""Publishing with the real client to a Hub on this machine, and the conventions of PyTorchModelHubMixin."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard, PyTorchModelHubMixin
from PIL import Image
from safetensors import safe_open

from reggan import InputError
from reggan.model.config import ModelConfig
from reggan.model.reggan import RegGAN
from reggan.output import provenance
from reggan.publish.card import model_card
from reggan.publish.hub_model import HubModel
from reggan.publish.push import ROOT, write_folder
from reggan.weights.fetch import CONFIG, WEIGHTS
from reggan.weights.files import EMBEDDED, load_model, save_model
from tests.hub.loopback_hub import TOKEN, LoopbackHub, run

REPO = "someone/reggan"
SMALL = ModelConfig(grid=32, widths=(8, 8, 16, 16), shading=48, shape=3)


@pytest.fixture
def loopback() -> Iterator[LoopbackHub]:
    server = LoopbackHub()
    yield server
    server.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights file with a history."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("small") / "small.safetensors"
    figures = {"people": 3, **{f"{k}_{m}": 0.25 for k in ("input", "coarse", "refined") for m in ("l1", "mse")}}
    history = {"data": "3 people, 9 pairs", "attribution": "Nobody (2020, CC BY 4.0)", "license": "Apache-2.0"}
    save_model(RegGAN(SMALL), path, {**history, "steps": "7", "validation": json.dumps(figures)})
    return path


def same(a: RegGAN, b: RegGAN) -> bool:
    ours, theirs = a.state_dict(), b.state_dict()
    return a.config == b.config and ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_push_and_load_again(loopback: LoopbackHub, small: Path, tmp_path: Path) -> None:
    push = f"""
import sys
from reggan.publish import push
from reggan.publish.__main__ import main
push._EXAMPLES = push._EXAMPLES[:1]  # a short sheet
sys.exit(main(["push", "--repo", "{REPO}", "--weights", {str(small)!r}]))
"""
    done = run(loopback.endpoint, tmp_path / "home", push, HF_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr[-2000:]
    commit = loopback.main[REPO]
    assert done.stdout.splitlines()[0] == f"{REPO}@{commit}"
    assert loopback.private[REPO] is True
    assert len(loopback.commits[REPO]) == 1, "one commit"
    files = loopback.files(REPO)
    assert set(files) == {"README.md", "config.json", "model.safetensors", "sheet.jpg"}
    assert TOKEN.encode() not in b"".join(files.values())

    code = f"""
from reggan import Predictor
from reggan.weights.files import load_model
from reggan.publish.hub_model import HubModel
p = Predictor.from_pretrained("{REPO}", revision="{commit}")
first, _ = load_model({str(small)!r})
assert all((a == b).all() for a, b in zip(first.state_dict().values(), p.model.state_dict().values(), strict=True))
m = HubModel.from_pretrained("{REPO}")
assert m.config == first.config and not m.training and m.metadata["attribution"] == "Nobody (2020, CC BY 4.0)"
print(p.source)
"""
    loaded = run(loopback.endpoint, tmp_path / "home", code, HF_TOKEN=TOKEN)
    assert loaded.returncode == 0, loaded.stderr[-2000:]
    checksum = json.loads(files["config.json"])["sha256"]
    assert loaded.stdout.strip() == f"{REPO} at {commit[:7]}, SHA-256 {checksum}"


def test_push_to_hub_of_the_model(loopback: LoopbackHub, small: Path, tmp_path: Path) -> None:
    code = f"""
from reggan import InputError
from reggan.publish.hub_model import HubModel
model = HubModel.from_pretrained({str(small)!r})
print(model.push_to_hub("{REPO}", private=False))
try:
    HubModel.from_pretrained("someone/nobody")
except InputError as error:
    print(error)
"""
    done = run(loopback.endpoint, tmp_path, code, HF_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr[-2000:]
    address, sentence = done.stdout.splitlines()
    assert address.endswith(f"/{REPO}/commit/{loopback.main[REPO]}")
    assert "no repository someone/nobody" in sentence
    assert loopback.private[REPO] is False
    assert set(loopback.files(REPO)) == {"README.md", "config.json", "model.safetensors"}


def test_the_space_is_what_git_tracks_and_starts_from(loopback: LoopbackHub, tmp_path: Path) -> None:
    code = """
import sys
from reggan.publish.__main__ import main
sys.exit(main(["space", "--repo", "someone/demo", "--weights", "someone/reggan@abc", "--public"]))
"""
    done = run(loopback.endpoint, tmp_path, code, HF_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr[-2000:]
    (made,) = loopback.created
    assert (made["type"], made["sdk"], made["visibility"]) == ("space", "gradio", "public")
    assert made["variables"] == [{"key": "REGGAN_WEIGHTS", "value": "someone/reggan@abc"}]
    files = loopback.files("spaces/someone/demo")
    assert {"README.md", "app.py", "packages.txt", "requirements.txt", "reggan/weights/reggan.safetensors"} <= set(
        files
    )
    assert {"examples/photo_grace_hopper.jpg", "reggan/ui/assets/page.js", "docs/teaser.jpg"} <= set(files)
    assert not [name for name in files if name.startswith(("tests/", ".", "runs/")) or "__pycache__" in name]
    assert max(map(len, files.values())) < 10_000_000
    for name in ("app.py", "reggan/weights/reggan.safetensors"):
        assert files[name] == (ROOT / name).read_bytes()


def test_refusals_are_one_sentence(loopback: LoopbackHub, small: Path, tmp_path: Path) -> None:
    push = f"""
import sys
from reggan.publish import push
from reggan.publish.__main__ import main
push._EXAMPLES = push._EXAMPLES[:1]  # a short sheet
sys.exit(main(["push", "--repo", sys.argv[1], "--weights", {str(small)!r}]))
"""
    for name, token, behaviour, words in (
        (REPO, "hf_other", "well", "HF_TOKEN"),
        ("some one/x", TOKEN, "well", "name like"),
        (REPO, TOKEN, 400, "error 400"),
    ):
        loopback.behaviour = behaviour
        done = run(loopback.endpoint, tmp_path, push.replace("sys.argv[1]", repr(name)), HF_TOKEN=token)
        assert done.returncode == 2
        assert words in done.stderr and "Traceback" not in done.stderr
        assert token not in done.stderr + done.stdout
    assert not loopback.commits


def test_the_card_says_what_the_weights_say(small: Path, tmp_path: Path) -> None:
    checksum = write_folder(tmp_path, REPO, small)
    card = ModelCard.load(tmp_path / "README.md")
    assert card.data.license == "apache-2.0" and card.data.pipeline_tag == "image-to-image"
    for words in ("3 people, 9 pairs", "Nobody (2020, CC BY 4.0)", "on 3 people kept out", checksum, f'"{REPO}"'):
        assert words in card.text
    assert "| stage 2 | 0.2500 | 0.25000 |" in card.text
    headings = [line for line in card.text.splitlines() if line.startswith("## ")]
    assert headings == ["## Training data", "## Figures", "## Limits", "## Intended use", "## Forbidden use"]
    assert "![Examples, each with six expressions](sheet.jpg)" in card.text
    with Image.open(tmp_path / "sheet.jpg") as sheet:
        assert sheet.size == (7 * 160, 4 * 160)
        assert np.asarray(sheet).std() > 30
    assert "happy" in provenance.read(tmp_path / "sheet.jpg")["description"]
    bare = model_card({"validation": "{}"})
    assert "do not say" in bare and "## Figures" not in bare and "sheet" not in bare


def test_the_embedded_weights_have_a_complete_card() -> None:
    _, metadata = load_model(EMBEDDED)
    card = model_card(metadata)
    assert "London Set" in card and "CC BY 4.0" in card and "## Figures" in card
    assert "None" not in card.replace("None of these", "")


def test_save_and_load_keep_every_number(small: Path, tmp_path: Path) -> None:
    model = HubModel.from_pretrained(small)
    model.save_pretrained(tmp_path / "a")
    again = HubModel.from_pretrained(tmp_path / "a")
    assert same(model, again)
    config = json.loads((tmp_path / "a" / CONFIG).read_text())
    assert ModelConfig.from_dict(config) == SMALL
    with safe_open(tmp_path / "a" / WEIGHTS, "pt") as file:
        header = file.metadata()
    assert header["attribution"] == "Nobody (2020, CC BY 4.0)"
    assert "validation" not in header, "figures are not those of a model that may have been trained on"
    (tmp_path / "a" / "README.md").write_text("mine")
    again.save_pretrained(tmp_path / "a")
    assert (tmp_path / "a" / "README.md").read_text() == "mine"


class WithTheirMixin(PyTorchModelHubMixin, RegGAN):
    """The model under the real mixin's methods."""


def test_the_real_mixin_reads_our_files_and_we_read_its(small: Path, tmp_path: Path) -> None:
    ours = HubModel.from_pretrained(small)
    ours.save_pretrained(tmp_path / "ours")
    theirs = WithTheirMixin.from_pretrained(tmp_path / "ours", strict=True)
    assert same(ours, theirs) and not theirs.training
    theirs.save_pretrained(tmp_path / "theirs")
    assert same(ours, HubModel.from_pretrained(tmp_path / "theirs"))


def test_a_damaged_file_is_refused(small: Path, tmp_path: Path) -> None:
    HubModel.from_pretrained(small).save_pretrained(tmp_path)
    weights = tmp_path / WEIGHTS
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(InputError, match="checksum"):
        HubModel.from_pretrained(tmp_path)
    weights.unlink()
    with pytest.raises(InputError, match="no weights file"):
        HubModel.from_pretrained(tmp_path)
    (tmp_path / CONFIG).unlink()
    with pytest.raises(InputError, match=r"no config\.json"):
        HubModel.from_pretrained(tmp_path)


def test_the_model_survives_a_stream() -> None:
    """`torch.save` of the state and a deep copy know nothing of the Hub."""
    import copy

    model = RegGAN(SMALL)
    assert same(model, copy.deepcopy(model))
    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    assert "metadata" not in model.state_dict()
