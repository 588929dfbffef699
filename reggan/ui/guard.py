"""Middleware between the network and Gradio: refuses requests that nobody needs, and adds headers to every answer.

Gradio checks that a file named in a request is an upload only where the request marks it as a file; it fetches
addresses (`/file=http://...`) for anybody; it accepts requests from any website, with the visitor's cookies; and where
a login is asked for, MCP works without.
"""

import contextlib
import errno
import json
import shutil
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reggan.errors import InputError
from reggan.ui.words import LANGUAGES, error_text

MAX_UPLOAD = 512_000_000  # bytes of one upload request, with all its files
MAX_BODY = 64_000_000  # bytes of any other request: a picture may be in it as base64

_TOO_LARGE = "The request is too large."
_STRANGER = "Log in first."
_FOREIGN = "Other websites may not act in a visitor's name."
_NOT_UPLOADED = "Only pictures that were uploaded here can be used."
_NO_TEXT = "The request is not valid Unicode text."
_ADDRESS = "Addresses are not fetched; upload the picture itself."

_ROOM = 32_000_000  # bytes of the disk that uploads leave free: for results, and for others who upload at the same time
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

# What Gradio tells a program whose values its components cannot read, and what it is told here.
_SILENT = b'data: {"error": null}'
_SAID = (
    b'data: {"error": "The request could not be carried out. Check the number and the kinds of its values: '
    b'/gradio_api/info lists them."}'
)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), payment=(), usb=()",
    # A Space is shown within a page of huggingface.co.
    "Content-Security-Policy": "frame-ancestors 'self' https://huggingface.co; object-src 'none'; base-uri 'self'",
}


def uploaded(path: str) -> str:
    """The path of a file, if it is one that this server has written for its visitors.

    Raises:
        InputError: it is an address, or lies anywhere else.
    """
    if "://" in path:
        raise InputError(_ADDRESS)
    try:
        real = Path(path).resolve()
        inside = real.is_relative_to(Path(get_upload_folder()).resolve()) and real.is_file()
    except (OSError, ValueError, RuntimeError):  # a null character; a link to itself
        inside = False
    if not inside:
        raise InputError(_NOT_UPLOADED)
    return path


def check_files(content: Any) -> None:
    """Look at every {"path": ...} in a request.

    Raises:
        InputError: one of them is not an uploaded file.
    """
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("path"), str):
                uploaded(value["path"])
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def check_room(size: int) -> None:
    """Whether there is room for an upload: Gradio would write what fits, and leave it there.

    Raises:
        InputError: there is none.
    """
    if shutil.disk_usage(get_upload_folder()).free < size + _ROOM:
        raise _full()


def _full() -> InputError:
    return InputError("The server's disk is full; try again later.")


class Guard:
    """ASGI middleware around Gradio's application. Keeps nothing between requests."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if "/file=" in path:
                    headers["Cache-Control"] = "no-store"  # a face does not stay in the browser's cache
                elif "/assets/" in path and message["status"] == 200:  # a new version has a new name
                    headers["Cache-Control"] = "public, max-age=31536000, immutable"
            elif "/call/" in path and _SILENT in message.get("body", b""):
                message = {**message, "body": message["body"].replace(_SILENT, _SAID)}
            await send(message)

        problem = _refused(scope)
        if problem is None and scope["method"] == "POST" and not _is_upload(scope):
            body = await whole_body(receive)
            problem = _TOO_LARGE if body is None else _wrong_text(body) or _wrong_file(body)
            receive = replay(body or b"", receive)
        if problem is None and _is_upload(scope):
            await self._upload(scope, receive, answer)
        elif problem is None:
            with contextlib.suppress(ClientDisconnect):  # whoever has gone needs no answer, and the log no traceback
                await self.app(scope, receive, answer)
        else:
            status = {_TOO_LARGE: 413, _NO_TEXT: 400, _STRANGER: 401}.get(problem, 403)
            await JSONResponse({"detail": problem}, status)(scope, receive, answer)

    async def _upload(self, scope: Scope, receive: Receive, answer: Send) -> None:
        """Pass an upload on, or say that the disk is full: now, or because others have filled it meanwhile."""
        more = True

        async def noted() -> Message:
            nonlocal more
            message = await receive()
            more = bool(message.get("more_body"))
            return message

        try:
            check_room(int(Headers(scope=scope)["content-length"]))
            with contextlib.suppress(ClientDisconnect):
                await self.app(scope, noted, answer)
        except (InputError, OSError) as error:
            if isinstance(error, OSError) and error.errno not in _NO_ROOM:
                raise
            while more:  # a browser listens when it has sent everything
                await noted()
            wanted = Headers(scope=scope).get("accept-language", "")[:2].lower()
            text = error_text(_full(), wanted if wanted in LANGUAGES else "en")
            await PlainTextResponse(text, 507)(scope, receive, answer)


def _is_upload(scope: Scope) -> bool:
    return bool(scope["method"] == "POST" and scope["path"].rstrip("/").endswith("/upload"))


def _refused(scope: Scope) -> str | None:
    """Why a request is refused by its head alone, if it is."""
    headers, path = Headers(scope=scope), scope["path"]
    if "/file=http" in path or "/proxy=" in path:
        return _ADDRESS
    if "/mcp" in path and not _may_enter(scope):
        return _STRANGER
    if scope["method"] == "POST":
        if headers.get("sec-fetch-site") == "cross-site" and "cookie" in headers:
            return _FOREIGN
        length = headers.get("content-length", "")
        if _is_upload(scope) and not (length.isdecimal() and int(length) <= MAX_UPLOAD):
            return _TOO_LARGE
    return None


def _may_enter(scope: Scope) -> bool:
    """Whether the server asks for no login, or the request brings one: what Gradio's `get_current_user` looks at."""
    app = scope["app"]
    if app.auth is None:
        return True
    cookies = Request(scope).cookies
    tokens = (cookies.get(f"access-token-{kind}{app.cookie_id}") for kind in ("", "unsecure-"))
    return any(token in app.tokens for token in tokens)


async def whole_body(receive: Receive) -> bytes | None:
    """The whole request; None if it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":  # the client has gone
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that delivers the body, already read, once more."""
    read = False

    async def first() -> Message:
        nonlocal read
        if read:
            return await receive()
        read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return first


def _wrong_text(body: bytes) -> str | None:
    """Half of a surrogate pair, which no answer could repeat, or bytes that are no UTF-8."""
    try:
        body.decode()
        if b"\\ud" in body or b"\\uD" in body:
            json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeError:
        return _NO_TEXT
    except (ValueError, RecursionError):  # what is no JSON is left to Gradio to refuse
        return None
    return None


def _wrong_file(body: bytes) -> str | None:
    """Why a request's content is refused, if it is. What is no JSON is left to Gradio to refuse."""
    if b'"path"' not in body and b"\\u" not in body:
        return None
    try:
        check_files(json.loads(body))
    except InputError as error:
        return str(error)
    except (ValueError, RecursionError):
        return None
    return None
