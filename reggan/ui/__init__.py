"""The web page. `build(predictor)` makes it, `demo.launch(**launch_options())` serves it."""

from reggan.ui.temporary import use_private_folder

use_private_folder()  # before gradio is imported

from reggan.ui.page import build  # noqa: E402
from reggan.ui.serving import launch_options  # noqa: E402

__all__ = ["build", "launch_options"]
