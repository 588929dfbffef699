"""Faces that visitors give to a study: kept by a tick, deleted by another, and good for a gallery."""

import json
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from reggan.errors import InputError
from reggan.ui.edit.donation import build_donation
from reggan.ui.edit.visit import Visit
from reggan.ui.edit.wishes import Wishes
from reggan.votes.donations import donate, withdraw
from reggan.votes.make_gallery import pictures_in
from reggan.votes.settings import VotingSettings


def test_one_face_is_kept_with_the_words_agreed_to_and_taken_back(tmp_path: Path) -> None:
    crop = np.arange(256 * 256 * 3, dtype=np.uint32).reshape(256, 256, 3).astype(np.uint8)
    folder = tmp_path / "given"
    numbers = [donate(folder, crop, "Shown to voters."), donate(folder, crop, "Shown to voters.")]
    assert len(set(numbers)) == 2 and len(pictures_in(folder)) == 2
    with Image.open(folder / f"{numbers[0]}.png") as kept:
        assert np.array_equal(np.asarray(kept), crop) and not kept.info
    record = json.loads((folder / f"{numbers[0]}.json").read_text())
    assert set(record) == {"number", "given", "consent"} and record["consent"] == "Shown to voters."
    assert withdraw(folder, numbers[0]) and not withdraw(folder, numbers[0])
    assert [path.stem for path in sorted(folder.iterdir())] == [numbers[1]] * 2


@pytest.mark.parametrize("number", ["", "../secret", "0123456789abcde", "*"])
def test_nothing_else_can_be_deleted(tmp_path: Path, number: str) -> None:
    (tmp_path / "secret.png").write_bytes(b"")
    assert not withdraw(tmp_path / "given", number)
    assert (tmp_path / "secret.png").exists()


def test_a_folder_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(b"a file")
    with pytest.raises(InputError, match="could not be kept"):
        donate(tmp_path / "given", np.zeros((256, 256, 3), np.uint8), "")


def test_visitors_are_not_asked_unless_a_folder_is_named() -> None:
    assert VotingSettings.from_environment({}).donations is None
    assert VotingSettings.from_environment({"REGGAN_VOTES_DONATIONS": "given"}).donations == Path("given")


def test_the_box_gives_the_chosen_face_and_takes_it_back(tmp_path: Path) -> None:
    class Face:
        def __init__(self, grey: int) -> None:
            self.crop = np.full((256, 256, 3), grey, np.uint8)

    analysis = type("Analysis", (), {"faces": (Face(3), Face(7))})
    visit = Visit(analysis(), tmp_path / "view.jpg")  # type: ignore[arg-type]
    wishes = Wishes(visit.key, 2, on=1).text()
    with gr.Blocks() as demo:
        build_donation(tmp_path / "given", gr.State(None), gr.Textbox(), gr.Textbox())
    (toggle,) = (event.fn for event in demo.fns.values() if event.fn is not None and event.fn.__name__ == "toggle")
    ticked, number, sentence = toggle(True, "", visit, wishes, "de")
    assert ticked and number in sentence and "Vielen Dank" in sentence
    with Image.open(tmp_path / "given" / f"{number}.png") as kept:
        assert np.unique(np.asarray(kept)).tolist() == [7]
    assert "Abstimmenden gezeigt" in json.loads((tmp_path / "given" / f"{number}.json").read_text())["consent"]
    assert toggle(False, number, visit, wishes, "de") == (False, "", "")
    assert list((tmp_path / "given").iterdir()) == []
    assert toggle(True, "", None, "", "en")[:2] == (False, "")
