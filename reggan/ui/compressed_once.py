"""Middleware that compresses the page's scripts and styles once, where Gradio does it anew for every visitor.

They are some megabytes, and their names tell their versions: what has been sent under a name is sent again.
"""

import brotli  # type: ignore[import-untyped]
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_QUALITY = 5  # of 11; those above take many times as long for a few per cent
_KINDS = (".js", ".css")


class CompressedOnce:
    """ASGI middleware around Gradio's application. Keeps the compressed files, 1 MB."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[str, tuple[Message, bytes]] = {}  # path -> start of the answer, and its body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _wanted(scope):
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        if path not in self._kept:
            start, body = await self._asked(scope, receive)
            if start["status"] != 200:
                await send(start)
                await send({"type": "http.response.body", "body": body})
                return
            body = brotli.compress(body, mode=brotli.MODE_TEXT, quality=_QUALITY)
            headers = MutableHeaders(scope=start)
            headers["Content-Encoding"], headers["Content-Length"] = "br", str(len(body))
            headers.add_vary_header("Accept-Encoding")
            self._kept[path] = start, body
        start, body = self._kept[path]
        await send({**start, "headers": list(start["headers"])})  # others add theirs to it
        await send({"type": "http.response.body", "body": body})

    async def _asked(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """The application's answer, whole."""
        start: Message = {}
        parts: list[bytes] = []

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.app(scope, receive, note)
        return start, b"".join(parts)


def _wanted(scope: Scope) -> bool:
    """Whether it is a whole script or style that is asked for, by somebody who reads this compression."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    if "/assets/" not in scope["path"] or not scope["path"].endswith(_KINDS):
        return False
    headers = Headers(scope=scope)
    partly = any(name in headers for name in ("range", "if-none-match", "if-modified-since"))
    return "br" in headers.get("accept-encoding", "") and not partly
