"""Stages, sheet, animation, batch and the About tab in a real browser."""

import base64
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from reggan.output import provenance
from tests.paths import PHOTO
from tests.visitor import LOOP, SHEET, STAGES, WAIT, Visitor


def test_stages_are_shown_side_by_side_and_follow_the_expression(visitor: Visitor) -> None:
    visitor.results(STAGES)
    expect(visitor.page.locator("#stages figure")).to_have_count(10, timeout=WAIT)
    shown = {name: visitor.pixels(name) for name in ("Input", "Stage 1: coarse", "Stage 2: refined", "Movement")}
    assert all(picture.shape == (256, 256, 3) for picture in shown.values())
    face, coarse, refined, _ = shown.values()
    assert np.abs(coarse - face).max() > 20 and np.abs(refined - face).max() > 20
    assert np.abs(coarse - refined).max() > 20

    visitor.until_changed("Stage 2: refined", lambda: visitor.choose("basic", "Sad"))
    assert np.abs(visitor.pixels("Stage 2: refined") - refined).max() > 20
    assert np.array_equal(visitor.pixels("Input"), face)


def test_the_stages_lie_under_the_result_and_one_tap_enlarges_them(visitor: Visitor) -> None:
    small, large = visitor.page.locator("#strip .thumbs img"), visitor.page.locator("#strip dialog figure:visible")
    expect(small).to_have_count(3)
    face, coarse, refined = (visitor.read(small.nth(n)) for n in range(3))
    assert all(np.abs(one - other).max() > 20 for one, other in ((face, coarse), (face, refined), (coarse, refined)))
    small.nth(1).click()
    expect(large).to_contain_text("Stage 1: coarse A first guess")
    area = large.locator("img").bounding_box()
    assert area is not None and area["width"] > 400
    visitor.page.keyboard.press("ArrowRight")
    expect(large).to_contain_text("Stage 2: refined")
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.locator("#strip dialog")).to_be_hidden()
    expect(small.nth(2)).to_be_visible()


def test_all_expressions_and_their_sheet(visitor: Visitor) -> None:
    visitor.results(SHEET)
    tiles = visitor.page.locator("#sheet button")
    expect(tiles).to_have_count(6, timeout=WAIT)
    expect(visitor.figure("sheet", "Input")).to_be_visible()
    visitor.choose("names", "All 21")
    expect(tiles).to_have_count(21, timeout=WAIT)
    expect(tiles.filter(has_text="Sadly angry")).to_be_visible()
    name, data = visitor.download("#keep_sheet")
    picture = Image.open(io.BytesIO(data))
    assert name == "photo_grace_hopper_expressions.png" and picture.format == "PNG"
    assert picture.width * picture.height > 22 * 256 * 256
    assert provenance.read(data)["source_type"] == provenance.SOURCE_TYPE


@pytest.mark.parametrize("suffix", ["webp", "gif"])
def test_animation(visitor: Visitor, suffix: str) -> None:
    visitor.results(LOOP)
    visitor.choose("moving", suffix.upper())
    visitor.page.locator("#make").click()
    expect(visitor.page.locator("#loop img")).to_be_visible(timeout=WAIT)
    name, data = visitor.download("#loop_file")
    moving = Image.open(io.BytesIO(data))
    assert name == f"photo_grace_hopper_happy.{suffix}" and moving.n_frames >= 15
    assert provenance.read(data)["source_type"] == provenance.SOURCE_TYPE
    visitor.choose("basic", "Sad")
    expect(visitor.page.locator("#loop img")).to_have_count(0, timeout=WAIT)  # it would show another expression


def test_animation_as_film(visitor: Visitor) -> None:
    pytest.importorskip("av")
    visitor.results(LOOP)
    visitor.choose("moving", "MP4")
    visitor.page.locator("#make").click()
    expect(visitor.page.locator("#loop video")).to_be_visible(timeout=WAIT)
    name, data = visitor.download("#loop_file")
    assert name == "photo_grace_hopper_happy.mp4" and data[4:8] == b"ftyp"


def test_batch_gives_a_zip_and_lists_failures(visitor: Visitor, pictures: dict[str, Path]) -> None:
    visitor.top("batch")
    files = [pictures["pair"], pictures["landscape"], PHOTO]
    visitor.page.set_input_files("#batch_files input[type=file]", files)
    expect(visitor.page.locator("#batch_files")).to_contain_text("landscape")
    visitor.page.locator("#batch_run").click()
    expect(visitor.page.locator("#batch_report")).to_contain_text("2 of 3 pictures are in the ZIP.", timeout=WAIT)
    expect(visitor.page.locator("#batch_report li")).to_contain_text("landscape.png: No face was found")
    expect(visitor.page.locator("#batch_stop")).to_be_hidden()
    previews = visitor.page.locator("#batch_preview figure")
    assert previews.locator("figcaption").all_inner_texts() == ["pair.png", "photo_grace_hopper.jpg"]
    sources = [one.get_attribute("src") or "" for one in previews.locator("img").all()]
    small = [base64.b64decode(source.partition(",")[2]) for source in sources]
    assert all(Image.open(io.BytesIO(one)).size == (112, 112) for one in small)
    assert all(provenance.read(one)["source_type"] == provenance.SOURCE_TYPE for one in small)
    name, data = visitor.download("#batch_zip")
    assert name == "reggan_happy.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert sorted(archive.namelist()) == ["failures.txt", "pair_happy.png", "photo_grace_hopper_happy.png"]
        edited = archive.read("photo_grace_hopper_happy.png")
    assert Image.open(io.BytesIO(edited)).size == (768, 900)
    assert provenance.read(edited)["source_type"] == provenance.SOURCE_TYPE


def test_batch_can_be_cancelled(visitor: Visitor, tmp_path: Path) -> None:
    copies = [tmp_path / f"{n}.jpg" for n in range(30)]
    for copy in copies:
        copy.write_bytes(PHOTO.read_bytes())
    visitor.top("batch")
    visitor.page.set_input_files("#batch_files input[type=file]", copies)
    expect(visitor.page.locator("#batch_files")).to_contain_text("29", timeout=WAIT)
    visitor.page.locator("#batch_run").click()
    expect(visitor.page.locator("#batch_report")).to_contain_text("of 30 pictures", timeout=WAIT)
    visitor.page.locator("#batch_stop").click()
    expect(visitor.page.locator("#batch_report")).to_contain_text("Cancelled.", timeout=WAIT)
    visitor.top("edit")  # which takes as long as the next picture of the batch would
    visitor.until_changed("after", lambda: visitor.choose("basic", "Sad"))
    visitor.top("batch")
    expect(visitor.page.locator("#batch_report")).to_contain_text("Cancelled.")
    expect(visitor.page.locator("#batch_zip")).to_be_hidden()


def test_batch_without_pictures_says_so(visitor: Visitor) -> None:
    visitor.top("batch")
    visitor.page.locator("#batch_run").click()
    expect(visitor.page.locator("[data-testid=toast-body]")).to_contain_text("Choose at least one picture.")


def test_about_shows_the_architecture_and_the_failures(visitor: Visitor) -> None:
    visitor.page.get_by_role("tab", name="About").click()
    expect(visitor.page.locator("#architecture svg")).to_contain_text("ChannelwiseAttentionBlock")
    failures = visitor.page.locator("#failures img")
    expect(failures).to_have_count(3)
    for n in range(3):
        failures.nth(n).scroll_into_view_if_needed()
        visitor.page.wait_for_function("image => image.naturalWidth > 300", arg=failures.nth(n).element_handle())
    expect(visitor.page.locator("#about")).to_contain_text("no telemetry")
