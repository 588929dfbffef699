"""The web page. `build(predictor)` makes it, `demo.launch(**launch_options())` serves it."""

from reggan.ui.no_stubs import write_no_stubs
from reggan.ui.temporary import use_private_folder

write_no_stubs()  # both before gradio is imported
use_private_folder()

from reggan.ui.page import build  # noqa: E402
from reggan.ui.serving import launch_options  # noqa: E402

__all__ = ["build", "launch_options"]
