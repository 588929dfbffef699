"""Folds as log brightness over the mean face."""

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.folds.lines import LINES, Line

Float = NDArray[np.float32]

SIDE = 512  # of a map, pixels
LEFT, TOP, WIDTH, HEIGHT = -1.2, -1.1, 2.4, 3.0  # of the mean face, IOD
_REACH, _PLACES = 0.15, 80  # IOD around a line that are drawn; places along it
_WIDER = 2.6  # flanks than the line


def to_map(points: NDArray[np.floating]) -> NDArray[np.floating]:
    """(..., 2) pixels of a map, of positions on the mean face (..., 2)."""
    return (points - np.array([LEFT, TOP], points.dtype)) * np.array(
        [(SIDE - 1) / WIDTH, (SIDE - 1) / HEIGHT], points.dtype
    )


@functools.cache
def folds(name: str) -> Float:
    """(512, 512) log brightness of what `LINES` calls so; not to be modified."""
    x = LEFT + WIDTH * np.arange(SIDE) / (SIDE - 1)
    y = TOP + HEIGHT * np.arange(SIDE) / (SIDE - 1)
    grid = np.stack(np.meshgrid(x, y), -1)
    waver = noise(1, 24.0)  # real wrinkles come and go along their length
    total = np.zeros((SIDE, SIDE))
    for line in LINES[name]:
        points = np.array(line.points)
        total += _drawn(grid, points, line, line.soft)
        if line.mirror:
            total += _drawn(grid, points * np.array([-1.0, 1.0]), line, -line.soft)
    return (total * np.clip(1 + 0.3 * waver, 0.3, 1.6)).astype(np.float32)


def _drawn(grid: NDArray[np.float64], points: NDArray[np.float64], line: Line, soft: float) -> Float:
    """One line through these points, fading at its ends."""
    curve, along = _through(points)
    reach = _REACH + 2 * line.width * (abs(soft) - 1)
    low = np.floor(to_map(curve.min(0) - reach)).astype(int).clip(0)
    high = np.ceil(to_map(curve.max(0) + reach)).astype(int)
    part = slice(low[1], high[1] + 1), slice(low[0], high[0] + 1)
    near = grid[part].astype(np.float32)
    # The nearest place p of the curve to x is where |p|^2 - 2 p . x is least.
    nearest = ((curve**2).sum(1, dtype=np.float32) - 2 * (near @ curve.T.astype(np.float32))).argmin(-1)
    nearby = near - curve.astype(np.float32)[nearest]
    squared = (nearby**2).sum(-1)
    if abs(soft) > 1:
        right = along[nearest, 0] * nearby[..., 1] - along[nearest, 1] * nearby[..., 0] > 0
        squared = np.where(right == (soft > 0), squared / np.float32(soft**2), squared)
    ends = np.sin(np.pi * np.linspace(0.02, 0.98, _PLACES))[nearest] ** (0.6 if abs(soft) == 1 else 1.0)
    core, wide = (np.exp(-squared / (2 * (s * line.width) ** 2)) for s in (1.0, _WIDER))
    out = np.zeros((SIDE, SIDE), np.float32)
    out[part] = -line.depth * ends * (core - line.flank * wide)
    return out


def _through(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The cubic spline through points (N, 2) without a knot at the second and the last but one: 80 places along it, and
    its direction there, (80, 2) each."""
    n = len(points)
    knots = np.arange(2, n - 2)

    def basis(t: NDArray[np.floating], derivative: bool) -> NDArray[np.float64]:
        degree = np.arange(min(n, 4))
        beyond = np.maximum(t[:, None] - knots, 0)
        if derivative:
            return np.hstack([degree * t[:, None] ** np.maximum(degree - 1, 0), 3 * beyond**2])
        return np.hstack([t[:, None] ** degree, beyond**3])

    weights = np.linalg.solve(basis(np.arange(n, dtype=float), False), points)
    places = np.linspace(0, n - 1, _PLACES)
    return basis(places, False) @ weights, basis(places, True) @ weights


@functools.lru_cache(maxsize=4)
def noise(seed: int, sigma: float) -> Float:
    """(512, 512) smooth noise of unit variance, always the same; not to be modified."""
    white = np.random.default_rng(seed).standard_normal((SIDE, SIDE)).astype(np.float32)
    soft = cv2.GaussianBlur(white, (0, 0), sigma)
    return np.asarray(soft / soft.std(), np.float32)
