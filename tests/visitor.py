"""What the tests of the page share: where things are, and a visitor."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

WAIT = 90_000  # milliseconds: the machine may be busy
# The browser without its windows, where the system has it: it starts in half the time.
BROWSER = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",  # a camera that films a green disc
    "--use-fake-ui-for-media-stream",
]
TABS = ("edit", "batch", "rate", "votes", "about")
RESULT, STAGES, SHEET, LOOP = range(4)  # tabs of results


class Visitor:
    """One page, what can be done on it, and what the browser had to say."""

    def __init__(self, page: Page, url: str, query: str = "") -> None:
        self.page, self.url = page, url
        self.problems: list[str] = []
        page.set_default_timeout(WAIT)
        for event, note in self._noted().items():
            page.on(event, note)
        page.goto(url + query, wait_until="domcontentloaded")
        self.settle()  # the example that the page begins with

    def _noted(self) -> dict[Any, Callable[[Any], None]]:
        return {"console": self._note_message, "pageerror": self._note_error, "request": self._note_request}

    def _note_message(self, message: Any) -> None:
        if message.type == "error":
            self.problems.append(message.text)

    def _note_error(self, error: Any) -> None:
        if "AbortError: signal is aborted" not in str(error):  # requests that end as a page is left
            self.problems.append(str(error))

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.problems.append(f"a request to {request.url}")

    def leave(self) -> None:
        """Nothing of this visit is left on the page for the next visitor."""
        for event, note in self._noted().items():
            self.page.remove_listener(event, note)
        self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        self.page.context.clear_cookies()
        self.page.goto("about:blank")

    def settle(self) -> None:
        self.page.wait_for_selector("#compare img.after", timeout=WAIT)

    def rest(self) -> None:
        """Until nothing moves: tabs and colours change gradually."""
        self.page.wait_for_function(
            "() => document.getAnimations().every((one) => one.playState !== 'running'"
            " || one.effect.getComputedTiming().iterations === Infinity)"
        )

    def picture(self, name: str = "after") -> Locator:
        """`view`, `before`, `after`, or the figures of `stages`, `sheet`, `loop` by their title."""
        named = {"view": "#compare img.before", "before": "#compare img.before", "after": "#compare img.after"}
        return self.page.locator(named[name]) if name in named else self.figure("stages", name)

    def figure(self, widget: str, title: str) -> Locator:
        return (
            self.page.locator(f"#{widget} figure").filter(has=self.page.get_by_text(title, exact=True)).locator("img")
        )

    def source(self, name: str = "after") -> str:
        return self.picture(name).get_attribute("src") or ""

    def pixels(self, name: str = "after") -> np.ndarray:
        return self.read(self.picture(name))

    def read(self, image: Locator) -> np.ndarray:
        """What an <img> shows."""
        data = self.page.request.get(image.get_attribute("src") or "").body()
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)

    def until_changed(self, name: str, action: Callable[[], object]) -> None:
        """Do something and wait until another picture is shown: every file has a name of its own."""
        before = self.source(name)
        action()
        expect(self.picture(name)).not_to_have_attribute("src", before, timeout=WAIT)

    def results(self, tab: int) -> None:
        """Open a tab of results."""
        self.page.locator("#results button[role=tab]").nth(tab).click()

    def top(self, tab: str) -> None:
        """Open one of the page's TABS."""
        button = self.page.locator(f"button[role=tab][data-tab-id={tab}]")
        button.click()
        expect(button).to_have_attribute("aria-selected", "true", timeout=WAIT)

    def upload(self, path: Path) -> None:
        self.page.set_input_files("#upload input[type=file]", path)

    def choose(self, group: str, label: str) -> None:
        self.page.locator(f"#{group} label").filter(has_text=label).click()

    def strength(self, value: float, slider: str = "strength") -> None:
        field = self.page.locator(f"#{slider} input[type=number]")
        field.fill(str(value))
        field.press("Enter")

    def download(self, button: str) -> tuple[str, bytes]:
        """Name and content of what a button gives."""
        with self.page.expect_download(timeout=WAIT) as download:
            self.page.locator(button).click()
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()

    def says(self, words: str) -> None:
        expect(self.page.locator("#note")).to_contain_text(words, timeout=WAIT)
