"""Art out of photographs: deterministic filters that turn a face crop into paint, pencil, stone, metal or a cartoon.

They test whether a model that learnt from photographs still gives the expression when skin does not look like skin,
on faces whose photographic target is known. Real art also changes the shapes; that these leave alone.
Numbers were set by eye on 256 x 256 crops. Every filter takes and returns (H, W, 3) uint8 RGB.
"""

from collections.abc import Callable

import cv2
import numpy as np

_LIGHT = (-0.5, -0.7)  # direction towards the light, (x, y) with y down: from above left


def oil(image: np.ndarray) -> np.ndarray:
    """Brush dabs of the most frequent tone (OpenCV's xphoto, at twice the size for finer dabs), richer colours."""
    height, width = image.shape[:2]
    large = cv2.resize(image, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)
    painted = cv2.resize(cv2.xphoto.oilPainting(large, 6, 1), (width, height), interpolation=cv2.INTER_AREA)
    return _saturate(painted, 1.25)


def pencil(image: np.ndarray) -> np.ndarray:
    """Graphite on paper: dodge of the tone by its own blur, plus a light wash and hatching in the shadows."""
    grey = _tone(image)
    blurred = cv2.GaussianBlur(grey, (0, 0), 6)
    lines = np.clip(grey / np.maximum(blurred, 1 / 255), 0, 1) ** 2.5
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
    hatching = 0.5 + 0.5 * np.sin((x + y) * (2 * np.pi / 5))
    shade = 1 - 0.45 * np.clip(0.75 - blurred, 0, 1) * (0.55 + 0.45 * hatching)
    return _paint(lines * shade, ((40, 40, 46), (250, 248, 240)))


def marble(image: np.ndarray) -> np.ndarray:
    """White stone: no colour, hair and pigment nearly as light as skin, relief under a raking light, soft veins."""
    light = 0.3 + 0.45 * _even(image) + 0.55 * _relief(image) - 0.06 * _veins(image.shape[:2])
    return _paint(light, ((70, 66, 64), (168, 163, 157), (228, 224, 217), (253, 251, 246)))


def bronze(image: np.ndarray) -> np.ndarray:
    """Cast metal: dark, steep tones with narrow bright highlights."""
    light = np.clip(0.8 * _even(image) + 0.6 * _relief(image) + 0.05, 0, 1)
    return _paint(light**1.6, ((18, 13, 10), (84, 54, 30), (168, 118, 66), (255, 240, 205)))


def cartoon(image: np.ndarray) -> np.ndarray:
    """Flat colours and ink lines."""
    flat = image
    for _ in range(4):
        flat = cv2.bilateralFilter(flat, 9, 40, 7)
    lab = cv2.cvtColor(flat, cv2.COLOR_RGB2LAB)
    steps = 255 / 9
    lab[..., 0] = (np.floor(lab[..., 0] / steps) * steps + steps / 2).astype(np.uint8)
    colours = _saturate(cv2.cvtColor(cv2.medianBlur(lab, 3), cv2.COLOR_LAB2RGB), 1.4)
    tone = cv2.GaussianBlur(_tone(image), (0, 0), 0.8)
    edge = cv2.GaussianBlur(tone, (0, 0), 1.6) - tone  # positive on the dark side of an edge
    ink = np.clip((edge - 0.02) / 0.03, 0, 1)[..., None]
    return (colours * (1 - 0.85 * ink)).astype(np.uint8)


def greyscale(image: np.ndarray) -> np.ndarray:
    """No colour (ITU-R BT.601 luma)."""
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


STYLES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "oil": oil,
    "pencil": pencil,
    "marble": marble,
    "bronze": bronze,
    "cartoon": cartoon,
    "greyscale": greyscale,
}


def _tone(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255  # (H, W) in [0, 1]


def _saturate(image: np.ndarray, gain: float) -> np.ndarray:
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    hsv[..., 1] = np.minimum(hsv[..., 1] * gain, 255).astype(np.uint8)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def _even(image: np.ndarray) -> np.ndarray:
    """Tone smoothed, with local contrast evened out: one material all over. (H, W) in [0, 1]."""
    smooth = cv2.bilateralFilter(_tone(image), 7, 0.1, 3)
    return cv2.createCLAHE(2.0, (3, 3)).apply((smooth * 255).astype(np.uint8)).astype(np.float32) / 255


def _relief(image: np.ndarray) -> np.ndarray:
    """Shading of the tone taken as the height of a relief lit from above left: (H, W) in (-1, 1), 0 where flat."""
    tone = _even(image)
    slope = np.zeros_like(tone)
    for sigma in (1.0, 2.0, 4.0):
        dy, dx = np.gradient(cv2.GaussianBlur(tone, (0, 0), sigma))
        slope -= sigma * (dx * _LIGHT[0] + dy * _LIGHT[1])  # bright where the height falls towards the light
    return np.tanh(1.8 * slope)


def _veins(shape: tuple[int, ...]) -> np.ndarray:
    """Meandering soft lines, the same every time: (H, W) in [0, 1]."""
    rng = np.random.default_rng(0)
    size = (shape[1], shape[0])
    warp = sum(cv2.resize(rng.normal(0, 1 / n, (n, n)), size, interpolation=cv2.INTER_CUBIC) * 4 for n in (4, 8, 16))
    y, x = np.mgrid[: shape[0], : shape[1]] / shape[0]
    return np.clip(1 - 6 * np.abs(np.sin(2 * np.pi * (0.6 * x + 0.9 * y + 0.35 * warp))), 0, 1)


def _paint(tone: np.ndarray, colours: tuple[tuple[int, int, int], ...]) -> np.ndarray:
    """Map tone in [0, 1] to a ramp through evenly spaced RGB colours, dark to light."""
    at = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(tone, at, channel) for channel in zip(*colours, strict=True)], 2).astype(np.uint8)
