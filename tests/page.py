"""What the tests of the page share: a server, a browser, pictures, and a visitor."""

import importlib.util
import io
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PHOTO = ROOT / "examples" / "photo_grace_hopper.jpg"  # 768 x 900, one face
WAIT = 90_000  # milliseconds: the machine may be busy
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
RESULT, STAGES, SHEET, LOOP = range(4)  # tabs of results


@pytest.fixture(scope="session")
def app() -> ModuleType:
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
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Generated pictures: no face, two faces, a large one with EXIF, one that is damaged."""
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


@pytest.fixture(scope="module")  # while it is open, no gradio_client may run in the same thread
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser: Browser, url: str) -> Iterator["Visitor"]:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-US")
    visitor = Visitor(page, url)
    yield visitor
    page.close()
    assert visitor.problems == []


class Visitor:
    """One page, what can be done on it, and what the browser had to say."""

    def __init__(self, page: Page, url: str, query: str = "") -> None:
        self.page, self.url = page, url
        self.problems: list[str] = []
        page.set_default_timeout(WAIT)
        page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", self._note_request)
        page.goto(url + query, wait_until="domcontentloaded")
        self.settle()  # the example that the page begins with

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.problems.append(f"a request to {request.url}")

    def settle(self) -> None:
        expect(self.page.locator("#compare img.after")).to_be_visible(timeout=WAIT)

    def picture(self, name: str = "after") -> Locator:
        """`view`, `before`, `after`, or the figures of `stages`, `sheet`, `loop` by their title."""
        named = {"view": "#faces img", "before": "#compare img.before", "after": "#compare img.after"}
        return self.page.locator(named[name]) if name in named else self.figure("stages", name)

    def figure(self, widget: str, title: str) -> Locator:
        return (
            self.page.locator(f"#{widget} figure").filter(has=self.page.get_by_text(title, exact=True)).locator("img")
        )

    def source(self, name: str = "after") -> str:
        return self.picture(name).get_attribute("src") or ""

    def pixels(self, name: str = "after") -> np.ndarray:
        data = self.page.request.get(self.source(name)).body()
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)

    def until_changed(self, name: str, action: Callable[[], object]) -> None:
        """Do something and wait until another picture is shown: every file has a name of its own."""
        before = self.source(name)
        action()
        expect(self.picture(name)).not_to_have_attribute("src", before, timeout=WAIT)

    def results(self, tab: int) -> None:
        """Open a tab of results."""
        self.page.locator("#results button[role=tab]").nth(tab).click()

    def top(self, tab: int) -> None:
        """Open a tab of the page: 0 for Edit, 1 for Batch."""
        self.page.locator("button[role=tab]").nth(tab).click()

    def upload(self, path: Path) -> None:
        self.page.set_input_files("#upload input[type=file]", path)

    def choose(self, group: str, label: str) -> None:
        self.page.locator(f"#{group} label").filter(has_text=label).click()

    def strength(self, value: float, slider: str = "strength") -> None:
        field = self.page.locator(f"#{slider} input[type=number]")
        field.fill(str(value))
        field.press("Enter")

    def drag(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a box on the picture, between shares of its width and height."""
        area = self.page.locator("#faces .canvas").bounding_box()
        assert area is not None
        self.page.mouse.move(area["x"] + x0 * area["width"], area["y"] + y0 * area["height"])
        self.page.mouse.down()
        self.page.mouse.move(area["x"] + x1 * area["width"], area["y"] + y1 * area["height"], steps=4)
        self.page.mouse.up()

    def download(self, button: str) -> tuple[str, bytes]:
        """Name and content of what a button gives."""
        with self.page.expect_download(timeout=WAIT) as download:
            self.page.locator(button).click()
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()

    def says(self, words: str) -> None:
        expect(self.page.locator("#note")).to_contain_text(words, timeout=WAIT)
