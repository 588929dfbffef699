"""Weights from the Hub: the real client, in processes of its own, against a Hub on this machine."""

import json
import logging
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from reggan import InputError, Predictor
from reggan.model.config import ModelConfig
from reggan.model.reggan import RegGAN
from reggan.weights.fetch import CONFIG, WEIGHTS
from reggan.weights.files import EMBEDDED, save_folder
from reggan.weights.source import VARIABLE, find
from tests.hub.loopback_hub import EXPIRED, TOKEN, LoopbackHub, closed_port, run, start

REPO = "someone/reggan"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A repository's files: a small model that is not the embedded one."""
    folder = tmp_path_factory.mktemp("weights")
    save_folder(RegGAN(ModelConfig(grid=32, widths=(8, 8, 16, 16))), folder, {"data": "nobody"})
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def loopback() -> Iterator[LoopbackHub]:
    server = LoopbackHub()
    yield server
    server.close()


#: Loads a predictor and says what came of it, in one line of JSON. torch is there before the clock starts.
LOAD = """
import json, sys, time, torch
from reggan import InputError, Predictor
started = time.perf_counter()
try:
    p = Predictor.from_pretrained({args})
    said = {{"grid": p.model.config.grid, "notice": p.notice, "source": p.source, "metadata": p.metadata}}
except InputError as error:
    said = {{"error": str(error)}}
print(json.dumps(said | {{"seconds": time.perf_counter() - started}}))
"""


def load_in(endpoint: str, home: Path, args: str = repr(REPO), **variables: str) -> dict:
    return answer_of(run(endpoint, home, LOAD.format(args=args), **variables))


def answer_of(done: subprocess.CompletedProcess[str]) -> dict:
    assert done.returncode == 0, done.stderr[-2000:]
    return {"log": done.stderr, **json.loads(done.stdout)}


def test_a_repository_is_loaded_at_one_commit_and_its_checksum_shown(
    loopback: LoopbackHub, files: dict[str, bytes], tmp_path: Path
) -> None:
    commit = loopback.add(REPO, files)
    said = load_in(loopback.endpoint, tmp_path)
    checksum = json.loads(files["config.json"])["sha256"]
    assert (said["grid"], said["notice"], said["log"]) == (32, "", "")
    assert said["source"] == f"{REPO} at {commit[:7]}, SHA-256 {checksum}"
    assert said["metadata"]["revision"] == commit and said["metadata"]["repository"] == REPO
    weights = [r for r in loopback.requests if r.endswith("model.safetensors")]
    assert weights and all(f"/resolve/{commit}/" in r for r in weights), "by commit, not by branch"
    assert not [r for r in loopback.requests if not r.endswith((CONFIG, WEIGHTS))], "nothing but the two files"


@pytest.mark.parametrize("how", ["argument", "with @", "environment"])
def test_a_pinned_commit_in_the_cache_costs_no_request(
    how: str, loopback: LoopbackHub, files: dict[str, bytes], tmp_path: Path
) -> None:
    commit = loopback.add(REPO, files)
    loopback.add(REPO, {CONFIG: b"{}"})  # main has moved on, to something that cannot be loaded
    pinned = {
        "argument": ({"args": f"{REPO!r}, revision={commit!r}"}),
        "with @": ({"args": f"'{REPO}@{commit}'"}),
        "environment": ({"args": "", VARIABLE: f"{REPO}@{commit}"}),
    }[how]
    assert load_in(loopback.endpoint, tmp_path, **pinned)["grid"] == 32
    assert loopback.requests
    loopback.requests.clear()
    again = load_in(loopback.endpoint, tmp_path, **pinned)
    assert (again["grid"], again["notice"], loopback.requests) == (32, "", [])
    assert load_in(closed_port(), tmp_path, **pinned)["grid"] == 32, "without any network"


@pytest.mark.parametrize("revision", ["refs/pr/1", "feature/mouth", "v1.0"])
def test_all_that_follows_the_at_is_the_revision(
    revision: str, loopback: LoopbackHub, files: dict[str, bytes], tmp_path: Path
) -> None:
    loopback.named[revision] = loopback.add(REPO, files)
    loopback.add(REPO, {CONFIG: b"{}"})
    said = load_in(loopback.endpoint, tmp_path, f"'{REPO}@{revision}'")
    assert said["grid"] == 32 and said["metadata"]["revision"] == loopback.named[revision]
    assert load_in(closed_port(), tmp_path, f"'{REPO}@{revision}'")["grid"] == 32, "as the cache remembers it"


