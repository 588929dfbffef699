"""Where faces may be: MediaPipe is shown the picture whole and in tiles, so that small ones are large enough for it."""

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.faces.close_up import Box, Mesh
from reggan.faces.images import scaled_down
from reggan.faces.mesh import find_meshes

_VIEW = 512  # side in pixels of what the detector is shown, at most
_STEP = 2.5  # from the side of one level's tiles to that of the next
_SMALLEST_TILE = 288  # side in pixels of the picture: MediaPipe sees eyes that are an eighteenth of it apart, 16 pixels
_CHANCE = 0.1, 0.26  # confidence that is asked for on top for ten times as many views, and at most


def levels(image: NDArray[np.uint8], smallest: float = 0.0) -> Iterator["Level"]:
    """The views of the picture, the coarsest first: all of it, then tiles of ever fewer pixels on a side.

    Args:
        image: (H, W, 3) uint8 RGB.
        smallest: side of the last tiles, pixels, if it is more than faces of 16 pixels between the eyes need.
    """
    smallest = max(smallest, _SMALLEST_TILE)
    side = float(max(image.shape[:2]))
    yield Level(image, side, whole=True)
    while side > smallest:
        side = max(side / _STEP, smallest)
        yield Level(image, side, whole=False)


class Level:
    """The picture at one resolution, cut into views that MediaPipe can take in at once.

    Args:
        image: (H, W, 3) uint8 RGB.
        side: of a view, in pixels of the picture.
        whole: one view, bare and framed by a quarter; otherwise square tiles that overlap by 40 %.
    """

    def __init__(self, image: NDArray[np.uint8], side: float, whole: bool) -> None:
        height, width = image.shape[:2]
        self._side, self._whole = side, whole
        scale = min(1.0, _VIEW / side)
        self._level = image if scale == 1.0 else scaled_down(image, scale)
        self._stretch = np.array([width / self._level.shape[1], height / self._level.shape[0]])

    @property
    def doubt(self) -> float:
        """By how much surer a face must be that was found in one of these views: many views show many chance finds."""
        per_step, most = _CHANCE
        return 0.0 if self._whole else min(per_step * math.log10(sum(1 for _ in self._views())), most)

    def meshes(self, known: list[Box]) -> Iterator[Mesh]:
        """What looks like a face, in pixels of the picture; most faces several times, some perhaps wrong.

        Args:
            known: boxes of faces that were found before: a tile that shows little else is left out.
        """
        for x, y, view in self._views():
            size = np.array([view.shape[1], view.shape[0]])
            if not self._whole and _within(np.array([x, y]) * self._stretch, size * self._stretch, known):
                continue
            for mesh in find_meshes(view):
                # A tile may have cut a face that another has whole.
                if self._whole or ((mesh >= 0).all() and (mesh <= size - 1).all()):
                    # Pixel q of the level is the mean of picture pixels around stretch (q + 1/2) - 1/2.
                    yield (mesh + [x, y] + 0.5) * self._stretch - 0.5

    def _views(self) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
        """(x, y, view), the position in pixels of the level."""
        level = self._level
        height, width = level.shape[:2]
        if self._whole:
            pad = max(height, width) // 4
            framed = cv2.copyMakeBorder(level, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
            yield 0, 0, level
            yield -pad, -pad, np.asarray(framed, np.uint8)
            return
        side = min(_VIEW, math.ceil(self._side))
        starts = []
        for length in (width, height):
            count = max(1, math.ceil((length - side) / (0.6 * side)) + 1)
            starts.append(np.linspace(0, max(length - side, 0), count).round().astype(int).tolist())
        for y in starts[1]:
            for x in starts[0]:
                yield x, y, level[y : y + side, x : x + side]


def _within(corner: NDArray[np.float64], size: NDArray[np.float64], boxes: list[Box]) -> bool:
    """Whether nearly all of a tile lies in one of the boxes."""
    for x0, y0, x1, y1 in boxes:
        common = np.minimum(corner + size, [x1, y1]) - np.maximum(corner, [x0, y0])
        if common.min() > 0 and common.prod() > 0.8 * size.prod():
            return True
    return False
