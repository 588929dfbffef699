"""The small sister of `python -m tests.trust.drill`: one kill, three programs and a browser."""

import asyncio
from pathlib import Path

from tests.trust.drill import drill, wrong


def test_nobody_loses_anything_when_the_process_is_killed(tmp_path: Path) -> None:
    report = asyncio.run(drill(tmp_path, programs=3, people=1, seconds=1, kills=1))
    print(f"\n{report}")
    assert wrong(report, kills=1) == []
    assert report["votes acknowledged"] >= 6 and report["files when killed"][0] >= 6
    assert report["ends"]["no answer, tried again"] >= 1, "somebody was in the middle of something"
