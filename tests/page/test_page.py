"""The Edit tab in a real browser: pictures, faces, expressions, and the result."""

import base64
import io
import re
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, expect

from reggan.expressions import BASIC, COMPOUND
from reggan.output import provenance
from tests.paths import PHOTO
from tests.visitor import Visitor


def test_page_opens_with_every_expression_and_a_result(visitor: Visitor) -> None:
    expect(visitor.page).to_have_title("RegGAN")
    assert visitor.page.locator("#basic label").count() == 1 + len(BASIC)
    expect(visitor.page.locator("#basic label").first).to_contain_text("Neutral")
    visitor.page.locator("#more button").first.click()
    expect(visitor.page.locator("#compound label")).to_have_count(len(COMPOUND))  # built when the panel opens
    expect(visitor.page.locator("#mixer input[type=range]")).to_have_count(len(BASIC))
    for name in ("view", "before", "after"):
        expect(visitor.picture(name)).to_be_visible()


def test_upload_outlines_the_faces_and_expressions_change_them(visitor: Visitor, pictures: dict[str, Path]) -> None:
    visitor.until_changed("after", lambda: visitor.upload(pictures["pair"]))
    visitor.says("2 faces found")
    # Where the outlines are, in shares of the picture's width: one face in each half.
    area = visitor.page.locator("#compare .frame").bounding_box()
    boxes = [visitor.page.locator("#compare .outline").nth(n).bounding_box() for n in range(2)]
    assert area is not None and boxes[0] is not None and boxes[1] is not None
    middles = [(b["x"] + b["width"] / 2 - area["x"]) / area["width"] for b in boxes if b]
    assert 0.1 < middles[0] < 0.45 and 0.6 < middles[1] < 0.95

    happy = visitor.pixels()
    visitor.until_changed("after", lambda: visitor.choose("basic", "Sad"))
    assert np.abs(visitor.pixels() - happy).max() > 40
    assert np.abs(visitor.pixels("before") - np.asarray(Image.open(pictures["pair"]), int)).max() < 40, "only JPEG"


def test_a_file_is_taken_by_its_content_whatever_it_is_called(
    visitor: Visitor, pictures: dict[str, Path], tmp_path: Path
) -> None:
    bare, letter = tmp_path / "holiday", tmp_path / "letter.pdf"
    bare.write_bytes(pictures["pair"].read_bytes())
    letter.write_bytes(b"%PDF-1.7 " + bytes(500))
    visitor.until_changed("after", lambda: visitor.upload(bare))
    visitor.says("2 faces found")
    visitor.upload(letter)
    visitor.says("The file is not a picture in a format that can be read, such as JPEG, PNG or WebP.")


def test_compounds_and_mixtures(visitor: Visitor) -> None:
    visitor.page.locator("#more button").first.click()
    visitor.until_changed("after", lambda: visitor.strength(1))
    visitor.until_changed("after", lambda: visitor.choose("compound", "Happily surprised"))
    expect(visitor.page.locator("#words")).to_contain_text("65 % happy, 65 % surprised")
    assert visitor.page.locator("#basic label.selected").count() == 0
    expect(visitor.page.locator("#mix_surprised input[type=number]")).to_have_value("0.65")

    visitor.until_changed("after", lambda: visitor.strength(0.3, "mix_sad"))
    expect(visitor.page.locator("#words")).to_contain_text("65 % happy, 30 % sad, 65 % surprised")
    assert visitor.page.locator("#compound label.selected").count() == 0

    visitor.until_changed("after", lambda: visitor.choose("basic", "Angry"))
    expect(visitor.page.locator("#mix_sad input[type=number]")).to_have_value("0")
    expect(visitor.page.locator("#words")).to_have_text("100 % angry")


def test_webcam(browser: Browser, url: str) -> None:
    page = browser.new_page(locale="de-DE", permissions=["camera"])
    visitor = Visitor(page, url)
    page.locator("#upload").get_by_label("Mit der Kamera aufnehmen").click()
    page.locator("#upload").get_by_text("Kamera einschalten").click()
    page.wait_for_function("document.querySelector('#upload video')?.videoWidth > 0")  # before that there is no photo
    page.locator("#upload").get_by_label("Foto aufnehmen").click()
    visitor.says("kein Gesicht gefunden")
    assert visitor.read(page.locator("#marking .offer img"))[5, 5].argmax() == 1, "the camera's green"
    page.close()
    assert visitor.problems == []


def test_a_picture_can_be_pasted(browser: Browser, url: str, pictures: dict[str, Path]) -> None:
    page = browser.new_page(locale="en-US", permissions=["clipboard-read", "clipboard-write"])
    visitor = Visitor(page, url)
    copied = base64.b64encode(pictures["pair"].read_bytes()).decode()
    page.evaluate(
        "async (data) => navigator.clipboard.write([new ClipboardItem("
        "{'image/png': await (await fetch('data:image/png;base64,' + data)).blob()})])",
        copied,
    )
    visitor.until_changed("after", lambda: page.locator("#upload").get_by_label("Paste from clipboard").click())
    visitor.says("2 faces found")
    page.close()
    assert visitor.problems == []


