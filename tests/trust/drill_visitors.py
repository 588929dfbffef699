"""The people of `drill.py`: some talk to the server as programs do, some have the page open in a browser."""

import asyncio
import contextlib
import io
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.async_api import Browser, Error, Page

from reggan.ui.words import TABLES
from tests.trust.load import LineFull, _edit, picture

FOUND = "1 face found."
RESTARTED = TABLES["en"]["The server was restarted"]
_EXPRESSIONS = ("happy", "sad", "fearful", "angry", "surprised", "disgusted", "neutral")
_ANSWERS = ("left", "right", "both", "neither")
_AWAY = (httpx.TransportError, httpx.HTTPStatusError)  # also what a new process says about a file of the old one
_LOOK = """[document.querySelector('#note')?.textContent ?? '',
    document.querySelector('#compare img.after')?.getAttribute('src') ?? '']"""
_PAUSE = 0.3  # seconds before somebody tries again
_PATIENCE = 400  # seconds for one answer: a busy machine takes minutes to start a server, and nobody is to give up then


@dataclass
class Told:
    """What visitors were told, to all of them together."""

    votes: dict[str, tuple[str, ...]] = field(default_factory=dict)  # token and answers of the acknowledged ones
    ends: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    edits_since: set[int] = field(default_factory=set)  # who has had a result since the last start


class Program:
    """Edits and rates, one after the other; whatever gets no answer is sent again, as a person does."""

    def __init__(self, number: int, url: str, board: int, told: Told) -> None:
        self.number, self.url, self.board, self.told = number, url, board, told
        self.ticket, self.screen = "", dict[str, Any]()
        self.turn = 0

    async def stay(self, until: asyncio.Event) -> None:
        async with httpx.AsyncClient(base_url=self.url, timeout=_PATIENCE) as http:
            while not until.is_set():
                self.turn += 1
                try:
                    await self._vote(http)
                    await self._edit(http)
                except LineFull:
                    self.told.ends["line full"] += 1
                except (*_AWAY, AssertionError) as error:  # AssertionError: an answer that ended early
                    if isinstance(error, AssertionError) and "ended early" not in str(error):
                        self.told.problems.append(f"{type(error).__name__}: {error}"[:300])
                    self.told.ends["no answer, tried again"] += 1
                    await asyncio.sleep(_PAUSE)

    async def _edit(self, http: httpx.AsyncClient) -> None:
        expression = _EXPRESSIONS[(self.number + self.turn) % len(_EXPRESSIONS)]
        result = await _edit(http, picture(self.number), expression, give_up=False)
        assert result is not None and Image.open(io.BytesIO(result)).size == (480, 562)
        self.told.ends["edits"] += 1
        self.told.edits_since.add(self.number)

    async def _vote(self, http: httpx.AsyncClient) -> None:
        if self.screen.get("kind") != "showing":
            self.screen = await self._ask(http, {"do": "begin", "ticket": self.ticket})
            self.ticket = self.screen.get("ticket") or self.ticket
        if self.screen["kind"] != "showing":
            self.told.ends[self.screen["kind"]] += 1
            return
        token = self.screen["token"]
        answers = tuple(_ANSWERS[(self.number + len(token) + k + ord(token[k])) % 4] for k in range(3))
        call = {"do": "vote", "ticket": self.ticket, "token": token, "answers": answers, "seconds": [1, 1, 1]}
        screen = await self._ask(http, call)
        assert screen["kind"] != "problem", screen["message"]
        self.told.votes[token] = answers
        self.screen = screen

    async def _ask(self, http: httpx.AsyncClient, call: dict[str, Any]) -> dict[str, Any]:
        body = {"session_hash": f"drill{self.number}", "component_id": self.board, "fn_name": "rate", "data": call}
        return (await http.post("/gradio_api/component_server/", json=body)).raise_for_status().json()


class Person:
    """Has the page open in a browser, and chooses a picture again whenever the page asks for it."""

    def __init__(self, number: int, url: str, photo: Path, told: Told) -> None:
        self.number, self.url, self.photo, self.told = number, url, photo, told
        self.asked = 0  # how often the page said that the server was restarted
        self.recovering = False  # since then no face was found; a picture that takes long is no second restart
        self.turn = 0
        self.page: Page | None = None

    async def stay(self, browser: Browser, until: asyncio.Event) -> None:
        self.page = page = await browser.new_page(locale="en-US")
        page.set_default_timeout(_PATIENCE * 1000)
        page.on("pageerror", lambda error: self.told.problems.append(f"in the browser: {error}"[:300]))
        await page.goto(self.url, wait_until="domcontentloaded")
        await page.locator("#compare img.after").wait_for()
        await self._choose_picture()
        while not until.is_set():
            self.turn += 1
            note, _ = await self._look()
            if RESTARTED in note:
                self.asked += not self.recovering
                self.recovering = True
                await self._choose_picture()
            elif FOUND in note:
                self.recovering = False
                await self._choose_expression()
            await asyncio.sleep(_PAUSE)
        await page.close()

    async def _look(self) -> tuple[str, str]:
        """What the page says and which result it shows, at one moment: the page may be loaded anew between two looks,
        and its example is no result. Two empty strings while it is."""
        assert self.page is not None
        with contextlib.suppress(Error):
            note, source = await self.page.evaluate(_LOOK)
            return note, source
        return "", ""

    async def _choose_picture(self) -> None:
        """Until it is there, or the server is gone again."""
        assert self.page is not None
        before, _ = await self._look()
        await self.page.set_input_files("#upload input[type=file]", self.photo)
        for _ in range(120):
            await asyncio.sleep(0.25)
            note, _ = await self._look()
            if note != before:
                return

    async def _choose_expression(self) -> None:
        """And wait a while for its result."""
        assert self.page is not None
        _, before = await self._look()
        await self.page.locator("#basic label").nth(self.turn % 7).click()
        for _ in range(120):
            await asyncio.sleep(0.25)
            note, source = await self._look()
            if FOUND not in note:
                return  # the page has been loaded anew
            if source and source != before:
                self.told.ends["edits on the page"] += 1
                self.told.edits_since.add(self.number)
                return


def board_number(url: str) -> int:
    """The number of the rating board on the page."""
    config = httpx.get(f"{url}/config", timeout=_PATIENCE).json()
    return next(one["id"] for one in config["components"] if one["props"].get("elem_id") == "rating")


def stored_votes(ballots: list[Any]) -> tuple[dict[str, tuple[str, ...]], int]:
    """Token and answers of every ballot, and how many ballots share a token or a voter's pair with another."""
    votes = {ballot.token: tuple(ballot.answers) for ballot in ballots}
    pairs = {(ballot.voter, ballot.item, *sorted((ballot.left, ballot.right))) for ballot in ballots}
    return votes, 2 * len(ballots) - len(votes) - len(pairs)


def as_json(report: dict[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False)
