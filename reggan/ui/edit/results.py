"""Results of the Edit tab: before and after, how it came about, all expressions, and the animation.

Only the first is made for every change of the controls. The second and third are made while they are looked at, the
animation and the download when they are asked for.
"""

from typing import Any

import gradio as gr

from reggan.predictor import Predictor
from reggan.ui.edit.result_events import MOVING, RESULT, ResultEvents
from reggan.ui.widgets import widget
from reggan.ui.words import t

_PRIVATE: dict[str, Any] = {"api_visibility": "private"}
_QUICK: dict[str, Any] = {"show_progress": "hidden", **_PRIVATE}
_MODEL: dict[str, Any] = {"concurrency_id": "model", **_PRIVATE}
_START_DOWNLOAD = "() => document.querySelector('#file').click()"


def build_results(
    predictor: Predictor, visit: gr.State, expression: gr.Textbox, strength: gr.Slider, language: gr.Textbox
) -> None:
    """Lay out the tabs and connect them."""
    events, shown, wanted = ResultEvents(predictor), gr.State(RESULT), [visit, expression, strength]
    with gr.Tabs(elem_id="results", overflow_behavior="wrap") as tabs:
        with gr.Tab(t("Result")):
            compare, caption, strip = widget("compare"), gr.HTML("", elem_id="words"), widget("strip")
            with gr.Row(elem_classes="keep"):
                suffix = _chips([("PNG", "png"), ("JPEG", "jpg")], "File type", "suffix")
                mark = gr.Checkbox(
                    False, label=t("Write “AI-edited” into the corner"), container=False, elem_id="badge"
                )  # type: ignore[arg-type]
                download = gr.Button(t("Download"), variant="primary", interactive=False, elem_id="download")
        with gr.Tab(t("How it works")):
            stages = widget("figures", elem_id="stages")
        with gr.Tab(t("All expressions")):
            with gr.Row(elem_classes="keep"):
                names = _chips([(t("Six basic"), "basic"), (t("All 21"), "all")], "Which expressions", "names")
                keep = gr.Button(t("Download PNG"), variant="primary", elem_id="keep_sheet")
            sheet = widget("figures", elem_id="sheet")
        with gr.Tab(t("Animation")):
            with gr.Row(elem_classes="keep"):
                moving = _chips([(name.upper(), name) for name in MOVING], "File type", "moving")
                make = gr.Button(t("Make the animation"), variant="primary", elem_id="make")
            loop = widget("figures", elem_id="loop")
            loop_file = gr.DownloadButton(t("Download"), variant="primary", visible=False, elem_id="loop_file")  # type: ignore[arg-type]
    file = gr.DownloadButton(visible="hidden", elem_id="file")
    gr.Markdown(t("provenance"), elem_id="provenance")  # type: ignore[arg-type]

    changed = gr.on(
        [visit.change, expression.change, strength.change],
        events.result,
        [*wanted, language],
        [compare, caption, download, strip],
        trigger_mode="always_last",
        show_progress="minimal",
        show_progress_on=compare,
        **_MODEL,
    )
    panel: dict[str, Any] = {
        "fn": events.panel,
        "inputs": [*wanted, shown, names, language],
        "outputs": [stages, sheet, loop, loop_file],
        "show_progress": "minimal",
        "show_progress_on": [stages, sheet],
        "trigger_mode": "always_last",
        **_MODEL,
    }
    changed.then(**panel)
    gr.on([shown.change, names.input], **panel)
    tabs.select(_index, None, shown, **_QUICK)
    for button, fn, inputs in (
        (download, events.download, [*wanted, suffix, mark, language]),
        (keep, events.download_sheet, [visit, strength, names, language]),
    ):
        written = button.click(fn, inputs, file, show_progress_on=button, **_MODEL)
        written.success(None, None, None, js=_START_DOWNLOAD, **_PRIVATE)
    make.click(events.loop, [*wanted, moving, language], [loop, loop_file], show_progress_on=loop, **_MODEL)


def _index(event: gr.SelectData) -> int:
    return int(event.index)


def _chips(options: list[Any], label: str, elem_id: str) -> gr.Radio:
    """A choice that needs no title to be understood; screen readers are told one."""
    return gr.Radio(
        options,
        value=options[0][1],
        label=t(label),
        show_label=False,
        container=False,
        min_width=150,
        elem_id=elem_id,
        elem_classes="chips",
    )
