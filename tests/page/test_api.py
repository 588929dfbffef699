"""The endpoints for programs, and the same as tools for assistants. No browser is open in this file."""

import ast
import asyncio
import base64
import importlib.util
import io
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr
import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from reggan.output import provenance
from tests.paths import PHOTO


def test_app_offers_a_demo_and_sends_no_telemetry(app: ModuleType) -> None:
    assert isinstance(app.demo, gr.Blocks)
    assert app.demo.analytics_enabled is False


def test_only_three_endpoints_are_public(url: str) -> None:
    endpoints = Client(url, verbose=False).view_api(return_format="dict")["named_endpoints"]
    assert set(endpoints) == {"/detect", "/edit", "/sheet"}
    given = {name: [p["parameter_name"] for p in endpoints[name]["parameters"]] for name in endpoints}
    assert given["/edit"] == ["image", "expression", "strength", "face", "badge", "marks"]
    assert given["/sheet"] == ["image", "expressions", "strength", "face"]
    assert len(endpoints["/edit"]["returns"]) == 3


def test_detect(url: str, pictures: dict[str, Path]) -> None:
    client = Client(url, verbose=False)
    found = client.predict(handle_file(PHOTO), api_name="/detect")
    assert (found["width"], found["height"]) == (768, 900)
    (face,) = found["faces"]
    x0, y0, x1, y1 = face["box"]
    assert 200 < x0 < x1 < 600 and 150 < y0 < y1 < 560  # where her face is
    assert face["confidence"] > 0.8
    assert client.predict(handle_file(pictures["landscape"]), api_name="/detect")["faces"] == []


def test_edit(url: str) -> None:
    client = Client(url, verbose=False)
    files = client.predict(handle_file(PHOTO), expression="surprised", strength=0.8, api_name="/edit")
    whole, coarse, refined = (Image.open(file) for file in files)
    assert [p.format for p in (whole, coarse, refined)] == ["PNG"] * 3
    assert whole.size == (768, 900) and coarse.size == refined.size == (256, 256)
    changed = np.abs(np.asarray(whole, int) - np.asarray(Image.open(PHOTO), int)).max(-1) > 8
    assert changed[200:560, 230:560].mean() > 0.02, "the face"
    assert not changed[700:].any(), "the uniform"
    for file in files:
        said = provenance.read(file)
        assert said["source_type"] == provenance.SOURCE_TYPE and "surprised" in said["description"]


def test_edit_takes_marks_where_there_is_no_face(url: str, pictures: dict[str, Path]) -> None:
    """The landscape is 400 x 300: eyes and a mouth in its right half change that half alone."""
    client = Client(url, verbose=False)
    picture, marks = handle_file(pictures["landscape"]), "270,110,330,110,300,170"
    whole, *_ = client.predict(picture, expression="surprised", marks=marks, api_name="/edit")
    before = np.asarray(Image.open(pictures["landscape"]), int)
    changed = np.abs(np.asarray(Image.open(whole), int) - before).max(-1) > 8
    assert changed[172:182, 295:305].mean() > 0.5, "the mouth"
    assert not changed[:, :200].any()
    with pytest.raises(AppError, match="Eyes and mouth must be marked at least 8 pixels apart"):
        client.predict(picture, marks="270,110,271,110,300,170", api_name="/edit")
    with pytest.raises(AppError, match="Marks are numbers separated by commas"):
        client.predict(picture, marks="left eye", api_name="/edit")


def test_sheet(url: str, pictures: dict[str, Path]) -> None:
    client = Client(url, verbose=False)
    six, every = (
        client.predict(handle_file(pictures["pair"]), expressions=which, face=1, api_name="/sheet")
        for which in ("basic", "all")
    )
    assert Image.open(six).format == "PNG"
    area = [width * height for width, height in (Image.open(six).size, Image.open(every).size)]
    assert area[1] > 2 * area[0] > 14 * 256 * 256
    assert provenance.read(six)["source_type"] == provenance.SOURCE_TYPE


def test_mistakes_are_answered_in_one_sentence(url: str, pictures: dict[str, Path]) -> None:
    client = Client(url, verbose=False)
    with pytest.raises(AppError, match="No face was found") as no_face:
        client.predict(handle_file(pictures["landscape"]), api_name="/edit")
    assert "Traceback" not in str(no_face.value)
    with pytest.raises(AppError, match="damaged"):
        client.predict(handle_file(pictures["damaged"]), api_name="/edit")
    with pytest.raises(AppError, match="There is no face 7"):
        client.predict(handle_file(PHOTO), face=7, api_name="/edit")
    with pytest.raises(AppError, match="There is no face 7"):
        client.predict(handle_file(PHOTO), face=7, api_name="/sheet")


def test_files_of_the_server_cannot_be_named(url: str) -> None:
    client = Client(url, verbose=False)
    with pytest.raises(AppError):
        client.predict({"path": "/etc/hostname", "meta": {"_type": "gradio.FileData"}}, api_name="/detect")


needs_mcp = pytest.mark.skipif(importlib.util.find_spec("mcp") is None, reason="the extra gradio[mcp] is not installed")


def ask(url: str, tool: str | None = None, **arguments: Any) -> Any:
    """The server's tools, or the answer of one of them, over MCP."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def talk() -> Any:
        async with (
            streamablehttp_client(f"{url}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await session.list_tools() if tool is None else await session.call_tool(tool, arguments)

    return asyncio.run(talk())


@needs_mcp
def test_tools_are_the_three_endpoints_and_say_what_they_do(url: str) -> None:
    tools = {tool.name.rsplit("_", 1)[-1]: tool for tool in ask(url).tools}
    assert set(tools) == {"detect", "edit", "sheet"}
    assert "Find the faces" in tools["detect"].description
    described = tools["edit"].inputSchema["properties"]
    assert set(described) == {"image", "expression", "strength", "face", "badge", "marks"}
    assert "happily surprised" in described["expression"]["enum"]


@needs_mcp
def test_a_tool_can_be_called(url: str) -> None:
    tools = {tool.name.rsplit("_", 1)[-1]: tool.name for tool in ask(url).tools}
    data = "data:image/jpeg;base64," + base64.b64encode(PHOTO.read_bytes()).decode()
    found = ask(url, tools["detect"], image=data)
    assert not found.isError, found.content
    assert len(ast.literal_eval(found.content[0].text)["faces"]) == 1
    edited = ask(url, tools["edit"], image=data, expression="sad", strength=0.7)
    assert not edited.isError, edited.content
    whole = httpx.get(ast.literal_eval(edited.content[0].text)[0]["url"]).content
    assert Image.open(io.BytesIO(whole)).size == (768, 900)
    assert "sad" in provenance.read(whole)["description"]
    sheet = ask(url, tools["sheet"], image=data)
    assert not sheet.isError and sheet.content[0].type == "image"
