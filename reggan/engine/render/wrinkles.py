"""Wrinkles: log brightness over the mean face, to be carried along by the skin.

Drawn ones come from wrinkles.toml. Two are measured: smile_shading.png is the median log ratio of neutral to smiling
photographs (reggan/engine/render/smile_shading.py), 128 = no change, 200 steps per unit. `smile_light` is what is broad
in it, how raised cheeks catch the light, `smile_folds` what is narrow.
"""

import functools
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from reggan.engine.render.expression_table import read_toml

Float = NDArray[np.float32]

SIDE = 512  # of an atlas, pixels
LEFT, TOP, WIDTH, HEIGHT = -1.2, -1.1, 2.4, 3.0  # of the mean face, IOD
STEPS = 200.0  # grey levels per unit of log brightness
_DARKEST, _BRIGHTEST = -0.5, 0.3
_BROAD = 12.0  # atlas pixels: what is wider than this is light, not folds
_DIMPLE_DEPTH, _GRAIN = 0.045, 4.0  # log brightness, pixels


def to_atlas(points: NDArray[np.floating]) -> NDArray[np.floating]:
    """(..., 2) atlas pixels of model positions (..., 2)."""
    return (points - np.array([LEFT, TOP], points.dtype)) * np.array(
        [(SIDE - 1) / WIDTH, (SIDE - 1) / HEIGHT], points.dtype
    )


@functools.lru_cache(maxsize=1)
def atlas() -> Mapping[str, Float]:
    """By name: (512, 512) log brightness of full depth."""
    x = LEFT + WIDTH * np.arange(SIDE) / (SIDE - 1)
    y = TOP + HEIGHT * np.arange(SIDE) / (SIDE - 1)
    grid = np.stack(np.meshgrid(x, y), -1)
    waver = _noise(1, 24.0)  # real wrinkles come and go along their length
    maps: dict[str, Float] = {}
    for name, lines in read_toml("wrinkles.toml").items():
        total = np.zeros((SIDE, SIDE))
        for line in lines:
            points = np.array(line["points"], np.float64)
            look = line["depth"], line["width"], line.get("flank", 0.45)
            soft = line.get("soft", 1.0)
            total += _line(grid, points, *look, soft)
            if line.get("mirror", False):
                total += _line(grid, points * np.array([-1.0, 1.0]), *look, -soft)
        maps[name] = (total * np.clip(1 + 0.3 * waver, 0.3, 1.6)).astype(np.float32)
    chin = np.exp(-((grid[..., 0] / 0.22) ** 2) - ((grid[..., 1] - 1.52) / 0.13) ** 2)
    maps["dimple"] = (_DIMPLE_DEPTH * _noise(0, _GRAIN) * chin).astype(np.float32)
    shadow = [np.exp(-((grid[..., 0] - s * 0.30) ** 2) / 0.02 - (grid[..., 1] + 0.20) ** 2 / 0.005) for s in (-1, 1)]
    maps["glabella"] -= (0.14 * (shadow[0] + shadow[1])).astype(np.float32)  # under the lowered brows
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


def _line(
    grid: NDArray[np.float64], points: NDArray[np.float64], depth: float, width: float, flank: float, soft: float
) -> Float:
    """A dark Gaussian line along a curve, fading at its ends, with flanks 2.6 times as wide and brighter.

    A fold has an edge on one side only: `soft` is how many times wider it is to the right of the curve's direction (of
    the left where it is negative); 1 is a line.
    """
    k = np.arange(len(points))
    spline = CubicSpline(k, points)
    places = np.linspace(0, k[-1], 80)
    curve, along = spline(places).astype(np.float32), spline(places, 1).astype(np.float32)
    reach = 0.15 + 2 * width * (abs(soft) - 1)
    low = np.floor(to_atlas(curve.min(0) - reach)).astype(int).clip(0)
    high = np.ceil(to_atlas(curve.max(0) + reach)).astype(int)
    part = slice(low[1], high[1] + 1), slice(low[0], high[0] + 1)
    apart = grid[part].astype(np.float32)[:, :, None] - curve
    away = (apart**2).sum(-1)
    nearest = away.argmin(-1)
    squared = away.min(-1)
    if abs(soft) > 1:
        nearby = np.take_along_axis(apart, nearest[..., None, None], 2)[:, :, 0]
        right = along[nearest, 0] * nearby[..., 1] - along[nearest, 1] * nearby[..., 0] > 0
        squared = np.where(right == (soft > 0), squared / np.float32(soft**2), squared)
    ends = np.sin(np.pi * np.linspace(0.02, 0.98, 80))[nearest] ** (0.6 if abs(soft) == 1 else 1.0)
    core, wide = (np.exp(-squared / (2 * (s * width) ** 2)) for s in (1.0, 2.6))
    out = np.zeros((SIDE, SIDE), np.float32)
    out[part] = -depth * ends * (core - flank * wide)
    return out


def _noise(seed: int, sigma: float) -> Float:
    """Smooth noise of unit variance, always the same."""
    white = np.random.default_rng(seed).standard_normal((SIDE, SIDE)).astype(np.float32)
    soft = cv2.GaussianBlur(white, (0, 0), sigma)
    return np.asarray(soft / soft.std(), np.float32)
