"""Making and reading galleries."""

import base64
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reggan import Predictor
from reggan.baselines.contest import RIVALS
from reggan.baselines.placement import EYES
from reggan.errors import InputError
from reggan.votes.__main__ import main
from reggan.votes.items import Gallery
from reggan.votes.make_gallery import Plan, make_gallery, parse_methods, pictures_in
from reggan.votes.settings import SHIPPED
from tests.paths import EXAMPLES
from tests.votes.tiny_gallery import tiny_gallery

PHOTO, STATUE = EXAMPLES / "photo_grace_hopper.jpg", EXAMPLES / "statue_marble.jpg"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures, one in a sub-folder; our methods and another system's results."""
    root = tmp_path_factory.mktemp("made")
    (root / "images" / "statue").mkdir(parents=True)
    photo = Image.open(PHOTO)
    exif = photo.getexif()
    exif[0x010E] = "a secret note"
    photo.save(root / "images" / "grace.png", exif=exif)
    (root / "images" / "statue" / "marble.jpg").write_bytes(STATUE.read_bytes())
    (root / "rival").mkdir()
    for n, stem in enumerate(("grace", "marble")):
        for k, expression in enumerate(("happy", "sadly_fearful")):
            Image.new("RGB", (512, 512), (100 * n, 100 * k, 200)).save(root / "rival" / f"{stem}_{expression}.png")
    methods = ["refined", "coarse", "input", f"rival={root / 'rival'}"]
    plan = Plan(root / "images", methods, ["happy", "sadly fearful"], "public domain", "two")
    make_gallery(Predictor.from_pretrained(), plan, root / "gallery", root / "crops")
    return root


def test_items_methods_and_classes(made: Path) -> None:
    gallery = Gallery.load(made / "gallery")
    assert gallery.methods == ("refined", "coarse", "input", "rival")
    assert {i.id: (i.expression, i.image_class, i.clear, i.stranger) for i in gallery.items.values()} == {
        "grace_happy": ("happy", "other", True, "marble_happy"),
        "grace_sadly_fearful": ("sadly fearful", "other", False, "marble_sadly_fearful"),
        "marble_happy": ("happy", "statue", True, "grace_happy"),
        "marble_sadly_fearful": ("sadly fearful", "statue", False, "grace_sadly_fearful"),
    }
    assert len(gallery.pairs) == 4 * 6 and len(gallery.singles) == 4 * 4
    assert gallery.source == "public domain"


def test_pictures_are_what_the_methods_make(made: Path) -> None:
    gallery = Gallery.load(made / "gallery")
    item = gallery.items["grace_happy"]
    pixels = {m: np.asarray(Image.open(gallery.folder / f), int) for m, f in item.files.items()}
    analysis = Predictor.from_pretrained().analyse(PHOTO)
    result = Predictor.from_pretrained()(PHOTO, "happy", face=0).faces[0]
    assert np.array_equal(pixels["input"], analysis.faces[0].crop)
    assert np.abs(pixels["refined"] - result.refined).max() <= 1
    assert np.abs(pixels["coarse"] - result.coarse).max() <= 1
    assert (pixels["rival"] == (0, 0, 200)).all()
    assert item.files["input"] == item.input
    assert np.array_equal(np.asarray(Image.open(made / "crops" / "grace.png")), analysis.faces[0].crop)


def test_files_betray_nothing(made: Path) -> None:
    files = [path for path in (made / "gallery").iterdir() if path.name != "gallery.json"]
    assert len(files) == 2 + 4 * 3
    for path in files:
        assert re.fullmatch(r"[0-9a-f]{16}\.png", path.name)
        with Image.open(path) as image:
            assert (image.format, image.mode, image.size) == ("PNG", "RGB", (256, 256))
            assert not image.getexif() and not image.info
        assert b"secret" not in path.read_bytes()


