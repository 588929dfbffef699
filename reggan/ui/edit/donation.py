"""The tick by which a visitor gives one face to the study of the Rate tab; see `reggan.votes.donations`."""

from pathlib import Path
from typing import Any

import gradio as gr

from reggan.errors import InputError
from reggan.ui.edit.visit import Visit
from reggan.ui.edit.wishes import Wishes
from reggan.ui.words import error_text, say, t
from reggan.votes.donations import donate, withdraw

_QUICK: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build_donation(folder: Path, visit: gr.State, wishes: gr.Textbox, language: gr.Textbox) -> None:
    """Lay out the tick box and connect it. Another picture starts with an empty box."""
    number = gr.State("")
    tick = gr.Checkbox(False, label=t("Let others rate this face"), info=t("donation"), elem_id="donate")  # type: ignore[arg-type]
    thanks = gr.HTML("", elem_id="donated")

    def toggle(ticked: bool, known: str, on: Visit | None, wished: str, chosen: str) -> tuple[bool, str, str]:
        """Keep or delete the face; the box, its number, and a sentence."""
        if not ticked:
            withdraw(folder, known)
            return False, "", ""
        if on is None or not on.count:
            return False, "", _status(say("The result appears here.", chosen))
        try:
            face = on.analysis.faces[Wishes.read(wished).shown]
            given = donate(folder, face.crop, say("donation", chosen))
        except InputError as error:
            return False, "", _status(error_text(error, chosen))
        return (
            True,
            given,
            _status(say("Thank you! To take it back, untick the box or send this number: {n}", chosen, n=given)),
        )

    tick.input(toggle, [tick, number, visit, wishes, language], [tick, number, thanks], **_QUICK)
    visit.change(lambda: (False, "", ""), None, [tick, number, thanks], **_QUICK)


def _status(sentence: str) -> str:
    return f'<p class="status">{sentence}</p>'
