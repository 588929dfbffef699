"""Where an iris is, and how large: the circle across which it becomes brightest outwards.

The landmarks' iris is where the visible part of it is, and nearly always of the same size. J. Daugman's operator, "High
confidence visual recognition of persons by a test of statistical independence" (1993), finds the real one,

    max over centre and radius of the mean over visible angles of light(radius +) - light(radius -)

here over the arcs left and right alone, because lids hide what is above and below, of both eyes together, and with
the darkest channel as light, because the white of an eye has no colour and an iris has.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from reggan.model.frame import normalise, sample

_RADII = tuple(0.14 + 0.015 * k for k in range(14))  # all of the distance between an eye's corners
_ASIDE = tuple(0.03 * k for k in range(-3, 4))
_UP = tuple(0.025 * k for k in range(-5, 3))  # y points down
_USUAL, _SPREAD = (0.0, -0.02, 0.205), (0.04, 0.05, 0.04)  # of centre and radius
_PRIOR = 0.015  # brightness that a circle one spread away has to make good
_DEGREES = tuple(range(-40, 51, 10))  # below the horizon, on each side
_STEP = 0.12  # of the radius, inwards and outwards
_LEAST = 5  # angles that have to be visible


def over_both(t: Tensor) -> Tensor:
    """(2 N, ...) means over the left and the right eye of each face, which alternate, so that none is treated alone:
    (2 N, ...)."""
    return t.unflatten(0, (-1, 2)).mean(1).repeat_interleave(2, 0)


class Irises(NamedTuple):
    """Of N eyes."""

    centre: Tensor  # (N, 2) pixels of the square
    radius: Tensor  # (N,) pixels
    contrast: Tensor  # (N,) by how much the darkest channel is brighter outside


def find_irises(image: Tensor, visible: Tensor, guess: Tensor, span: Tensor) -> Irises:
    """
    Args:
        image: (N, 3, s, s) squares around eyes, every other one the right eye of the same face.
        visible: (N, 1, s, s) in [0, 1], between the lids.
        guess: (N, 2) about where they are, pixels of the square.
        span: (N,) distance between the corners of the eyes, pixels.
    """
    light = image.amin(1, keepdim=True)
    side = light.shape[-1]
    grid = torch.meshgrid(*(light.new_tensor(v) for v in (_ASIDE, _UP, _RADII)), indexing="ij")
    x, y, r = (t.flatten() for t in grid)
    centre = guess[:, None] + span[:, None, None] * torch.stack([x, y], -1)  # (N, K, 2)
    radius = span[:, None] * r  # (N, K)
    right = torch.deg2rad(light.new_tensor(_DEGREES))
    angle = torch.cat([right, math.pi - right])
    ray = torch.stack([angle.cos(), angle.sin()], -1)  # (2 A, 2)

    def on_circle(image: Tensor, factor: float) -> Tensor:
        at = centre[:, :, None] + factor * radius[..., None, None] * ray  # (N, K, 2 A, 2)
        return sample(image, normalise(at, side), "bilinear")[:, 0]  # (N, K, 2 A)

    seen = on_circle(visible, 1 + _STEP)
    rises = seen * (on_circle(light, 1 + _STEP) - on_circle(light, 1 - _STEP))
    count = seen.sum(-1)
    contrast = torch.where(count > _LEAST, rises.sum(-1) / count.clamp_min(1), -1)
    away = sum((((t - usual) / spread).square() for t, usual, spread in zip((x, y, r), _USUAL, _SPREAD, strict=True)))
    best = (over_both(contrast) - _PRIOR * away).argmax(1)
    row = torch.arange(len(best), device=light.device)
    return Irises(centre[row, best], radius[row, best], contrast[row, best])
