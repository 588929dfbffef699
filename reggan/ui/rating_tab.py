"""The rating tab: a board in the browser (`assets/rating_board.html`, `.css`, `.js`) that talks to one function here.

The board asks the three questions of a showing by itself, so that an answer takes no time, and sends the answers
together; what comes back is the next pair. Method names are in no request before the vote.
"""

import json
import os
from typing import Any

import gradio as gr

from reggan.errors import InputError
from reggan.expressions import NAMED
from reggan.ui.widgets import ASSETS
from reggan.ui.words import LANGUAGES, TABLES, error_text, t
from reggan.votes import VotingService
from reggan.votes.voters import address_of


def _asset(suffix: str) -> str:
    return (ASSETS / f"rating_board.{suffix}").read_text(encoding="utf-8")


def board_words() -> dict[str, dict[str, str]]:
    """What the board says in the other languages, by its English; `{blanks}` are filled in by the board."""
    named = {name: name.capitalize() for name in NAMED if name.capitalize() in TABLES["de"]}
    return {
        language: {name: TABLES[language][key].lower() for name, key in named.items()}
        | json.loads((ASSETS / "words" / f"rating.{language}.json").read_text(encoding="utf-8"))
        for language in LANGUAGES
        if language != "en"
    }


def build_rating_tab(demo: gr.Blocks, service: VotingService) -> None:
    """Lay out the tab in `demo`, which is being built."""

    def rate(call: Any, request: gr.Request, profile: gr.OAuthProfile | None) -> dict[str, Any]:
        return answer(service, call, request, "" if profile is None else profile.username)

    if os.environ.get("OAUTH_CLIENT_ID"):  # a Space with `hf_oauth: true`
        gr.Markdown(t("Sign in to be the same voter everywhere, if you like"))  # type: ignore[arg-type]
        gr.LoginButton("Hugging Face", logout_value="Hugging Face: {} ×", size="sm")
    gr.HTML(
        html_template=_asset("html"),
        css_template=_asset("css"),
        js_on_load=_asset("js"),
        server_functions=[rate],
        apply_default_css=False,
        elem_id="rating",
        mode=service.settings.mode,
        words=board_words(),
        per_session=service.settings.per_session,
    )


def answer(service: VotingService, call: Any, request: Any, login: str) -> dict[str, Any]:
    """One request of the board; whatever it holds, the answer is a screen (see `reggan.votes.service`)."""
    try:
        if not isinstance(call, dict):
            raise InputError("This is no request of the rating board.")
        ticket = str(call.get("ticket") or "")
        if call.get("do") == "vote":
            given = (call.get("answers"), call.get("seconds"))
            answers, seconds = (value if isinstance(value, list) else [] for value in given)
            return service.vote(ticket, login, str(call.get("token")), answers, seconds)
        host = request.client.host if request.client else None
        return service.begin(ticket, login, address_of(request.headers, host, service.settings.trust_proxy))
    except InputError as error:
        return {
            "kind": "problem",
            "message": error_text(error, str(call.get("language")) if isinstance(call, dict) else "en"),
        }
