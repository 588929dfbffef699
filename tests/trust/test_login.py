"""The login of docs/reliability.md, as it stands there: who has none sees, sends and reads nothing."""

import re
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.paths import PHOTO, ROOT
from tests.server import Server

LOGIN = {"username": "name", "password": "a long password"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    text = (ROOT / "docs" / "reliability.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert "auth=[" in program
    with Server((sys.executable, "-c", program)) as started:
        started.wait()
        yield started


@pytest.fixture
def stranger(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=120) as client:
        yield client


@pytest.fixture
def friend(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=120) as client:
        assert client.post("/login", data=LOGIN).status_code == 200
        yield client


def picture(friend: httpx.Client) -> dict[str, object]:
    (path,) = friend.post("/gradio_api/upload", files={"files": ("a.jpg", PHOTO.read_bytes())}).json()
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def test_a_stranger_gets_nothing(stranger: httpx.Client, friend: httpx.Client) -> None:
    stored = picture(friend)
    asked = {"data": [stored, "happy", 1, None, False, "", None, None]}
    event = friend.post("/gradio_api/call/edit", json=asked).json()["event_id"]
    answers = {
        "page's parts": stranger.get("/config"),
        "list of endpoints": stranger.get("/gradio_api/info"),
        "upload": stranger.post("/gradio_api/upload", files={"files": ("a.jpg", b"x")}),
        "edit": stranger.post("/gradio_api/call/edit", json=asked),
        "the page's way to edit": stranger.post("/gradio_api/queue/join", json={**asked, "fn_index": 0}),
        "somebody's picture": stranger.get(f"/gradio_api/file={stored['path']}"),
        "somebody's result": stranger.get(f"/gradio_api/call/edit/{event}"),
    }
    assert {what: answer.status_code for what, answer in answers.items() if answer.status_code != 401} == {}
    assert '"auth_required":true' in stranger.get("/").text


def test_mcp_asks_for_the_login_too(stranger: httpx.Client, friend: httpx.Client) -> None:
    """Gradio alone lists and runs its tools for anybody."""
    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    for path in ("/gradio_api/mcp/", "/gradio_api/mcp", "/gradio_api/mcp/schema", "/gradio_api/mcp/sse"):
        answer = stranger.post(path, json=hello, headers=accept)
        assert (answer.status_code, answer.json()) == (401, {"detail": "Log in first."}), path
    assert friend.post("/gradio_api/mcp/", json=hello, headers=accept).status_code == 200


@pytest.mark.parametrize("wrong", [{"password": "a long passwor"}, {"username": "other"}, {"password": ""}], ids=str)
def test_a_wrong_login_is_no_login(stranger: httpx.Client, wrong: dict[str, str]) -> None:
    answer = stranger.post("/login", data=LOGIN | wrong)
    assert answer.status_code in (400, 401, 422) and "set-cookie" not in answer.headers
    assert stranger.get("/config").status_code == 401


def test_with_the_login_everything_works(friend: httpx.Client) -> None:
    cookies = [line for line in friend.post("/login", data=LOGIN).headers.get_list("set-cookie") if "token" in line]
    assert cookies and all("httponly" in line.lower() and "samesite" in line.lower() for line in cookies)
    asked = {"data": [picture(friend), "happy", 1, None, False, "", None, None]}
    event = friend.post("/gradio_api/call/edit", json=asked).json()["event_id"]
    assert friend.get(f"/gradio_api/call/edit/{event}").text.startswith("event: complete")


def test_a_login_is_of_no_use_to_other_websites(friend: httpx.Client) -> None:
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = friend.post(
        "/gradio_api/call/edit", json={"data": [None, "happy", 1, None, False, "", None, None]}, headers=foreign
    )
    assert (answer.status_code, answer.json()["detail"]) == (403, "Other websites may not act in a visitor's name.")
