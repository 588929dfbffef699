"""A change taken back: the picture as it was before `paste_back`, from the picture after and the change.

What `paste_back` made is inverted step by step. From

    out(u) = (1 - m(u)) I(u + D(u)) + m(u) paint(u) + residual(u)

the colour that was moved is (out - m paint - residual) / (1 - m), and I(v) is that colour at v + E(v), with

    E(v) = -D(v + E(v)).

What was painted over is lost, as an opened mouth hides the line where its lips met; there, and behind what stays, a
guess is shown.
"""

import math
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.faces.paste import Change, Float, in_picture, in_strips, kept, lay, looked_up

_COVERS = 0.5  # opacity of what was painted, from which the colour below it is lost
_NEAR, _EDGE = 12, 3  # crop pixels around that, where thin paint is its edge; and around thin paint there
_THIN = 0.03, 0.25  # opacity of such an edge, from which the colour is doubtful, and lost
_STEPS = 30  # of the iteration for E, each half of the way


def take_back(
    image: NDArray[np.uint8], matrix: NDArray[Any], change: Change, guess: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The picture before a change.

    Args:
        image: (H, W, 3) uint8, the picture after it.
        matrix: (2, 3) similarity transform from the picture to the crop, as `paste_back` has it.
        change: on the crop's grid.
        guess: (H, W, 3) uint8, how it may have been where that is lost.

    Returns:
        (H, W, 3) uint8, a new array.
    """
    on = lay(image.shape, matrix, change)
    if on.rows.start == on.rows.stop:
        return image.copy()
    bare, out = image.copy(), image.copy()

    def uncover(strip: slice) -> None:
        mixed = on.mixed(strip)
        colour = image[strip, on.columns] - np.float32(255) * mixed[..., 1:]
        colour /= 1 - np.clip(mixed[..., :1], 0, _COVERS)
        bare[strip, on.columns] = np.rint(colour.clip(0, 255))

    in_strips(on.rows, uncover)
    back = _inverse(on.displacement @ np.asarray(matrix)[:, :2].T.astype(np.float32))
    covered = _covered(on.blend[..., 0])[..., None]
    stays = np.zeros_like(covered) if change.stays is None else change.stays.clip(0, 1)
    lost = _at(np.maximum(covered, stays), back)
    from_there = replace(on, displacement=in_picture(back, matrix))
    reach = math.ceil(float(np.abs(from_there.displacement).max())) + 4

    def write(strip: slice) -> None:
        moved = looked_up(*from_there.part(bare, strip, reach))
        made = kept(moved, guess[strip, on.columns], on.sampled(lost, strip)[..., None])
        out[strip, on.columns] = kept(made, image[strip, on.columns], on.sampled(stays, strip)[..., None])

    in_strips(on.rows, write)
    return out


def _covered(opacity: Float) -> Float:
    """Where paint (S, S) hides what was there, (S, S) from 0 to 1: where it is thick, and along its edges."""
    near = _grown((opacity >= _COVERS).astype(np.float32), _NEAR)
    edge = (_grown(opacity, _EDGE) - _THIN[0]) / (_THIN[1] - _THIN[0])
    return np.asarray(cv2.GaussianBlur(near * edge.clip(0, 1), (0, 0), _EDGE), np.float32)


def _grown(mask: Float, pixels: int) -> Float:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask, kernel), np.float32)


def _inverse(displacement: Float) -> Float:
    """E (S, S, 2) of D (S, S, 2), both in crop pixels."""
    back = -displacement
    for _ in range(_STEPS):
        back = 0.5 * (back - _at(displacement, back))
    return back


def _at(grid: Float, displacement: Float) -> Float:
    """(S, S, C) at each pixel moved by (S, S, 2)."""
    y, x = np.mgrid[: len(grid), : len(grid)].astype(np.float32)
    out = cv2.remap(
        grid, x + displacement[..., 0], y + displacement[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(out.reshape(grid.shape), np.float32)
