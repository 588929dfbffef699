"""Sample sheets: the best, the median and the worst of a metric, every method side by side."""

import cv2
import numpy as np

from reggan.expressions import BASIC

Images = dict[str, np.ndarray]  # method: (N, H, W, 3) uint8


def by_expression(images: Images, badness: np.ndarray, side: int = 128) -> np.ndarray:
    """A row per expression: best, median and worst by badness (N,), each with all methods next to each other."""
    rows = []
    for k, name in enumerate(BASIC):
        order = np.argsort(badness[k :: len(BASIC)], kind="stable") * len(BASIC) + k
        chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
        tiles = [_tiles(images, n, f"{name}, {rank}", side) for rank, n in chosen.items()]
        rows.append(np.concatenate(tiles, 1))
    return np.concatenate(rows)


def worst(images: Images, badness: np.ndarray, names: list[str], count: int = 10, side: int = 128) -> np.ndarray:
    """The worst outputs of all, one a row."""
    order = np.argsort(-badness, kind="stable")[:count]
    captions = [f"{names[n // len(BASIC)][:12]} {BASIC[n % len(BASIC)]}" for n in order]
    return np.concatenate([_tiles(images, n, text, side) for n, text in zip(order, captions, strict=True)])


def _tiles(images: Images, n: int, caption: str, side: int) -> np.ndarray:
    tiles = []
    for k, (method, batch) in enumerate(images.items()):
        tile = cv2.resize(batch[n], (side, side), interpolation=cv2.INTER_AREA)
        _write(tile, method, side - 6)
        if k == 0:
            _write(tile, caption, 14)
        tiles.append(tile)
    return np.concatenate(tiles, 1)


def _write(tile: np.ndarray, text: str, y: int) -> None:
    for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(tile, text, (4, y), cv2.FONT_HERSHEY_SIMPLEX, 0.36, colour, width, cv2.LINE_AA)
