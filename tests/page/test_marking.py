"""Marking a face by hand: three taps, a preview that can be dragged, and every way out of it."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from reggan.errors import InputError
from reggan.faces.marks import mean_face
from reggan.predictor import NO_FACE, Analysis
from reggan.ui.edit.marking import in_pixels, mesh_path
from reggan.ui.edit.visit import Visit
from reggan.ui.edit.wishes import Wish, Wishes
from tests.visitor import WAIT, Visitor

EYE, OTHER_EYE, MOUTH = (0.35, 0.35), (0.65, 0.35), (0.5, 0.65)  # of the picture's width and height
CHIN = 3  # the number of its mark
STEPS = ("1 of 3: tap one eye", "2 of 3: tap the other eye", "3 of 3: tap the middle of the mouth", "Drag any mark")


class Marking:
    """The dialog, opened with the picture without a face."""

    def __init__(self, page: Page) -> None:
        self.page, self.dialog = page, page.locator("#marking_dialog")

    def mark(self, number: int) -> Locator:
        return self.dialog.locator(f".mark[data-mark='{number}']")

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        """Where in the window a point of the picture is."""
        area = self.dialog.locator(".canvas").bounding_box()
        assert area is not None
        return area["x"] + point[0] * area["width"], area["y"] + point[1] * area["height"]

    def where(self, number: int) -> list[float]:
        """Where in the picture a mark is."""
        style = self.mark(number).evaluate("mark => [mark.style.left, mark.style.top]")
        return [float(side.rstrip("%")) / 100 for side in style]

    def click(self, *points: tuple[float, float]) -> None:
        for point in points:
            self.page.mouse.click(*self.at(point))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*self.at(start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(end), steps=4)
        self.page.mouse.up()

    def step(self, words: str) -> None:
        expect(self.dialog.locator(".step")).to_contain_text(words, timeout=WAIT)

    def mesh(self) -> str:
        return self.dialog.locator(".mesh").get_attribute("d") or ""

    def previewed(self, other_than: str = "") -> str:
        """The mesh, once there is one, and another than before."""
        self.page.wait_for_function(
            "before => ![before, ''].includes(document.querySelector('#marking_dialog .mesh').getAttribute('d'))",
            arg=other_than,
            timeout=WAIT,
        )
        return self.mesh()

    def done(self) -> Locator:
        return self.dialog.locator(".done")


@pytest.fixture
def marking(visitor: Visitor, pictures: dict[str, Path]) -> Marking:
    visitor.upload(pictures["landscape"])
    visitor.says(NO_FACE)
    visitor.page.locator("#marking .offer button").click()
    marking = Marking(visitor.page)
    expect(marking.dialog).to_be_visible(timeout=WAIT)
    return marking


def test_marks_are_pixels_whose_centres_are_whole_numbers() -> None:
    picture = np.zeros((300, 400, 3), np.uint8)
    assert in_pixels([(0, 0), (1, 1), (0.5, 0.25)], picture) == [(-0.5, -0.5), (399.5, 299.5), (199.5, 74.5)]
    assert in_pixels("no marks", picture) == []  # type: ignore[arg-type]


def test_the_mesh_has_both_eyes_brows_lips_and_the_outline() -> None:
    """As SVG: closed loops for eyes, lips (twice) and outline, open lines for brows and nose (twice)."""
    path = mesh_path(mean_face())
    assert path.count("Z") == 5 and path.count("M") == 9
    assert path.startswith("M-0.7250 -0.0145L")  # the outer corner of the left eye


def test_three_clicks_a_preview_and_a_new_face(visitor: Visitor, marking: Marking) -> None:
    for point, words in zip((EYE, OTHER_EYE, MOUTH), STEPS, strict=False):
        marking.step(words)
        expect(marking.done()).to_be_disabled()
        assert not marking.mesh()
        marking.click(point)
    marking.previewed()
    marking.step(STEPS[3])
    for number, point in enumerate((EYE, OTHER_EYE, MOUTH)):
        np.testing.assert_allclose(marking.where(number), point, atol=0.004)
    across, down = marking.where(CHIN)
    assert across == pytest.approx(0.5, abs=0.01) and 0.75 < down < 0.99
    marking.done().click()
    visitor.settle()
    expect(marking.dialog).to_be_hidden()
    visitor.says("Face 1 was marked by hand")
    changed = np.abs(visitor.pixels("after") - visitor.pixels("before")).max(2) > 10
    assert changed[185:215, 160:240].mean() > 0.1, "the mouth, of 400 x 300 pixels"


def test_any_mark_can_be_dragged(marking: Marking) -> None:
    """The chin goes where it is dragged and stays there; the mouth takes its corners along."""
    marking.click(EYE, OTHER_EYE, MOUTH)
    before = marking.previewed()
    chin = marking.where(CHIN)
    marking.drag((chin[0], chin[1]), (0.45, 0.95))
    longer = marking.previewed(before)
    np.testing.assert_allclose(marking.where(CHIN), (0.45, 0.95), atol=0.004)
    corners = [marking.where(n) for n in (4, 5)]
    marking.drag(MOUTH, (0.5, 0.6))
    marking.previewed(longer)
    np.testing.assert_allclose(marking.where(2), (0.5, 0.6), atol=0.004)
    np.testing.assert_allclose(marking.where(CHIN), (0.45, 0.95), atol=0.004)
    moved = [marking.where(n) for n in (4, 5)]
    np.testing.assert_allclose(np.subtract(moved, corners), [(0, -0.05)] * 2, atol=0.006)


def test_every_mark_has_a_cross(marking: Marking) -> None:
    """An eye is asked for again; the chin goes back to where nobody moved it."""
    marking.click(EYE)
    marking.mark(0).locator(".remove").click()
    expect(marking.dialog.locator(".mark")).to_have_count(0)
    marking.step(STEPS[0])
    marking.click(EYE, OTHER_EYE, MOUTH)
    before, chin = marking.previewed(), marking.where(CHIN)
    expect(marking.dialog.locator(".remove")).to_have_count(3)
    marking.drag((chin[0], chin[1]), (0.5, 0.97))
    after = marking.previewed(before)
    expect(marking.mark(CHIN).locator(".remove")).to_have_attribute("aria-label", "Remove: Chin")
    marking.mark(CHIN).locator(".remove").click()
    assert marking.previewed(after) == before
    np.testing.assert_allclose(marking.where(CHIN), chin, atol=0.001)

    marking.mark(1).locator(".remove").click()
    marking.step(STEPS[1])
    expect(marking.done()).to_be_disabled()
    expect(marking.dialog.locator(".mark")).to_have_count(2)
    assert not marking.mesh()
    marking.click((0.7, 0.3))
    marking.previewed(before)
    np.testing.assert_allclose(marking.where(1), (0.7, 0.3), atol=0.004)


@pytest.mark.parametrize("way", ["Cancel", "Escape"])
def test_cancel_and_escape_leave_everything_as_it_was(visitor: Visitor, marking: Marking, way: str) -> None:
    marking.click(EYE, OTHER_EYE, MOUTH)
    marking.previewed()
    if way == "Escape":
        visitor.page.keyboard.press("Escape")
    else:
        marking.dialog.get_by_role("button", name="Cancel").click()
    expect(marking.dialog).to_be_hidden()
    visitor.says(NO_FACE)
    expect(visitor.page.locator("#compare img")).to_have_count(0)
    visitor.page.locator("#marking .offer button").click()
    marking.step(STEPS[0])
    expect(marking.dialog.locator(".mark")).to_have_count(0)


def test_marks_that_are_no_face_are_told_in_a_sentence_and_mended(marking: Marking) -> None:
    marking.click(EYE, OTHER_EYE, (0.5, 0.36))
    marking.step("The mouth cannot lie on the line through the eyes.")
    expect(marking.done()).to_be_disabled()
    marking.drag((0.5, 0.36), MOUTH)
    marking.previewed()
    marking.step(STEPS[3])
    expect(marking.done()).to_be_enabled()


def test_with_the_keyboard_alone(visitor: Visitor, marking: Marking) -> None:
    """From the middle, in steps of 5 %: eyes at 35 % and 65 % of the width, the mouth below; an eye moved by 1 %."""
    press = visitor.page.keyboard.press
    for keys in (["ArrowUp"] * 3 + ["ArrowLeft"] * 3, ["ArrowRight"] * 6, ["ArrowLeft"] * 3 + ["ArrowDown"] * 6):
        for name in keys:
            press(f"Shift+{name}")
        press("Enter")
    before = marking.previewed()
    for number, point in enumerate((EYE, OTHER_EYE, MOUTH)):
        np.testing.assert_allclose(marking.where(number), point, atol=1e-4)
    press("Tab")
    expect(marking.mark(0)).to_be_focused()
    press("ArrowLeft")
    marking.previewed(before)
    np.testing.assert_allclose(marking.where(0), (0.34, 0.35), atol=1e-4)
    expect(marking.mark(0)).to_be_focused()
    press("Delete")
    marking.step(STEPS[0])


def test_someone_missing_in_a_group(visitor: Visitor, pictures: dict[str, Path]) -> None:
    """The other faces are outlined; the new one is between them, and the numbers are from left to right."""
    visitor.until_changed("after", lambda: visitor.upload(pictures["pair"]))
    button = visitor.page.locator("#mark")
    expect(button).to_have_text("Someone missing? Mark them.")
    button.click()
    marking = Marking(visitor.page)
    expect(marking.dialog.locator(".there div")).to_have_count(2, timeout=WAIT)
    marking.click((0.46, 0.7), (0.54, 0.7), (0.5, 0.85))
    marking.previewed()
    visitor.until_changed("after", lambda: marking.done().click())
    visitor.says("Face 2 was marked by hand")

    faces, cross = visitor.page.locator("#people .face"), visitor.page.locator("#people .unmark")
    expect(faces).to_have_count(3)
    expect(cross).to_have_count(1)  # those that were found stay
    visitor.until_changed("after", lambda: visitor.page.get_by_label("Take face 2 away").click())
    visitor.says("Face 2 was taken away.")
    expect(faces).to_have_count(2)
    expect(cross).to_have_count(0)
    expect(faces.first).to_have_attribute("aria-label", "Face 1: Happy, 70 %")
    expect(faces.first).to_be_focused()


def test_the_only_face_can_be_taken_away_again(visitor: Visitor, marking: Marking) -> None:
    marking.click(EYE, OTHER_EYE, MOUTH)
    marking.previewed()
    marking.done().click()
    visitor.settle()
    visitor.page.locator("#people .unmark").click()
    visitor.says(NO_FACE)
    expect(visitor.page.locator("#marking .offer button")).to_be_visible()
    expect(visitor.page.locator("#people button")).to_have_count(0)


def test_faces_after_one_that_is_taken_away_move_up() -> None:
    faces = tuple(SimpleNamespace(name=name) for name in "abcd")
    visit = Visit(Analysis(np.zeros((9, 9, 3), np.uint8), faces), Path("x"), "me", frozenset({1, 3}))  # type: ignore[arg-type]
    less = visit.unmark(1)
    assert [face.name for face in less.analysis.faces] == ["a", "c", "d"] and less.marked == {2} and less.name == "me"  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="Only faces that were marked by hand"):
        visit.unmark(0)
    wishes = Wishes("old", 4, 3, {0: Wish("sad"), 1: Wish("angry"), 3: Wish("happy")})
    assert wishes.remove(1, "new") == Wishes("new", 3, 2, {0: Wish("sad"), 2: Wish("happy")})
    assert [Wishes("old", 4, on).remove(1, "new").on for on in (None, 0, 1, 2)] == [None, 0, 0, 1]


@pytest.fixture
def phone(browser: Browser, url: str) -> Iterator[Visitor]:
    page = browser.new_page(
        viewport={"width": 390, "height": 844}, locale="de-DE", has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    visitor = Visitor(page, url)
    yield visitor
    page.close()
    assert visitor.problems == []


# Ten frames at the same place. A tap on a page that still rolls stops it, and presses nothing.
_AT_REST = """() => new Promise((done) => {
  let before = scrollY, still = 0;
  const look = () => {
    still = scrollY === before ? still + 1 : 0;
    before = scrollY;
    if (still < 10) requestAnimationFrame(look); else done(true);
  };
  look();
})"""


def swipe(page: Page, start: tuple[float, float], down: float) -> None:
    """A finger is put down, moved by so many pixels, and taken away; the page rolls on until it rests."""
    session = page.context.new_cdp_session(page)
    where = [(start[0], start[1] + down * share / 10) for share in range(11)]
    for n, (x, y) in enumerate(where):
        kind = "touchMove" if n else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.evaluate(_AT_REST)


def test_on_touch_scrolling_marks_nothing_and_the_button_does(phone: Visitor, pictures: dict[str, Path]) -> None:
    page = phone.page
    phone.upload(pictures["landscape"])
    picture = page.locator("#marking .offer img")
    expect(picture).to_be_visible(timeout=WAIT)
    area = picture.bounding_box()
    assert area is not None
    swipe(page, (area["x"] + 50, area["y"] + area["height"] / 2), -160)
    assert page.evaluate("scrollY") > 50
    marking = Marking(page)
    expect(marking.dialog).to_have_count(0)

    page.locator("#marking .offer button").tap()
    marking.step("1 von 3")
    for point in (EYE, OTHER_EYE, MOUTH):
        page.touchscreen.tap(*marking.at(point))
    before, chin = marking.previewed(), marking.where(CHIN)
    for control in (".cancel", ".done"):
        button = marking.dialog.locator(control).bounding_box()
        assert button is not None and button["height"] >= 40 and button["y"] + button["height"] <= 844
    height = marking.at((0, 1))[1] - marking.at((0, 0))[1]
    swipe(page, marking.at((chin[0], chin[1])), 10)
    marking.previewed(before)
    np.testing.assert_allclose(marking.where(CHIN), (chin[0], chin[1] + 10 / height), atol=0.01)
    marking.done().tap()
    phone.settle()
    phone.says("Gesicht 1 wurde von Hand markiert")
    page.wait_for_function("document.querySelector('#compare .frame').getBoundingClientRect().top >= 0")
