"""Phone, dark, languages, keyboard and screen readers in a real browser."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from reggan.ui.words import TABLES
from tests.visitor import SHEET, STAGES, TABS, WAIT, Visitor

# Colours of text and of what lies behind it, for every element that shows text itself.
_COLOURS = """() => [...document.querySelectorAll('main *')].filter((e) => e.offsetParent
  && !e.closest('svg, input, #compare')
  && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())).map((e) => {
    let behind = e, back = 'rgba(0, 0, 0, 0)';
    for (; behind && /, 0\\)$|transparent/.test(back); behind = behind.parentElement)
      back = getComputedStyle(behind).backgroundColor;
    return [e.textContent.trim().slice(0, 40), getComputedStyle(e).color, back, e.closest('[disabled]') !== null];
  })"""


def contrast(front: str, back: str) -> float:
    """WCAG 2.2's contrast ratio of two CSS colours."""

    def luminance(colour: str) -> float:
        rgb = np.array([float(v) for v in re.findall(r"[\d.]+", colour)[:3]]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    lighter, darker = sorted((luminance(front), luminance(back)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "de-DE")])
def test_fits_a_phone(windows: Callable[..., Page], url: str, scheme: Any, locale: str) -> None:
    page = windows(viewport={"width": 390, "height": 844}, color_scheme=scheme, locale=locale, has_touch=True)
    visitor = Visitor(page, url)

    def too_wide() -> int:
        return page.evaluate("document.documentElement.scrollWidth - innerWidth")

    page.locator("#more button").first.click()
    expect(page.locator("#compound label").first).to_be_visible()
    assert too_wide() <= 0
    for tab in (STAGES, SHEET):
        visitor.results(tab)
        visitor.rest()
        assert too_wide() <= 0
    for name in TABS:
        visitor.top(name)
        visitor.rest()
        assert too_wide() <= 0
    visitor.leave()
    assert visitor.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(windows: Callable[..., Page], url: str, pictures: dict[str, Path], scheme: Any) -> None:
    """AA: 4.5 for text, disabled controls excepted; of every tab, and after mistakes."""
    page = windows(viewport={"width": 1280, "height": 900}, color_scheme=scheme, locale="en-US")
    visitor = Visitor(page, url)
    pale: list[Any] = []

    def look(least: int, where: str = "main") -> None:
        visitor.rest()
        texts = page.evaluate(_COLOURS.replace("main *", f"{where} *"))
        assert len(texts) > least
        pale.extend([(text, f, b) for text, f, b, disabled in texts if not disabled and contrast(f, b) < 4.5])

    page.locator("#more button").first.click()
    expect(page.locator("#compound label").first).to_be_visible()
    for name in TABS:
        visitor.top(name)
        look(6 if name in ("rate", "votes") else 15)
    visitor.top("batch")
    page.set_input_files("#batch_files input[type=file]", [pictures["landscape"]])
    expect(page.locator("#batch_files")).to_contain_text("landscape")
    page.locator("#batch_run").click()
    expect(page.locator("#batch_report .failures li")).to_have_count(1, timeout=WAIT)
    look(15)
    visitor.top("edit")
    visitor.upload(pictures["landscape"])
    visitor.says("No face was found")
    look(15)
    page.locator("#marking .offer button").click()
    expect(page.locator("#marking_dialog .step")).to_contain_text("1 of 3")
    look(3, "#marking_dialog")
    visitor.leave()
    assert pale == []


def words_on(page: Page) -> str:
    """Everything that is to be read on the page, aloud too."""
    spoken = page.evaluate(
        "() => [...document.querySelectorAll('main [aria-label], main img[alt]')].filter((e) => e.offsetParent)"
        ".map((e) => e.getAttribute('aria-label') ?? e.alt).join('\\n')"
    )
    return f"{page.locator('main').inner_text()}\n{spoken}"


