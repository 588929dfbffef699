"""What a stranger may ask the server for: files, addresses, other people's requests. Nothing but outputs comes out."""

import asyncio
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio.utils import get_upload_folder
from starlette.types import Receive, Scope, Send

from reggan.errors import InputError
from reggan.ui.compressed_once import CompressedOnce
from reggan.ui.guard import check_files, uploaded
from reggan.ui.picture_input import check_upload
from reggan.votes.store import Store
from tests.paths import PHOTO, ROOT

MARKED = {"meta": {"_type": "gradio.FileData"}}


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=120) as client:
        yield client


def upload(http: httpx.Client, data: bytes, name: str) -> str:
    (path,) = http.post("/gradio_api/upload", files={"files": (name, data)}).raise_for_status().json()
    return path


def edit(http: httpx.Client, image: Any) -> tuple[int, str]:
    """Status and text of what the endpoint says about a picture."""
    started = http.post("/gradio_api/call/edit", json={"data": [image, "happy", 1.0, None, False, "", None, None]})
    if started.status_code != 200:
        return started.status_code, started.json()["detail"]
    ended = http.get(f"/gradio_api/call/edit/{started.json()['event_id']}")
    assert ended.text.startswith("event: error"), ended.text[:300]
    return ended.status_code, str(json.loads(ended.text.split("data: ", 1)[1])["error"])


@pytest.mark.parametrize("marked", [{}, MARKED], ids=["as anything", "marked as a file"])
@pytest.mark.parametrize(
    "path",
    [
        str(PHOTO),  # a picture of the server's that nobody uploaded
        "examples/photo_grace_hopper.jpg",
        "/etc/passwd",
        "/proc/self/environ",
        "file:///etc/passwd",
        "http://127.0.0.1:{port}/config",
        "http://localhost:{port}/config",
        "http://[::1]:{port}/config",
        "http://169.254.169.254/latest/meta-data/",
        "https://example.com/face.jpg",
        "{folder}",  # Gradio would stop deleting files if a folder were named
        "{folder}/..",
        "{folder}/../votes.db",
        "{votes}",
        "a\0b",
        "",
    ],
)
def test_only_uploaded_files_can_be_named(http: httpx.Client, url: str, path: str, marked: dict[str, Any]) -> None:
    path = path.format(port=url.rsplit(":", 1)[1], folder=get_upload_folder(), votes=os.environ["REGGAN_VOTES_DB"])
    status, sentence = edit(http, {"path": path, **marked})
    assert status == 403
    assert sentence in (
        "Only pictures that were uploaded here can be used.",
        "Addresses are not fetched; upload the picture itself.",
    )


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}/config", "file:///etc/passwd", "data:text/plain,x"])
def test_an_address_beside_the_path_is_not_looked_at(http: httpx.Client, url: str, address: str) -> None:
    address = address.format(port=url.rsplit(":", 1)[1])
    assert edit(http, {"url": address, **MARKED}) == (200, "Send a picture.")
    path = upload(http, b"not a picture", "face.jpg")
    assert edit(http, {"path": path, "url": address, **MARKED})[1].startswith("The file is not a picture")


def test_links_are_followed_before_the_path_is_judged(http: httpx.Client) -> None:
    link = Path(get_upload_folder()) / "link.jpg"
    link.symlink_to(PHOTO)
    try:
        assert edit(http, {"path": str(link), **MARKED})[0] == 403
        assert http.get(f"/gradio_api/file={link}").status_code == 403
    finally:
        link.unlink()


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../../../../etc/passwd",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%5c..%5cetc%5cpasswd",
        "{folder}/%2e%2e/%2e%2e/etc/passwd",
        "{folder}",
        "{votes}",
        "%2F..{votes}",
        "{root}/app.py",
        "app.py",
        "reggan/weights/reggan.safetensors",
        "{root}/.git/config",
        "file:///etc/passwd",
        "http://127.0.0.1:{port}/config",
        "http://169.254.169.254/",
        "https://example.com/",  # nobody's proxy
    ],
)
def test_the_server_hands_out_nothing_but_outputs(http: httpx.Client, url: str, path: str) -> None:
    votes = os.environ["REGGAN_VOTES_DB"]
    Store(Path(votes)).ballots()
    assert Path(votes).is_file(), "there is something to steal"
    path = path.format(port=url.rsplit(":", 1)[1], folder=get_upload_folder(), votes=votes, root=ROOT)
    for route in (f"/gradio_api/file={path}", f"/gradio_api/file/{path}", f"/file={path}", f"/static/{path}"):
        answer = http.get(route)
        assert answer.status_code in (403, 404), (route, answer.status_code)
        assert len(answer.content) < 600 and "Traceback" not in answer.text