def test_a_damaged_file_gets_a_sentence_and_changes_nothing(visitor: Visitor, pictures: dict[str, Path]) -> None:
    before = [visitor.source(name) for name in ("view", "after")]
    visitor.upload(pictures["damaged"])
    visitor.says("The picture is damaged or incomplete.")
    assert [visitor.source(name) for name in ("view", "after")] == before
    assert "Traceback" not in visitor.page.content()
    visitor.until_changed("after", lambda: visitor.choose("basic", "Disgusted"))


def test_examples_run_by_one_click_or_from_the_address(visitor: Visitor, browser: Browser, url: str) -> None:
    examples = visitor.page.locator("#examples button")
    assert examples.count() == 8
    visitor.until_changed("after", lambda: examples.last.click())
    visitor.says("3 faces found")
    visitor.until_changed("after", lambda: examples.first.click())
    visitor.says("1 face found")

    page = browser.new_page(locale="en-US")
    linked = Visitor(page, url, "?example=group")
    assert page.locator("#compare .outline").count() == 3
    page.close()
    assert linked.problems == []


def test_download_is_a_png_at_full_resolution_that_says_what_it_is(visitor: Visitor, pictures: dict[str, Path]) -> None:
    visitor.until_changed("after", lambda: visitor.upload(pictures["large"]))
    expect(visitor.page.locator("#download")).to_contain_text("1536 × 1800")
    assert max(visitor.pixels("view").shape) <= 1280, "what is looked at is smaller"
    name, data = visitor.download("#download")
    picture = Image.open(io.BytesIO(data))
    assert (name, picture.format, picture.size) == ("large_happy.png", "PNG", (1536, 1800))
    said = provenance.read(data)
    assert said["source_type"].endswith("compositeWithTrainedAlgorithmicMedia")
    assert said["software"].startswith("RegGAN")


def test_download_as_jpeg_leaves_the_location_out(visitor: Visitor, pictures: dict[str, Path]) -> None:
    visitor.until_changed("after", lambda: visitor.upload(pictures["located"]))
    visitor.choose("suffix", "JPEG")
    name, data = visitor.download("#download")
    picture = Image.open(io.BytesIO(data))
    assert (name, picture.format, picture.size) == ("located_happy.jpg", "JPEG", (768, 900))
    assert not picture.getexif().get_ifd(0x8825)
    assert provenance.read(data)["source_type"] == provenance.SOURCE_TYPE


def test_a_download_that_is_opened_again_goes_on_from_the_face_before(
    visitor: Visitor, pictures: dict[str, Path], tmp_path: Path
) -> None:
    visitor.until_changed("after", lambda: visitor.upload(pictures["located"]))
    visitor.until_changed("after", lambda: visitor.choose("basic", "Disgusted"))
    original = visitor.pixels("before")
    again = tmp_path / "again.png"
    again.write_bytes(visitor.download("#download")[1])
    visitor.until_changed("after", lambda: visitor.upload(again))
    visitor.says("1 face found. RegGAN has edited this picture before")
    disgusted = visitor.pixels("before")
    visitor.until_changed("after", lambda: visitor.choose("basic", "Neutral"))
    neutral = visitor.pixels("after")
    assert np.abs(neutral - original).mean() < 0.35 * np.abs(disgusted - original).mean()


def test_downloads_are_called_after_the_picture_and_the_expressions(
    visitor: Visitor, pictures: dict[str, Path], tmp_path: Path
) -> None:
    odd = tmp_path / "Zoë & Ünal #1?.png"
    odd.write_bytes(pictures["pair"].read_bytes())
    visitor.until_changed("after", lambda: visitor.upload(odd))
    visitor.until_changed("after", lambda: visitor.page.locator("#people button").nth(1).click())
    visitor.until_changed("after", lambda: visitor.choose("basic", "Surprised"))
    name, _ = visitor.download("#download")
    assert re.fullmatch(r"Zoë _?_? ?Ünal _?1_?_happy_surprised\.png", name), name
    assert visitor.read(visitor.page.locator("#strip img").nth(1)).shape == (256, 256, 3)


def test_strength_zero_gives_the_picture_back(visitor: Visitor) -> None:
    visitor.until_changed("after", lambda: visitor.strength(0.5))
    half = visitor.pixels()
    visitor.until_changed("after", lambda: visitor.strength(0))
    assert np.abs(half - visitor.pixels()).max() > 40
    _, data = visitor.download("#download")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), np.asarray(Image.open(PHOTO)))

    visitor.page.locator("#badge input").check()
    _, data = visitor.download("#download")
    marked = (np.asarray(Image.open(io.BytesIO(data))) != np.asarray(Image.open(PHOTO))).any(2)
    assert marked[-60:, -200:].mean() > 0.1 and not marked[:-60].any() and not marked[:, :-200].any()
