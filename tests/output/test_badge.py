from pathlib import Path

import numpy as np
import pytest

from reggan.__main__ import main
from reggan.faces import read_image
from reggan.output.badge import badge
from tests.paths import PHOTO


@pytest.mark.parametrize("shape", [(900, 768), (3000, 4000), (60, 80), (20, 20), (1, 1), (1, 500), (500, 3)])
def test_the_mark_is_in_the_corner_and_nowhere_else(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 128, np.uint8)
    marked = badge(image)
    assert marked.shape == image.shape and (image == 128).all(), "the original stays as it is"
    changed = (marked != 128).any(-1)
    height, width = shape
    assert not changed[: height // 2 - 1].any() and not changed[:, : width // 2 - 1].any()


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_it_can_be_read_on_any_ground(grey: int) -> None:
    marked = badge(np.full((900, 768, 3), grey, np.uint8)).astype(int)
    rows, columns = np.nonzero((marked != grey).any(-1))
    mark = marked[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert 8 <= mark.shape[0] <= 40 and 60 <= mark.shape[1] <= 384
    letters = (mark.min(-1) > 240).mean()
    assert 0.03 < letters < 0.5
    assert np.median(mark) <= 110, "letters of white on a ground that is dark"


def test_the_command_line_has_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["edit", str(PHOTO), "-e", "happy", "--strength", "0", "--badge", "-o", str(tmp_path)]
    assert main(command) == 0
    difference = np.abs(read_image(tmp_path / f"{PHOTO.stem}_happy.png").astype(int) - read_image(PHOTO)).max(-1)
    assert difference[850:, 600:].any() and not difference[:850].any(), "strength 0: nothing but the mark"
