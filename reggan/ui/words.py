"""What the page says, in English, German and Spanish.

English is the key: `t("Strength")` is translated by Gradio in the browser, `say("Face {n}", "de", n=2)` here.
Words without a translation stay English. Gradio takes a dot in a key for a path, so that long texts of the page have a
short key, and their English is in `assets/words/en.json`. It also translates any value that equals a key, so that
none may be the name of an expression.
"""

import json
from pathlib import Path

import gradio as gr
from gradio.i18n import I18nData

from reggan.errors import InputError
from reggan.expressions import BASIC

#: Every language of the page by its code, in its own words.
NAMES = {"en": "English", "de": "Deutsch", "es": "Español"}
LANGUAGES = tuple(NAMES)
#: What Gradio or a template says in English only; `assets/page.js` and `recovery.js` put the translation in its place.
_GRADIO = (
    "This application is currently busy",
    "The server does not answer",
    "The picture is in the clipboard",
    "The browser did not allow it",
    "The server was restarted",
    "Upload file",
    "File upload",
    "Capture from camera",
    "Paste from clipboard",
    "Click to Access Webcam",
    "capture photo",
    "select input source",
    "More tabs",
    "Reset to default value",
    "number input for ",
    "range slider for ",
    "Remove this file",
    "Clear",
    "Close",
    "Language",
)
_FOLDER = Path(__file__).parent / "assets" / "words"


def _table(language: str) -> dict[str, str]:
    table: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    longer = {path.name.split(".")[0]: path.read_text(encoding="utf-8") for path in _FOLDER.glob(f"*.{language}.md")}
    return table | longer | {"page language": language}


TABLES = {language: _table(language) for language in LANGUAGES}


def translations() -> gr.I18n:
    """For `launch`. An unknown language falls back to English."""
    return gr.I18n(**TABLES)


def script_words() -> str:
    """A line of JavaScript with Gradio's words in every language, for `assets/page.js`."""
    words = {language: {key: table[key] for key in _GRADIO if key in table} for language, table in TABLES.items()}
    return f"window.regganWords = {json.dumps(words)};"


def t(text: str) -> I18nData:
    """A text of the page, for a label, a value or a choice."""
    return I18nData(text)


def language_field() -> gr.Textbox:
    """Tells the handlers which language the browser shows: its content is translated like everything else."""
    return gr.Textbox(t("page language"), visible="hidden", elem_id="language")  # type: ignore[arg-type]


def say(text: str, language: str, **values: object) -> str:
    """A sentence made on the server, with its {blanks} filled in."""
    return TABLES.get(language, {}).get(text, text).format(**values)


def error_text(error: InputError, language: str) -> str:
    """An error's sentence: its template is the key of the translation."""
    if error.template not in TABLES.get(language, {}):
        return str(error)
    return say(error.template, language, **error.values)


def describe(c: list[float], language: str, neutral: float = 1.0) -> str:
    """Words for a strength vector, e.g. "70 % happy, 60 % surprised"; for zeros how neutral the face becomes."""
    shares = [*zip(BASIC, c, strict=True), ("neutral", 0.0 if any(c) else neutral)]
    parts = [f"{round(100 * v)} {say(f'% {name}', language)}" for name, v in shares if v > 0.005]
    return ", ".join(parts) or say("unchanged", language)
