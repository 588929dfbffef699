"""The whole page, and how it is served."""

import html
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from reggan.expressions import resolve
from reggan.predictor import Predictor
from reggan.ui.about_tab import build_about_tab
from reggan.ui.api import add_endpoints
from reggan.ui.batch_tab import build_batch_tab
from reggan.ui.edit import build_edit_tab, choices
from reggan.ui.edit.examples import Examples
from reggan.ui.rating_tab import build_rating_tab
from reggan.ui.results_tab import build_results_tab
from reggan.ui.theme import theme
from reggan.ui.tools import offer_tools
from reggan.ui.widgets import ASSETS, STYLE, widget
from reggan.ui.words import NAMES, language_field, script_words, t, translations
from reggan.votes import VotingService

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
#: File, and the name in the address (?example=painting), in the order on the page.
_EXAMPLES = {
    "photo": "photo_grace_hopper.jpg",
    "mona_lisa": "painting_mona_lisa.jpg",
    "engraving": "engraving_shakespeare.jpg",
    "painting": "painting_portrait.jpg",
    "marble": "statue_marble.jpg",
    "bronze": "statue_bronze.jpg",
    "avatar": "avatar_3d.jpg",
    "group": "gallery_faces.jpg",
}
#: Of the whole page; those of the widgets are their own.
_SCRIPTS = ("page", "links", "wishes", "anywhere", "pass_on", "folders", "recovery")


def _script(name: str) -> str:
    return (ASSETS / f"{name}.js").read_text(encoding="utf-8")


def build(predictor: Predictor, examples: Path = EXAMPLES, voting: VotingService | None = None) -> gr.Blocks:
    """The page; with `voting`, the tabs of the human study too.

    The predictor is warmed up first, so that the first visitor does not wait for it.
    """
    offered = Examples(predictor, {name: examples / f for name, f in _EXAMPLES.items() if (examples / f).is_file()})
    if not offered:
        warm_up(predictor)
    with gr.Blocks(title="RegGAN", delete_cache=(600, 3600)) as demo:
        language = language_field()
        with gr.Row(elem_id="head"):
            gr.Markdown("# RegGAN", elem_id="title")
            gr.Markdown(t("tagline"), elem_id="tagline")  # type: ignore[arg-type]
            widget("languages", {"languages": [{"code": code, "name": name} for code, name in NAMES.items()]})
        if predictor.notice:  # other weights than those asked for
            gr.HTML(f'<p class="status" lang="en">{html.escape(predictor.notice)}</p>', elem_id="notice")
        with gr.Tabs(elem_id="pages"):
            with gr.Tab(t("Edit"), id="edit"):
                build_edit_tab(demo, predictor, offered, language, voting.settings.donations if voting else None)
            with gr.Tab(t("Batch"), id="batch"):
                build_batch_tab(predictor, language)
            if voting is not None:
                with gr.Tab(t("Rate"), id="rate"):
                    build_rating_tab(demo, voting)
                with gr.Tab(t("Votes"), id="votes") as votes:
                    build_results_tab(demo, voting.votes, language, tab=votes)
            with gr.Tab(t("About"), id="about"):
                build_about_tab(demo, predictor, language)
        add_endpoints(predictor)
        demo.load(None, language, None, js="(language) => { document.documentElement.lang = language }")
    # The model's events wait for each other: two at a time, and 64 more in line.
    demo.queue(default_concurrency_limit=2, max_size=64)
    return demo


def launch_options() -> dict[str, Any]:
    """Keyword arguments for `demo.launch`."""
    scripts = (script_words(), choices.script(), *map(_script, _SCRIPTS))
    return {
        "theme": theme(),
        "css": STYLE,
        "head": "".join(f"<script>{script}</script>" for script in scripts),
        "i18n": translations(),
        "footer_links": [],  # the API is under About, the languages at the top; Gradio offers some that are not there
        "run_history": False,  # it would keep results in the visitor's browser
        "max_file_size": "40mb",
        # A session may hold a picture, up to 150 MB of memory. Programs that call the endpoints count as sessions too:
        # with a hundred of them at once, visitors lost their pictures after twenty seconds when this was 64.
        "state_session_capacity": 256,
        "enable_monitoring": False,
        "ssr_mode": False,
        # Else Gradio asks itself for the page, and a server that does not answer itself within three seconds ends: one
        # that starts again on a busy machine, with visitors waiting. `_frontend` has no other effect.
        "_frontend": False,
        "mcp_server": offer_tools(),
    }


def warm_up(predictor: Predictor) -> None:
    """Run detector and both stages once, on a blank picture with a face assumed in it."""
    blank = np.full((128, 128, 3), 128, np.uint8)
    predictor.edit(predictor.analyse(blank, (16, 16, 112, 112)), resolve("happy"))
