"""Who is to look like what: a face or everybody, how strongly, a tile of all expressions, and one step back."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.predictor import Predictor
from reggan.ui.edit.already import already
from reggan.ui.edit.picture_events import first_wish
from reggan.ui.edit.visit import Visit
from reggan.ui.edit.wishes import Wish, Wishes
from tests.paths import PHOTO
from tests.visitor import SHEET, WAIT, Visitor

HALVES = (slice(0, 410), slice(430, None))  # of the picture `pair`, with a face each


def person(page: Page, number: int) -> None:
    page.locator("#people button").nth(number - 1).click()


def changed(visitor: Visitor) -> list[bool]:
    """In each half of `pair`."""
    difference = np.abs(visitor.pixels("after") - visitor.pixels("before")).max(-1)
    return [bool((difference[:, half] > 40).sum() > 50) for half in HALVES]


def test_in_a_group_one_smiles_while_another_is_surprised(visitor: Visitor, pictures: dict[str, Path]) -> None:
    page, people = visitor.page, visitor.page.locator("#people button")
    visitor.until_changed("after", lambda: visitor.upload(pictures["pair"]))
    expect(people).to_have_count(3)  # with everybody
    assert changed(visitor) == [True, False], "the larger one at first"
    expect(page.locator("#words")).to_contain_text("Face 1: 70 % happy")
    smile = visitor.pixels()[:, HALVES[0]]

    visitor.until_changed("after", lambda: person(page, 2))
    assert changed(visitor) == [True, False], "who is chosen has nothing yet, and the other keeps the smile"
    expect(page.locator("#words")).to_contain_text("Face 2: unchanged")
    assert page.locator("#basic label.selected").count() == 0
    visitor.until_changed("after", lambda: visitor.choose("basic", "Surprised"))
    assert changed(visitor) == [True, True]
    assert np.abs(visitor.pixels()[:, HALVES[0]] - smile).mean() < 1
    visitor.until_changed("after", lambda: visitor.strength(0.9))
    expect(people.nth(0)).to_have_attribute("aria-label", "Face 1: Happy, 70 %")
    expect(people.nth(1)).to_have_attribute("aria-label", "Face 2: Surprised, 90 %")

    visitor.until_changed("after", lambda: person(page, 1))
    expect(page.locator("#basic label.selected")).to_contain_text("Happy")
    expect(page.locator("#strength input[type=number]")).to_have_value("0.7")
    visitor.until_changed("after", lambda: person(page, 2))
    visitor.until_changed("after", lambda: person(page, 3))
    expect(page.locator("#words")).to_contain_text("Everybody: 90 % surprised")
    for n in range(2):
        expect(people.nth(n)).to_have_attribute("aria-label", f"Face {n + 1}: Surprised, 90 %")


def test_the_download_has_every_face_s_expression(visitor: Visitor, pictures: dict[str, Path]) -> None:
    visitor.until_changed("after", lambda: visitor.upload(pictures["pair"]))
    visitor.until_changed("after", lambda: person(visitor.page, 2))
    visitor.until_changed("after", lambda: visitor.choose("basic", "Sad"))
    _, data = visitor.download("#download")
    predictor = Predictor.from_pretrained()
    found = predictor.analyse(pictures["pair"])
    wishes = [Wish("happy", 0.7), Wish("sad", 0.7)]
    assert found.faces[0].face.box[0] < found.faces[1].face.box[0], "the larger one is on the left"
    c, relax = np.stack([w.c for w in wishes]), np.array([w.relax for w in wishes], np.float32)
    expected = predictor.edit_each(found, [0, 1], c, relax).image
    got = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)
    assert np.abs(got - expected).max() <= 2


def test_one_step_back(visitor: Visitor) -> None:
    undo, words = visitor.page.locator("#tools .undo"), visitor.page.locator("#words")
    expect(undo).to_be_disabled()
    happy = visitor.pixels()
    visitor.until_changed("after", lambda: visitor.choose("basic", "Angry"))
    for much in (0.4, 0.5):
        visitor.until_changed("after", lambda value=much: visitor.strength(value))
    visitor.until_changed("after", undo.click)
    expect(words).to_have_text("70 % angry")  # a slider that is moved is one step
    visitor.until_changed("after", undo.click)
    expect(words).to_have_text("70 % happy")
    expect(visitor.page.locator("#basic label.selected")).to_contain_text("Happy")
    assert np.abs(visitor.pixels() - happy).max() < 3
    expect(undo).to_be_disabled()


def test_strengths_that_are_typed(visitor: Visitor) -> None:
    field, words = visitor.page.locator("#strength input[type=number]"), visitor.page.locator("#words")
    expect(field).to_have_value("0.7")
    expect(visitor.page.locator("#marks")).to_contain_text("natural")
    expect(visitor.page.locator("#marks")).to_contain_text("posed")
    visitor.until_changed("after", lambda: visitor.strength(7))
    expect(words).to_have_text("100 % happy")
    visitor.until_changed("after", lambda: visitor.strength(-1))
    expect(words).to_have_text("Unchanged")
    visitor.until_changed("after", lambda: visitor.strength(0.3))
    field.fill("")
    field.press("Enter")
    visitor.until_changed("after", lambda: visitor.choose("basic", "Sad"))
    expect(words).to_have_text("30 % sad")
    expect(visitor.page.locator('[data-testid="toast-body"]')).to_have_count(0)


def test_a_tile_chooses_its_expression_and_the_download_is_what_was_looked_at(visitor: Visitor) -> None:
    visitor.results(SHEET)
    tiles = visitor.page.locator("#sheet button")
    expect(tiles).to_have_count(len(BASIC), timeout=WAIT)
    sources = [tile.get_attribute("src") for tile in tiles.locator("img").all()]
    angry = visitor.read(tiles.filter(has_text="Angry").locator("img"))
    _, data = visitor.download("#keep_sheet")
    sheet = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)
    corners = [(y, x) for y in range(16, sheet.shape[0] - 255, 290) for x in range(16, sheet.shape[1] - 255, 272)]
    assert any(np.array_equal(sheet[y : y + 256, x : x + 256], angry) for y, x in corners)
    visitor.until_changed("after", lambda: tiles.filter(has_text="Angry").click())
    expect(visitor.page.locator("#words")).to_have_text("70 % angry")
    expect(visitor.page.locator("#compare .frame")).to_be_visible()
    visitor.results(SHEET)
    expect(tiles.filter(has_text="Angry")).to_have_attribute("aria-pressed", "true")
    visitor.choose("names", "All 21")
    expect(tiles).to_have_count(21, timeout=WAIT)
    assert [tile.get_attribute("src") for tile in tiles.locator("img").all()][:6] == sources, "made once"


def test_a_smile_is_named_and_what_becomes_of_it(visitor: Visitor, pictures: dict[str, Path]) -> None:
    now = visitor.page.locator("#words")
    expect(now).not_to_contain_text("Already")
    visitor.until_changed("after", lambda: visitor.upload(pictures["smile"]))
    expect(now).to_contain_text("70 % surprised")  # happy, it would be unchanged
    expect(now).to_contain_text("Already smiling; that goes as the new expression comes.")
    expect(visitor.page.locator("#basic label.selected")).to_contain_text("Surprised")
    assert np.abs(visitor.pixels("after") - visitor.pixels("before")).max() > 40
    visitor.until_changed("after", lambda: visitor.choose("basic", "Happy"))
    expect(now).to_contain_text("Already smiling; what is missing comes.")
    visitor.until_changed("after", lambda: visitor.choose("basic", "Angry"))
    expect(now).to_contain_text("Already smiling; that goes as the new expression comes.")
    visitor.until_changed("after", lambda: visitor.strength(0.35))
    expect(now).to_contain_text("Already smiling; 50 % of it goes.")
    visitor.until_changed("after", lambda: visitor.choose("basic", "Neutral"))
    expect(now).to_contain_text("100 % neutral")
    expect(now).to_contain_text("Already smiling; that goes as the new expression comes.")
    assert np.abs(visitor.pixels("after") - visitor.pixels("before")).max() > 40
    visitor.until_changed("after", lambda: visitor.strength(0))
    expect(now).to_contain_text("Unchanged")
    expect(now).to_contain_text("Already smiling; that stays.")
    assert np.abs(visitor.pixels("after") - visitor.pixels("before")).max() < 3


def test_what_was_chosen_last_goes_on_and_a_smile_begins_with_something_else(pictures: dict[str, Path]) -> None:
    predictor = Predictor.from_pretrained()
    smiling, at_rest, empty = (Visit.begin(predictor, pictures[name]) for name in ("smile", "pair", "landscape"))
    assert (smiling.doing(0), at_rest.doing(0), empty.count) == ("happy", None, 0)
    assert first_wish(smiling, None) == first_wish(smiling, Wish()) == Wish("surprised")
    assert first_wish(at_rest, None) == first_wish(at_rest, Wish()) == first_wish(empty, None) == Wish()
    for last in (Wish("happy", 1.0), Wish("sad"), Wish("0,0.5,0,0.3,0,0", 0.5)):
        assert first_wish(smiling, last) == first_wish(at_rest, last) == last


@pytest.mark.parametrize("expression", BASIC)
def test_the_sentence_for_each_expression(expression: str) -> None:
    said = {name: already(name, Wish(expression, 1.0), "en") for name in BASIC}
    kept = [name for name, sentence in said.items() if "what is missing" in sentence]
    assert kept == [expression]
    assert all("that goes" in sentence for name, sentence in said.items() if name != expression)
    assert already(None, Wish(expression), "en") == ""
    assert "stays" in already(expression, None, "en")


def test_wishes_are_text_and_text_that_is_damaged_gets_a_sentence() -> None:
    wishes = Wishes("key", 3, 2, {0: Wish("sad", 0.5), 2: Wish("0.1,0,0,0,0,1", 1.0)})
    assert Wishes.read(wishes.text()) == wishes
    assert Wishes.read(Wishes("key", 3, None).text()).on is None
    good = json.loads(wishes.text())
    assert Wishes.read(json.dumps({**good, "faces": {"0": ["sad", 7], "9": ["sad", 1]}})).faces == {0: Wish("sad", 1.0)}
    damaged = [{**good, **wrong} for wrong in ({"on": 3}, {"on": "x"}, {"faces": {"0": ["sad"]}}, {"faces": 1})]
    for text in ("{", "[]", "1", '{"on": 0}', *map(json.dumps, damaged)):
        with pytest.raises(InputError, match="could not be read"):
            Wishes.read(text)
    nan = wishes.text().replace("0.5", "NaN")
    with pytest.raises(InputError, match="could not be read"):
        Wishes.read(nan)


def test_faces_edited_each_for_itself_are_those_edited_alone() -> None:
    predictor = Predictor.from_pretrained()
    found = predictor.analyse(PHOTO)
    wish = Wish("angry", 0.8)
    alone = predictor.edit(found, wish.c, 0, wish.relax)
    each = predictor.edit_each(found, [0], wish.c[None], np.array([wish.relax], np.float32))
    assert np.array_equal(each.image, alone.image) and each.c.shape == (1, 6)
    with pytest.raises(InputError, match="no face 1"):
        predictor.edit_each(found, [1], wish.c[None])


def test_controls_that_only_follow_ask_for_no_other_result(visitor: Visitor) -> None:
    """What the server wrote comes back letter for letter; JSON of the browser looks different."""
    written = Wishes.begin("picture", 2, Wish("sad", 1.0)).text()
    back, chip, _, much, *_ = visitor.page.evaluate("text => showControls(text)", written)
    assert (back, chip, much) == (written, "sad", 1)
