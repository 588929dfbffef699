"""Drawings and prints."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.pixels import grey
from reggan.engine.styles.shots import Carry, Pictures, Shots, each, soft_step
from reggan.engine.styles.texture import noise, smeared

Float = NDArray[np.float32]


def pencil(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Fine lines, soft tone in short strokes, on white paper."""
    unit, shape = shots.unit, shots.shape
    paper = noise(shape, 0.6 * unit, rng)
    angle = rng.uniform(0.5, 1.1)
    along = np.full(shape, np.cos(angle), np.float32), np.full(shape, -np.sin(angle), np.float32)
    strokes = smeared(noise(shape, 0.6 * unit, rng), along, 10 * unit)
    strokes /= strokes.std()
    hatching = np.clip(1 + 0.35 * strokes + 0.25 * paper, 0.2, 1.8)
    tone, white = rng.uniform(0.35, 0.75), rng.uniform(0.93, 1.0)
    warm = np.array([1.0, 0.99, 0.96], np.float32) ** rng.uniform(0, 2)

    def draw(image: Float, carry: Carry) -> Float:
        luma = grey(image)
        lines = np.clip(luma / np.maximum(cv2.GaussianBlur(luma, (0, 0), 5 * unit), 0.05), 0, 1) ** 1.6
        dark = tone * (1 - cv2.GaussianBlur(luma, (0, 0), 1.5 * unit)) ** 1.3
        shade = 1 - dark * carry(hatching)
        return (white * lines * shade)[..., None] * warm

    return each(shots, draw)


def charcoal(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Broad, black, smudged, on grainy paper."""
    unit, shape = shots.unit, shots.shape
    paper = noise(shape, 0.9 * unit, rng)
    white, grain = rng.uniform(0.78, 0.92), rng.uniform(0.04, 0.09) * paper
    tint = np.array([1.0, 0.97, 0.91], np.float32) ** rng.uniform(0, 1.5)

    def draw(image: Float, carry: Carry) -> Float:
        luma = cv2.GaussianBlur(grey(image), (0, 0), 0.9 * unit)
        local = luma - cv2.GaussianBlur(luma, (0, 0), 14 * unit)
        tone = np.clip(0.25 + 0.65 * luma + 1.1 * local, 0, 1)
        coverage = np.clip((0.85 - tone) * 1.5 + carry(grain) * 4 * tone * (1 - tone), 0, 1)
        return (white - (white - 0.06) * coverage)[..., None] * tint

    return each(shots, draw)


def engraving(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Parallel lines that swell in the shadows, crossed in the darkest."""
    unit, shape = shots.unit, shots.shape
    fine = 3 * shape[1], 3 * shape[0]  # drawn finer, then reduced: lines of varying width need it
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    fine_y, fine_x = (np.mgrid[: fine[1], : fine[0]].astype(np.float32) - 1) / 3
    pitch, angle = rng.uniform(2.6, 3.6) * unit, rng.uniform(-0.5, 0.5)
    bend = 3 * unit * noise(shape, 30 * unit, rng)
    ink, paper = np.array([0.13, 0.10, 0.08], np.float32), np.array([0.95, 0.92, 0.84], np.float32)
    slopes = [(np.float32(np.sin(a)), np.float32(np.cos(a))) for a in (angle, angle + 1.1)]

    def wave(slope: tuple[np.float32, np.float32], carry: Carry) -> Float:
        straight = slope[0] * x + slope[1] * y
        away = cv2.resize(carry(straight + bend) - straight, fine)
        phase = slope[0] * fine_x + slope[1] * fine_y + away
        return np.asarray(0.5 + 0.5 * np.cos(np.float32(2 * np.pi / pitch) * phase), np.float32)

    def draw(image: Float, carry: Carry) -> Float:
        luma = cv2.GaussianBlur(grey(image), (0, 0), 0.5 * unit)
        luma = np.clip(0.5 + 0.9 * (luma - 0.5) + 1.2 * (luma - cv2.GaussianBlur(luma, (0, 0), 10 * unit)), 0, 1)
        big = cv2.resize(luma, fine, interpolation=cv2.INTER_CUBIC)
        first, second = (wave(slope, carry) for slope in slopes)
        lines = np.maximum(soft_step(first - (0.05 + 0.95 * big)), soft_step(second - (0.45 + 0.9 * big)))
        lines = cv2.resize(np.asarray(lines, np.float32), shape[::-1], interpolation=cv2.INTER_AREA)[..., None]
        return paper + lines * (ink - paper)

    return each(shots, draw)
