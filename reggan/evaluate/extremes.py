"""Sample sheets: the best, the median and the worst of a metric, every method side by side."""

import cv2
import numpy as np

Images = dict[str, np.ndarray]  # method: (N, H, W, 3) uint8


def by_expression(images: Images, badness: np.ndarray, asked: list[str], side: int = 128) -> np.ndarray:
    """A row per expression: best, median and worst by badness (N,), each with all methods next to each other.

    `asked` are the N expressions, in turn."""
    rows = []
    expressions = list(dict.fromkeys(asked))
    for k, name in enumerate(expressions):
        order = np.argsort(badness[k :: len(expressions)], kind="stable") * len(expressions) + k
        chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
        tiles = [_tiles(images, n, f"{name}, {rank}", side) for rank, n in chosen.items()]
        rows.append(np.concatenate(tiles, 1))
    return np.concatenate(rows)


def worst(images: Images, badness: np.ndarray, titles: list[str], count: int = 10, side: int = 128) -> np.ndarray:
    """The worst outputs of all, one a row; `titles` are those of the N outputs."""
    order = np.argsort(-badness, kind="stable")[:count]
    return np.concatenate([_tiles(images, n, titles[n], side) for n in order])


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