@pytest.mark.parametrize("language", ["de", "es"])
def test_language_of_the_browser(
    windows: Callable[..., Page], url: str, pictures: dict[str, Path], language: str
) -> None:
    page = windows(viewport={"width": 1280, "height": 900}, locale=f"{language}-{language.upper()}")
    visitor = Visitor(page, url)
    table = TABLES[language]
    assert page.evaluate("document.documentElement.lang") == language
    expect(page.locator("#note")).to_contain_text(table["This is an example. Choose your own picture above."])
    visitor.until_changed("after", lambda: visitor.upload(pictures["pair"]))
    page.locator("#more button").first.click()
    read = [words_on(page)]
    for tab in (STAGES, SHEET):
        visitor.results(tab)
        page.wait_for_selector(f"{['', '#stages', '#sheet'][tab]} figure", timeout=WAIT)
        read.append(words_on(page))
    visitor.upload(pictures["damaged"])
    visitor.says(table["The picture is damaged or incomplete."])
    visitor.upload(pictures["landscape"])
    expect(page.locator("#compare .empty")).to_contain_text(table["The result appears here."], timeout=WAIT)
    read.append(words_on(page))
    for name in TABS:
        visitor.top(name)
        if name == "about":
            page.locator("#policy button").first.click()
            expect(page.locator("#policy")).to_contain_text(TABLES[language]["policy"].split(" ")[0], timeout=WAIT)
        visitor.rest()
        read.append(words_on(page))
    visitor.leave()
    assert visitor.problems == []
    english = {key for key in TABLES["de"] if table.get(key) != key and " " in key and "{" not in key}
    english |= {"Happy", "Strength", "Download", "Surprised", "Before", "Upload", "the ", " of ", "input"}
    code = re.compile(r"```.*?```", re.DOTALL)
    text = "\n".join(code.sub("", part) for part in read)
    assert [key for key in english if key in text] == []
    assert table["Happy"] in text and table["Movement"] in text and table["Edit all pictures"] in text


# Controls whose target is lower than 40 pixels, or narrower than 24; what lies within a larger label or row is measured
# by that. Sliders are as wide as the page.
_SMALL = """() => [...document.querySelectorAll('main :is(button, select, input, label:has(input))')]
  .filter((e) => e.offsetParent && getComputedStyle(e).opacity !== '0' && e.type !== 'range'
    && !e.matches('[tabindex="-1"]:not([role])')) // by which Gradio measures its tabs
  .map((e) => {
    const area = (e.closest('label:has(input), .wrap-inner') ?? e).getBoundingClientRect();
    const after = getComputedStyle(e, '::after'), edge = parseFloat(getComputedStyle(e).borderTopWidth);
    const there = after.content !== 'none' && after.position === 'absolute';
    const more = there ? Math.max(0, -2 * parseFloat(after.top) - 2 * edge) : 0;
    return [e.outerHTML.slice(0, 120), area.width + more, area.height + more];
  }).filter(([, width, height]) => height > 1 && (height < 39.5 || width < 23.5))"""


@pytest.mark.parametrize("language", ["en-US", "es-ES"])
def test_targets_on_a_phone_are_large_enough_and_tabs_in_one_row(
    windows: Callable[..., Page], url: str, language: str
) -> None:
    page = windows(viewport={"width": 390, "height": 844}, locale=language, has_touch=True, is_mobile=True)
    visitor = Visitor(page, url)
    small = page.evaluate(_SMALL)
    for name in TABS:
        visitor.top(name)
        visitor.rest()
        small += page.evaluate(_SMALL)
        for bar in ("#pages", "#results") if name == "edit" else ("#pages",):
            tabs = page.locator(f"{bar} > .tab-wrapper [role=tab]:visible").all()
            assert len(tabs) > 3 and len({round((tab.bounding_box() or {"y": -1})["y"]) for tab in tabs}) == 1
    visitor.leave()
    assert small == []
    assert visitor.problems == []


