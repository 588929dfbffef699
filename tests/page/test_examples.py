"""The pictures to begin with."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reggan.predictor import Analysis
from reggan.ui.edit.examples import Examples
from reggan.ui.edit.visit import Look, Visit
from reggan.ui.edit.wishes import Wish


class Counting:
    """A predictor that finds nobody, and tells what it was asked about."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def analyse(self, source: Any) -> Analysis:
        self.asked.append(Path(source).stem)
        return Analysis(np.zeros((8, 8, 3), np.uint8), [])


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = {name: tmp_path / f"{name}.png" for name in ("photo", "stone", "group")}
    for path in found.values():
        Image.new("RGB", (40, 30), "teal").save(path)
    return found


def test_faces_are_looked_for_when_a_picture_is_taken_and_once(files: dict[str, Path]) -> None:
    predictor = Counting()
    examples = Examples(predictor, files)  # type: ignore[arg-type]
    assert len(examples) == 3 and predictor.asked == ["photo"], "the page begins with it"
    with ThreadPoolExecutor(8) as visitors:
        visits = list(visitors.map(examples.visit, ["stone"] * 8))
    assert predictor.asked == ["photo", "stone"] and len({id(v) for v in visits}) == 1
    assert examples.has(visits[0]) and examples.visit(None) is examples.visit("no such") is examples.visit("photo")


def test_a_result_of_one_is_made_once(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    class Editing(Counting):
        """Finds somebody."""

        def analyse(self, source: Any) -> Analysis:
            return replace(super().analyse(source), faces=(None,))  # type: ignore[arg-type]

    def look(visit: Visit, predictor: Counting, wishes: dict[int, Wish], on: int | None) -> Look:
        predictor.asked.append(f"edit {sum(wish.strength for wish in wishes.values()):.1f}")
        return Look(visit.analysis.image, visit.analysis.image, [])

    monkeypatch.setattr(Visit, "look", look)

    predictor = Editing()
    examples = Examples(predictor, files)  # type: ignore[arg-type]
    assert predictor.asked == ["photo", "edit 0.7"], "what the page begins with is there before the first visitor"
    seen, stone = examples.visit("photo"), examples.visit("stone")
    examples.look(seen, {0: Wish()}, 0)
    sad, sadder = {0: Wish("sad", 0.5)}, {0: Wish("sad", 1.0)}
    first = examples.look(seen, sad, 0)
    assert examples.look(seen, dict(sad), 0) is first
    assert examples.look(seen, sadder, 0) is not first and examples.look(stone, sad, 0) is not first
    assert predictor.asked == ["photo", "edit 0.7", "stone", "edit 0.5", "edit 1.0", "edit 0.5"]
    for share in np.linspace(0.01, 0.3, 30):  # however many are asked for, few are kept
        examples.look(seen, {0: Wish("sad", float(share))}, 0)
    assert examples.look(seen, sad, 0) is not first
    own = Visit.begin(predictor, files["group"])  # type: ignore[arg-type]
    assert examples.look(own, sad, 0) is not examples.look(own, sad, 0), "of what visitors bring nothing is kept"


def test_thumbnails_need_no_faces(files: dict[str, Path]) -> None:
    predictor = Counting()
    pictures = Examples(predictor, files).thumbnails  # type: ignore[arg-type]
    assert list(pictures) == list(files) and predictor.asked == ["photo"]
    assert all(picture.startswith("data:image/jpeg;base64,") for picture in pictures.values())


def test_there_may_be_none() -> None:
    assert len(Examples(Counting(), {})) == 0  # type: ignore[arg-type]
