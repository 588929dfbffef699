"""The About tab: how it works, limits with failures to look at, privacy, licence, and how programs call it."""

import json
from pathlib import Path

import gradio as gr

from reggan.predictor import Predictor
from reggan.ui.architecture import architecture_svg
from reggan.ui.failures import NAMES
from reggan.ui.widgets import ASSETS
from reggan.ui.words import LANGUAGES, TABLES, t

_POLICY = Path(__file__).resolve().parents[2] / "docs" / "policy.md"
_CALLS = (ASSETS / "calls.md").read_text(encoding="utf-8")
# The page knows best under which address it was reached.
_WITH_ORIGIN = f"""() => {{
  const address = new URL('.', location.href).href.replace(/\\/$/, '');
  return {json.dumps(_CALLS)}.replaceAll('{{origin}}', address);
}}"""


def printed_calls(origin: str) -> str:
    """The calls as the tab prints them, in Markdown, for a page at the address `origin`."""
    return _CALLS.replace("{origin}", origin)


def policy_in(language: str) -> str:
    """What RegGAN may be used for, in Markdown without its title; "" where the package came without its documents."""
    if "policy" in TABLES.get(language, {}):
        return TABLES[language]["policy"]
    return _POLICY.read_text(encoding="utf-8").partition("\n")[2] if _POLICY.is_file() else ""


def build_about_tab(demo: gr.Blocks, predictor: Predictor, language: gr.Textbox) -> None:
    """Lay out the tab, in `demo`, which is being built."""
    with gr.Column(elem_id="about"):
        gr.Markdown(t("about"))  # type: ignore[arg-type]
        picture = gr.HTML("", elem_id="architecture")
        gr.Markdown(t("about_limits"))  # type: ignore[arg-type]
        with gr.Row(elem_id="failures"):
            for name in NAMES:
                with gr.Column(min_width=200):
                    gr.Image(
                        str(ASSETS / f"failure_{name}.jpg"),
                        interactive=False,
                        show_label=False,
                        buttons=[],
                        container=False,
                        alt_text="",
                    )
                    gr.Markdown(t(f"failure {name}"))  # type: ignore[arg-type]
        gr.Markdown(t("about_privacy"))  # type: ignore[arg-type]
        gr.Markdown(t("about_programs"))  # type: ignore[arg-type]
        calls = gr.Markdown("", elem_id="calls")
        gr.Markdown(t("about_licence"))  # type: ignore[arg-type]
        gr.Markdown(f"`{predictor.source}`", elem_id="weights")
        with gr.Accordion(t("What RegGAN may be used for"), open=False, elem_id="policy"):
            policy = gr.Markdown("")
    pictures = {spoken: architecture_svg(predictor.model, spoken) for spoken in LANGUAGES}
    demo.load(None, None, calls, js=_WITH_ORIGIN, api_visibility="private")
    demo.load(policy_in, language, policy, show_progress="hidden", api_visibility="private")
    demo.load(pictures.get, language, picture, show_progress="hidden", api_visibility="private")