def test_nothing_is_fetched_for_others(http: httpx.Client, url: str) -> None:
    for address in ("http://127.0.0.1:1/", "https://example.com/"):
        answer = http.get(f"/gradio_api/proxy={address}")
        assert (answer.status_code, answer.json()["detail"]) == (
            403,
            "Addresses are not fetched; upload the picture itself.",
        )


def test_the_batch_reads_no_other_file_either(app: ModuleType, http: httpx.Client) -> None:
    (number,) = [n for n, fn in app.demo.fns.items() if fn.name == "run"]
    files = [{"path": str(PHOTO)}]
    body = {"data": [files, "happy", 1, "all", "png", "en"], "fn_index": number, "session_hash": "thief"}
    assert http.post("/gradio_api/queue/join", json=body).status_code == 403
    with pytest.raises(gr.Error, match="Only pictures that were uploaded here"):  # behind the guard, once more
        check_upload(str(PHOTO))


def test_the_name_of_an_upload_is_no_path(http: httpx.Client) -> None:
    folder = Path(get_upload_folder())
    for name in (
        "../../evil.jpg",
        "/etc/evil.jpg",
        "..\\..\\evil.jpg",
        "a\u202egpj.exe",
        "x" * 300 + ".jpg",
        "..",
        ".",
    ):
        answer = http.post("/gradio_api/upload", files={"files": (name, b"x")})
        if answer.status_code == 200:
            (path,) = answer.json()
            assert Path(path).resolve().parent.parent == folder.resolve()
        else:
            assert answer.status_code in (400, 413), (name, answer.status_code)