def test_names_tell_classes(tmp_path: Path) -> None:
    for name in ("photo_a.jpg", "b.png", "avatar/c.jpg", "party/statue_d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "notes.txt").touch()
    assert {p.stem: kind for p, kind in pictures_in(tmp_path)} == {
        "photo_a": "photo",
        "b": "other",
        "c": "avatar",
        "statue_d": "other",
    }
    (tmp_path / "avatar" / "b.jpg").touch()
    with pytest.raises(InputError, match="called 'b'"):
        pictures_in(tmp_path)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["refined", "mine"], "not 'mine'"),
        (["refined", "stranger=."], "stranger"),
        (["refined=."], "refined="),
        (["refined", "a/b=."], "a/b"),
        (["refined", "refined"], "twice"),
        (["refined", "x=/no/such/folder"], "no folder"),
        (["input"], "at least one"),
    ],
)
def test_methods_that_make_no_sense(given: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_methods(given)


class _Nobody:
    """A predictor that finds no face."""

    def analyse(self, path: Path) -> Any:
        return type("Analysis", (), {"faces": ()})


def test_mistakes_of_the_command_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = ["gallery", "--images", str(tmp_path), "-o", str(tmp_path / "out"), "--source", "mine"]
    for more, words in (
        ([], "no pictures"),
        (["--methods", "refined,odd"], "'odd'"),
        (["--expressions", "hangry"], "hangry"),
        (["--jpeg", "12"], "quality"),
    ):
        assert main([*base, *more]) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1
    (tmp_path / "face.png").write_bytes(b"")
    plan = Plan(tmp_path, ["refined"], ["happy"], "mine", "s")
    with pytest.raises(InputError, match=r"No face was found in face\.png"):
        make_gallery(_Nobody(), plan, tmp_path / "other")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="not empty"):
        make_gallery(_Nobody(), plan, tmp_path)  # type: ignore[arg-type]


def _set(content: dict[str, Any], key: str, value: Any) -> None:
    content["items"][0][key] = value


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.update(schema=9), "schema 9"),
        (lambda c: c.pop("methods"), "damaged"),
        (lambda c: c.update(items=[3]), "damaged"),
        (lambda c: _set(c, "stranger", "nobody"), "no item 'nobody'"),
        (lambda c: _set(c, "input", "../../secret.png"), "lacks the picture"),
        (lambda c: _set(c, "input", "0123456789abcdef.png"), "lacks the picture"),
    ],
)
def test_damaged_galleries(tmp_path: Path, change: Callable[[dict[str, Any]], Any], words: str) -> None:
    folder = tiny_gallery(tmp_path / "gallery")
    content = json.loads((folder / "gallery.json").read_text())
    change(content)
    (folder / "gallery.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=words):
        Gallery.load(folder)


def test_no_gallery(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no gallery"):
        Gallery.load(tmp_path)


def test_the_gallery_in_the_package() -> None:
    gallery = Gallery.load(SHIPPED)
    pictures = [path for path in EXAMPLES.iterdir() if path.suffix == ".jpg"]
    assert len(gallery.items) == 6 * len(pictures)
    rivals = {name for name, aligned in RIVALS.values() if aligned == EYES}
    assert set(gallery.methods) == {"refined", "coarse", "input"} | rivals and len(rivals) == 6
    sizes = [path.stat().st_size for path in SHIPPED.iterdir()]
    assert max(sizes) < 1_000_000 and sum(sizes) < 8_000_000
    assert len({Image.open(SHIPPED / file).size for i in gallery.items.values() for file in i.files.values()}) == 1
    assert all(path.name in gallery.source for path in pictures)
    assert all(item.stranger for item in gallery.items.values())


def _shown(url: str) -> tuple[bytes, np.ndarray]:
    data = base64.b64decode(url.partition(",")[2])
    return data, np.asarray(Image.open(io.BytesIO(data)), int)


@pytest.mark.parametrize("folder", ["shipped", "tiny"], ids=["jpeg", "png"])
def test_no_byte_betrays_who_changed_nothing(folder: str, tmp_path: Path) -> None:
    """What is shown as the input and as the result "input" is one file, shown in two ways, like all other results."""
    gallery = Gallery.load(SHIPPED if folder == "shipped" else tiny_gallery(tmp_path / "gallery", faces=10))
    items = list(gallery.items.values())[:18]
    alike: dict[str, list[float]] = {method: [] for method in gallery.methods}
    sizes: dict[str, set[int]] = {method: set() for method in gallery.methods}
    for item in items:
        source, face = _shown(gallery.picture(item.input, "face"))
        for method, file in item.files.items():
            data, pixels = _shown(gallery.picture(file, "result"))
            stored = np.asarray(Image.open(gallery.folder / file).convert("RGB"), int)
            change = np.abs(pixels - stored)
            assert data != source and data != (gallery.folder / file).read_bytes()
            assert 0 < change.max() <= (1 if file.endswith("png") else 12) and change.mean() < 1, "nobody sees it"
            assert gallery.picture(file, "result") == gallery.picture(file, "result")
            alike[method].append(float((pixels == face).mean()))
            sizes[method].add(len(data))
    assert max(alike["input"]) < 0.6, "not even most pixels are equal"
    assert set.union(*sizes.values()) == sizes["input"] and len(sizes["input"]) == 1
