"""A `gr.Image` that hands over the uploaded file as it is, so that reading it, and saying what is wrong, is ours."""

import gradio as gr
from gradio.data_classes import ImageData

from reggan.errors import InputError
from reggan.ui.words import say, sorry


class PictureInput(gr.Image):
    """gr.Image opens files itself, and its errors are no sentences for visitors; here `read_image` does that."""

    is_template = True  # looks like gr.Image in the browser

    def preprocess(self, payload: ImageData | None) -> str | None:  # type: ignore[override]
        # Gradio has checked before that the path is one of its own uploads.
        return None if payload is None else payload.path


def as_error(error: InputError, language: str = "en") -> gr.Error:
    """The one sentence, without a traceback in the log."""
    return gr.Error(sorry(error, language), print_exception=False, title=say("Sorry", language))