def test_uploads_have_a_limit(http: httpx.Client) -> None:
    answer = http.post("/gradio_api/upload", files={"files": ("a.jpg", bytes(40 * 1024 * 1024 + 1))})
    assert answer.status_code == 413 and "Traceback" not in answer.text
    with socket.create_connection((http.base_url.host, http.base_url.port or 80), timeout=30) as plain:
        kind = "multipart/form-data; boundary=x"
        head = (
            f"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 512000001\r\n\r\n"
        )
        plain.sendall(head.encode())
        assert plain.recv(100).startswith(b"HTTP/1.1 413"), "before anything was sent"

    def endless() -> Iterator[bytes]:
        yield from (bytes(1_000_000) for _ in range(100))

    unknown = http.post("/gradio_api/upload", content=endless(), headers={"Content-Type": kind})
    assert unknown.status_code == 413, "an upload of unknown length"
    answer = http.post("/gradio_api/call/edit", content=b"[" * 64_000_001)
    assert (answer.status_code, answer.json()["detail"]) == (413, "The request is too large.")


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"path"', b"\xff\xfe", b"null"])
def test_requests_that_make_no_sense_are_refused(http: httpx.Client, body: bytes) -> None:
    answer = http.post("/gradio_api/call/edit", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500 and "Traceback" not in answer.text


@pytest.mark.parametrize("text", [r"\ud800", r"\uDFFF\uD800", "\ud800"])
def test_half_a_character_is_refused_in_one_sentence(http: httpx.Client, text: str) -> None:
    """No answer could repeat it: Gradio's refusal of a wrong type, which does, ended in a bare 500."""
    body = f'{{"data": "{text}"}}'.encode("utf-8", "surrogatepass")
    answer = http.post("/gradio_api/call/edit", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["detail"]) == (400, "The request is not valid Unicode text.")
    whole = json.dumps({"data": [None, "happy", 1, None, False, "", None, None], "session_hash": "\U0001f600"})
    started = http.post("/gradio_api/call/edit", content=whole, headers={"Content-Type": "application/json"})
    assert started.status_code == 200, "a whole pair is a character"


@pytest.mark.parametrize(
    "data",
    [
        [],
        [None],
        [7, "happy", 1, None, False, "", None, None],
        ["x", "happy", 1, None, False, "", None, None],
        [{"path": 7}, "happy", 1, None, False, "", None, None],
        [None, ["happy"], 1, None, False, "", None, None],
        [None, None, 1, None, False, "", None, None],
        [None, "happy", "strong", None, False, "", None, None],
        [None, "happy", [1], None, False, "", None, None],
        [None, "happy", None, None, False, "", None, None],
        [None, "happy", float("nan"), None, False, "", None, None],
        [None, "happy", 1, {"face": 1}, False],
        [None, "happy", 1, "first", False],
    ],
    ids=str,
)
def test_values_of_the_wrong_kind_end_in_one_sentence(http: httpx.Client, data: list[Any]) -> None:
    body = json.dumps({"data": data})
    started = http.post("/gradio_api/call/edit", content=body, headers={"Content-Type": "application/json"})
    ended = http.get(f"/gradio_api/call/edit/{started.json()['event_id']}")
    said = json.loads(ended.text.removeprefix("event: error\ndata: "))["error"]
    assert isinstance(said, str) and said.endswith(".") or "not in the list of choices" in said
    assert "Traceback" not in said


def test_headers(http: httpx.Client) -> None:
    for path in ("/", "/config", "/gradio_api/info", "/gradio_api/file=/etc/passwd"):
        headers = http.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'self' https://huggingface.co" in headers["Content-Security-Policy"]
        assert "set-cookie" not in headers
    stored = upload(http, b"x", "face.jpg")
    assert http.get(f"/gradio_api/file={stored}").headers["Cache-Control"] == "no-store"
    (script, *_) = re.findall(r"assets/index-[\w-]+\.js", http.get("/").text)
    assert "immutable" in http.get(f"/{script}").headers["Cache-Control"], "it is read once"
    assert "Cache-Control" not in http.get("/assets/index-none.js").headers


def test_scripts_are_compressed_once_and_arrive_whole(http: httpx.Client) -> None:
    (script, *_) = re.findall(r"assets/index-[\w-]+\.js", http.get("/").text)
    plain = http.get(f"/{script}", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers and len(plain.content) > 1000
    for _ in range(2):
        packed = http.get(f"/{script}", headers={"Accept-Encoding": "gzip, br"})
        assert packed.headers["Content-Encoding"] == "br" and packed.headers["Vary"].count("Accept-Encoding") == 1
        assert int(packed.headers["Content-Length"]) < 0.5 * len(plain.content)
        assert packed.content == plain.content and "immutable" in packed.headers["Cache-Control"]
        assert packed.headers["X-Content-Type-Options"] == "nosniff"
    part = http.get(f"/{script}", headers={"Accept-Encoding": "br", "Range": "bytes=0-9"})
    assert part.status_code == 206 and part.content == plain.content[:10]
    assert http.get("/assets/index-none.js", headers={"Accept-Encoding": "br"}).status_code == 404


def test_a_file_is_compressed_for_the_first_who_asks() -> None:
    asked: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        status = 200 if scope["path"].endswith("a.js") else 404
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 500, "more_body": True})
        await send({"type": "http.response.body", "body": b"y" * 500})

    async def visit() -> None:
        transport = httpx.ASGITransport(CompressedOnce(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
            for path in ("/assets/a.js", "/assets/a.js", "/assets/b.js", "/assets/b.js"):
                answer = await client.get(path, headers={"Accept-Encoding": "br"})
                assert answer.content == b"x" * 500 + b"y" * 500

    asyncio.run(visit())
    assert asked == ["/assets/a.js", "/assets/b.js", "/assets/b.js"], "what failed is asked for again"


def test_other_websites_may_not_use_a_visitors_cookies(http: httpx.Client) -> None:
    body = {"data": [None, "happy", 1, None, False, "", None, None]}
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = http.post("/gradio_api/call/edit", json=body, headers={**foreign, "Cookie": "access-token=1"})
    assert (answer.status_code, answer.json()["detail"]) == (403, "Other websites may not act in a visitor's name.")
    own = {"Sec-Fetch-Site": "same-origin", "Cookie": "access-token=1"}
    assert http.post("/gradio_api/call/edit", json=body, headers=own).status_code == 200
    assert http.post("/gradio_api/call/edit", json=body, headers=foreign).status_code == 200, "without cookies: an API"
    answer = http.get("/config", headers={"Origin": "https://evil.example", "Host": "localhost"})
    assert "access-control-allow-origin" not in answer.headers, "a website cannot read what runs on this machine"


def test_uploaded_means_in_the_private_folder() -> None:
    folder = Path(get_upload_folder())
    assert folder.stat().st_mode & 0o777 == 0o700, "no other user of the machine reads it"
    inside = folder / "a.jpg"
    inside.write_bytes(b"x")
    assert uploaded(str(inside)) == str(inside)
    check_files({"data": [{"path": str(inside)}, {"path": None}, {"path": 7}]})
    with pytest.raises(InputError, match="uploaded here"):
        check_files([[[{"deep": {"path": f"{folder}/../a.jpg"}}]]])
    inside.unlink()
