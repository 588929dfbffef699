"""The change to a face, and how it is pasted back at the picture's own resolution.

The model works on a small crop, but the crop never replaces the picture. Only the change is transferred: where each
pixel takes its colour from, what is painted over it and what is added. The original picture is sampled only once.
"""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.faces.align import invert, similarity_scale, transform

Float = NDArray[np.float32]

_FEATHER = 0.08  # width of the fade at the crop's border, as a share of S
_ROWS = 32  # rows of the picture processed at a time: few enough to stay in the processor's cache
_FEW = 8  # strips of so many rows that are not worth another thread
_NO_MAP = np.empty(0, np.float32)  # OpenCV's second map: none, since x and y are in one


@dataclass(frozen=True)
class Detail:
    """What comes to a change on a grid of its own, finer than the crop's.

    Attributes:
        corner: (x, y) of its first pixel, in crop pixels.
        factor: how many of its pixels make one of the crop's.
        value: (h, w, 4) float32, to be added to the opacity m and to the colour m paint + residual; 0 at its border.
    """

    corner: tuple[int, int]
    factor: int
    value: Float


@dataclass(frozen=True)
class Change:
    """What happens to a face, on the S x S grid of its aligned crop I:

        out(u) = (1 - m(u)) I(u + D(u)) + m(u) paint(u) + residual(u)

    and where something lies before the face, stays(u) I(u) + (1 - stays(u)) out(u).

    Attributes:
        displacement: (S, S, 2) float32, D, (x, y) in crop pixels: u shows what was at u + D(u).
        opacity: (S, S, 1) float32 in [0, 1], m.
        paint: (S, S, 3) float32 in [0, 1], RGB.
        residual: (S, S, 3) float32, added; 1 is the difference between black and white.
        details: what large faces get on finer grids; nearly 0 in the mean over a crop pixel.
        stays: (S, S, 1) float32 in [0, 1], where the picture stays as it is; None if nowhere.
    """

    displacement: Float
    opacity: Float
    paint: Float
    residual: Float
    details: tuple[Detail, ...] = ()
    stays: Float | None = None

    def __post_init__(self) -> None:
        size = self.displacement.shape[0]
        for name, channels in (("displacement", 2), ("opacity", 1), ("paint", 3), ("residual", 3)):
            if getattr(self, name).shape != (size, size, channels):
                raise ValueError(f"{name} must have shape ({size}, {size}, {channels})")

    @property
    def size(self) -> int:
        """S, the side of the crop in pixels."""
        return int(self.displacement.shape[0])


def apply_change(crop: NDArray[np.uint8], change: Change) -> NDArray[np.uint8]:
    """Apply the change within the crop, (S, S, 3) uint8 to (S, S, 3) uint8; the crop is too coarse for `details`."""
    y, x = np.mgrid[: change.size, : change.size].astype(np.float32)
    where = np.stack([x, y], -1) + change.displacement
    out = _blend(crop, where, change.opacity, change.opacity * change.paint + change.residual)
    return out if change.stays is None else kept(out, crop, change.stays)


def paste_back(image: NDArray[np.uint8], matrix: NDArray[Any], change: Change) -> NDArray[np.uint8]:
    """The picture with the change applied to one face.

    A picture pixel p inside the crop lies at u = M p on the change's grid. It takes the picture's colour at
    p + L^-1 D(u), with L the 2 x 2 part of M, then is painted over and added to as in `Change`. The change fades out
    smoothly (C1) towards the crop's border. Pixels that it alters by less than half an 8-bit step stay exactly as they
    were.

    Args:
        image: (H, W, 3) uint8, not modified.
        matrix: (2, 3) similarity transform M from the picture to the crop, `alignment_matrix`.
        change: on the crop's grid.

    Returns:
        (H, W, 3) uint8, a new array.
    """
    out = image.copy()
    on = lay(image.shape, matrix, change)
    # The part of the picture that may be sampled; mirrored only where the picture itself ends.
    reach = math.ceil(float(np.abs(on.displacement).max())) + 4

    def write_strip(strip: slice) -> None:
        part, where = on.part(image, strip, reach)
        mixed = on.mixed(strip)
        made = _blend(part, where, mixed[..., :1], mixed[..., 1:])
        if change.stays is not None:
            made = kept(made, image[strip, on.columns], on.sampled(change.stays, strip)[..., None])
        out[strip, on.columns] = made

    in_strips(on.rows, write_strip)
    return out


