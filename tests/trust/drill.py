"""The server is killed while people use it: `python -m tests.trust.drill --visitors 20 --seconds 600 --kills 5`.

Everybody edits and rates without a pause, some of them on the page in a browser. At even intervals, once everybody has
had a result, the process is killed (kill -9) and started again, on the same folders. Nobody's vote may be lost or
counted twice, no picture of the dead process may lie around when the next one is up, and every page has to say what
happened and work again. Prints one line of JSON, and what went wrong decides the exit code.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from reggan.votes.store import Store
from tests.server import Server, free_port
from tests.trust.drill_visitors import Person, Program, Told, as_json, board_number, stored_votes
from tests.trust.load import picture
from tests.visitor import BROWSER, CHROMIUM

_PATIENCE = 900  # seconds until everybody has a result, on a busy machine


class Restarts:
    """One server after the other, with the same address, votes and temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.votes, self.temporary = folder / "votes.db", folder / "temporary"
        self.variables = {
            "GRADIO_SERVER_PORT": str(free_port()),
            "GRADIO_TEMP_DIR": str(self.temporary),
            "REGGAN_VOTES_DB": str(self.votes),
            "REGGAN_VOTES_PER_MINUTE": "10000",
        }
        self.tracebacks = 0
        self.server = self.start()

    def start(self) -> Server:
        server = Server(**self.variables)
        try:
            server.wait()
        except BaseException:
            self._end(server)
            raise
        return server

    def pictures(self) -> set[Path]:
        """Files of visitors, and the page's own."""
        return {path for path in self.temporary.rglob("*") if path.is_file()}

    def kill_and_start(self) -> tuple[int, int, float]:
        """How many files lay there when the process was killed, how many of them when the next was up, seconds."""
        began = time.monotonic()
        self.server.process.kill()
        self.server.process.wait()
        left = self.pictures()
        self._end(self.server)
        self.server = self.start()
        return len(left), len(left & self.pictures()), time.monotonic() - began

    def _end(self, server: Server) -> None:
        self.tracebacks += server.log().count("Traceback")
        server.__exit__(None, None, None)

    def end(self) -> None:
        self._end(self.server)


async def drill(folder: Path, programs: int, people: int, seconds: float, kills: int) -> dict[str, Any]:
    """Run it; returns the report."""
    restarts = await asyncio.to_thread(Restarts, folder)
    told, over, url = Told(), asyncio.Event(), restarts.server.url
    photo = folder / "face.jpg"
    photo.write_bytes(picture(50))
    board = board_number(url)
    pages = [Person(programs + n, url, photo, told) for n in range(people)]
    found: list[tuple[int, int, float]] = []
    back: list[int] = []
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=BROWSER, args=CHROMIUM)
            work = [asyncio.create_task(Program(n, url, board, told).stay(over)) for n in range(programs)]
            work += [asyncio.create_task(page.stay(browser, over)) for page in pages]
            began = time.monotonic()
            for n in range(kills + 1):
                latest = time.monotonic() + _PATIENCE
                while time.monotonic() < began + seconds * (n + 1) / (kills + 1) or (
                    len(told.edits_since) < programs + people and time.monotonic() < latest
                ):
                    await asyncio.sleep(0.1)
                    for task in work:
                        if task.done():
                            task.result()  # raises what ended it
                back.append(len(told.edits_since))
                if n < kills:
                    found.append(await asyncio.to_thread(restarts.kill_and_start))
                    told.edits_since.clear()
            over.set()
            await asyncio.gather(*work)
            await browser.close()
    finally:
        await asyncio.to_thread(restarts.end)
    return _report(told, pages, found, back, restarts) | {"visitors": programs + people, "seconds": seconds}


def _report(
    told: Told, pages: list[Person], found: list[tuple[int, int, float]], back: list[int], restarts: Restarts
) -> dict[str, Any]:
    store = Store(restarts.votes)
    stored, doubled = stored_votes([ballot for _, ballot in store.ballots()])
    store.close()
    return {
        "ends": dict(told.ends),
        "votes acknowledged": len(told.votes),
        "votes lost": sum(stored.get(token) != answers for token, answers in told.votes.items()),
        "votes doubled": doubled,
        "votes stored, not acknowledged": len(stored.keys() - told.votes.keys()),
        "files when killed": [left for left, _, _ in found],
        "of them at the next start": [still for _, still, _ in found],
        "seconds until it was up again": [round(took, 1) for _, _, took in found],
        "visitors with a result, before each kill and at the end": back,
        "times each page asked for the picture again": [page.asked for page in pages],
        "files after the end": len(restarts.pictures()),
        "tracebacks in the logs": restarts.tracebacks,
        "problems": told.problems[:5],
    }


def wrong(report: dict[str, Any], kills: int) -> list[str]:
    """What is not as it should be."""
    names = ("votes lost", "votes doubled", "files after the end", "tracebacks in the logs", "problems")
    bad = [name for name in names if report[name]]
    bad += [name for name in ("of them at the next start",) if any(report[name])]
    back = report["visitors with a result, before each kill and at the end"]
    bad += ["not everybody came back"] if set(back) != {report["visitors"]} else []
    asked = report["times each page asked for the picture again"]
    bad += ["a page said nothing, or too much"] if set(asked) != {kills} else []
    return bad


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--browsers", type=int, default=2, help="how many of them have the page open in a browser")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--kills", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reggan-drill-") as folder:
        programs = args.visitors - args.browsers
        report = asyncio.run(drill(Path(folder), programs, args.browsers, args.seconds, args.kills))
    bad = wrong(report, args.kills)
    print(as_json(report | {"wrong": bad}))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
