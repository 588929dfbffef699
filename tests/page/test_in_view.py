"""The result is in view without scrolling, on a small window and on a phone, and so are both stages under it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.visitor import WAIT, Visitor

SIZES = {"window": (1280, 720), "phone": (390, 844)}
# Whether an element lies within the window, above the bar of expressions if that is at its bottom.
_IN_VIEW = """(selector) => {
  const area = document.querySelector(selector)?.getBoundingClientRect(), bar = document.querySelector('#basic');
  const covered = getComputedStyle(bar).position === 'fixed' && selector !== '#basic';
  const bottom = covered ? bar.getBoundingClientRect().top : innerHeight;
  if (!area || area.height < 30) return false;
  return area.top >= 0 && area.bottom <= bottom && area.left >= 0 && area.right <= innerWidth;
}"""


@pytest.fixture(params=SIZES)
def small(request: pytest.FixtureRequest, windows: Callable[..., Page], url: str) -> Iterator[Visitor]:
    width, height = SIZES[request.param]
    page = windows(
        viewport={"width": width, "height": height},
        locale="de-DE",  # longer words
        has_touch=request.param == "phone",
        reduced_motion="reduce",
    )
    visitor = Visitor(page, url)
    yield visitor
    visitor.leave()
    assert visitor.problems == []


def comes_into_view(visitor: Visitor, *selectors: str) -> None:
    for selector in selectors:
        visitor.page.wait_for_function(_IN_VIEW, arg=selector, timeout=WAIT)


@pytest.mark.parametrize("name", ["pair", "smile"])
def test_after_an_upload_and_after_an_expression(small: Visitor, pictures: dict[str, Path], name: str) -> None:
    comes_into_view(small, "#compare .frame", "#strip .thumbs", "#basic", "#upload")
    small.until_changed("after", lambda: small.upload(pictures[name]))
    comes_into_view(small, "#compare .frame", "#strip .thumbs")
    assert small.page.evaluate("scrollY") == 0
    small.until_changed("after", lambda: small.choose("basic", "Traurig"))
    comes_into_view(small, "#compare .frame", "#strip .thumbs")
    assert small.page.evaluate("scrollY") == 0


def test_from_the_bottom_of_the_page(small: Visitor) -> None:
    bottom = "scrollTo(0, document.body.scrollHeight)"
    small.page.evaluate(bottom)
    small.until_changed("after", lambda: small.choose("basic", "Wütend"))
    comes_into_view(small, "#compare .frame")
    small.page.evaluate(bottom)
    small.until_changed("after", lambda: small.page.locator("#examples button").last.click())
    comes_into_view(small, "#compare .frame")


def test_where_there_is_no_face_the_button_to_mark_it(small: Visitor, pictures: dict[str, Path]) -> None:
    small.upload(pictures["landscape"])
    comes_into_view(small, "#marking .offer", "#marking .offer button")
    expect(small.page.locator("#compare img")).to_have_count(0, timeout=WAIT)
