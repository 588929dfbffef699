"""Wrinkles: log brightness over the mean face, to be carried along by the skin.

Drawn ones come from `reggan.folds`. Two are measured: smile_shading.png is the median log ratio of neutral to smiling
photographs (reggan/engine/render/smile_shading.py), 128 = no change, 200 steps per unit. `smile_light` is what is broad
in it, how raised cheeks catch the light, `smile_folds` what is narrow.
"""

import functools
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.folds import HEIGHT, LEFT, LINES, SIDE, TOP, WIDTH, folds, noise

Float = NDArray[np.float32]

STEPS = 200.0  # grey levels per unit of log brightness
_DARKEST, _BRIGHTEST = -0.5, 0.3
_BROAD = 12.0  # pixels: what is wider than this is light, not folds
_DIMPLE_DEPTH, _GRAIN = 0.045, 4.0  # log brightness, pixels


@functools.lru_cache(maxsize=1)
def atlas() -> Mapping[str, Float]:
    """By name: (512, 512) log brightness of full depth."""
    x = LEFT + WIDTH * np.arange(SIDE) / (SIDE - 1)
    y = TOP + HEIGHT * np.arange(SIDE) / (SIDE - 1)
    grid = np.stack(np.meshgrid(x, y), -1)
    maps = {name: folds(name) for name in LINES}
    chin = np.exp(-((grid[..., 0] / 0.22) ** 2) - ((grid[..., 1] - 1.52) / 0.13) ** 2)
    maps["dimple"] = (_DIMPLE_DEPTH * noise(0, _GRAIN) * chin).astype(np.float32)
    shadow = [np.exp(-((grid[..., 0] - s * 0.30) ** 2) / 0.02 - (grid[..., 1] + 0.20) ** 2 / 0.005) for s in (-1, 1)]
    maps["glabella"] = maps["glabella"] - (0.14 * (shadow[0] + shadow[1])).astype(np.float32)  # under the lowered brows
    stored = cv2.imread(str(Path(__file__).with_name("smile_shading.png")), cv2.IMREAD_GRAYSCALE)
    smile = (np.asarray(stored, np.float32) - 128) / np.float32(STEPS)
    whole = np.asarray(cv2.resize(smile, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.float32)
    maps["smile_light"] = np.asarray(cv2.GaussianBlur(whole, (0, 0), _BROAD), np.float32)
    maps["smile_folds"] = whole - maps["smile_light"]
    return maps


def blend(amounts: Mapping[str, float]) -> Float:
    """(512, 512) log brightness of several wrinkles at once, clipped to what skin does."""
    maps = atlas()
    total = np.zeros((SIDE, SIDE), np.float32)
    for name, amount in amounts.items():
        total += np.float32(amount) * maps[name]
    return np.clip(total, _DARKEST, _BRIGHTEST)
