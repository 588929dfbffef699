"""ZeroGPU: GPUs that Hugging Face lends to Spaces for seconds at a time. Anywhere else this module does nothing.

The page runs on the CPU; only the forward pass of a visitor's event runs on a GPU. A copy of the model is put "on cuda"
when the page starts, as ZeroGPU wants it, and moves there when a GPU has been lent. Without a visitor (warming up) or
without a GPU (a used-up quota) the CPU does the work, which takes a tenth of a second longer.
"""

import copy
import logging
import os

from reggan.model.arrays import Image
from reggan.model.forward import Float, Forward, ModelOutput, OnDevice
from reggan.predictor import Predictor

ZERO_GPU = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")  # as the package `spaces` reads it

if ZERO_GPU:
    import spaces  # only on a Space, and before CUDA is touched

#: Where the page's own predictor works; None leaves it to the predictor.
DEVICE = "cpu" if ZERO_GPU else None

_GPU = "cuda"
_ROWS_PER_SECOND = 16  # far below what a GPU does

_log = logging.getLogger(__name__)


def seconds(crops: Image, landmarks: Float, c: Float, relax: Float, attention: bool = False) -> int:
    """For how long to borrow a GPU: moving the model there takes most of it."""
    return 5 + len(c) // _ROWS_PER_SECOND


def with_borrowed_gpu(predictor: Predictor) -> Predictor:
    """The predictor itself, or on ZeroGPU one that borrows a GPU for each event of a visitor."""
    if not ZERO_GPU:
        return predictor
    forward = _borrowing(predictor)
    return Predictor(predictor.model, predictor.metadata, DEVICE, predictor.notice, forward)


def _borrowing(predictor: Predictor) -> Forward:
    from gradio import Error
    from gradio.context import LocalContext

    here = predictor.forward
    on_gpu = OnDevice(copy.deepcopy(predictor.model), _GPU)
    borrowed: Forward = spaces.GPU(duration=seconds)(on_gpu.__call__)

    def forward(crops: Image, landmarks: Float, c: Float, relax: Float, attention: bool = False) -> ModelOutput:
        if LocalContext.request.get(None) is not None:
            try:
                return borrowed(crops, landmarks, c, relax, attention)
            except Error as error:
                _log.warning("No graphics card was lent: %s", error)
        return here(crops, landmarks, c, relax, attention)

    return forward
