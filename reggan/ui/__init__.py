"""The web page. `build(predictor)` makes it, `demo.launch(**launch_options())` serves it."""

from reggan.ui.page import build, launch_options

__all__ = ["build", "launch_options"]
