"""On a Space: ZeroGPU with a stand-in for the package `spaces`, and a graphics card of its own."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reggan import BASIC, Predictor, resolve
from reggan.model.forward import OnDevice
from reggan.predictor import Analysis
from reggan.ui import zero_gpu
from tests.hub.loopback_hub import run
from tests.paths import EXAMPLES, ROOT

ALL = np.stack([resolve(name) for name in BASIC])
FULL = np.ones(len(ALL), np.float32)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.from_pretrained(device="cpu")


@pytest.fixture(scope="module")
def group(predictor: Predictor) -> Analysis:
    """A picture with several faces."""
    return predictor.analyse(EXAMPLES / "gallery_faces.jpg")


#: The package `spaces`, with a process boundary that everything has to cross.
STAND_IN = """
import functools, pickle
borrowed, quota = [], 100

def GPU(duration):
    def decorate(task):
        @functools.wraps(task)
        def on_loan(*args, **kwargs):
            import gradio
            seconds = duration(*args, **kwargs)
            borrowed.append(seconds)
            if sum(borrowed) > quota:
                raise gradio.Error("You have exceeded your GPU quota")
            args, kwargs = pickle.loads(pickle.dumps((args, kwargs)))
            return pickle.loads(pickle.dumps(task(*args, **kwargs)))
        return on_loan
    return decorate
"""

PRELUDE = """
import numpy as np, sys
import gradio as gr
from gradio.context import LocalContext
from reggan import Predictor, BASIC, resolve
from reggan.ui import zero_gpu
zero_gpu._GPU = "cpu"
here = zero_gpu.with_borrowed_gpu(Predictor.from_pretrained(device=zero_gpu.DEVICE))
analysis = here.analyse("examples/gallery_faces.jpg")
six = np.stack([resolve(name) for name in BASIC])
"""


def test_zero_gpu_lends_a_card_to_visitors_only_while_there_is_quota(tmp_path: Path) -> None:
    """A real Gradio event is a visitor; what comes back from the card is what the processor makes, and without quota it
    comes from the processor."""
    code = """
import spaces
from gradio_client import Client
wanted, alone = here.edit_many(analysis, six), here.edit(analysis, six[0])
assert spaces.borrowed == [], "no card without a visitor"

def event(k):
    assert (here.edit_many(analysis, six)[int(k)].image == wanted[int(k)].image).all()
    assert here.attention(analysis.faces[0], six[0])
    return len(spaces.borrowed)

with gr.Blocks() as demo:
    number = gr.Number()
    number.submit(event, number, number, api_name="event")
demo.launch(prevent_thread_lock=True, quiet=True)
assert Client(demo.local_url, verbose=False).predict(4, api_name="/event") == len(analysis.faces) + 1
assert set(spaces.borrowed) == {5}, "short"
demo.close()

print("the quota is used up", file=sys.stderr)
spaces.quota, before = 0, len(spaces.borrowed)
LocalContext.request.set(object())
assert (here.edit(analysis, six[0]).image == alone.image).all()
assert len(spaces.borrowed) == before + 1
"""
    (tmp_path / "spaces.py").write_text(STAND_IN)
    path = f"{tmp_path}:{ROOT}"
    done = run("http://127.0.0.1:9", tmp_path, PRELUDE + code, SPACES_ZERO_GPU="true", PYTHONPATH=path)
    assert done.returncode == 0, done.stderr[-3000:]
    with_quota, without = done.stderr.split("the quota is used up\n")
    assert "No graphics card was lent" not in with_quota
    assert "No graphics card was lent" in without


def test_the_loan_is_short_and_grows_with_the_work(group: Analysis) -> None:
    crops, landmarks = np.zeros((1, 256, 256, 3), np.uint8), np.zeros((1, 478, 2), np.float32)
    assert zero_gpu.seconds(crops, landmarks, ALL, FULL) == 5
    many = np.zeros((160, 6), np.float32)
    assert zero_gpu.seconds(crops, landmarks, many, many[:, 0]) == 15


def test_elsewhere_the_package_is_not_imported(tmp_path: Path) -> None:
    code = "import sys, reggan.ui.zero_gpu; sys.exit('spaces' in sys.modules)"
    assert run("http://127.0.0.1:9", tmp_path, code).returncode == 0


def test_faces_are_made_in_batches(predictor: Predictor, group: Analysis) -> None:
    """Three faces with two expressions are one batch; each gets its own two, in order."""
    batches = []
    forward = predictor.forward

    def counted(*args, **kwargs):
        batches.append((args[0].shape[0], len(args[2])))
        return forward(*args, **kwargs)

    watched = Predictor(predictor.model, predictor.metadata, "cpu", forward=counted)
    assert len(group.faces) == 3
    together = watched.edit_many(group, ALL[:2])
    assert batches == [(3, 6)]
    batches.clear()
    watched.edit_many(group, ALL)
    assert batches == [(1, 6)] * 3, "not more than eight rows at once"
    for n in range(2):
        for k in range(3):
            alone = predictor.edit(group, ALL[n], face=k).faces[0]
            difference = np.abs(together[n].faces[k].refined.astype(int) - alone.refined)
            assert difference.max() <= 1
            assert together[n].faces[k].box == alone.box


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")
def test_a_graphics_card_makes_what_the_processor_makes(group: Analysis) -> None:
    card = Predictor.from_pretrained()
    assert card.device.type == "cuda"
    assert card.model.refinement.stem.weight.is_contiguous(memory_format=torch.channels_last)
    makers = OnDevice(Predictor.from_pretrained(device="cpu").model, "cpu"), OnDevice(card.model, "cuda")
    face = group.faces[0]
    here, there = (make(face.crop[None], face.landmarks[None], ALL, FULL).refined.astype(int) for make in makers)
    assert np.abs(here - there).max() <= 2  # steps of 1/255


def test_the_space_has_its_apt_packages() -> None:
    """What the README installs for the demo is what packages.txt and the Dockerfile install."""
    packages = (ROOT / "packages.txt").read_text().split()
    command = next(line for line in (ROOT / "README.md").read_text().splitlines() if "app.py" in line and "apt" in line)
    installed = command.split("apt-get install -y ")[1].split(" &&")[0].split()
    assert set(packages) == set(installed) - {"python3-venv"}
