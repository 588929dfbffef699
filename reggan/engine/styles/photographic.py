"""Photographs of other times and in other light."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.pixels import grey, to_bytes
from reggan.engine.styles.shots import Carry, Pictures, Shots, each, soft_step
from reggan.engine.styles.texture import clouds, noise

Float = NDArray[np.float32]


def sepia(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Brown tone, soft contrast."""
    strength, gamma = rng.uniform(0.6, 1.0), rng.uniform(0.8, 1.2)
    tint = np.array([1.08, 0.92, 0.70], np.float32)

    def tone(image: Float, carry: Carry) -> Float:
        luma = (0.06 + 0.88 * grey(image) ** gamma)[..., None]
        return luma + strength * (luma * tint - luma)

    return each(shots, tone)


def old_photograph(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Grey or brown, soft, grainy, darker to the corners, scratched."""
    unit, shape = shots.unit, shots.shape
    surface = rng.uniform(0.008, 0.025) * noise(shape, 0.8 * unit, rng) + 0.015 * clouds(shape, 60 * unit, rng)
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j].astype(np.float32)
    vignette = 1 - rng.uniform(0.1, 0.4) * (x * x + y * y) / 2
    marks = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(2, 7))):
        start = rng.uniform(0, 1, 2) * shape[::-1]
        end = start + rng.normal(0, 0.25, 2) * shape[::-1]
        ends = [tuple(np.round(p * 16).astype(int).tolist()) for p in (start, end)]
        cv2.line(marks, ends[0], ends[1], (1.0,), 1, cv2.LINE_AA, 4)
    brown = np.array([1.06, 0.96, 0.80], np.float32) ** rng.uniform(0, 1.2)
    softness, black = rng.uniform(0.6, 1.2) * unit, rng.uniform(0.05, 0.15)

    def print_(image: Float, carry: Carry) -> Float:
        luma = black + (0.92 - black) * cv2.GaussianBlur(grey(image), (0, 0), softness) ** 0.9
        luma = luma * vignette + carry(surface)
        return (luma + 0.35 * carry(marks) * (0.95 - luma))[..., None] * brown

    return each(shots, print_)


def low_light(shots: Shots, rng: np.random.Generator) -> Pictures:
    """An evening without a lamp: dark, bluish or amber, with a sensor's noise."""
    shape = shots.shape
    exposure = rng.uniform(0.22, 0.45)
    tint = np.array([0.85, 0.95, 1.15] if rng.random() < 0.6 else [1.15, 0.95, 0.75], np.float32)
    speckle = rng.uniform(0.010, 0.028) * np.stack([noise(shape, 0.5, rng) for _ in range(3)], -1)

    def dim(image: Float, carry: Carry) -> Float:
        linear = image**2.2 * exposure * tint
        return np.clip(linear, 0, 1) ** (1 / 2.2) * 0.95 + carry(speckle)

    return each(shots, dim)


def coloured_light(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Two lamps of different colours from the two sides."""
    hue = rng.uniform(0, 360)
    apart = rng.uniform(90, 200)
    lamps = [
        cv2.cvtColor(np.array([[[h % 360, rng.uniform(0.4, 0.8), 1.0]]], np.float32), cv2.COLOR_HSV2RGB)[0, 0]
        for h in (hue, hue + apart)
    ]
    unit = shots.unit
    ambient = rng.uniform(0.2, 0.45)
    x = np.linspace(-1, 1, shots.shape[1], dtype=np.float32)
    out = []
    for image, normal in zip(shots.images, shots.normals, strict=True):
        n = cv2.GaussianBlur(normal, (0, 0), 2 * unit)
        across = 0.6 * x + np.linalg.norm(n, axis=-1) * (1.3 * n[..., 0] - 0.6 * x)
        right = soft_step(across, 3.0)[..., None]
        picture = (image.astype(np.float32) / 255) ** 2.2
        light = ambient + (1.15 - ambient) * (right * lamps[1] + (1 - right) * lamps[0])
        out.append(to_bytes(np.clip(picture * light, 0, 1) ** (1 / 2.2)))
    return np.stack(out)
