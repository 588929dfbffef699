"""The results of the votes in the page's language.

`reggan.votes.render` writes English HTML. Here the texts between its tags are replaced, by the tables
`assets/words/results.*.json`: English to translation, with the same {blanks}. What is in a blank is a number, or
somebody's name for a method, and stays, unless it has a translation of its own.
"""

import json
import re
from functools import cache

from reggan.ui.widgets import ASSETS
from reggan.ui.words import LANGUAGES

_TEXT = re.compile(r"(?<=>)[^<>]+(?=<)")
_BLANK = re.compile(r"\\\{(\w+)\\\}")  # as `re.escape` leaves it
_BETWEEN = " · "


@cache
def results_words(language: str) -> dict[str, str]:
    """The table; English needs none."""
    path = ASSETS / "words" / f"results.{language}.json"
    table: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if language in LANGUAGES[1:] else {}
    return table


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Keys with blanks; the longest first, as the most telling."""
    keys = sorted((key for key in results_words(language) if "{" in key), key=len, reverse=True)
    return [(re.compile(_BLANK.sub(r"(?P<\1>.+?)", re.escape(key))), results_words(language)[key]) for key in keys]


def in_language(body: str, language: str) -> str:
    """HTML of `reggan.votes.render` with its texts translated."""
    if not results_words(language):
        return body
    return _TEXT.sub(lambda found: _all(found[0], language), body)


def _all(text: str, language: str) -> str:
    """A text between two tags, or several with dots between."""
    return _BETWEEN.join(_one(part, language) for part in text.split(_BETWEEN))


def _one(text: str, language: str) -> str:
    """One text, with the space around it."""
    bare = text.strip()
    words = results_words(language).get(bare)
    if words is None:
        found = ((pattern.fullmatch(bare), meant) for pattern, meant in _patterns(language))
        words = next(
            (
                meant.format(**{name: _one(value, language) for name, value in match.groupdict().items()})
                for match, meant in found
                if match
            ),
            bare,
        )
    return text.replace(bare, words) if bare else text
