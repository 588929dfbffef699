"""Middleware that completes programs' calls with fewer values than an endpoint takes today.

Endpoints get new parameters at their end. A program written before sends fewer, as a list, and Gradio would refuse it,
with a traceback in the log that names the uploaded file. Here what is missing gets its default.
"""

import inspect
import json
import re
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from reggan.ui.api import Endpoints
from reggan.ui.guard import replay, whole_body

_CALL = re.compile(r"/(?:call|run|api)/(\w+)/?$")


def _defaults(endpoint: Callable[..., Any]) -> list[Any]:
    """One for each parameter; None for those without."""
    parameters = list(inspect.signature(endpoint).parameters.values())[1:]  # without self
    return [None if one.default is one.empty else one.default for one in parameters]


DEFAULTS = {one.__name__: _defaults(one) for one in (Endpoints.detect, Endpoints.edit, Endpoints.sheet)}


class OldCalls:
    """ASGI middleware around Gradio's application. Keeps nothing between requests."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        called = _CALL.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if called is not None and called[1] in DEFAULTS:
            body = await whole_body(receive) or b""
            receive = replay(completed(body, DEFAULTS[called[1]]), receive)
        await self.app(scope, receive, send)


def completed(body: bytes, defaults: list[Any]) -> bytes:
    """A request with defaults for the values that its list lacks; what is no such request stays as it is."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return body
    given = request.get("data") if isinstance(request, dict) else None
    if not isinstance(given, list) or len(given) >= len(defaults):
        return body
    return json.dumps({**request, "data": [*given, *defaults[len(given) :]]}).encode()
