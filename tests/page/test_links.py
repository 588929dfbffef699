"""What the address says, what a reload keeps, and the language chosen on the page."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from reggan.expressions import NATURAL
from reggan.ui.edit.after_reload import _RELOAD, KeptVisits
from reggan.ui.edit.wishes import Wish, linked
from reggan.ui.words import NAMES, TABLES
from tests.visitor import WAIT, Visitor

TOKEN, OTHER = "0123456789abcdef" * 2, "f" * 32
VISIT: Any = object()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_visit_is_found_by_its_token_alone() -> None:
    kept = KeptVisits(60, Clock())
    kept.keep(VISIT, TOKEN, "session")
    assert (kept.find(TOKEN), kept.find(OTHER), kept.find("")) == (VISIT, None, None)


@pytest.mark.parametrize("token", ["", "0" * 31, "../" * 11, "G" * 32])
def test_only_tokens_of_the_page_are_kept(token: str) -> None:
    kept = KeptVisits(60, Clock())
    kept.keep(VISIT, token, "session")
    assert kept.find(token) is None


def test_a_visit_ends_soon_after_its_session_and_in_any_case_in_time() -> None:
    clock = Clock()
    kept = KeptVisits(3600, clock)
    kept.keep(VISIT, TOKEN, "one")
    kept.keep(VISIT, OTHER, "two")
    kept.leave("one")
    clock.now = _RELOAD - 1
    assert kept.find(TOKEN) is VISIT, "for a reload"
    clock.now = _RELOAD
    assert kept.find(TOKEN) is None and kept.find(OTHER) is VISIT
    clock.now = 3600
    assert kept.find(OTHER) is None


def test_back_and_a_reload_know_what_a_smile_began_with(visitor: Visitor, pictures: dict[str, Path]) -> None:
    page, words = visitor.page, visitor.page.locator("#words")
    visitor.until_changed("after", lambda: visitor.upload(pictures["smile"]))
    expect(words).to_contain_text("70 % surprised")
    expect(page).to_have_url(re.compile(r"expression=surprised"))
    visitor.until_changed("after", lambda: visitor.choose("basic", "Sad"))
    visitor.until_changed("after", page.go_back)
    expect(words).to_contain_text("70 % surprised")
    visitor.until_changed("after", lambda: visitor.choose("basic", "Happy"))
    visitor.rest()
    page.reload(wait_until="domcontentloaded")
    visitor.settle()
    expect(words).to_contain_text("70 % happy", timeout=WAIT)  # chosen for this picture
    expect(page.locator("#basic label.selected")).to_contain_text("Happy")


def test_a_reload_keeps_the_picture_and_the_browser_nothing_of_it(visitor: Visitor, pictures: dict[str, Path]) -> None:
    visitor.until_changed("after", lambda: visitor.upload(pictures["pair"]))
    before = visitor.pixels("before")
    visitor.page.reload(wait_until="domcontentloaded")
    visitor.settle()
    visitor.says("2 faces found")
    assert (visitor.pixels("before") == before).all()
    stored = visitor.page.evaluate("[{...sessionStorage}, {...localStorage}, document.cookie]")
    assert list(stored[0]) == ["reggan.visit"] and re.fullmatch("[0-9a-f]{32}", stored[0]["reggan.visit"])
    assert stored[1:] == [{}, ""]
    # Gradio notes that its own connection has ended when a page is left.
    visitor.problems = [one for one in visitor.problems if not re.search("abort|Connection errored out", one)]


def test_tabs_are_in_the_address_and_back_stays_in_the_page(visitor: Visitor) -> None:
    page = visitor.page
    visitor.top("about")
    visitor.top("batch")
    assert page.url == f"{visitor.url}/?tab=batch"
    for address, tab in ((f"{visitor.url}/?tab=about", "about"), (f"{visitor.url}/", "edit")):
        page.evaluate("history.back()")
        expect(page.locator(f"button[role=tab][data-tab-id={tab}]")).to_have_attribute("aria-selected", "true")
        assert page.url == address


def test_a_link_opens_its_tab_and_speaks_its_language(browser: Browser, url: str) -> None:
    page = browser.new_page(locale="en-US")
    page.goto(f"{url}/?tab=batch&lang=es", wait_until="domcontentloaded")
    expect(page.locator("#batch_run")).to_have_text(TABLES["es"]["Edit all pictures"], timeout=WAIT)
    assert page.evaluate("document.documentElement.lang") == "es"
    page.close()


def test_a_link_names_expression_and_strength(browser: Browser, url: str) -> None:
    page = browser.new_page(locale="en-US")
    visitor = Visitor(page, url, "?expression=sadly_angry&strength=0.5&example=painting")
    words = page.locator("#words")
    expect(words).to_have_text("Sadly angry: 32 % sad, 32 % angry", timeout=WAIT)
    expect(page.locator("#strength input[type=number]")).to_have_value("0.5")
    assert page.locator("#basic label.selected").count() == 0
    page.close()
    assert visitor.problems == []


def test_choosing_is_in_the_address_and_back_undoes_it(visitor: Visitor) -> None:
    page, words = visitor.page, visitor.page.locator("#words")
    length = page.evaluate("history.length")
    visitor.until_changed("after", lambda: visitor.choose("basic", "Sad"))
    assert page.url == f"{visitor.url}/?expression=sad"
    for much in (0.4, 0.5):
        visitor.until_changed("after", lambda value=much: visitor.strength(value))
    assert page.url == f"{visitor.url}/?expression=sad&strength=0.5"
    assert page.evaluate("history.length") == length + 2, "a slider that moves on is one step"
    visitor.top("about")
    page.evaluate("history.back()")
    expect(words).to_be_visible()
    expect(words).to_have_text("50 % sad")
    visitor.until_changed("after", lambda: page.evaluate("history.back()"))
    expect(words).to_have_text("70 % sad")
    visitor.until_changed("after", lambda: page.evaluate("history.back()"))
    expect(words).to_have_text("70 % happy")
    expect(page.locator("#basic label.selected")).to_contain_text("Happy")
    assert page.url == f"{visitor.url}/"
    visitor.until_changed("after", lambda: page.evaluate("history.forward()"))
    expect(words).to_have_text("70 % sad")


@pytest.mark.parametrize(
    ("address", "wish"),
    [
        ({}, None),
        ({"tab": "about"}, None),
        ({"expression": "Sad"}, Wish("sad", NATURAL)),
        ({"expression": "neutral"}, Wish("neutral", 1.0)),
        ({"expression": "0.2,0,0,0,1,0", "strength": "1"}, Wish("0.2,0,0,0,1,0", 1.0)),
        ({"expression": "<script>", "strength": "0.3"}, Wish("happy", 0.3)),
        ({"expression": "9,9,9,9,9,9", "strength": "much"}, Wish("happy", NATURAL)),
        ({"strength": "nan"}, Wish("happy", NATURAL)),
        ({"strength": "7"}, Wish("happy", 1.0)),
    ],
)
def test_what_makes_no_sense_in_an_address_is_left_out(address: dict[str, str], wish: Wish | None) -> None:
    assert linked(address) == wish


def test_another_language_can_be_chosen_among_those_there_are(visitor: Visitor) -> None:
    select = visitor.page.locator("#languages select")
    assert select.locator("option").all_inner_texts() == list(NAMES.values())
    expect(select).to_have_value("en")
    assert visitor.page.locator("footer button, footer a").count() == 0, "Gradio's settings offer more"
    with visitor.page.expect_navigation(wait_until="domcontentloaded"):
        select.select_option("Deutsch")
    visitor.settle()
    assert visitor.page.url == f"{visitor.url}/?lang=de"
    expect(visitor.page.locator("#tagline")).to_have_text(TABLES["de"]["tagline"])
    visitor.says(TABLES["de"]["This is an example. Choose your own picture above."])
    expect(visitor.page.locator("#words")).to_have_text("70 % fröhlich")
    expect(select).to_have_value("de")
    visitor.problems = [one for one in visitor.problems if not re.search("abort|Connection errored out", one)]