@dataclass(frozen=True)
class Laid:
    """A change as it lies on a picture: faded out at the crop's border, and no finer than the picture's pixels.

    Attributes:
        matrix: (2, 3), picture to crop.
        displacement: (S, S, 2) float32, D in the picture's pixels.
        blend: (S, S, 4) float32, m and m paint + residual.
        finer: what comes to `blend` on finer grids, and the transforms from the picture to them.
        rows, columns: the part of the picture that is changed; may be empty.
    """

    matrix: NDArray[Any]
    displacement: Float
    blend: Float
    finer: list[tuple[Float, NDArray[np.float64]]]
    rows: slice
    columns: slice

    def sampled(self, grid: Float, strip: slice) -> Float:
        """Values of a crop-sized grid (S, S, C) at these rows of the picture, (h, w, C); zero outside the crop."""
        return _sample(grid, self.matrix, strip, self.columns)

    def mixed(self, strip: slice) -> Float:
        """`blend`, with what is finer, at these rows of the picture, (h, w, 4)."""
        out = self.sampled(self.blend, strip)
        for fine in self.finer:
            if _meet(fine, strip, self.columns):
                out += _sample(*fine, strip, self.columns)
        return out

    def part(self, image: NDArray[np.uint8], strip: slice, reach: int) -> tuple[NDArray[np.uint8], Float]:
        """What these rows show, no further than `reach` away: a part of the picture, and where in it (h, w, 2)."""
        where = self.sampled(self.displacement, strip)
        x0, x1 = max(self.columns.start - reach, 0), min(self.columns.stop + reach, image.shape[1])
        y0, y1 = max(strip.start - reach, 0), min(strip.stop + reach, image.shape[0])
        where[..., 0] += np.arange(self.columns.start, self.columns.stop, dtype=np.float32) - x0
        where[..., 1] += np.arange(strip.start, strip.stop, dtype=np.float32)[:, None] - y0
        return image[y0:y1, x0:x1], where


def lay(shape: tuple[int, ...], matrix: NDArray[Any], change: Change) -> Laid:
    """The change on a picture of this shape; `matrix` as `paste_back` has it."""
    to_picture = invert(matrix)
    displacement, blend = _feathered(change, scale=similarity_scale(np.asarray(matrix)))
    rows, columns = _touched(displacement, blend, to_picture, shape)
    finer = [_finer(detail, matrix) for detail in change.details]
    return Laid(matrix, in_picture(displacement, matrix), blend, finer, rows, columns)


def in_picture(displacement: Float, matrix: NDArray[Any]) -> Float:
    """A displacement (S, S, 2) in crop pixels, in those of the picture."""
    return np.ascontiguousarray(displacement @ invert(matrix)[:, :2].T.astype(np.float32))


def in_strips(rows: slice, write: Callable[[slice], None]) -> None:
    """Call `write` for every few rows, in several threads if there are many."""
    strips = [slice(top, min(top + _ROWS, rows.stop)) for top in range(rows.start, rows.stop, _ROWS)]
    if len(strips) <= _FEW:
        for strip in strips:
            write(strip)
    else:
        with ThreadPoolExecutor(os.cpu_count()) as threads:  # OpenCV and NumPy let others run meanwhile
            list(threads.map(write, strips))


def _blend(image: NDArray[np.uint8], where: Float, opacity: Float, added: Float) -> NDArray[np.uint8]:
    """(1 - opacity) image(where) + added, (h, w, 3) uint8; `added` holds opacity times paint, plus the residual."""
    mixed = looked_up(image, where) * (np.float32(1.0) - opacity)
    mixed += added * np.float32(255.0)
    return np.asarray(np.rint(np.clip(mixed, 0, 255, out=mixed), out=mixed), np.uint8)


