"""The web page in a real browser, and the two endpoints for programs.

The client's tests come first: they must not run in a thread in which Playwright's event loop is running already.
"""

import importlib.util
import io
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from reggan.expressions import BASIC, COMPOUND
from reggan.predictor import NO_FACE

ROOT = Path(__file__).resolve().parents[1]
PHOTO = ROOT / "examples" / "photo_grace_hopper.jpg"  # 768 x 900, one face
WAIT = 90_000  # milliseconds: the machine may be busy
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


@pytest.fixture(scope="module")
def app() -> ModuleType:
    spec = importlib.util.spec_from_file_location("app", ROOT / "app.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def url(app: ModuleType) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app.demo.launch(server_port=port, prevent_thread_lock=True, quiet=True, **app.launch_options())
    yield f"http://127.0.0.1:{port}"
    app.demo.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Generated pictures: no face, two faces, a large one, one that is damaged."""
    folder = tmp_path_factory.mktemp("pictures")
    photo = Image.open(PHOTO)
    small = photo.resize((384, 450))
    pair = Image.new("RGB", (820, 450), "gray")
    pair.paste(photo.resize((410, 480)), (0, -15))
    pair.paste(small, (430, 0))
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
    return paths


# Programs


def test_app_offers_a_demo_and_sends_no_telemetry(app: ModuleType) -> None:
    assert isinstance(app.demo, gr.Blocks)
    assert app.demo.analytics_enabled is False


def test_only_two_endpoints_are_public(url: str) -> None:
    endpoints = Client(url, verbose=False).view_api(return_format="dict")["named_endpoints"]
    assert set(endpoints) == {"/detect", "/edit"}
    given = [p["parameter_name"] for p in endpoints["/edit"]["parameters"]]
    assert given == ["image", "expression", "strength", "face"]
    assert len(endpoints["/edit"]["returns"]) == 3


def test_detect(url: str, pictures: dict[str, Path]) -> None:
    client = Client(url, verbose=False)
    found = client.predict(handle_file(PHOTO), api_name="/detect")
    assert (found["width"], found["height"]) == (768, 900)
    (face,) = found["faces"]
    x0, y0, x1, y1 = face["box"]
    assert 200 < x0 < x1 < 600 and 150 < y0 < y1 < 560  # where her face is
    assert face["confidence"] > 0.8
    assert client.predict(handle_file(pictures["landscape"]), api_name="/detect")["faces"] == []


def test_edit(url: str) -> None:
    client = Client(url, verbose=False)
    files = client.predict(handle_file(PHOTO), expression="surprised", strength=0.8, api_name="/edit")
    whole, coarse, refined = (Image.open(file) for file in files)
    assert [p.format for p in (whole, coarse, refined)] == ["PNG"] * 3
    assert whole.size == (768, 900) and coarse.size == refined.size == (256, 256)
    changed = np.abs(np.asarray(whole, int) - np.asarray(Image.open(PHOTO), int)).max(-1) > 8
    assert changed[200:560, 230:560].mean() > 0.02, "the face"
    assert not changed[700:].any(), "the uniform"


def test_edit_answers_mistakes_in_one_sentence(url: str, pictures: dict[str, Path]) -> None:
    client = Client(url, verbose=False)
    with pytest.raises(AppError, match="No face was found") as no_face:
        client.predict(handle_file(pictures["landscape"]), api_name="/edit")
    assert "Traceback" not in str(no_face.value)
    with pytest.raises(AppError, match="damaged"):
        client.predict(handle_file(pictures["damaged"]), api_name="/edit")
    with pytest.raises(AppError, match="There is no face 7"):
        client.predict(handle_file(PHOTO), face=7, api_name="/edit")


# Visitors


class Visitor:
    """One page, what can be done on it, and what the browser had to say."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.problems: list[str] = []
        page.set_default_timeout(WAIT)
        page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", self._note_request)
        page.goto(url, wait_until="domcontentloaded")
        self.settle()  # the example that the page begins with

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.problems.append(f"a request to {request.url}")

    def settle(self) -> None:
        expect(self.page.locator("#refined img")).to_be_visible(timeout=WAIT)

    def source(self, name: str) -> str:
        return self.page.locator(f"#{name} img").get_attribute("src") or ""

    def pixels(self, name: str) -> np.ndarray:
        data = self.page.request.get(self.source(name)).body()
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)

    def until_changed(self, name: str, action: Callable[[], object]) -> None:
        """Do something and wait until another picture is shown. Gradio names files after their content."""
        before = self.source(name)
        action()
        expect(self.page.locator(f"#{name} img")).not_to_have_attribute("src", before, timeout=WAIT)

    def upload(self, path: Path) -> None:
        self.page.set_input_files("#upload input[type=file]", path)

    def choose(self, group: str, label: str) -> None:
        self.page.locator(f"#{group} label").filter(has_text=label).click()

    def strength(self, value: float) -> None:
        field = self.page.locator("#strength input[type=number]")
        field.fill(str(value))
        field.press("Enter")

    def point(self, x: float, y: float) -> None:
        """Click the picture at shares of its width and height."""
        box = self.page.locator("#view img").bounding_box()
        assert box is not None
        self.page.locator("#view img").click(position={"x": x * box["width"], "y": y * box["height"]})

    def says(self, words: str) -> None:
        expect(self.page.locator("#note")).to_contain_text(words, timeout=WAIT)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser: Browser, url: str) -> Iterator[Visitor]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    visitor = Visitor(page, url)
    yield visitor
    page.close()
    assert visitor.problems == []