def test_arrow_keys_go_from_expression_to_expression(visitor: Visitor) -> None:
    page, chosen = visitor.page, visitor.page.locator("#basic label.selected")
    group = page.get_by_role("radiogroup", name="Expression", exact=True)
    expect(group).to_have_attribute("id", "basic")
    page.locator("#basic input:checked").focus()
    visitor.until_changed("after", lambda: page.keyboard.press("ArrowRight"))
    expect(chosen).to_have_text(re.compile("Sad"))
    visitor.until_changed("after", lambda: page.keyboard.press("ArrowLeft"))
    expect(chosen).to_have_text(re.compile("Happy"))
    expect(page.locator("#basic input:checked")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#basic')") is None, "one stop for the group"


def test_results_are_announced_and_groups_have_names(visitor: Visitor) -> None:
    page = visitor.page
    expect(page.locator("#words")).to_have_attribute("aria-live", "polite")
    visitor.until_changed("after", lambda: visitor.choose("basic", "Sad"))
    expect(page.locator("#words[aria-live=polite]")).to_have_text("70 % sad")
    for name in ("edit", "batch"):
        visitor.top(name)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('main :is(fieldset, [role=group])')].filter((e) =>
              e.offsetParent && !e.ariaLabel
              && !e.getAttribute('aria-labelledby')).map((e) => e.outerHTML)"""
        )
        assert nameless == []


def test_a_full_queue_is_explained_in_the_visitors_language(browser: Browser, url: str) -> None:
    page = browser.new_page(locale="de-DE")
    visitor = Visitor(page, url)
    full = {"detail": "Queue is full. Max size is 64 and size is 64."}
    page.route("**/queue/join*", lambda route: route.fulfill(status=503, json=full))
    visitor.choose("basic", TABLES["de"]["Sad"])
    toast = page.locator("[data-testid=toast-body]").first
    expect(toast).to_contain_text(TABLES["de"]["This application is currently busy"])
    assert "Error" not in toast.inner_text()
    page.close()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_choice_does_not_make_the_picture_flash(browser: Browser, url: str, motion: Any) -> None:
    page = browser.new_page(reduced_motion=motion, locale="en-US")
    visitor = Visitor(page, url)
    waiting: list[Any] = []
    page.route("**/queue/join*", lambda route: waiting.append(route), times=1)
    before = visitor.source()
    visitor.choose("basic", "Sad")
    page.wait_for_selector("#compare .pending", state="attached")
    visitor.rest()
    assert page.locator("#compare .pending").evaluate("one => Number(getComputedStyle(one).opacity)") == 0.75
    waiting[0].continue_()
    expect(visitor.picture()).not_to_have_attribute("src", before, timeout=WAIT)
    page.close()


def test_a_label_is_whole_or_not_there(visitor: Visitor) -> None:
    """However far to one side the divider is."""
    frame = visitor.page.locator("#compare .frame")
    inside = """(frame, side) => { const label = frame.querySelector(side + ' span').getBoundingClientRect();
      const area = frame.querySelector(side).getBoundingClientRect();
      return [label.top < area.bottom - 1, label.left >= area.left - 0.5 && label.right <= area.right + 0.5]; }"""

    def shown(at: str) -> list[bool]:
        frame.evaluate("(frame, at) => frame.style.setProperty('--at', at)", at)
        seen = []
        for side in (".left", ".right"):
            visible, whole = visitor.page.evaluate(
                f"side => ({inside})(document.querySelector('#compare .frame'), side)", side
            )
            assert whole or not visible
            seen.append(visible)
        return seen

    assert shown("50%") == [True, True]
    assert shown("10%") == [False, True]
    assert shown("92%") == [True, False]


def test_everything_can_be_reached_with_the_keyboard_and_has_a_name(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#more button").first.click()
    expect(page.locator("#compound label").first).to_be_visible()
    reached: set[str] = set()
    page.locator("button[role=tab]").first.focus()
    for _ in range(90):
        page.keyboard.press("Tab")
        reached |= set(
            page.evaluate(
                "(() => { const ids = []; for (let e = document.activeElement; e; e = e.parentElement)"
                " ids.push(e.id); return ids })()"
            )
        )
    wanted = {"basic", "strength", "compound", "mix_sad", "mark", "examples", "compare", "suffix", "download", "upload"}
    assert wanted - reached == set()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('main button, main input, main [role=tab], main a')].filter((e) =>
          e.offsetParent && !(e.ariaLabel || e.title || e.textContent.trim() || e.labels?.length
            || e.getAttribute('aria-labelledby'))).map((e) => e.outerHTML.slice(0, 150))"""
    )
    assert nameless == []
    assert page.evaluate("[...document.querySelectorAll('main img')].every((image) => image.hasAttribute('alt'))")
