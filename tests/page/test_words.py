"""The page's words, and small things of it that need no browser."""

import re
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from reggan.errors import InputError
from reggan.expressions import NAMED
from reggan.faces import read_image
from reggan.faces.detect import face_in_box
from reggan.predictor import NO_FACE, Predictor
from reggan.ui import build
from reggan.ui.architecture import architecture_svg
from reggan.ui.edit import choices
from reggan.ui.edit.wishes import Wish, Wishes
from reggan.ui.words import TABLES, describe, error_text, say
from reggan.weights.files import EMBEDDED, load_model
from tests.paths import ROOT

OURS = list((ROOT / "reggan" / "ui").rglob("*.py"))


def test_languages_say_the_same_things() -> None:
    german, spanish, english = (TABLES[language] for language in ("de", "es", "en"))
    assert set(german) == set(spanish)
    assert set(english) <= set(german)
    blanks = re.compile(r"\{\w+\}")
    for key in german:
        text = english.get(key, key)
        if not text.startswith("#"):  # long texts hold code
            assert set(blanks.findall(text)) == set(blanks.findall(german[key])) == set(blanks.findall(spanish[key])), (
                key
            )


def test_every_text_in_the_code_is_translated() -> None:
    code = "\n".join(path.read_text() for path in OURS)
    used = set(re.findall(r'\b(?:say|t)\(\s*"([^"]+)"', code))
    assert len(used) > 50
    assert sorted(used - set(TABLES["de"])) == []
    assert sorted(name for name in NAMED if name.capitalize() not in TABLES["de"]) == []


def test_texts_of_the_page_have_no_dot_in_their_key() -> None:
    """Gradio would take it for a path."""
    for path in OURS:
        assert not [key for key in re.findall(r'\bt\(\s*"([^"]+)"', path.read_text()) if "." in key], path.name


def raised(work: Callable[[], object]) -> InputError:
    with pytest.raises(InputError) as caught:
        work()
    return caught.value


@pytest.mark.parametrize(
    ("error", "sentence", "german"),
    [
        (InputError(NO_FACE), NO_FACE, "In diesem Bild wurde kein Gesicht gefunden"),
        (
            raised(lambda: read_image(np.broadcast_to(np.uint8(0), (8000, 8000)))),
            "The picture is too large: at most 50 million pixels can be processed.",
            "Höchstens 50 Millionen Pixel",
        ),
        (
            raised(lambda: face_in_box(np.zeros((64, 64, 3), np.uint8), (0, 0, 10, 10))),
            "The box around the face must be at least 24 pixels wide and high.",
            "mindestens 24 Pixel",
        ),
    ],
    ids=["no face", "size", "box"],
)
def test_errors_are_translated_with_their_numbers(error: InputError, sentence: str, german: str) -> None:
    assert german in error_text(error, "de")
    assert error_text(error, "en") == error_text(error, "fr") == sentence


def test_unknown_errors_stay_as_they_are() -> None:
    assert error_text(InputError("Something {else} happened."), "de") == "Something {else} happened."


def test_mixtures_in_words() -> None:
    assert describe([0.7, 0, 0, 0, 0.6, 0], "de") == "70 % fröhlich, 60 % überrascht"
    assert describe([0.0] * 6, "en") == "100 % neutral"
    assert choices.caption("neutral", 0.5, "en") == "50 % neutral"
    assert [choices.caption(name, 0.0, "en") for name in ("happy", "neutral")] == ["Unchanged"] * 2
    assert choices.caption("sadly angry", 1.0, "en") == "Sadly angry: 65 % sad, 65 % angry"
    assert choices.caption("happy", 0.5, "en") == "50 % happy"
    mixed = "0.2,0,0,0,1,0"
    assert choices.caption(mixed, 0.5, "en") == "10 % happy, 50 % surprised"


def test_downloads_are_called_after_their_expressions() -> None:
    wishes = [Wish(name) for name in ("happy", "sadly angry", "0.2,0,0,0,1,0", "sad")]
    labels = [Wishes("", 4, 0, dict(enumerate(wishes[:n]))).label for n in range(5)]
    assert labels == ["unchanged", "happy", "happy_sadly_angry", "happy_sadly_angry_mixture", "several"]
    assert Wishes("", 2, 0, {0: Wish("sad", 0.0), 1: Wish("happy")}).label == "happy"


@pytest.mark.parametrize("expression", ["bored", "1,2,x", "1,0", "3,0,0,0,0,0", ""])
def test_expressions_that_no_page_sends(expression: str) -> None:
    with pytest.raises(InputError):
        choices.strengths(expression, 1.0)


def test_no_key_is_the_name_of_an_expression() -> None:
    """Gradio would translate the value of a choice."""
    assert set(TABLES["de"]) & set(NAMED) == set()


def test_say_keeps_unknown_words_and_languages() -> None:
    assert say("Face {n}", "xx", n=3) == "Face 3"
    assert say("no such text", "de") == "no such text"


def test_the_picture_of_the_architecture_is_up_to_date() -> None:
    model, _ = load_model(EMBEDDED)
    drawn = architecture_svg(model)
    assert (ROOT / "docs" / "architecture.svg").read_text() == drawn, (
        "python -m reggan.ui.architecture docs/architecture.svg"
    )
    for name in ("RegressionLayer", "SharedAttentionBlock", "SkipGate", "displacement"):
        assert f">{name}<" in drawn
    assert ">volle Auflösung<" in architecture_svg(model, "de")


def test_the_page_says_when_other_weights_serve_than_those_asked_for(tmp_path: Path) -> None:
    predictor = Predictor.from_pretrained()
    predictor.notice = "The Hub did not answer; the package's <own> weights serve."
    shown = [
        block.value for block in build(predictor, tmp_path).blocks.values() if isinstance(block, gr.HTML | gr.Markdown)
    ]
    assert any("package&#x27;s &lt;own&gt; weights serve" in str(value) for value in shown)
    assert any(predictor.metadata["sha256"] in str(value) for value in shown)