def looked_up(image: NDArray[np.uint8], where: Float) -> NDArray[np.uint8]:
    """The picture (H, W, 3) at these positions (h, w, 2).

    At whole positions the bicubic kernel returns the pixel itself, so rounding leaves untouched pixels exact.
    """
    found = cv2.remap(image, where, _NO_MAP, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(found, np.uint8)


def kept(made: NDArray[np.uint8], image: NDArray[np.uint8], stays: NDArray[Any]) -> NDArray[np.uint8]:
    """What is made, (..., h, w, 3) uint8, and the picture (h, w, 3) where it stays (h, w, 1)."""
    return np.asarray(np.rint(made + stays.clip(0, 1) * (image.astype(np.float32) - made)), np.uint8)


def _feathered(change: Change, scale: float) -> tuple[Float, Float]:
    """D (S, S, 2) and [m, m paint + residual] (S, S, 4): faded at the border, and no finer than the picture's pixels.

    Colours are interpolated premultiplied by their opacity, so that `paint` has no influence where nothing is painted.

    Args:
        scale: crop pixels per picture pixel.
    """
    size = change.size
    inward = np.minimum(np.arange(size) + 0.5, size - 0.5 - np.arange(size))  # distance from the border
    t = np.clip(inward / (_FEATHER * size), 0.0, 1.0)
    fade = (t * t * (3.0 - 2.0 * t)).astype(np.float32)  # smoothstep
    fade = fade[:, None, None] * fade[None, :, None]  # (S, S, 1)
    displacement = change.displacement * fade
    blend = np.concatenate([change.opacity, change.opacity * change.paint + change.residual], 2) * fade
    if scale > 1.0:  # one picture pixel covers several of the crop's
        sigma = 0.5 * math.sqrt(scale * scale - 1.0)
        blend = cv2.GaussianBlur(blend, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(displacement, np.float32), np.asarray(blend, np.float32)


def _finer(detail: Detail, matrix: NDArray[Any]) -> tuple[Float, NDArray[np.float64]]:
    """The detail, no finer than the picture's pixels, and the transform from the picture to its grid."""
    to_fine = detail.factor * np.array(matrix, np.float64)
    # The centre of crop pixel k is that of the fine pixels f k to f k + f - 1.
    to_fine[:, 2] += (detail.factor - 1) / 2 - detail.factor * np.array(detail.corner)
    scale = similarity_scale(to_fine)
    value = detail.value
    if scale > 1.0:
        sigma = 0.5 * math.sqrt(scale * scale - 1.0)
        value = np.asarray(cv2.GaussianBlur(value, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT), np.float32)
    return value, to_fine


def _meet(fine: tuple[Float, NDArray[np.float64]], rows: slice, columns: slice) -> bool:
    """Whether a grid and a part of the picture may have pixels in common."""
    value, to_fine = fine
    x, y = np.array([columns.start, columns.stop]), np.array([rows.start, rows.stop])
    corners = transform(np.stack(np.meshgrid(x, y), -1).reshape(-1, 2), to_fine)
    size = np.array(value.shape[1::-1])
    return bool((corners.max(0) > -2).all() and (corners.min(0) < size + 2).all())


def _touched(
    displacement: Float, blend: Float, to_picture: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Rows and columns of the upright rectangle that contains every change; both are empty if one is."""
    active = (np.abs(displacement) > 1e-3).any(2) | (np.abs(blend) > 1e-3).any(2)
    rows, columns = np.flatnonzero(active.any(1)), np.flatnonzero(active.any(0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    x = np.array([columns[0] - 2, columns[-1] + 2])  # 2: the reach of the bicubic kernel
    y = np.array([rows[0] - 2, rows[-1] + 2])
    corners = transform(np.stack(np.meshgrid(x, y), -1).reshape(-1, 2), to_picture)
    low = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, shape[1::-1])
    if (low >= high).any():
        return slice(0, 0), slice(0, 0)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _sample(grid: Float, matrix: NDArray[Any], rows: slice, columns: slice) -> Float:
    """Values of a crop-sized grid (S, S, C) at the picture's pixels (h, w, C); zero outside the crop."""
    m = np.array(matrix, np.float64)
    m[:, 2] += m[:, :2] @ (columns.start, rows.start)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(grid, m, size, flags=flags, borderMode=cv2.BORDER_CONSTANT), np.float32)
