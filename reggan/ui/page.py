"""The whole page, and how it is served."""

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from reggan.expressions import resolve
from reggan.predictor import Predictor
from reggan.ui.about import ABOUT
from reggan.ui.api import add_endpoints
from reggan.ui.edit_tab import build_edit_tab
from reggan.ui.theme import CSS, theme

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_TITLE = """# RegGAN
Give any face a new expression: photo, painting, statue or avatar."""


def build(predictor: Predictor, examples: Path = EXAMPLES) -> gr.Blocks:
    """The page. The predictor is warmed up first, so that the first visitor does not wait for it."""
    warm_up(predictor)
    with gr.Blocks(title="RegGAN", delete_cache=(600, 3600)) as demo:
        gr.Markdown(_TITLE, elem_id="title")
        with gr.Tab("Edit"):
            build_edit_tab(demo, predictor, example_pictures(examples))
        with gr.Tab("About"):
            gr.Markdown(ABOUT, elem_id="about")
        add_endpoints(predictor)
    # The model's events wait for each other: two at a time, and 32 more in line.
    demo.queue(default_concurrency_limit=2, max_size=32)
    return demo


def launch_options() -> dict[str, Any]:
    """Keyword arguments for `demo.launch`."""
    return {
        "theme": theme(),
        "css": CSS,
        "footer_links": ["api", "settings"],
        "run_history": False,  # it would keep results in the visitor's browser
        "max_file_size": "40mb",
        "state_session_capacity": 64,  # a session holds a picture, up to 150 MB of memory
        "enable_monitoring": False,
        "ssr_mode": False,
    }


def example_pictures(folder: Path) -> list[Path]:
    """The example pictures there are, photographs first."""
    found = [path for path in folder.glob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png")]
    return sorted(found, key=lambda path: (not path.name.startswith("photo"), path.name))


def warm_up(predictor: Predictor) -> None:
    """Run detector and both stages once, on a blank picture with a face assumed in it."""
    blank = np.full((128, 128, 3), 128, np.uint8)
    predictor.edit(predictor.analyse(blank, (16, 16, 112, 112)), resolve("happy"))