def test_page_opens_with_every_expression_and_a_result(visitor: Visitor) -> None:
    expect(visitor.page).to_have_title("RegGAN")
    assert visitor.page.locator("#basic label").count() == len(BASIC)
    visitor.page.locator("#compounds button").first.click()
    assert visitor.page.locator("#compound label").count() == len(COMPOUND)
    for name in ("view", "crop", "coarse", "refined", "composite"):
        expect(visitor.page.locator(f"#{name} img")).to_be_visible()


def test_upload_outlines_the_faces_and_expressions_change_them(visitor: Visitor, pictures: dict[str, Path]) -> None:
    visitor.until_changed("crop", lambda: visitor.upload(pictures["pair"]))
    visitor.says("2 faces found")
    outlined, bare = visitor.pixels("view"), np.asarray(Image.open(pictures["pair"]), int)
    assert outlined.shape == bare.shape
    differs = np.abs(outlined - bare).max(-1) > 60
    assert 0.002 < differs.mean() < 0.1, "lines, not areas"
    assert differs[:, :410].any() and differs[:, 430:].any(), "both faces"

    visitor.until_changed("refined", lambda: visitor.choose("basic", "Sad"))
    visitor.until_changed("refined", lambda: visitor.choose("basic", "Happy"))
    crop, coarse, refined = (visitor.pixels(name) for name in ("crop", "coarse", "refined"))
    assert crop.shape == coarse.shape == refined.shape == (256, 256, 3)
    assert np.abs(coarse - crop).max() > 20 and np.abs(refined - crop).max() > 20
    assert np.abs(coarse - refined).max() > 20


def test_faces_are_chosen_by_a_click_or_all_at_once(visitor: Visitor, pictures: dict[str, Path]) -> None:
    visitor.until_changed("composite", lambda: visitor.upload(pictures["pair"]))
    visitor.says("2 faces found")
    bare = np.asarray(Image.open(pictures["pair"]), int)
    halves = (slice(0, 410), slice(430, None))

    def changed() -> list[bool]:
        return [bool((np.abs(visitor.pixels("composite") - bare)[:, half].max(-1) > 12).sum() > 50) for half in halves]

    assert changed() == [True, False], "the larger one at first"
    visitor.until_changed("composite", lambda: visitor.point((430 + 0.51 * 384) / 820, 0.4))
    assert changed() == [False, True]
    visitor.until_changed("composite", lambda: visitor.choose("faces", "All"))
    assert changed() == [True, True]


