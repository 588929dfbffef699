"""The endpoints for programs, and the same as tools for assistants. No browser is open in this file."""

import ast
import asyncio
import base64
import importlib.util
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
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

from reggan.__main__ import main
from reggan.output import provenance
from reggan.predictor import Predictor
from reggan.ui.about_tab import printed_calls
from tests.paths import PHOTO

EDIT = ["image", "expression", "strength", "face", "badge", "marks", "mixture", "boxes"]


def test_app_offers_a_demo_and_sends_no_telemetry(app: ModuleType) -> None:
    assert isinstance(app.demo, gr.Blocks)
    assert app.demo.analytics_enabled is False


def test_gradio_writes_no_files_beside_our_components(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_component.py").write_text("import gradio as gr\n\n\nclass Own(gr.Image):\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert issubclass(importlib.import_module("own_component").Own, gr.Image)
    assert [path.name for path in tmp_path.iterdir()] == ["own_component.py"]


def test_of_who_asked_for_what_there_is_no_list(app: ModuleType, url: str) -> None:
    client = Client(url, verbose=False)
    for _ in range(2):
        client.predict(handle_file(PHOTO), api_name="/detect")
    assert len(app.demo._queue.event_analytics) <= 1
    assert app.demo._queue.cached_event_analytics_summary == {"functions": {}}


def test_only_three_endpoints_are_public(url: str) -> None:
    endpoints = Client(url, verbose=False).view_api(return_format="dict")["named_endpoints"]
    assert set(endpoints) == {"/detect", "/edit", "/sheet"}
    given = {name: [p["parameter_name"] for p in endpoints[name]["parameters"]] for name in endpoints}
    assert given["/edit"] == EDIT
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


def test_calls_with_fewer_values_get_defaults_and_no_traceback(
    url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Those of programs that were written before `/edit` took marks, mixtures and boxes."""
    with PHOTO.open("rb") as file:
        (path,) = httpx.post(f"{url}/gradio_api/upload", files={"files": (PHOTO.name, file)}).json()
    picture = {"path": path, "meta": {"_type": "gradio.FileData"}}

    def call(*data: Any) -> str:
        asked = httpx.post(f"{url}/gradio_api/call/edit", json={"data": data}, timeout=60)
        return httpx.get(f"{url}/gradio_api/call/edit/{asked.json()['event_id']}", timeout=120).text

    answer = call(picture, "happy", 1.0, None, False)
    assert answer.startswith("event: complete")
    whole = json.loads(answer.partition("data: ")[2])[0]["url"]
    expected = Predictor.from_pretrained()(PHOTO, "happy").image
    assert (np.asarray(Image.open(io.BytesIO(httpx.get(whole).content)), int) == expected).all()
    assert call(picture).startswith("event: complete")
    assert "Send a picture." in call()
    written = capfd.readouterr()
    assert "Traceback" not in written.err + written.out + caplog.text


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


def test_edit_takes_mixtures(url: str) -> None:
    client = Client(url, verbose=False)
    mixture = {"happy": 0.7, "surprised": 0.6}
    whole, *_ = client.predict(handle_file(PHOTO), mixture=mixture, api_name="/edit")
    expected = Predictor.from_pretrained()(PHOTO, mixture).image
    assert np.abs(np.asarray(Image.open(whole), int) - expected).max() <= 2
    assert "70 % happy, 60 % surprised" in provenance.read(whole)["description"]
    with pytest.raises(AppError, match="bored"):
        client.predict(handle_file(PHOTO), mixture={"bored": 1}, api_name="/edit")
    for wrong in ({"happy": "very"}, [0.5], {"happy": True}):
        with pytest.raises(AppError, match="made of names and numbers"):
            client.predict(handle_file(PHOTO), mixture=wrong, api_name="/edit")


def test_edit_takes_boxes(url: str, pictures: dict[str, Path]) -> None:
    """The faces in the boxes change, in the boxes' order, and no other does."""
    client = Client(url, verbose=False)
    pair = handle_file(pictures["pair"])
    found = [face["box"] for face in client.predict(pair, api_name="/detect")["faces"]]
    left, right = sorted(found)
    before = np.asarray(Image.open(pictures["pair"]).convert("RGB"), int)

    def changed(**given: Any) -> list[bool]:
        whole, *_ = client.predict(pair, api_name="/edit", **given)
        change = np.abs(np.asarray(Image.open(whole), int) - before).max(-1) > 8
        return [bool(change[:, :410].any()), bool(change[:, 430:].any())]

    assert changed(boxes=[right]) == [False, True]
    assert changed(boxes=[right, left]) == [True, True]
    assert changed(boxes=[right, left], face=1) == [True, False]
    for wrong in (right, [right[:3]], [["a", 1, 2, 3]]):
        with pytest.raises(AppError, match="Boxes are a list of"):
            client.predict(pair, boxes=wrong, api_name="/edit")


def blocks_of(url: str) -> list[str]:
    """The calls as the About tab prints them; `test_about.py` looks whether it does."""
    return re.findall(r"```\w+\n(.*?)```", printed_calls(url), re.DOTALL)


def test_the_printed_calls_work(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package, command, client, http, _ = blocks_of(url)
    shutil.copy(PHOTO, tmp_path / "portrait.jpg")
    monkeypatch.chdir(tmp_path)

    known: dict[str, Any] = {}
    exec(package, known)
    smiling = known["result"].image
    assert smiling.shape == (900, 768, 3)

    start, *arguments = shlex.split(command.strip())
    assert [start, *arguments[:2]] == ["python", "-m", "reggan"] and main(arguments[2:]) == 0
    assert (np.asarray(Image.open("edited/portrait_happy.png")) == smiling).all()

    exec(client, known)
    assert (np.asarray(Image.open(known["whole"])) == smiling).all()

    subprocess.run(["bash", "-e", "-c", http], check=True, timeout=120)
    mixed = known["predictor"]("portrait.jpg", {"happy": 0.7, "surprised": 0.6}).image
    assert (np.asarray(Image.open("edited.png")) == mixed).all()


def test_what_is_sent_is_never_said_to_be_an_address(url: str) -> None:
    """Addresses are refused: neither descriptions nor examples name one that is not this server's own."""
    api = httpx.get(f"{url}/gradio_api/info").json()["named_endpoints"]
    for endpoint in api.values():
        assert "url" not in json.dumps([one["type"] for one in endpoint["parameters"]]).lower()
        said = json.dumps([endpoint["parameters"], endpoint["code_snippets"]])
        assert [a for a in re.findall(r"https?://[^\"'\\ ]+", said) if not a.startswith(url)] == []
        assert "handle_file('portrait.jpg')" in endpoint["code_snippets"]["python"]


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
    assert set(described) == set(EDIT)
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
    whole, coarse, refined = (base64.b64decode(part.data) for part in edited.content if part.type == "image")
    assert [Image.open(io.BytesIO(data)).size for data in (whole, coarse, refined)] == [(768, 900)] + 2 * [(256, 256)]
    address = edited.content[1].text.removeprefix("Image URL: ")
    assert "sad" in provenance.read(httpx.get(address).content)["description"]
    sheet = ask(url, tools["sheet"], image=data)
    assert not sheet.isError and sheet.content[0].type == "image"


@needs_mcp
def test_tools_take_uploads_and_say_so(url: str) -> None:
    """By the address that the upload has here, which is what helpers of assistants send; no other is fetched."""
    (tool,) = (tool for tool in ask(url).tools if tool.name.endswith("detect"))
    said = tool.inputSchema["properties"]["image"]
    assert said["type"] == "string" and "upload to this server" in said["format"] and "https" not in said["format"]
    with PHOTO.open("rb") as file:
        (path,) = httpx.post(f"{url}/gradio_api/upload", files={"files": (PHOTO.name, file)}).json()
    found = ask(url, tool.name, image=f"{url}/gradio_api/file={path}")
    assert not found.isError, found.content
    assert len(ast.literal_eval(found.content[0].text)["faces"]) == 1
    for refused in (f"{url}/gradio_api/file=/etc/hostname", "https://example.org/portrait.jpg"):
        assert ask(url, tool.name, image=refused).isError


@needs_mcp
def test_the_printed_address_of_the_tools_works(url: str) -> None:
    address = json.loads(blocks_of(url)[-1])["mcpServers"]["reggan"]["url"]
    assert len(ask(address.removesuffix("/gradio_api/mcp/")).tools) == 3
