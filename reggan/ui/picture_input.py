"""Inputs that hand over uploaded files as they are, so that reading them, and saying what is wrong, is ours."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData, ImageData, ListFiles

from reggan.errors import InputError
from reggan.ui.guard import uploaded
from reggan.ui.words import error_text, say

_FILE = {"_type": "gradio.FileData"}


class PictureInput(gr.Image):
    """gr.Image opens files itself, and its errors are no sentences for visitors; here `read_image` does that."""

    is_template = True  # looks like gr.Image in the browser

    def preprocess(self, payload: ImageData | None) -> str | None:  # type: ignore[override]
        # Gradio checks that the path is one of its own uploads only where the request marks it as a file.
        return None if payload is None or payload.path is None else check_upload(payload.path)

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        """Gradio would fetch an address, whatever its size."""
        if url_or_file_path is not None:
            check_upload(str(url_or_file_path))
        return await super().async_move_resource_to_block_cache(url_or_file_path)

    def api_info(self) -> dict[str, Any]:
        """What programs are told to send: an uploaded file, and no address, which would be refused."""
        path = {"type": "string", "description": "what /upload answered with"}
        return {
            "title": "Picture",
            "type": "object",
            "properties": {"path": path, "meta": {"type": "object", "default": _FILE}},
            "required": ["path"],
            "additional_description": "A picture that was uploaded; in gradio_client handle_file with a file's path.",
        }

    def example_payload(self) -> Any:
        return {"path": "portrait.jpg", "url": "portrait.jpg", "orig_name": "portrait.jpg", "meta": _FILE}

    def example_value(self) -> Any:
        return "portrait.jpg"


class PicturesInput(gr.File):
    """gr.File goes by the ending of a file's name, in English; here the content decides, in `read_image`."""

    is_template = True

    def preprocess(self, payload: ListFiles | FileData | None) -> list[str] | None:  # type: ignore[override]
        if payload is None:
            return None
        files = [payload] if isinstance(payload, FileData) else payload.root
        return [check_upload(file.path) for file in files]


def check_upload(path: str) -> str:
    """The path of an uploaded file; anything else is answered with a sentence."""
    try:
        return uploaded(path)
    except InputError as error:
        raise as_error(error) from None


def as_error(error: InputError, language: str = "en") -> gr.Error:
    """The one sentence, without a traceback in the log."""
    return gr.Error(error_text(error, language), print_exception=False, title=say("Sorry", language))
