"""Paintings."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.pixels import grey
from reggan.engine.styles.shots import Carry, Pictures, Shots, each, saturated
from reggan.engine.styles.texture import clouds, cracks, flow_direction, kuwahara, noise, smeared

Float = NDArray[np.float32]


def oil(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Flat patches, strokes along the forms, a canvas."""
    unit, shape = shots.unit, shots.shape
    radius, richness = round(rng.uniform(1.5, 3.5) * unit), rng.uniform(1.0, 1.4)
    bristles, canvas = noise(shape, 0.8 * unit, rng), noise(shape, 0.7 * unit, rng)
    along = flow_direction(grey(shots.images[0]), 6 * unit)
    strokes = 2 * smeared(bristles, along, 9 * unit)
    surface = rng.uniform(0.015, 0.04) * strokes + rng.uniform(0, 0.02) * canvas

    def paint(image: Float, carry: Carry) -> Float:
        flat = kuwahara(image, radius)
        flat = smeared(flat, flow_direction(grey(flat), 6 * unit), 3 * unit)
        flat = flat + 0.35 * (image - cv2.GaussianBlur(image, (0, 0), 2.5 * unit))  # eyes and lips: finer strokes
        return saturated(flat, richness) * (1 + carry(surface))[..., None]

    return each(shots, paint)


def pastel(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Chalky, light, on rough paper."""
    unit, shape = shots.unit, shots.shape
    paper, chalk = noise(shape, 0.8 * unit, rng), noise(shape, 1.2 * unit, rng)
    angle = rng.uniform(0.3, 1.2)
    along = np.full(shape, np.cos(angle), np.float32), np.full(shape, -np.sin(angle), np.float32)
    strokes = smeared(chalk, along, 12 * unit)
    strokes /= strokes.std()
    bare = np.clip(0.15 * paper + 0.15 * strokes - 0.3, 0, 0.35)  # paper that the chalk missed
    lift, surface = rng.uniform(0.05, 0.2), rng.uniform(0.015, 0.035) * (strokes + 0.6 * paper)
    tint = np.array([0.95, 0.92, 0.86], np.float32) * rng.uniform(0.95, 1.03)

    def draw(image: Float, carry: Carry) -> Float:
        soft = saturated(
            kuwahara(np.asarray(cv2.GaussianBlur(image, (0, 0), 0.8 * unit), np.float32), int(3 * unit)), 0.9
        )
        light = soft + lift * (tint - soft)
        return (light + carry(bare)[..., None] * (tint - light)) * (1 + carry(surface))[..., None]

    return each(shots, draw)


def fresco(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Faded pigment on cracked plaster."""
    unit, shape = shots.unit, shots.shape
    net = cracks(shape, rng.uniform(30, 60) * unit, rng)
    surface = 0.04 * clouds(shape, 40 * unit, rng) + 0.035 * noise(shape, 0.8 * unit, rng)
    lost = np.clip(3 * (clouds(shape, 14 * unit, rng) - 1.9), 0, 0.8)
    plaster = np.array([0.84, 0.78, 0.68], np.float32)
    fade, colour = rng.uniform(0.15, 0.35), rng.uniform(0.5, 0.9)
    earth = np.array([1.06, 0.99, 0.86], np.float32)

    def paint(image: Float, carry: Carry) -> Float:
        flat = saturated(kuwahara(image, int(2 * unit)), colour) * earth
        flat = flat + fade * (plaster - flat)
        flat = flat + carry(lost)[..., None] * (plaster - flat)
        return flat * (1 + carry(surface))[..., None] * (1 - 0.55 * carry(net))[..., None]

    return each(shots, paint)
