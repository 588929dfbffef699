"""The demo: `python app.py`, or a Hugging Face Space."""

import gc
import os
import sys

gc.disable()  # what is imported stays: looking for garbage in it takes a quarter of the start

# Before gradio is imported: no telemetry, and no list of who asked for what, summed up after every event.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ |= {"GRADIO_ANALYTICS_MAX_EVENTS": "1", "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9)}

from reggan.errors import InputError  # noqa: E402
from reggan.predictor import Predictor  # noqa: E402
from reggan.ui import build, launch_options, zero_gpu  # noqa: E402
from reggan.votes import VotingService  # noqa: E402

try:
    predictor = zero_gpu.with_borrowed_gpu(Predictor.from_pretrained(device=zero_gpu.DEVICE))
    demo = build(predictor, voting=VotingService.from_environment())
except InputError as error:
    sys.exit(str(error))
gc.freeze()  # and is not looked through later either
gc.enable()

if __name__ == "__main__":
    demo.launch(**launch_options())
