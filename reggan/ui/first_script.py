"""Middleware that puts a script at the very beginning of the page.

What `launch` takes as `head` is run too late: Gradio has asked the browser for its language by then.
"""

import json
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reggan.ui.words import LANGUAGES

_LANGUAGE = (Path(__file__).parent / "assets" / "language.js").read_text(encoding="utf-8")
_FIRST = f"<head><script>{{ const LANGUAGES = {json.dumps(LANGUAGES)};\n{_LANGUAGE}}}</script>".encode()


class FirstScript:
    """ASGI middleware around Gradio's application: adds `assets/language.js` to pages. Keeps nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        page = b""

        async def answer(message: Message) -> None:
            nonlocal start, page
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
            elif start is None:
                await send(message)
            elif message["type"] == "http.response.body":
                page += message.get("body", b"")
                if not message.get("more_body"):
                    page = page.replace(b"<head>", _FIRST, 1)
                    MutableHeaders(scope=start)["Content-Length"] = str(len(page))
                    await send(start)
                    await send({"type": "http.response.body", "body": page})

        await self.app(scope, receive, answer)


def _is_page(start: Message) -> bool:
    return any(name.lower() == b"content-type" and b"text/html" in value for name, value in start["headers"])
