"""The result as a stage: faces on it, near or whole, the divider, the original while it is held, a pinned result."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from reggan.output.animation import neighbourhood
from reggan.predictor import Predictor
from tests.paths import PHOTO, ROOT
from tests.visitor import Visitor


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two faces that are small in a large picture; the larger is on the right."""
    picture, photo = Image.new("RGB", (2400, 1500), "gray"), Image.open(PHOTO)
    picture.paste(photo.resize((320, 375)), (300, 700))
    picture.paste(photo.resize((384, 450)), (1700, 700))
    path = tmp_path_factory.mktemp("crowd") / "crowd.jpg"
    picture.save(path, quality=95)
    return path


def test_faces_are_numbered_from_left_to_right_outside_their_outlines(visitor: Visitor) -> None:
    visitor.until_changed("after", lambda: visitor.page.locator("#examples button").last.click())
    outlines = visitor.page.locator("#compare .outline")
    boxes = [(one.bounding_box(), one.locator(".number").bounding_box()) for one in outlines.all()]
    numbers = [int(one.inner_text()) for one in outlines.all()]
    from_left = sorted(range(3), key=lambda n: (boxes[n][0] or {})["x"])
    assert [numbers[n] for n in from_left] == [1, 2, 3]
    assert all(badge["y"] + badge["height"] <= box["y"] + 1 for box, badge in boxes if box and badge)
    thumbs = visitor.page.locator("#people .number")
    assert [thumb.inner_text() for thumb in thumbs.all()] == ["1", "2", "3"]
    for number in (2, 1):
        badge = outlines.get_by_role("button", name=f"Face {number}")
        visitor.until_changed("after", badge.click)
        expect(visitor.page.locator("#compare .outline.chosen .number")).to_have_text(str(number))
    middle = boxes[from_left[2]][0]
    assert middle is not None
    inside = (middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2)
    visitor.until_changed("after", lambda: visitor.page.mouse.click(*inside))  # a face, not only its badge
    expect(visitor.page.locator("#words")).to_contain_text("Face 3")


def test_small_faces_are_seen_from_near_at_the_picture_s_own_resolution(visitor: Visitor, crowd: Path) -> None:
    page, look = visitor.page, visitor.page.locator("#tools .look button")
    expect(visitor.page.locator("#tools .undo")).to_be_visible()
    expect(look.first).to_be_hidden()  # the example's face is most of it
    visitor.until_changed("after", lambda: visitor.upload(crowd))
    expect(look.first).to_have_attribute("aria-pressed", "true")
    found = Predictor.from_pretrained().analyse(crowd)
    x0, y0, x1, y1 = neighbourhood(found, 0)
    near = visitor.pixels("before")
    assert near.shape == (y1 - y0, x1 - x0, 3), "nothing was made smaller"
    assert np.abs(near - found.image[y0:y1, x0:x1]).mean() < 3
    visitor.until_changed("after", lambda: page.locator("#people button").first.click())
    expect(look.first).to_have_attribute("aria-pressed", "true")
    visitor.until_changed("after", look.nth(1).click)
    assert visitor.pixels("before").shape[1] == 1280
    assert len(visitor.page.locator("#compare .outline:visible").all()) == 2


def test_the_divider_begins_left_of_the_face_and_stays_where_it_is_put(visitor: Visitor) -> None:
    divider = visitor.page.locator("#compare input")
    different = (np.abs(visitor.pixels("after") - visitor.pixels("before")).max(-1) > 40).sum(0)
    begins = float(divider.input_value()) / 100 * len(different)
    assert different[: int(begins)].sum() < 0.01 * different.sum(), "the change is seen"
    assert begins > 0.1 * len(different), "and so is something of the original"
    divider.focus()
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("ArrowRight")
    area = visitor.page.locator("#compare .frame").bounding_box()
    assert area is not None
    at = area["x"] + float(divider.input_value()) / 100 * area["width"]
    visitor.page.mouse.move(at, area["y"] + 40)
    visitor.page.mouse.down()
    visitor.page.mouse.move(area["x"] + 0.75 * area["width"], area["y"] + 60, steps=3)
    visitor.page.mouse.up()
    moved = float(divider.input_value())
    assert abs(moved - 75) < 1
    visitor.until_changed("after", lambda: visitor.choose("basic", "Angry"))
    assert float(divider.input_value()) == moved
    shown = visitor.page.locator("#compare .before").evaluate("image => getComputedStyle(image).clipPath")
    assert f"{100 - moved:g}"[:4] in shown


def test_the_original_is_seen_while_the_button_is_held(visitor: Visitor) -> None:
    hold, result, original = visitor.page.locator("#tools .hold"), visitor.source("after"), visitor.source("before")
    hold.hover()
    visitor.page.mouse.down()
    expect(visitor.picture("after")).to_have_attribute("src", original)
    expect(visitor.page.locator("#compare .divider")).to_be_hidden()
    visitor.page.mouse.up()
    expect(visitor.picture("after")).to_have_attribute("src", result)
    hold.focus()
    visitor.page.keyboard.down("Enter")
    expect(visitor.picture("after")).to_have_attribute("src", original)
    visitor.page.keyboard.up("Enter")
    expect(visitor.picture("after")).to_have_attribute("src", result)


def test_a_result_is_pinned_and_another_compared_with_it(visitor: Visitor) -> None:
    pin, happy, original = visitor.page.locator("#tools .pin"), visitor.source("after"), visitor.source("before")
    pin.click()
    visitor.until_changed("after", lambda: visitor.choose("basic", "Sad"))
    expect(visitor.picture("before")).to_have_attribute("src", happy)
    expect(visitor.page.locator("#compare .left")).to_have_text("70 % happy")
    expect(visitor.page.locator("#compare .right")).to_have_text("70 % sad")
    pin.click()
    expect(visitor.picture("before")).to_have_attribute("src", original)
    pin.click()
    visitor.until_changed("after", lambda: visitor.upload(ROOT / "examples" / "statue_marble.jpg"))
    expect(pin).to_have_attribute("aria-pressed", "false")  # another picture
