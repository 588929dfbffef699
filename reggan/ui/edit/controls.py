"""Three ways to choose an expression, and how much of it; for one face, or for everybody.

What is chosen is kept in the browser, as the text of `reggan.ui.edit.wishes`: a choice costs one question to the
server.
The functions named here are in `assets/wishes.js`.
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from reggan.expressions import NAMED, NATURAL
from reggan.ui.edit import choices
from reggan.ui.words import t

_PRIVATE: dict[str, Any] = {"api_visibility": "private"}


@dataclass(frozen=True)
class Controls:
    """The wishes, which are not shown, and all that shows those of the chosen face, in the order of `wishes.js`."""

    wishes: gr.Textbox
    basic: gr.Radio
    compound: gr.Radio
    strength: gr.Slider
    sliders: list[gr.Slider]

    def on(self, event: Any, function: str) -> None:
        """An event calls a function of `wishes.js` that needs no more than the wishes."""
        shown = [self.wishes, self.basic, self.compound, self.strength, *self.sliders]
        event(None, self.wishes, shown, js=f"(text) => {function}(text)", **_PRIVATE)


def build_controls(wishes: gr.Textbox) -> Controls:
    """Lay out the controls and connect them."""
    basic: Any = gr.Radio(
        choices.FIRST_CHOICES, value=choices.START, label=t("Expression"), elem_id="basic", elem_classes="chips"
    )
    strength = gr.Slider(0, 1, NATURAL, step=0.05, label=t("Strength"), elem_id="strength")
    with gr.Row(elem_id="marks"):
        gr.Markdown(t("natural"), elem_classes="mark", elem_id="mark_natural")  # type: ignore[arg-type]
        gr.Markdown(t("posed"), elem_classes="mark", elem_id="mark_posed")  # type: ignore[arg-type]
    with gr.Accordion(t("More expressions, or mix your own"), open=False, elem_id="more"):
        compound: Any = gr.Radio(
            choices.COMPOUND_CHOICES,
            label=t("15 compound expressions"),
            container=False,
            elem_id="compound",
            elem_classes=["chips", "wide"],
        )
        gr.Markdown(t("Mix your own"), elem_id="mix_title")  # type: ignore[arg-type]
        with gr.Row(elem_id="mixer"):
            start = NAMED[choices.START]
            sliders: list[Any] = [
                gr.Slider(0, 1, start[n], step=0.05, label=label, min_width=150, elem_id=f"mix_{name}")
                for n, (label, name) in enumerate(choices.BASIC_CHOICES)
            ]

    controls = Controls(wishes, basic, compound, strength, sliders)
    shown = [wishes, basic, compound, strength, *sliders]
    for chips in (basic, compound):
        chips.input(None, [wishes, chips], shown, js="(text, name) => chooseExpression(text, name)", **_PRIVATE)
    for slider in sliders:
        slider.input(None, [wishes, *sliders], [wishes, basic, compound], js="(...all) => mix(...all)", **_PRIVATE)
    strength.input(None, [wishes, strength], wishes, js="(text, much) => chooseStrength(text, much)", **_PRIVATE)
    wishes.change(None, wishes, None, js="(text) => showWishes(text)", **_PRIVATE)
    return controls