def test_strength_changes_the_result_and_zero_gives_the_crop_back(visitor: Visitor) -> None:
    visitor.until_changed("refined", lambda: visitor.strength(0.5))
    half = visitor.pixels("refined")
    visitor.until_changed("refined", lambda: visitor.strength(0))
    crop, none = visitor.pixels("crop"), visitor.pixels("refined")
    assert np.abs(none - crop).max() <= 2
    assert np.abs(half - crop).max() > 20
    assert np.array_equal(visitor.pixels("composite"), np.asarray(Image.open(PHOTO), int))


def test_compound_expressions_replace_basic_ones(visitor: Visitor) -> None:
    visitor.page.locator("#compounds button").first.click()
    visitor.until_changed("refined", lambda: visitor.choose("compound", "Happily surprised"))
    expect(visitor.page.locator("#words")).to_contain_text("65 % happy, 65 % surprised")
    assert visitor.page.locator("#basic label.selected").count() == 0
    visitor.until_changed("refined", lambda: visitor.choose("basic", "Angry"))
    assert visitor.page.locator("#compound label.selected").count() == 0


def test_a_face_that_is_not_found_can_be_marked_by_hand(visitor: Visitor, pictures: dict[str, Path]) -> None:
    visitor.upload(pictures["landscape"])
    visitor.says(NO_FACE)
    expect(visitor.page.locator("#refined img")).to_have_count(0)
    visitor.until_changed("view", lambda: visitor.point(0.7, 0.9))  # any corner may come first
    visitor.says("opposite corner")
    visitor.point(0.3, 0.1)
    visitor.settle()
    visitor.says("Face 1 was marked by hand")
    assert np.abs(visitor.pixels("refined") - visitor.pixels("crop")).max() > 10


def test_a_face_can_be_added_by_hand(visitor: Visitor) -> None:
    visitor.page.locator("#mark").click()
    visitor.says("Click one corner")
    visitor.until_changed("view", lambda: visitor.point(0.3, 0.6))
    visitor.point(0.31, 0.61)
    visitor.says("must be at least")
    visitor.until_changed("view", lambda: visitor.point(0.3, 0.6))
    visitor.until_changed("crop", lambda: visitor.point(0.6, 0.95))
    visitor.says("Face 2 was marked by hand")
    assert visitor.page.locator("#faces label").count() == 3


def test_a_damaged_file_gets_a_sentence_and_changes_nothing(visitor: Visitor, pictures: dict[str, Path]) -> None:
    before = [visitor.source(name) for name in ("view", "crop", "refined", "composite")]
    visitor.upload(pictures["damaged"])
    visitor.says("The picture is damaged or incomplete.")
    assert [visitor.source(name) for name in ("view", "crop", "refined", "composite")] == before
    assert "Traceback" not in visitor.page.content()
    visitor.until_changed("refined", lambda: visitor.choose("basic", "Disgusted"))


def test_examples_run_by_one_click(visitor: Visitor) -> None:
    examples = visitor.page.locator(".examples button.gallery-item")
    pictures = [p for p in (ROOT / "examples").iterdir() if p.suffix in (".jpg", ".png")]
    assert examples.count() == len(pictures)
    visitor.until_changed("composite", lambda: examples.last.click())
    visitor.says("found")
    visitor.until_changed("composite", lambda: examples.first.click())
    assert visitor.pixels("composite").shape == (900, 768, 3)


def test_download_is_a_png_at_full_resolution(visitor: Visitor, pictures: dict[str, Path]) -> None:
    visitor.until_changed("composite", lambda: visitor.upload(pictures["large"]))
    expect(visitor.page.locator("#download")).to_contain_text("1536 × 1800")
    assert max(visitor.pixels("view").shape) <= 1280, "what is looked at is smaller"
    with visitor.page.expect_download() as download:
        visitor.page.locator("#download").click()
    picture = Image.open(download.value.path())
    assert picture.format == "PNG" and picture.size == (1536, 1800)
    assert download.value.suggested_filename == "reggan_happy.png"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_a_phone(browser: Browser, url: str, scheme: Any) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    visitor = Visitor(page, url)
    visitor.page.locator("#compounds button").first.click()
    expect(page.locator("#compound label").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
    assert visitor.problems == []
