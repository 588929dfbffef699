"""Three ways to choose an expression, and how much of it."""

from typing import Any

import gradio as gr

from reggan.ui.edit import choices
from reggan.ui.words import t

_QUICK: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build_controls(wish: gr.State) -> gr.Slider:
    """Connect the controls to `wish`; returns the slider of the strength."""
    basic: Any = gr.Radio(
        choices.BASIC_CHOICES, value=choices.START, label=t("Expression"), elem_id="basic", elem_classes="chips"
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
            start = choices.parts(choices.START)
            sliders: list[Any] = [
                gr.Slider(0, 1, start[n], step=0.05, label=label, min_width=150, elem_id=f"mix_{name}")
                for n, (label, name) in enumerate(choices.BASIC_CHOICES)
            ]

    def choose(name: str) -> list[Any]:
        return [name, None, *choices.parts(name)]

    for chips, others in ((basic, compound), (compound, basic)):
        chips.input(choose, chips, [wish, others, *sliders], **_QUICK)
    gr.on(
        [slider.input for slider in sliders],
        lambda *strengths: (choices.mixture(*strengths), None, None),
        sliders,
        [wish, basic, compound],
        trigger_mode="always_last",
        **_QUICK,
    )
    return strength