def test_names_that_are_no_repository() -> None:
    for name in ("a/b/c", "a/b/c@main", "./reggan@main", "/a/b", "reggan@refs/pr/1", "some.safetensors"):
        with pytest.raises(InputError, match="no weights file"):
            find(name, None, {})


def test_an_expired_login_does_not_close_a_public_repository(
    loopback: LoopbackHub, files: dict[str, bytes], tmp_path: Path
) -> None:
    """The Hub refuses everything that comes with it; without it, a public repository is open."""
    loopback.add(REPO, files)
    loopback.add("someone/private", files)
    loopback.private["someone/private"] = True
    saved = tmp_path / "token"
    saved.write_text(EXPIRED)
    login = {"HF_TOKEN_PATH": str(saved)}
    assert load_in(loopback.endpoint, tmp_path / "a", **login)["grid"] == 32
    assert load_in(loopback.endpoint, tmp_path / "b", HF_TOKEN=EXPIRED)["grid"] == 32
    for variables, origin in (
        (login, str(saved)),
        ({"HF_TOKEN": EXPIRED}, "HF_TOKEN"),
        ({"HF_TOKEN": "x"}, "HF_TOKEN"),
    ):
        said = load_in(loopback.endpoint, tmp_path / "c", "'someone/private'", **variables)
        assert f"the token from {origin} does not open it." in said["error"]
    assert "needs a token in HF_TOKEN." in load_in(loopback.endpoint, tmp_path / "c", "'someone/private'")["error"]


def test_offline_by_setting_asks_nobody(loopback: LoopbackHub, files: dict[str, bytes], tmp_path: Path) -> None:
    commit = loopback.add(REPO, files)
    load_in(loopback.endpoint, tmp_path)
    loopback.requests.clear()
    said = load_in(loopback.endpoint, tmp_path, HF_HUB_OFFLINE="1")
    assert (said["grid"], said["notice"]) == (32, "")
    assert said["metadata"]["revision"] == commit
    never_seen = load_in(loopback.endpoint, tmp_path, "'someone/else'", HF_HUB_OFFLINE="1")
    assert never_seen["grid"] == 128 and "not in the cache" in never_seen["notice"]
    assert not loopback.requests


def test_a_branch_is_taken_as_the_cache_remembers_it_where_the_hub_is_gone(
    loopback: LoopbackHub, files: dict[str, bytes], tmp_path: Path
) -> None:
    commit = loopback.add(REPO, files)
    load_in(loopback.endpoint, tmp_path)
    said = load_in(closed_port(), tmp_path)
    assert said["grid"] == 32 and said["metadata"]["revision"] == commit
    assert "could not be asked" in said["notice"] and commit[:7] in said["notice"]


UNWILLING = ("mute", "trickle", "trickle headers", "refuses", 503, 429)


