"""docs/reliability.md names tests: they exist."""

import re

from tests.paths import ROOT

TEXT = (ROOT / "docs" / "reliability.md").read_text()


def test_every_test_that_is_named_exists() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and ".py`" in line]
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`([\w/]*test_\w+\.py)`", row)
        assert named, row
        code = "".join((ROOT / "tests" / name).read_text() for name in named)
        tests = " ".join(re.findall(r"def (test_\w+)", code))
        for part in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", row):
            assert part in tests, f"{part} is not in {named}"


def test_both_pages_stand_beside_each_other() -> None:
    policy = (ROOT / "docs" / "policy.md").read_text()
    assert "(reliability.md)" in policy and "(policy.md)" in TEXT
    for target in re.findall(r"\]\(([^)#:]+)\)", policy + TEXT):
        assert (ROOT / "docs" / target).is_file(), target
