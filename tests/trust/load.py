"""Many clients at once against the queue: `python -m tests.trust.load --clients 100 --seconds 300`.

Starts `python app.py`, and lets every client edit pictures one after the other: upload, wait in line, fetch the result.
Every fourth client is a page with a session of its own, as a browser has it; one request in twenty is given up while it
waits, as by a browser that is closed. Prints one line of JSON: latency, throughput, memory of the server's process.
"""

import argparse
import asyncio
import io
import itertools
import json
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
from PIL import Image

from reggan.output import provenance
from tests.paths import PHOTO
from tests.server import Server, resident
from tests.session import wished

_BASIC = ("happy", "sad", "fearful", "angry", "surprised", "disgusted")
_GIVE_UP_EVERY = 20


@dataclass
class Tally:
    """What happened, to all clients together."""

    seconds: list[float] = field(default_factory=list)  # of each edit, from upload to result
    ends: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def picture(number: int) -> bytes:
    """A face that differs from client to client, 480 x 562, as JPEG."""
    photo = Image.open(PHOTO).convert("RGB").resize((480, 562))
    file = io.BytesIO()
    Image.fromarray((np.asarray(photo) * (0.6 + 0.4 * (number % 97) / 97)).astype(np.uint8)).save(file, "JPEG")
    return file.getvalue()


class LineFull(Exception):
    """The queue takes no more; the server says so, and the client comes back later."""


async def _upload(http: httpx.AsyncClient, data: bytes) -> dict[str, Any]:
    answer = await http.post("/gradio_api/upload", files={"files": ("face.jpg", data)})
    return {"path": answer.raise_for_status().json()[0], "meta": {"_type": "gradio.FileData"}}


async def _edit(http: httpx.AsyncClient, data: bytes, expression: str, give_up: bool) -> bytes | None:
    """The endpoint, as programs use it."""
    body = {"data": [await _upload(http, data), expression, 1.0, None, False, "", None, None]}
    started = await http.post("/gradio_api/call/edit", json=body)
    if started.status_code == 503:
        raise LineFull
    address = f"/gradio_api/call/edit/{started.raise_for_status().json()['event_id']}"
    async with http.stream("GET", address) as lines:
        kind = ""
        async for line in lines.aiter_lines():
            if give_up:
                return None
            kind = line[7:] if line.startswith("event: ") else kind
            if line.startswith("data: ") and kind in ("complete", "error"):
                said = json.loads(line[6:])
                if kind == "error" and "queue is full" in str(said).lower():
                    raise LineFull
                assert kind == "complete", line
                file = f"/gradio_api/file={said[0]['path']}"
                break
        else:
            raise AssertionError("the answer ended early")
    return (await http.get(file)).raise_for_status().content


async def _event(http: httpx.AsyncClient, session: str, number: int, data: list[Any]) -> list[Any]:
    """An event of the page."""
    body = {"data": data, "fn_index": number, "session_hash": session, "trigger_id": None}
    joined = await http.post("/gradio_api/queue/join", json=body)
    if joined.status_code == 503:
        raise LineFull
    joined.raise_for_status()
    async with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as lines:
        async for line in lines.aiter_lines():
            message = json.loads(line[5:]) if line.startswith("data:") else {}
            if message.get("msg") == "process_completed":
                if not message["success"] and "queue is full" in str(message["output"]).lower():
                    raise LineFull
                assert message["success"], message["output"]
                return message["output"]["data"]
    raise AssertionError("the answer ended early")


async def _visit(http: httpx.AsyncClient, numbers: dict[str, int], session: str, data: bytes, expression: str) -> bytes:
    """The page, as a browser uses it: the picture is kept by the server, then an expression is chosen."""
    opened = await _event(http, session, numbers["open"], [await _upload(http, data), "", "en"])
    answer = await _event(http, session, numbers["result"], [None, wished(opened, expression), "en"])
    return (await http.get(f"/gradio_api/file={answer[0]['whole']['after']['path']}")).raise_for_status().content


async def _client(number: int, url: str, numbers: dict[str, int], until: float, tally: Tally) -> None:
    data = picture(number)
    async with httpx.AsyncClient(base_url=url, timeout=300) as http:
        for turn in itertools.count():
            if time.monotonic() >= until:
                return
            began, expression = time.monotonic(), _BASIC[(number + turn) % len(_BASIC)]
            try:
                if number % 4 == 3:
                    kind, got = "page", await _visit(http, numbers, f"load{number}x{turn}", data, expression)
                    assert Image.open(io.BytesIO(got)).size == (480, 562)
                else:
                    give_up = (number + turn) % _GIVE_UP_EVERY == 0
                    kind, result = "endpoint", await _edit(http, data, expression, give_up)
                    if result is None:
                        tally.ends["given up"] += 1
                        continue
                    assert expression in provenance.read(result)["description"]
                tally.ends[kind] += 1
                tally.seconds.append(time.monotonic() - began)
            except LineFull:
                tally.ends["line full, came back later"] += 1
                await asyncio.sleep(2)
            except Exception as error:  # noqa: BLE001 - counted and shown
                tally.ends["failed"] += 1
                tally.problems.append(f"{type(error).__name__}: {error}"[:300])
                await asyncio.sleep(1)


async def _watch(pid: int, until: float, samples: list[tuple[float, int]]) -> None:
    began = time.monotonic()
    while time.monotonic() < until:
        samples.append((time.monotonic() - began, resident(pid)))
        await asyncio.sleep(2)


def _numbers(url: str) -> dict[str, int]:
    """The numbers of the page's events by their handlers' names."""
    events = httpx.get(f"{url}/config", timeout=60).json()["dependencies"]
    return {event["api_name"]: event["id"] for event in events if event["api_name"] in ("open", "result")}


async def load(server: Server, clients: int, seconds: float) -> dict[str, Any]:
    """Run it; returns the report."""
    tally, samples, numbers = Tally(), list[tuple[float, int]](), _numbers(server.url)
    until = time.monotonic() + seconds
    work = [asyncio.create_task(_client(n, server.url, numbers, until, tally)) for n in range(clients)]
    await _watch(server.pid, until, samples)
    for task in work:  # who still waits then is as good as gone
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    third = [mb for at, mb in samples if seconds / 3 <= at < seconds / 2] or [samples[-1][1]]
    last = [mb for at, mb in samples if at >= seconds * 5 / 6] or [samples[-1][1]]
    done = sorted(tally.seconds) or [float("nan")]
    return {
        "clients": clients,
        "seconds": seconds,
        "ends": dict(tally.ends),
        "edits per second": round(len(tally.seconds) / seconds, 2),
        "latency, s": {f"p{p}": round(done[min(len(done) - 1, len(done) * p // 100)], 1) for p in (5, 50, 90, 95, 99)},
        "slowest, s": round(done[-1], 1),
        "server MB": {
            "at the start": samples[0][1],
            "after a third": round(statistics.median(third)),
            "at the end": round(statistics.median(last)),
            "peak": server.peak(),
            "ten times on the way": [mb for _, mb in samples[:: max(1, len(samples) // 10)]],
        },
        "growth after warm-up": round(statistics.median(last) / statistics.median(third) - 1, 3),
        "problems": tally.problems[:5],
        "tracebacks in the log": server.log().count("Traceback"),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=300)
    args = parser.parse_args()
    with Server(REGGAN_KEEP_SECONDS="900") as server:
        report = asyncio.run(load(server, args.clients, args.seconds))
    print(json.dumps(report, ensure_ascii=False))
    return 1 if report["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
