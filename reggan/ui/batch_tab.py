"""The Batch tab: several pictures, one expression, one ZIP."""

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from reggan.errors import InputError
from reggan.expressions import describe, resolve
from reggan.output import provenance
from reggan.output.archive import write_zip
from reggan.predictor import Predictor
from reggan.ui.browser_files import new_path, thumbnail
from reggan.ui.edit.choices import EVERY_CHOICE, START, file_label, relax
from reggan.ui.edit.picture_events import note
from reggan.ui.picture_input import PicturesInput, as_error
from reggan.ui.words import error_text, say, t

_MOST = 100  # pictures at once
_PREVIEW, _LATEST = 112, 8  # pixels of a result to look at; how many while there are more to come
_PRIVATE: dict[str, Any] = {"api_visibility": "private"}


class BatchEvents:
    """One handler per event. Holds the predictor and nothing else."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

    def run(
        self, paths: list[str] | None, expression: str, strength: float, faces: str, suffix: str, language: str
    ) -> Iterator[Any]:
        """Progress, failures and results after every picture, the ZIP in the end. Stops when Gradio cancels it."""
        paths = (paths or [])[:_MOST]
        c, failures, previews = resolve(expression, strength), [], []
        words, label, target = describe(c), file_label(expression), new_path(f"reggan_{file_label(expression)}.zip")
        files = [(Path(path).name, path) for path in paths]
        largest = 0 if faces == "largest" else None
        yield bar(0, len(paths), language), "", gr.update(visible=False)
        how = (largest, suffix, relax(c, strength), f"_{label}")
        said = provenance.save_options("jpeg", self.predictor.metadata, words)
        try:
            for step in write_zip(target, self.predictor, files, c, words, *how):
                if step.problem:
                    failures.append((step.name, error_text(step.problem, language)))
                if step.image is not None:
                    previews.append((step.name, thumbnail(step.image, _PREVIEW, said)))
                now = bar(step.done, step.total, language) + listed(failures)
                yield now, shown(previews[-_LATEST:], language), gr.skip()
        except InputError as error:
            if not failures:
                raise as_error(error, language) from None
            yield (
                note(say("None of the pictures could be edited.", language), "problem") + listed(failures),
                "",
                gr.skip(),
            )
            return
        done = note(
            say("{n} of {total} pictures are in the ZIP.", language, n=step.done - len(failures), total=len(paths))
        )
        yield done + listed(failures), shown(previews, language), gr.update(value=str(target), visible=True)


def bar(done: int, total: int, language: str) -> str:
    """A progress bar."""
    label = say("{done} of {total} pictures", language, done=done, total=total)
    return f'<label class="bar">{html.escape(label)}<progress value="{done}" max="{max(total, 1)}"></progress></label>'


def listed(failures: list[tuple[str, str]]) -> str:
    """Names and sentences."""
    items = "".join(f"<li><b>{html.escape(name)}</b>: {html.escape(problem)}</li>" for name, problem in failures)
    return f'<ul class="failures">{items}</ul>' if items else ""


def shown(previews: list[tuple[str, str]], language: str) -> str:
    """Results, small, with the names of their pictures."""
    figures = "".join(
        f'<figure><img src="{data}" alt=""><figcaption>{html.escape(name)}</figcaption></figure>'
        for name, data in previews
    )
    label = html.escape(say("Results", language))
    return f'<div class="previews" role="group" aria-label="{label}">{figures}</div>' if figures else ""


def build_batch_tab(predictor: Predictor, language: gr.Textbox) -> None:
    """Lay out the tab and connect it."""
    events = BatchEvents(predictor)
    with gr.Row(elem_id="batch"):
        with gr.Column(scale=4, min_width=320):
            files = PicturesInput(
                file_count="multiple",
                file_types=["image"],
                label=t("Pictures"),
                height=260,
                elem_id="batch_files",
            )
        with gr.Column(scale=8, min_width=320):
            with gr.Row():
                expression = gr.Dropdown(EVERY_CHOICE, value=START, label=t("Expression"), elem_id="batch_expression")
                strength = gr.Slider(0, 1, 1.0, step=0.05, label=t("Strength"))
            with gr.Row():
                faces = gr.Radio(
                    [(t("All faces"), "all"), (t("The largest face"), "largest")],
                    value="all",
                    label=t("Which face"),
                    elem_classes="chips",
                )
                suffix = gr.Radio(
                    [("PNG", "png"), ("JPEG", "jpeg")], value="png", label=t("File type"), elem_classes="chips"
                )
            with gr.Row():
                run = gr.Button(t("Edit all pictures"), variant="primary", elem_id="batch_run")
                stop = gr.Button(t("Cancel"), visible=False, elem_id="batch_stop")
            report = gr.HTML("", elem_id="batch_report")
            preview = gr.HTML("", elem_id="batch_preview")
            archive = gr.DownloadButton(t("Download ZIP"), variant="primary", visible=False, elem_id="batch_zip")  # type: ignore[arg-type]
    show_stop = gr.on([run.click], lambda: gr.update(visible=True), None, stop, show_progress="hidden", **_PRIVATE)
    work = show_stop.then(
        events.run,
        [files, expression, strength, faces, suffix, language],
        [report, preview, archive],
        concurrency_id="batch",
        concurrency_limit=1,
        show_progress="hidden",
        **_PRIVATE,
    )
    work.then(lambda: gr.update(visible=False), None, stop, show_progress="hidden", **_PRIVATE)
    # In two steps: a bar that is on its way while the work is cancelled would come after the words.
    stop.click(lambda: gr.update(visible=False), None, stop, cancels=[work], show_progress="hidden", **_PRIVATE).then(
        lambda language: (note(say("Cancelled.", language)), ""),
        language,
        [report, preview],
        show_progress="hidden",
        **_PRIVATE,
    )
