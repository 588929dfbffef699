"""How the rating tab speaks and looks: languages, telephones, contrast, readers of screens."""

import re

import pytest
from playwright.sync_api import expect

from reggan.expressions import NAMED
from reggan.ui.rating_tab import board_words
from reggan.ui.widgets import ASSETS
from reggan.votes.service import _NAMES
from tests.page.rating_board import WAIT, Arrive, Serve

MAKERS = ("refined", "coarse")


@pytest.mark.parametrize("mode", ["pair", "single"])
def test_the_board_speaks_the_language_of_the_page(serve: Serve, arrive: Arrive, mode: str) -> None:
    url, _ = serve(mode=mode, per_session=2)
    voter = arrive(url)
    speak = "(language) => { document.documentElement.lang = language }"
    board = voter.page.locator("#rating")
    voter.page.evaluate(speak, "es")
    expect(board).to_contain_text("Ayude a comparar")
    voter.page.evaluate(speak, "en")
    expect(board).to_contain_text("Help to compare")
    voter.page.evaluate(speak, "de")
    expect(board).to_contain_text("Helfen Sie beim Vergleich")
    voter.page.locator("#rating [data-screen=start] button").click()
    for place in (1, 2):
        voter.shows(f"{place} von 2")
        for step in (1, 2, 3):
            expect(voter.page.locator("#rating .step")).to_have_text(f"Frage {step} von 3", timeout=WAIT)
            voter.press("1")
    expect(voter.page.locator("#rating [data-screen=thanks]")).to_contain_text("Vielen Dank!", timeout=WAIT)
    english = r"\b(the|you|your|which|how|question|pair|left|right|of|asked|start|undo)\b"
    said = re.sub("<[^>]*>", " ", voter.page.locator("#rating").evaluate("e => e.querySelector('.board').outerHTML"))
    names = " ".join(re.findall(r'(?:aria-label|alt)="([^"]*)"', voter.page.locator("#rating .board").inner_html()))
    assert re.findall(english, f"{said} {names}", re.IGNORECASE) == []


def test_every_word_of_the_board_is_translated() -> None:
    board = " ".join((ASSETS / f"rating_board.{kind}").read_text() for kind in ("html", "js"))
    joined = re.sub(r"\s+", " ", re.sub(r'" \+\s+"', "", board))  # long literals are broken into lines
    words = board_words()
    assert set(words) == {"de", "es"} and set(words["de"]) == set(words["es"])
    assert [key for key in words["de"] if key not in joined and key not in (*NAMED, *_NAMES.values(), *MAKERS)] == []


_CONTRAST = """() => {
  const linear = (x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  const light = (c) => { const v = c.map((x) => linear(x / 255));
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (css) => { paint.clearRect(0, 0, 1, 1); paint.fillStyle = css; paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data]; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor);
    if (c[3] === 255) return c; } return [255, 255, 255]; };
  const texts = [...document.querySelectorAll("#rating *")].filter((e) => e.offsetParent && !e.matches("kbd") &&
    [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()));
  return texts.map((e) => { const [a, b] = [light(rgba(getComputedStyle(e).color)), light(ground(e))];
    return [e.className || e.tagName, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]; });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_a_phone_and_can_be_read(serve: Serve, arrive: Arrive, scheme: str) -> None:
    url, _ = serve(per_session=2)
    voter = arrive(url, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = voter.page
    page.locator("#rating [data-screen=start] button").wait_for()
    measured = page.evaluate(_CONTRAST)
    voter.begin()
    voter.press("1")
    voter.step(2)
    measured += page.evaluate(_CONTRAST)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    voter.press("1", "1")
    voter.shows("2 of 2")
    voter.press("1", "1", "1")
    expect(page.locator("#rating [data-screen=thanks]")).to_be_visible(timeout=WAIT)
    measured += page.evaluate(_CONTRAST)
    assert len(measured) > 15
    assert [(name, ratio) for name, ratio in measured if ratio < 4.5] == []  # WCAG AA


def test_a_screen_reader_finds_names_for_everything(serve: Serve, arrive: Arrive) -> None:
    url, _ = serve()
    voter = arrive(url)
    voter.begin()
    voter.press("1")
    board = voter.page.locator("#rating")
    for name in ("Left", "Right", "Both", "Neither"):
        expect(board.get_by_role("button", name=name, exact=True)).to_be_visible()
    for name in ("The face as it was", "Left result", "Right result"):
        expect(board.get_by_role("img", name=name)).to_be_visible()
    expect(board.get_by_role("group", name="Answers")).to_be_visible()
    assert voter.page.evaluate("document.activeElement.className") == "question", "what is asked is read aloud"
