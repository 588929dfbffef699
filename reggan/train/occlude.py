"""Things in front of a face, drawn on input and target alike: they stay in place while the face behind them moves.

Strands of hair, spectacles, and what is held before a mouth or a cheek: a hand's fingers, a microphone. Drawn simply:
what is to be learned is that not everything that lies over skin is skin.
"""

from collections.abc import Callable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reggan.faces.topology import LEFT_EYE, RIGHT_EYE

Float = NDArray[np.float32]
_SHIFT = 4  # binary digits after the point in which OpenCV takes positions


def occlude(pair: Tensor, landmarks: Tensor, share: float) -> Tensor:
    """Put something in front of a share of the faces.

    Args:
        pair: (B, 3 k, S, S) in [0, 1], k images of one face.
        landmarks: (B, 478, 2) pixels.
        share: of the faces.
    """
    out = pair.clone()
    for n in (torch.rand(len(pair)) < share).nonzero()[:, 0].tolist():
        rng = np.random.default_rng(int(torch.randint(2**31, ())))
        images = pair[n].unflatten(0, (-1, 3)).permute(0, 2, 3, 1).cpu().numpy()  # (k, S, S, 3)
        kind = _KINDS[int(rng.integers(len(_KINDS)))]
        alpha, colour = kind(rng, images[0], landmarks[n].cpu().numpy().astype(np.float32))
        made = images + alpha[..., None] * (colour - images)
        out[n] = torch.from_numpy(made).permute(0, 3, 1, 2).flatten(0, 1).to(pair)
    return out


def _strands(rng: np.random.Generator, image: Float, landmarks: Float) -> tuple[Float, Float]:
    """Thin curves in the colour of the hair, from the top into the face: opacity (S, S), colour (S, S, 3) or (3,)."""
    side = len(image)
    alpha = np.zeros((side, side), np.float32)
    x = rng.uniform(0.2, 0.8)
    root = image[int(0.04 * side), int(x * side)] * rng.uniform(0.5, 1.1)
    bend = rng.uniform(-0.25, 0.25)
    for _ in range(int(rng.integers(2, 12))):
        start = np.array([x + rng.normal(0, 0.03), -0.02])
        end = np.array([x + bend + rng.normal(0, 0.05), rng.uniform(0.35, 0.95)])
        middle = (start + end) / 2 + np.array([rng.normal(0, 0.06), 0])
        t = np.linspace(0, 1, 24)[:, None]
        curve = ((1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end) * side
        _draw(alpha, curve, width=1 if rng.random() < 0.7 else 2, opacity=rng.uniform(0.4, 1.0))
    return alpha, root.astype(np.float32)


def _spectacles(rng: np.random.Generator, image: Float, landmarks: Float) -> tuple[Float, Float]:
    """Rims around the eyes, a bridge, and temples to the sides; the glass hardly tinted."""
    alpha = np.zeros(image.shape[:2], np.float32)
    eyes = np.stack([landmarks[list(k)].mean(0) for k in (LEFT_EYE, RIGHT_EYE)])  # the viewer's left first
    apart = float(np.linalg.norm(eyes[1] - eyes[0]))
    across = (eyes[1] - eyes[0]) / apart
    down = np.array([-across[1], across[0]])
    wide, high = apart * rng.uniform(0.34, 0.44), apart * rng.uniform(0.24, 0.36)
    power = rng.uniform(2.0, 4.5)  # 2: an ellipse; more: towards a rectangle
    angle = np.linspace(0, 2 * np.pi, 48)
    cos, sin = (np.sign(f) * np.abs(f) ** (2 / power) for f in (np.cos(angle), np.sin(angle)))
    width, drop = int(rng.integers(1, 5)), apart * 0.06
    tint, glass = rng.uniform(0, 0.15), np.zeros_like(alpha)
    for eye, outwards in zip(eyes, (-1, 1), strict=True):
        rim = eye + drop * down + wide * cos[:, None] * across + high * sin[:, None] * down
        cv2.fillPoly(glass, [_fixed(rim)], (tint,), cv2.LINE_AA, _SHIFT)
        _draw(alpha, rim, width, 1.0)
        hinge = eye + outwards * wide * across
        _draw(alpha, np.stack([hinge, hinge + outwards * 0.5 * apart * across - 0.05 * apart * down]), width, 1.0)
    inner = np.stack([eyes[0] + wide * across, (eyes[0] + eyes[1]) / 2 - 0.05 * apart * down, eyes[1] - wide * across])
    _draw(alpha, inner, width, 1.0)
    colour = rng.uniform(0, 0.5) * np.array([1.0, rng.uniform(0.7, 1.0), rng.uniform(0.4, 1.0)])
    return np.maximum(alpha, glass), colour.astype(np.float32)


def _held(rng: np.random.Generator, image: Float, landmarks: Float) -> tuple[Float, Float]:
    """One to four round bars that reach into the face from below or from a side: fingers, or something dark."""
    side = len(image)
    alpha = np.zeros((side, side), np.float32)
    fingers = rng.random() < 0.6
    towards = landmarks.mean(0) + rng.uniform(-0.15, 0.25, 2) * side
    angle = rng.uniform(-0.1, 1.1) * np.pi  # where it comes from: right, below, left
    away = np.array([np.cos(angle), np.sin(angle)])
    beside = np.array([-away[1], away[0]])
    width = rng.uniform(0.05, 0.08) * side if fingers else rng.uniform(0.10, 0.22) * side
    for k in range(int(rng.integers(2, 5)) if fingers else 1):
        tip = towards + (k * 0.97 * beside + rng.normal(0, 0.3) * away) * width
        _draw(alpha, np.stack([tip, tip + 1.5 * side * away]), int(width), 1.0)
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.7), np.float32)
    skin = np.median(image[int(0.5 * side) : int(0.6 * side), int(0.4 * side) : int(0.6 * side)], (0, 1))
    base = skin * rng.uniform(0.7, 1.1) if fingers else np.full(3, rng.uniform(0, 0.4))
    near = cv2.GaussianBlur(alpha, (0, 0), 0.3 * width) - 0.5  # darker at its rim, as round things are
    noise = cv2.resize(rng.normal(0, 0.02, (16, 16)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    return alpha, (base * (1 + 0.5 * near[..., None]) + noise[..., None]).clip(0, 1).astype(np.float32)


_KINDS: tuple[Callable[[np.random.Generator, Float, Float], tuple[Float, Float]], ...] = (_strands, _spectacles, _held)


def _fixed(points: NDArray[np.floating]) -> NDArray[np.int32]:
    return np.round(points * 2**_SHIFT).astype(np.int32)


def _draw(alpha: Float, points: NDArray[np.floating], width: int, opacity: float) -> None:
    """A line through points (N, 2), `width` pixels wide, where it is more opaque than what is there."""
    line = np.zeros_like(alpha)
    cv2.polylines(line, [_fixed(points)], False, (opacity,), max(1, width), cv2.LINE_AA, _SHIFT)
    np.maximum(alpha, line, out=alpha)
