"""The page's own components: a template and a script each, in `assets`. Values go in, events come out.

- `marking`: where eyes and a mouth are marked, a dialog. Events: begin, marks(marks, turn, open), place(marks).
- `compare`: before and after with a divider that mouse, finger and arrow keys move, and its faces. Event: pick.
- `tools`: what can be done with the result under it. Events: undo, address (it has changed, by Back or Forward).
- `people`: a thumbnail for each face, and everybody. Events: pick, unmark(face).
- `strip`: small pictures, one of which is enlarged by a click.
- `figures`: pictures with captions.
- `languages`: in which language the page speaks.
- `tiles`: all expressions. Event: choose.
- `examples`: pictures to begin with. Event: pick(name).
"""

from pathlib import Path
from typing import Any

import gradio as gr

ASSETS = Path(__file__).parent / "assets"
_STYLES = ("page.css", "stage.css", "widgets.css", "marking.css")
STYLE = "\n".join((ASSETS / name).read_text() for name in _STYLES)


def widget(name: str, value: Any = None, elem_id: str | None = None) -> gr.HTML:
    """The component `name` with its first value; each one's value is described at the head of its template."""
    script = ASSETS / f"{name}.js"
    return gr.HTML(
        {} if value is None else value,
        html_template=(ASSETS / f"{name}.html").read_text(),
        js_on_load=script.read_text() if script.exists() else None,
        apply_default_css=False,
        elem_id=elem_id or name,
        elem_classes="widget",
    )