@pytest.fixture(scope="module")
def unwilling(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[str | int, dict]:
    """What loading from hubs that do not deliver ends in; three at a time, because most of it is waiting."""
    answers = {}
    for few in (UNWILLING[:3], UNWILLING[3:]):
        with ExitStack() as stack:
            waiting = {}
            for behaviour in few:
                hub = stack.enter_context(closing(LoopbackHub()))
                hub.add(REPO, files)
                hub.behaviour = behaviour
                endpoint = closed_port() if behaviour == "refuses" else hub.endpoint
                waiting[behaviour] = start(endpoint, tmp_path_factory.mktemp("home"), LOAD.format(args=repr(REPO)))
            answers |= {behaviour: answer_of(finish()) for behaviour, finish in waiting.items()}
    return answers


@pytest.mark.parametrize("behaviour", UNWILLING)
def test_a_hub_that_does_not_deliver_is_replaced_within_five_seconds(
    behaviour: str | int, unwilling: dict[str | int, dict]
) -> None:
    answer = unwilling[behaviour]
    assert answer["grid"] == 128, "the embedded weights"
    assert answer["source"].startswith("SHA-256 ") and "repository" not in answer["metadata"]
    assert REPO in answer["notice"] and answer["notice"].count(".") == 1
    assert answer["notice"] in answer["log"] and "Traceback" not in answer["log"]
    assert answer["seconds"] < 5


def test_wrong_names_and_broken_repositories_are_one_sentence(
    loopback: LoopbackHub, files: dict[str, bytes], tmp_path: Path
) -> None:
    config = json.loads(files[CONFIG])
    other = files[WEIGHTS].replace(b'"data":"nobody"', b'"data":"NOBODY"')
    misfit = {**load(files[WEIGHTS]), "frame.shape": torch.zeros(3, 2)}

    def edited(**change: object) -> bytes:
        return json.dumps({k: v for k, v in (config | change).items() if v is not None}).encode()

    broken = {
        "config": {WEIGHTS: files[WEIGHTS]},
        "weights": {CONFIG: files[CONFIG]},
        "pickle": {CONFIG: files[CONFIG], "pytorch_model.bin": b"\x80\x04."},
        "json": {**files, CONFIG: b"{"},
        "checksum": {**files, WEIGHTS: other},
        "wider": {**files, CONFIG: edited(widths=[8, 8, 16, 32])},
        "shape": {CONFIG: edited(sha256=None), WEIGHTS: save(misfit)},
        "text": {CONFIG: edited(sha256=None), WEIGHTS: b"hello"},
    }
    for name, content in broken.items():
        loopback.add(f"someone/{name}", content)
    loopback.add("someone/private", files)
    loopback.private["someone/private"] = True
    wanted = {
        "'someone/nobody'": "no repository someone/nobody",
        "'someone/private'": "it is private",
        "'someone/config', 'v9'": "no revision v9",
        "'someone/config'": "no file config.json",
        "'someone/weights'": "no file model.safetensors",
        "'someone/pickle'": "no file model.safetensors",
        "'someone/json'": "not the configuration",
        "'someone/checksum'": "checksum",
        "'someone/wider'": "do not fit",
        "'someone/shape'": "do not fit",
        "'someone/text'": "not a RegGAN weights file",
        "'some one/reggan'": "has a name like",
        "'not/a/name'": "no weights file",
        "'nowhere.safetensors'": "no weights file",
        "None, 'v9'": "needs the name",
    }
    calls = ", ".join(f"({args},)" for args in wanted)
    code = f"""
import json, time
from reggan import InputError, Predictor
said = []
for args in [{calls}]:
    try:
        Predictor.from_pretrained(*args)
        said.append("loaded")
    except InputError as error:
        said.append(str(error))
print(json.dumps(said))
"""
    done = run(loopback.endpoint, tmp_path, code)
    assert done.returncode == 0, done.stderr[-2000:]
    for sentence, (args, words) in zip(json.loads(done.stdout), wanted.items(), strict=True):
        assert words in sentence, (args, sentence)
        assert "\n" not in sentence and sentence.endswith(".")
    assert load_in(loopback.endpoint, tmp_path, "'someone/private'", HF_TOKEN=TOKEN)["grid"] == 32
    assert not [r for r in loopback.requests if "pytorch_model" in r], "never a pickle"


def test_the_page_does_not_start_with_other_weights_than_were_named(loopback: LoopbackHub, tmp_path: Path) -> None:
    start = "import runpy; runpy.run_path('app.py')"
    done = run(loopback.endpoint, tmp_path, start, REGGAN_WEIGHTS="someone/nobody")
    assert done.returncode == 1
    assert "no repository someone/nobody" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr


def test_a_slow_download_goes_on_for_the_next_start(
    loopback: LoopbackHub, files: dict[str, bytes], tmp_path: Path
) -> None:
    """The process that gave up waiting has the weights in the cache as soon as the Hub has delivered them."""
    loopback.add(REPO, files)
    loopback.behaviour = "mute"
    code = """
import threading
from reggan.weights import source
source._SECONDS = 0.5
found = source.find("someone/reggan")
assert found.notice and found.path == source.EMBEDDED
print("gave up", flush=True)
"""
    assert run(loopback.endpoint, tmp_path, code).stdout == "gave up\n"
    slow = """
import threading, time
from reggan.weights import source
from reggan.weights.fetch import Options, cached
source._SECONDS = 0.001
assert source.find("someone/reggan").notice
(thread,) = [t for t in threading.enumerate() if t.name == "hub-download"]
thread.join(60)
print(cached("someone/reggan", "main", Options()).commit)
"""
    loopback.behaviour = "well"
    done = run(loopback.endpoint, tmp_path, slow)
    assert done.stdout.strip() == loopback.main[REPO], done.stderr[-2000:]


def test_the_argument_goes_before_the_environment_before_the_package(
    files: dict[str, bytes], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    weights = tmp_path / WEIGHTS
    assert find(None, None, {}).path == EMBEDDED
    assert find(None, None, {VARIABLE: " "}).path == EMBEDDED
    assert find(None, None, {VARIABLE: str(tmp_path)}).path == tmp_path
    assert find(weights, None, {VARIABLE: "someone/else"}).path == weights
    with pytest.raises(InputError, match="file or folder"):
        find(tmp_path, "main", {})
    for path in (weights, tmp_path):
        predictor = Predictor.from_pretrained(path)
        assert predictor.model.config.grid == 32 and predictor.notice == ""
        assert predictor.source == f"SHA-256 {json.loads(files[CONFIG])['sha256']}"
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]
