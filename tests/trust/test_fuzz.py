"""A few hundred hostile pictures; `python -m tests.trust.fuzz` tries thousands, and the largest that are allowed."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reggan.errors import InputError
from reggan.faces import read_image
from tests.paths import ROOT
from tests.trust.fuzz import cases, outcome, over_http
from tests.trust.fuzz_files import AWKWARD, GIANTS, KINDS, apply, liars, pictures

EDITS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.floats(0, 1) | st.floats(0, 0.05),  # the headers are at the beginning
        st.sampled_from(AWKWARD) | st.binary(min_size=1, max_size=12),
    ),
    min_size=1,
    max_size=8,
)
FUZZ = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", list(pictures()))
def test_whole_pictures_of_every_format_are_read(name: str) -> None:
    assert outcome(pictures()[name]) == "picture"


@pytest.mark.parametrize("name", list(liars()))
def test_what_is_no_picture_is_refused_in_one_sentence(name: str) -> None:
    may_be_read = {"jpeg and zip", "png in jpeg", "gif and script"}  # there is a picture in it: nothing else is used
    assert (outcome(liars()[name]) == "picture") <= (name in may_be_read)


@settings(FUZZ, max_examples=300)
@given(name=st.sampled_from([*pictures()]), edits=EDITS)
def test_damaged_pictures_end_in_a_picture_or_a_sentence(name: str, edits: list[tuple[str, float, bytes]]) -> None:
    outcome(apply(pictures()[name], edits))


@settings(FUZZ, max_examples=100)
@given(data=st.binary(max_size=2000))
def test_any_bytes_end_in_a_picture_or_a_sentence(data: bytes) -> None:
    outcome(data)


@settings(FUZZ, max_examples=100)
@given(
    shape=st.lists(st.integers(0, 6), max_size=4).map(tuple),
    kind=st.sampled_from(["u1", "u2", "i4", "i8", "f2", "f4", "f8", "?", "c8", "S3", "O"]),
    value=st.sampled_from([0, 1, -1, 0.5, 255, 1e30, float("nan"), float("inf")]),
)
def test_any_array_ends_in_a_picture_or_a_sentence(shape: tuple[int, ...], kind: str, value: float) -> None:
    array = np.zeros(shape, kind)
    if kind not in ("S3", "O"):
        with np.errstate(all="ignore"):
            array[...] = np.asarray(value).astype(kind)
    try:
        assert read_image(array).dtype == np.uint8
    except InputError as error:
        assert str(error).endswith(".")


def test_over_http_there_is_never_a_traceback(url: str) -> None:
    def some() -> Iterator[bytes]:
        for n, (_, data) in enumerate(cases(260, seed=1)):
            if n % 4 == 0:
                yield data

    ends: Counter[str] = Counter()
    with httpx.Client(base_url=url, timeout=300) as client:
        for data in some():
            ends[over_http(client, data)] += 1
        assert over_http(client, pictures()["png"]) == "picture", "the server lives"
    assert ends["picture"] >= 5 and len(ends) >= 4, ends


# Not `ru_maxrss`, which begins with what the process had before it became another program: the tests' own memory.
_BIG = """
import os, sys
from reggan.faces import read_image
from tests.server import resident

before = resident(os.getpid(), "VmHWM")
read_image(sys.argv[1])
print(resident(os.getpid(), "VmHWM") - before)
"""


@pytest.mark.parametrize("name", ["webp clear", "tiff float"])  # those that take the most
def test_memory_of_the_largest_pictures_is_bounded(name: str, tmp_path: Path) -> None:
    """49 million pixels out of a few kilobytes. The result alone has 147 MB, the decoder's own picture 196 MB."""
    (tmp_path / "giant").write_bytes(GIANTS[name]())
    command = [sys.executable, "-c", _BIG, str(tmp_path / "giant")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    print(f"\n{name}: {done.stdout.strip()} MB")
    assert 147 < int(done.stdout) < 1200
