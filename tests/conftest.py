"""Fixtures that several test files use: a server, a browser, pictures, and a visitor."""

import gc
import importlib.util
import os
import runpy
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import certifi
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.paths import PHOTO, ROOT
from tests.visitor import BROWSER, CHROMIUM, Visitor

if TYPE_CHECKING:
    from reggan.predictor import Predictor

gc.disable()  # until all tests are imported, as in app.py
sys.dont_write_bytecode = False  # some forty processes are started: the first compiles for the others
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Torch's threads wait for each other on busy cores: six times slower with two than with one. Before torch is imported,
# and for every process that a test starts.
os.environ["OMP_NUM_THREADS"] = "1"
# Every client of httpx reads all authorities of the web, in 20 ms, also to ask this machine by http. One is enough.
_AUTHORITY = tempfile.NamedTemporaryFile("w", suffix=".pem")  # noqa: SIM115  (as long as the tests run)
_AUTHORITY.write("".join(Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----\n")[:2]))
_AUTHORITY.flush()
os.environ["SSL_CERT_FILE"] = _AUTHORITY.name
runpy.run_path(str(ROOT / "reggan/ui/no_stubs.py"))["write_no_stubs"]()  # before any test imports gradio


_LONGEST = ("tests/trust/", "tests/page/")  # folders whose files take a minute and more


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first, so that of several processes none is left alone with one in the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def predictor() -> "Predictor":
    """With the weights of the package; nothing changes it."""
    from reggan.predictor import Predictor

    return Predictor.from_pretrained()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    os.environ["REGGAN_VOTES_DB"] = str(tmp_path_factory.mktemp("votes") / "votes.db")  # never the user's own
    spec = importlib.util.spec_from_file_location("app", ROOT / "app.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def url(app: ModuleType) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app.demo.launch(server_port=port, prevent_thread_lock=True, quiet=True, **app.launch_options())
    yield f"http://127.0.0.1:{port}"
    app.demo.close()


@pytest.fixture(scope="session")
def pictures(app: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Generated pictures: no face, two faces, a large one with EXIF, a smile, one that is damaged."""
    folder = tmp_path_factory.mktemp("pictures")
    photo = Image.open(PHOTO)
    pair = Image.new("RGB", (820, 450), "gray")
    pair.paste(photo.resize((410, 480)), (0, -15))
    pair.paste(photo.resize((384, 450)), (430, 0))
    rows = np.linspace(60, 200, 300)[:, None, None] * np.array([1.0, 0.8, 0.6])
    made = {
        "landscape": Image.fromarray(np.tile(rows, (1, 400, 1)).astype(np.uint8)),
        "pair": pair,
        "large": photo.resize((1536, 1800)),
        "smile": Image.fromarray(app.predictor(PHOTO, "happy").image),
    }
    paths = {name: folder / f"{name}.png" for name in (*made, "damaged")}
    for name, picture in made.items():
        picture.save(paths[name])
    paths["damaged"].write_bytes(paths["pair"].read_bytes()[:2000])
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 30.0)  # GPS latitude
    paths["located"] = folder / "located.jpg"
    photo.save(paths["located"], exif=exif)
    return paths


class _Open:
    """One browser for all files of a process that use one, and windows where visitors come one after the other: the
    browser is started, and the page's scripts are compiled, once. Closed where no test needs it: while it is open, no
    gradio_client may run in the same thread."""

    def __init__(self) -> None:
        self._ends = ExitStack()
        self._browser: Browser | None = None
        self._windows: dict[str, Page] = {}

    def browser(self) -> Browser:
        if self._browser is None:
            playwright = self._ends.enter_context(sync_playwright())
            self._browser = playwright.chromium.launch(executable_path=BROWSER, args=CHROMIUM)
            self._ends.callback(self._browser.close)
        return self._browser

    def window(self, **look: Any) -> Page:
        key = repr(look)
        if key not in self._windows:
            self._windows[key] = self.browser().new_page(**look)
        return self._windows[key]

    def close(self) -> None:
        self._ends.close()
        self._browser = None
        self._windows.clear()


_OPEN = _Open()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if "browser" not in getattr(item, "fixturenames", ()):
        _OPEN.close()


def pytest_sessionfinish() -> None:
    _OPEN.close()


@pytest.fixture
def browser() -> Browser:
    return _OPEN.browser()


@pytest.fixture
def windows(browser: Browser) -> Callable[..., Page]:
    """A window as Playwright's `new_page` would open it, for tests that leave it as they found it."""
    return _OPEN.window


@pytest.fixture
def visitor(windows: Callable[..., Page], url: str) -> Iterator[Visitor]:
    visitor = Visitor(windows(viewport={"width": 1280, "height": 900}, locale="en-US"), url)
    yield visitor
    visitor.leave()
    assert visitor.problems == []
