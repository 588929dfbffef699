"""The public endpoints as tools for assistants (MCP), where Gradio's own answers need mending.

Gradio's server of tools says that it fetches addresses, which this page refuses; it hands on the address of an upload,
refused too; and where a tool has several results, it answers with their description in place of the pictures.
"""

import importlib.util
from typing import Any
from urllib.parse import unquote

_PICTURE = "the picture as data:image/...;base64,..., or the address that an upload to this server was given"


def offer_tools() -> bool:
    """Put our server of tools in Gradio's place. False where the extra `gradio[mcp]` is not installed."""
    if importlib.util.find_spec("mcp") is None:
        return False
    import gradio.mcp

    class Tools(gradio.mcp.GradioMCPServer):
        """Gradio's, mended."""

        def simplify_filedata_schema(self, schema: dict[str, Any]) -> tuple[dict[str, Any], list[list[str | int]]]:
            simple, places = super().simplify_filedata_schema(schema)
            for place in places:
                field = simple["properties"]
                for key in place:
                    field = field[key]
                field["format"] = _PICTURE
                field.pop("required", None)  # of the object that a text has replaced
            return simple, places

        def convert_strings_to_filedata(self, value: Any, filedata_positions: list[list[str | int]]) -> Any:
            value = {key: _own_upload(text, [key] in filedata_positions) for key, text in value.items()}
            return super().convert_strings_to_filedata(value, filedata_positions)

        async def _execute_tool_without_progress(self, job: Any) -> list[Any]:
            (result,) = await super()._execute_tool_without_progress(job)
            return list(result) if isinstance(result, tuple | list) else [result]

    gradio.mcp.GradioMCPServer = Tools  # type: ignore[misc]
    return True


def _own_upload(value: Any, is_file: bool) -> Any:
    """A file among the uploads for its address here; `reggan.ui.guard` looks whether it is one."""
    if is_file and isinstance(value, str) and value.startswith(("http://", "https://")) and "/file=" in value:
        return {"path": unquote(value.partition("/file=")[2]), "meta": {"_type": "gradio.FileData"}}
    return value
