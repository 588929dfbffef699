"""Files and folders that are dropped on the page: their content counts, whatever they are called."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.paths import PHOTO
from tests.visitor import WAIT, Visitor


@pytest.fixture
def holiday(tmp_path: Path) -> Path:
    """A folder as it comes from a camera: pictures with and without an ending, one in another folder, hidden files."""
    folder = tmp_path / "holiday"
    (folder / "later").mkdir(parents=True)
    for name in ("one", "later/two.txt", "later/three.jpg"):
        shutil.copy(PHOTO, folder / name)
    (folder / ".hidden").write_text("thumbnails")
    (folder / "list").write_text("one, two, three")
    return folder


def drop(visitor: Visitor, where: str, *paths: Path) -> None:
    """From the file manager; a folder too."""
    box = visitor.page.locator(where).bounding_box()
    assert box is not None
    devtools = visitor.page.context.new_cdp_session(visitor.page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        devtools.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})
    devtools.detach()


def test_a_file_without_an_ending_is_dropped(visitor: Visitor, pictures: dict[str, Path], tmp_path: Path) -> None:
    shutil.copy(pictures["pair"], tmp_path / "bare")
    visitor.until_changed("after", lambda: drop(visitor, "#upload", tmp_path / "bare"))
    visitor.says("2 faces found")


def test_the_first_picture_of_a_folder_is_dropped(visitor: Visitor, pictures: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    shutil.copy(pictures["pair"], tmp_path / "folder" / "bare")
    visitor.until_changed("after", lambda: drop(visitor, "#upload", tmp_path / "folder"))
    visitor.says("2 faces found")
    assert visitor.page.locator('[data-testid="toast-body"]').count() == 0


def test_a_folder_is_a_batch(visitor: Visitor, holiday: Path) -> None:
    visitor.top("batch")
    drop(visitor, "#batch_files", holiday)
    visitor.page.locator("#batch_run").click()
    expect(visitor.page.locator("#batch_report")).to_contain_text("3 of 4 pictures are in the ZIP.", timeout=WAIT)
    expect(visitor.page.locator("#batch_report li")).to_have_text(
        "list: The file is not a picture in a format that can be read, such as JPEG, PNG or WebP."
    )
