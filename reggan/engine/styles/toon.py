"""Drawn and rendered characters."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.pixels import grey, soft_clip, to_bytes
from reggan.engine.styles.shots import Carry, Pictures, Shots, each, saturated, soft_step, unit_vector
from reggan.engine.styles.texture import kuwahara

Float = NDArray[np.float32]


def cartoon(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Few flat tones, dark outlines, strong colour."""
    unit = shots.unit
    levels, colour, line = rng.uniform(6, 10), rng.uniform(1.1, 1.5), rng.uniform(6, 11)

    def draw(image: Float, carry: Carry) -> Float:
        smooth = np.asarray(cv2.bilateralFilter(image, 0, 0.12, 3 * unit), np.float32)
        flat = kuwahara(smooth, round(2 * unit))
        luma = grey(flat)
        tone = cv2.GaussianBlur(luma, (0, 0), 2.5 * unit) * levels
        stepped = (np.floor(tone) + soft_step(tone - np.floor(tone) - 0.5, 7)) / levels
        toned = saturated(flat * ((stepped + 0.02) / (luma + 0.02))[..., None], colour)
        thin, wide = (cv2.GaussianBlur(grey(image), (0, 0), s * unit) for s in (0.8, 1.8))
        return toned * np.clip(1 - line * np.clip(wide - thin - 0.008, 0, None), 0.15, 1)[..., None]

    return each(shots, draw)


def avatar(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Skin like plastic, clean colours, a soft key light with a shine: a character of a film or a game."""
    unit = shots.unit
    colour, gloss = rng.uniform(1.1, 1.4), rng.uniform(0.10, 0.25)
    light = unit_vector(rng.uniform(-0.6, 0.6), -0.6, -0.8)
    half = unit_vector(*(light + np.array([0, 0, -1])))
    out = []
    for image, normal in zip(shots.images, shots.normals, strict=True):
        smooth = image.astype(np.float32) / 255
        for _ in range(3):
            smooth = cv2.bilateralFilter(smooth, 0, 0.10, 4 * unit)
        edges = (image.astype(np.float32) / 255 - smooth) * 0.25
        shaded = saturated(smooth + edges, colour) * np.float32(1.08)
        n = cv2.GaussianBlur(normal, (0, 0), 1.5 * unit)
        facing, shine = np.clip(n @ light, 0, 1), np.clip(n @ half, 0, 1) ** 30
        skin = np.clip(np.linalg.norm(n, axis=-1), 0, 1)
        shaded = shaded * (1 + skin * (0.45 * facing - 0.25))[..., None] + gloss * (skin * shine)[..., None]
        out.append(to_bytes(soft_clip(shaded)))
    return np.stack(out)
