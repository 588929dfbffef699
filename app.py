"""The demo: `python app.py`, or a Hugging Face Space."""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is imported: no telemetry

from reggan.predictor import Predictor  # noqa: E402
from reggan.ui import build, launch_options  # noqa: E402

demo = build(Predictor.from_pretrained())

if __name__ == "__main__":
    demo.launch(**launch_options())
