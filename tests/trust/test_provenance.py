"""What every file says about its making, after the way it takes to whoever downloads it."""

import inspect
import io
import json
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from reggan.output import provenance
from reggan.predictor import Predictor
from reggan.ui.edit.examples import Examples
from reggan.ui.edit.result_events import SHEET, STAGES, ResultEvents
from reggan.ui.edit.visit import Visit
from reggan.ui.edit.wishes import Wishes
from tests.paths import PHOTO
from tests.session import Session, wished


@pytest.fixture(scope="module")
def visit(app: ModuleType, url: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A session with a picture, and a function that asks for one of the page's events."""
    picture = tmp_path_factory.mktemp("visit") / "face.jpg"
    wide = Image.new("RGB", (1200, 450), "gray")  # so that there is a view of the face alone
    wide.paste(Image.open(PHOTO).resize((384, 450)))
    wide.save(picture)
    session, number = Session(url, "provenance"), {fn.name: n for n, fn in app.demo.fns.items()}
    opened = session.event(number["open"], [session.upload(picture), "", "en"])
    session.picture = picture  # type: ignore[attr-defined]

    def ask(name: str, *data: Any) -> list[Any]:
        return session.event(number[name], list(data))

    ask.wishes = lambda expression: wished(opened, expression)  # type: ignore[attr-defined]
    ask.session = session  # type: ignore[attr-defined]
    yield ask
    session.http.close()


def fetch(visit: Any, path: str) -> bytes:
    return visit.session.http.get(f"/file={path}").raise_for_status().content


def says_so(data: bytes) -> bool:
    return provenance.read(data).get("source_type") == provenance.SOURCE_TYPE


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_the_edited_picture(visit: Any, suffix: str) -> None:
    (file,) = visit("download", None, visit.wishes("happy"), suffix, False, "en")
    assert provenance.read(fetch(visit, file["path"]))["description"].endswith("(100 % happy)")


def test_the_sheet(visit: Any) -> None:
    (file,) = visit("download_sheet", None, visit.wishes("happy"), "basic", None, "en")
    assert says_so(fetch(visit, file["path"]))


@pytest.mark.parametrize("suffix", ["webp", "gif"])
def test_the_animation(visit: Any, suffix: str) -> None:
    _, button = visit("loop", None, visit.wishes("sad"), suffix, "en")
    assert says_so(fetch(visit, button["value"]["path"]))


def test_what_is_only_looked_at(visit: Any) -> None:
    """Somebody may save a picture from the page itself. The original is not called edited."""
    value = visit("result", None, visit.wishes("happy"), "en")[0]
    for view in (value["whole"], value["close"]):
        assert says_so(fetch(visit, view["after"]["path"]))
        assert not provenance.read(fetch(visit, view["before"]["path"]))


@pytest.mark.parametrize("tab", [STAGES, SHEET])
def test_the_stages_and_all_expressions_that_are_looked_at(tab: int, tmp_path: Path) -> None:
    Image.open(PHOTO).resize((384, 450)).save(tmp_path / "face.png")
    predictor = Predictor.from_pretrained()
    seen = Visit.begin(predictor, tmp_path / "face.png")
    wishes = Wishes.begin(seen.key, seen.count).text()
    shown = ResultEvents(predictor, Examples(predictor, {})).panel(seen, wishes, tab, "basic", None, "en")[tab - STAGES]
    figures = shown["tiles"] if tab == SHEET else shown
    said = [says_so(Path(figure["picture"]["path"]).read_bytes()) for figure in figures]
    assert len(said) >= 7 and said == [False] + [True] * (len(said) - 1), "all but the input"


def test_the_batch(visit: Any) -> None:
    files = [visit.session.upload(visit.session.picture)] * 2
    button = visit("run", files, "angry", 1.0, "all", "jpeg", "en")[2]
    with zipfile.ZipFile(io.BytesIO(fetch(visit, button["value"]["path"]))) as archive:
        assert len(archive.namelist()) == 2
        assert all(says_so(archive.read(name)) for name in archive.namelist())


def test_the_endpoints_and_their_badge(url: str, tmp_path: Path) -> None:
    client = Client(url, verbose=False, download_files=str(tmp_path))
    plain = client.predict(handle_file(PHOTO), api_name="/edit")
    marked = client.predict(handle_file(PHOTO), badge=True, api_name="/edit")
    assert all(says_so(Path(file).read_bytes()) for file in (*plain, *marked))
    pair = [np.asarray(Image.open(files[0]), int) for files in (plain, marked)]
    difference = np.abs(pair[0] - pair[1]).max(-1)
    assert difference[850:, 600:].any() and not difference[:850].any() and not difference[:, :600].any()


def test_it_cannot_be_turned_off(url: str) -> None:
    for function in (provenance.encode, provenance.save, provenance.save_options):
        switches = [p for p in inspect.signature(function).parameters.values() if p.annotation in (bool, "bool")]
        assert switches == []
    words = json.dumps(httpx.get(f"{url}/config", timeout=60).json()["components"]).lower()
    assert "checkbox" in words, "the badge's"
    assert "without metadata" not in words and "strip metadata" not in words
