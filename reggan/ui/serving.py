"""How the page is served: Gradio's options, and the middleware around it."""

from typing import Any

from starlette.middleware import Middleware

from reggan.ui import page
from reggan.ui.compressed_once import CompressedOnce
from reggan.ui.first_script import FirstScript
from reggan.ui.guard import Guard
from reggan.ui.old_calls import OldCalls
from reggan.ui.temporary import sweeping


def launch_options() -> dict[str, Any]:
    """Keyword arguments for `demo.launch`."""
    around = [Middleware(Guard), Middleware(OldCalls), Middleware(FirstScript), Middleware(CompressedOnce)]
    return page.launch_options() | {"app_kwargs": {"middleware": around, "lifespan": sweeping}}
