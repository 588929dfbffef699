"""Hostile pictures by the thousand: `python -m tests.trust.fuzz --cases 5000 --http 500`.

Each has to end in a picture or in one sentence: all of them here (decoding, and for a share finding faces and editing),
and a share through upload and endpoint of a server of its own. Prints one line of JSON.
"""

import argparse
import json
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np

from reggan.errors import InputError
from reggan.faces import read_image
from reggan.predictor import Predictor
from tests.server import Server, resident
from tests.trust.fuzz_files import GIANTS, apply, liars, pictures, random_edits


def cases(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """All whole files and liars first, then damaged ones; name and content."""
    whole = {**pictures(), **liars()}
    yield from list(whole.items())[:count]
    rng = np.random.default_rng(seed)
    for n in range(count - len(whole)):
        names = list(pictures() if rng.random() < 0.95 else liars())
        name = names[rng.integers(len(names))]
        yield f"{name}, damaged, case {n}", apply(whole[name], random_edits(rng))


def is_sentence(text: str) -> bool:
    """One sentence for a person: a capital, a full stop, one line, no trace of a program."""
    return bool(re.fullmatch(r"[A-Z'][^\n]{5,200}\.", text)) and "Traceback" not in text and "Error" not in text


def outcome(data: bytes, predictor: Predictor | None = None) -> str:
    """ "picture" or the sentence; anything else raises."""
    try:
        image = read_image(data)
        assert image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8 and image.size
        if predictor is not None:
            result = predictor(image, "happy")
            assert result.image.shape == image.shape
    except InputError as error:
        assert is_sentence(str(error)), str(error)
        return str(error)
    return "picture"


def over_http(client: httpx.Client, data: bytes, name: str = "face.jpg") -> str:
    """The same through the server: "picture" or the sentence; anything else raises."""
    stored = client.post("/gradio_api/upload", files={"files": (name, data)})
    assert stored.status_code == 200 and "Traceback" not in stored.text, stored.text
    image = {"path": stored.json()[0], "meta": {"_type": "gradio.FileData"}}
    started = client.post(
        "/gradio_api/call/edit", json={"data": [image, "happy", 1.0, None, False, "", None, None]}
    ).raise_for_status()
    ended = client.get(f"/gradio_api/call/edit/{started.json()['event_id']}").raise_for_status().text
    assert "Traceback" not in ended, ended
    kind, _, content = ended.partition("\n")
    said = json.loads(content.split("data: ", 1)[1])
    if kind == "event: complete":
        assert len(said) == 3
        return "picture"
    assert is_sentence(said["error"] or ""), ended
    return said["error"]


def peak() -> int:
    """The most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--http", type=int, default=500, help="how many of them go through a server too")
    parser.add_argument("--edit-every", type=int, default=10, help="faces are looked for and edited in every so many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--giants", action="store_true", help="also the largest pictures that are allowed")
    args = parser.parse_args()
    predictor = Predictor.from_pretrained()
    outcome(pictures()["jpeg"], predictor)
    before, began, ends, failures = peak(), time.monotonic(), Counter[str](), []
    for n, (name, data) in enumerate(cases(args.cases, args.seed)):
        try:
            found = outcome(data, predictor if n % args.edit_every == 0 else None)
            ends[re.sub(r"\d+", "n", found)] += 1
        except Exception as error:  # noqa: BLE001 - reported, with the case
            failures.append(f"{name}: {type(error).__name__}: {error}")
    report = {"cases": sum(ends.values()), "seconds": round(time.monotonic() - began), "ends": ends.most_common()}
    report |= {"peak MB before": before, "peak MB": peak()}
    if args.giants:
        report["giants"] = {name: outcome(giant(), predictor)[:40] for name, giant in GIANTS.items()}
        report["peak MB with giants"] = peak()
    if args.http:
        with Server() as server, httpx.Client(base_url=server.url, timeout=120) as client:
            over_http(client, pictures()["jpeg"])
            start, ends, began = resident(server.pid), Counter(), time.monotonic()
            step = max(1, args.cases // args.http)
            for n, (name, data) in enumerate(cases(args.cases, args.seed)):
                if n % step == 0 or n < 54:  # all the whole ones
                    try:
                        ends[re.sub(r"\d+", "n", over_http(client, data))] += 1
                    except Exception as error:  # noqa: BLE001
                        failures.append(f"http, {name}: {type(error).__name__}: {error}")
            report["http"] = {"cases": sum(ends.values()), "seconds": round(time.monotonic() - began)}
            report["http"] |= {"ends": ends.most_common(), "server MB before": start, "peak": server.peak()}
            report["http"]["tracebacks in the log"] = server.log().count("Traceback")
    report["failures"] = failures[:20]
    print(json.dumps(report, ensure_ascii=False))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    sys.exit(main())
