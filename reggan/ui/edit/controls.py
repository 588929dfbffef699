"""Three ways to choose an expression, and how much of it."""

from typing import Any

import gradio as gr

from reggan.expressions import NAMED
from reggan.ui.edit import choices
from reggan.ui.words import t


def build_controls() -> tuple[gr.Textbox, gr.Slider]:
    """The controls; returns the expression, which is not shown, and the strength.

    The expression is kept in the browser: a choice there costs one question to the server, not two.
    """
    expression = gr.Textbox(choices.START, visible="hidden", elem_id="expression")
    basic: Any = gr.Radio(
        choices.FIRST_CHOICES, value=choices.START, label=t("Expression"), elem_id="basic", elem_classes="chips"
    )
    strength = gr.Slider(0, 1, 1.0, step=0.05, label=t("Strength"), elem_id="strength")
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

    for chips, others in ((basic, compound), (compound, basic)):
        chips.input(None, chips, [expression, others, *sliders], js=choices.CHOOSE, api_visibility="private")
    for slider in sliders:
        slider.input(None, sliders, [expression, basic, compound], js=choices.MIX, api_visibility="private")
    return expression, strength
