"""Somebody in front of the rating board, in a real browser."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, Request, Response, expect

from reggan.votes import VotingService

METHODS = ("quixotic", "zeppelin", "input")
WAIT = 60_000
Serve = Callable[..., tuple[str, VotingService]]


class Voter:
    """One person in front of the board. A context of its own: other persons have other voters' numbers."""

    def __init__(self, browser: Browser, url: str, **look: Any) -> None:
        self.context = browser.new_context(viewport=look.pop("viewport", {"width": 1280, "height": 900}), **look)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT)
        self.problems: list[str] = []
        self.requests: list[Request] = []
        self.responses: list[Response] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("websocket", lambda socket: self.problems.append(f"a web socket to {socket.url}"))
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("response", lambda response: self.responses.append(response))
        self.url = url
        self.open()

    def open(self) -> None:
        self.page.goto(self.url, wait_until="domcontentloaded")
        self.page.get_by_role("tab", name="Rate").click()

    def begin(self) -> None:
        self.page.locator("#rating [data-screen=start] button").click()
        self.shows("1 of")

    def shows(self, words: str) -> None:
        expect(self.page.locator("#rating .place")).to_contain_text(words, timeout=WAIT)

    def step(self, number: int) -> None:
        expect(self.page.locator("#rating .step")).to_have_text(f"Question {number} of 3", timeout=WAIT)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, *answers: str) -> None:
        for name in answers:
            self.page.locator(f"#rating [data-answer='{name}']").click()

    def last(self) -> str:
        return self.page.locator("#rating [data-screen=showing] .last").inner_text()

    def bodies(self) -> list[str]:
        """Everything that has gone over the network, as text."""
        texts = [f"{r.url} {r.post_data or ''}" for r in self.requests]
        for response in self.responses:
            if "heartbeat" not in response.url:  # a stream without an end or content
                texts.append(f"{response.headers} {response.body().decode('utf-8', 'replace')}")
        return texts

    def close(self) -> None:
        self.context.close()
        assert self.problems == []
        assert all(r.url.startswith((self.url, "data:")) for r in self.requests), "nothing from elsewhere"


Arrive = Callable[..., Voter]
