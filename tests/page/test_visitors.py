"""Ten visitors at once, each with a picture of their own: nobody gets another's face, nothing breaks.

Half of them come through the endpoint, half through the page's own events with a session each, as a browser does.
"""

import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image, ImageEnhance

from reggan.expressions import BASIC, resolve
from reggan.predictor import Predictor
from tests.paths import PHOTO, ROOT
from tests.session import Session, wished

VISITORS = 10
STATUE = ROOT / "examples" / "statue_marble.jpg"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Ten pictures of different sizes and tints."""
    folder = tmp_path_factory.mktemp("visitors")
    paths = []
    for n in range(VISITORS):
        picture = Image.open(PHOTO if n % 2 else STATUE).convert("RGB").resize((400 + 12 * n, 460 + 10 * n))
        picture = ImageEnhance.Brightness(picture).enhance(0.75 + 0.05 * n)
        paths.append(folder / f"{n}.png")
        picture.save(paths[-1])
    return paths


@pytest.fixture(scope="module")
def expected(own: list[Path]) -> Callable[[int, str, float], np.ndarray]:
    """What the predictor makes of a visitor's picture, whose faces are found once."""
    predictor = Predictor.from_pretrained()
    known = [predictor.analyse(path) for path in own]
    return lambda n, name, strength: predictor.edit(known[n], resolve(name, strength)).image


def all_at_once(visit: Callable[[int], Any]) -> tuple[list[Any], list[float]]:
    """Results and seconds of every visitor, who all start at the same moment."""
    results: list[Any] = [None] * VISITORS
    seconds = [0.0] * VISITORS
    gate = threading.Barrier(VISITORS)

    def run(n: int) -> None:
        gate.wait()
        begun = time.perf_counter()
        try:
            results[n] = visit(n)
        except Exception as error:  # noqa: BLE001 - shown by the assertion in the test's own thread
            results[n] = error
        seconds[n] = time.perf_counter() - begun

    threads = [threading.Thread(target=run, args=(n,)) for n in range(VISITORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, seconds


def report(what: str, seconds: list[float]) -> None:
    print(f"\n{VISITORS} at once, {what}: median {statistics.median(seconds):.2f} s, slowest {max(seconds):.2f} s")


def test_ten_programs_at_once_get_their_own_faces(
    url: str, own: list[Path], expected: Callable[[int, str, float], np.ndarray]
) -> None:
    clients = [Client(url, verbose=False) for _ in range(VISITORS)]
    wanted = [BASIC[n % len(BASIC)] for n in range(VISITORS)]
    results, seconds = all_at_once(
        lambda n: clients[n].predict(handle_file(own[n]), expression=wanted[n], api_name="/edit")
    )
    report("upload and edit", seconds)
    for n, files in enumerate(results):
        assert not isinstance(files, Exception), files
        picture = expected(n, wanted[n], 1.0)
        got = np.asarray(Image.open(files[0]), int)
        assert got.shape == picture.shape
        assert np.abs(got - picture).max() <= 2, f"visitor {n} got another picture"


def test_ten_sessions_keep_their_own_pictures(
    app: ModuleType, url: str, own: list[Path], expected: Callable[[int, str, float], np.ndarray]
) -> None:
    """Upload, then change the strength twice; every session's state is its own."""
    number = {fn.name: n for n, fn in app.demo.fns.items() if fn.name in ("open", "result")}
    sessions = [Session(url, str(n)) for n in range(VISITORS)]
    opened, seconds = all_at_once(lambda n: sessions[n].event(number["open"], [sessions[n].upload(own[n]), "", "en"]))
    report("upload, faces found", seconds)
    assert not [problem for problem in opened if isinstance(problem, Exception)]
    for strength in (1.0, 0.6):

        def change(n: int, strength: float = strength) -> Any:
            return sessions[n].event(number["result"], [None, wished(opened[n], "happy", strength), "en"])

        shown, seconds = all_at_once(change)
        report("change of the expression", seconds)
        for n, answer in enumerate(shown):
            assert not isinstance(answer, Exception), answer
            got = np.asarray(Image.open(answer[0]["whole"]["after"]["path"]).convert("RGB"), int)
            picture = expected(n, "happy", strength)
            assert got.shape == picture.shape
            assert np.abs(got - picture).mean() < 2, f"visitor {n} got another picture"  # it is a JPEG
    for session in sessions:
        session.http.close()
