"""Results of the Edit tab: before and after, how it came about, all expressions, and the animation.

Only the first is made for every change of the controls. The second and third are made while they are looked at, the
animation and the download when they are asked for.
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from reggan.predictor import Predictor
from reggan.ui.edit.examples import Examples
from reggan.ui.edit.result_events import MOVING, RESULT, ResultEvents
from reggan.ui.widgets import widget
from reggan.ui.words import t

KEEP_SECONDS = 3600
_PRIVATE: dict[str, Any] = {"api_visibility": "private"}
_QUICK: dict[str, Any] = {"show_progress": "hidden", **_PRIVATE}
_MODEL: dict[str, Any] = {"concurrency_id": "model", **_PRIVATE}
_START_DOWNLOAD = "() => document.querySelector('#file').click()"


@dataclass(frozen=True)
class Results:
    """What is laid out before it can be connected: the expression is chosen beside it."""

    tabs: gr.Tabs
    compare: gr.HTML
    tools: gr.HTML
    caption: gr.HTML
    strip: gr.HTML
    stages: gr.HTML
    names: gr.Radio
    keep: gr.Button
    sheet: gr.HTML
    moving: gr.Radio
    make: gr.Button
    loop: gr.HTML
    loop_file: gr.DownloadButton


def lay_out_results() -> Results:
    """The tabs of results."""
    with gr.Tabs(elem_id="results", overflow_behavior="wrap") as tabs:
        with gr.Tab(t("Result")):
            compare, tools = widget("compare"), widget("tools")
            caption, strip = gr.HTML("", elem_id="words"), widget("strip")
        with gr.Tab(t("How it works")):
            stages = widget("figures", elem_id="stages")
        with gr.Tab(t("All expressions")):
            with gr.Row(elem_classes="keep"):
                names = _chips([(t("Six basic"), "basic"), (t("All 21"), "all")], "Which expressions", "names")
                keep = gr.Button(t("Download PNG"), variant="primary", elem_id="keep_sheet")
            sheet = widget("tiles", elem_id="sheet")
        with gr.Tab(t("Animation")):
            with gr.Row(elem_classes="keep"):
                moving = _chips([(name.upper(), name) for name in MOVING], "File type", "moving")
                make = gr.Button(t("Make the animation"), variant="primary", elem_id="make")
            loop = widget("figures", elem_id="loop")
            loop_file = gr.DownloadButton(t("Download"), variant="primary", visible=False, elem_id="loop_file")  # type: ignore[arg-type]
    return Results(tabs, compare, tools, caption, strip, stages, names, keep, sheet, moving, make, loop, loop_file)


@dataclass(frozen=True)
class Keep:
    """What takes the result away from the page."""

    suffix: gr.Radio
    mark: gr.Checkbox
    download: gr.Button
    copy: gr.Button
    share: gr.Button
    said: gr.HTML


def build_download() -> Keep:
    """File type, whether the picture is marked, and the buttons."""
    with gr.Row(elem_classes="keep"):
        suffix = _chips([("PNG", "png"), ("JPEG", "jpg")], "File type", "suffix")
        download = gr.Button(t("Download"), variant="primary", interactive=False, elem_id="download")
    mark = gr.Checkbox(False, label=t("Write “AI-edited” into the corner"), container=False, elem_id="badge")  # type: ignore[arg-type]
    with gr.Row(elem_id="pass_on"):  # each where the browser can do it
        copy = gr.Button(t("Copy"), size="sm", elem_id="copy")
        share = gr.Button(t("Share"), size="sm", elem_id="share")
    return Keep(suffix, mark, download, copy, share, gr.HTML("", elem_id="passed_on"))


def connect_results(
    on: Results,
    predictor: Predictor,
    examples: Examples,
    wanted: tuple[gr.State, gr.Textbox],
    keep: Keep,
    language: gr.Textbox,
) -> None:
    """A change of the wishes brings a new result: `wanted` is the picture with its faces, and what is wished for."""
    events, shown = ResultEvents(predictor, examples), gr.State(RESULT)
    visit, wishes = wanted
    made = gr.State(None, time_to_live=KEEP_SECONDS)  # all expressions
    file = gr.DownloadButton(visible="hidden", elem_id="file")
    changed = wishes.change(
        events.result,
        [*wanted, language],
        [on.compare, on.caption, keep.download, on.strip],
        trigger_mode="always_last",
        show_progress="minimal",
        show_progress_on=on.compare,
        **_MODEL,
    )
    panel: dict[str, Any] = {
        "fn": events.panel,
        "inputs": [*wanted, shown, on.names, made, language],
        "outputs": [on.stages, on.sheet, made, on.loop, on.loop_file],
        "show_progress": "minimal",
        "show_progress_on": [on.stages, on.sheet],
        "trigger_mode": "always_last",
        **_MODEL,
    }
    changed.then(**panel)
    gr.on([shown.change, on.names.input], **panel)
    on.tabs.select(_index, None, shown, **_QUICK)
    for pressed, fn, inputs in (
        (keep.download, events.download, [*wanted, keep.suffix, keep.mark, language]),
        (on.keep, events.download_sheet, [visit, wishes, on.names, made, language]),
    ):
        written = pressed.click(fn, inputs, file, show_progress_on=pressed, **_MODEL)
        written.success(None, None, None, js=_START_DOWNLOAD, **_PRIVATE)
    passing_on = ((keep.copy, gr.State("png"), "copyPicture"), (keep.share, keep.suffix, "sharePicture"))
    for pressed, suffix, function in passing_on:
        inputs = [*wanted, suffix, keep.mark, language]
        written = pressed.click(events.download, inputs, file, show_progress_on=pressed, **_MODEL)
        written.success(None, file, keep.said, js=f"(file) => {function}(file)", **_PRIVATE)
    on.make.click(
        events.loop, [*wanted, on.moving, language], [on.loop, on.loop_file], show_progress_on=on.loop, **_MODEL
    )


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
