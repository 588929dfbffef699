"""What the browser keeps, and a handler that breaks: both need the page itself."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext

from reggan.predictor import Predictor
from tests.trust.fuzz_files import pictures as hostile
from tests.visitor import Visitor

_STORED = """async () => {
  const databases = await indexedDB.databases()
  return {
    words: JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage}),
    databases: databases.map((one) => one.name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    cookies: document.cookie,
  }
}"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(locale="en-US")
    yield opened
    opened.close()


def test_the_browser_keeps_no_face(context: BrowserContext, url: str, pictures: dict[str, Path]) -> None:
    page = context.new_page()
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer) if "/file=" in answer.url else None)
    visitor = Visitor(page, url)
    visitor.until_changed("after", lambda: visitor.upload(pictures["pair"]))
    stored = page.evaluate(_STORED)
    assert stored["databases"] == [] and stored["caches"] == [] and stored["workers"] == 0 and stored["cookies"] == ""
    assert "data:image" not in stored["words"] and "file=" not in stored["words"] and "pair" not in stored["words"]
    assert len(stored["words"]) < 2000, "a language and a theme, no picture"
    shown = [answer for answer in answers if answer.url.endswith((".jpg", ".png"))]
    assert shown and all(answer.headers["cache-control"] == "no-store" for answer in shown)
    assert context.cookies() == [] and visitor.problems == []


def test_another_visitor_sees_nothing_of_it(browser: Browser, url: str, pictures: dict[str, Path]) -> None:
    first, second = Visitor(browser.new_page(locale="en-US"), url), Visitor(browser.new_page(locale="en-US"), url)
    begun = second.pixels("view")
    first.until_changed("after", lambda: first.upload(pictures["pair"]))
    assert np.array_equal(second.pixels("view"), begun)
    second.page.reload(wait_until="domcontentloaded")
    second.settle()
    assert np.array_equal(second.pixels("view"), begun)
    first.page.close()
    second.page.close()


@pytest.mark.parametrize("problem", [MemoryError, RuntimeError, RecursionError])
def test_a_worker_that_breaks_leaves_the_line_working(
    app: ModuleType, url: str, monkeypatch: pytest.MonkeyPatch, problem: type[Exception]
) -> None:
    def edit(client: httpx.Client) -> str:
        stored = client.post("/gradio_api/upload", files={"files": ("a.jpg", hostile()["jpeg"])}).json()[0]
        body = {
            "data": [{"path": stored, "meta": {"_type": "gradio.FileData"}}, "happy", 1.0, None, False, "", None, None]
        }
        event = client.post("/gradio_api/call/edit", json=body).json()["event_id"]
        return client.get(f"/gradio_api/call/edit/{event}").text

    def breaks(*_: Any, **__: Any) -> None:
        raise problem("secret of the house")

    with httpx.Client(base_url=url, timeout=120) as client:
        with monkeypatch.context() as broken:
            broken.setattr(Predictor, "edit", breaks)
            for _ in range(3):  # more than run at a time
                answer = edit(client)
                assert answer.startswith("event: error")
                assert "Traceback" not in answer and "secret" not in answer and ".py" not in answer
        assert edit(client).startswith("event: complete")
