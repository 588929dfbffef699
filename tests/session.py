"""What a browser sends while somebody uses the page, without a browser."""

import json
from pathlib import Path
from typing import Any

import httpx


def wished(opened: list[Any], expression: str, strength: float = 1.0) -> str:
    """What the page asks for when the largest face is to have an expression; `opened`: the answer to an upload."""
    wishes = json.loads(opened[2])
    return json.dumps({**wishes, "faces": {"0": [expression, strength]}})


class Session:
    """A browser's way of talking to the page: an upload, then events by their number, with one session hash."""

    def __init__(self, url: str, name: str) -> None:
        self.http = httpx.Client(base_url=f"{url}/gradio_api", timeout=300)
        self.hash = f"session{name}"

    def upload(self, path: Path) -> dict[str, Any]:
        with path.open("rb") as file:
            (stored,) = self.http.post("/upload", files={"files": (path.name, file)}).raise_for_status().json()
        return {"path": stored, "meta": {"_type": "gradio.FileData"}}

    def event(self, number: int, data: list[Any]) -> list[Any]:
        """What the event's handler returns; states are kept on the server and given as None."""
        body = {"data": data, "fn_index": number, "session_hash": self.hash, "trigger_id": None}
        self.http.post("/queue/join", json=body).raise_for_status()
        with self.http.stream("GET", "/queue/data", params={"session_hash": self.hash}) as lines:
            for line in lines.iter_lines():
                message = json.loads(line[5:]) if line.startswith("data:") else {}
                if message.get("msg") == "process_completed":
                    assert message["success"], message["output"]
                    return message["output"]["data"]
        raise AssertionError("no answer")
