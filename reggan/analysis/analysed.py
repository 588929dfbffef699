"""A picture with its faces, before and after they are edited, as data."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reggan.analysis.edit_record import FaceEdit
from reggan.faces import Change, Face, paste_back, similarity_scale
from reggan.faces.images import scaled_down
from reggan.faces.transparency import move_opacity, off_white
from reggan.model.arrays import Image
from reggan.model.covered import Covering
from reggan.model.forward import Float

_LARGE = 1.25  # picture pixels for one of the crop, from which a face deserves the details of mouth and folds


@dataclass(frozen=True)
class AlignedFace:
    """A face ready for the model."""

    face: Face
    matrix: NDArray[np.float64]  # (2, 3), picture -> crop
    crop: Image  # (256, 256, 3)
    landmarks: NDArray[np.float32]  # (478, 2), pixels in the crop
    present: NDArray[np.float32]  # (6,) in [0, 1], the expression it has already, as far as landmarks tell
    covered: Covering | None  # by cloth, hands, spectacles
    before: "Before | None" = None  # if RegGAN has edited it

    @property
    def base(self) -> "AlignedFace":
        """What the model is given: the face, or how it was before it was edited."""
        return self if self.before is None else self.before.face

    def asked(self, c: Float, relax: Float) -> tuple[Float, Float]:
        """What is to become of `base` when c (N, 6) and relax (N,) are asked of the face."""
        return (c, relax) if self.before is None else self.before.asked(c, relax)

    @property
    def large(self) -> bool:
        """Whether the picture has more pixels of it than the crop, so that it deserves details."""
        return 1 / similarity_scale(self.matrix) > _LARGE


@dataclass(frozen=True)
class Before:
    """How a face was before RegGAN gave it an expression, worked out by `reggan.analysis.before`.

    What it showed itself, and has lost, does not come back.

    Attributes:
        face: as it was, in the same picture.
        edit: what was done to it.
        corner: (x, y) of the first pixel of `pixels` in the picture.
        pixels: (h, w, 3), the part of the picture that was changed, as it was.
        opacity: (h, w), the same, if the picture is transparent somewhere.
    """

    face: AlignedFace
    edit: FaceEdit
    corner: tuple[int, int]
    pixels: Image
    opacity: NDArray[np.uint8] | None = None

    def asked(self, c: Float, relax: Float) -> tuple[Float, Float]:
        """c (N, 6) and relax (N,) of the face as it was that make the same of it as these of the face as it is."""
        c = (c + (1 - relax)[:, None] * self.edit.comes).clip(0, 1).astype(np.float32)
        return c, relax if self.edit.leaves < 1 else np.zeros_like(relax)  # it rests, whatever landmarks say

    def put_back(self, image: Image, picture: Image) -> Image:
        """`image` (H, W, 3), `picture` with other changes perhaps, with this face as it was."""
        part, out = self._part, image.copy()
        out[part] = np.where((self.pixels != picture[part]).any(2, keepdims=True), self.pixels, image[part])
        return out

    def put_opacity_back(self, opacity: NDArray[np.uint8], of_picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The same of opacity (H, W)."""
        if self.opacity is None:
            return opacity
        part, out = self._part, opacity.copy()
        out[part] = np.where(self.opacity != of_picture[part], self.opacity, opacity[part])
        return out

    @property
    def _part(self) -> tuple[slice, slice]:
        x, y = self.corner
        return slice(y, y + self.pixels.shape[0]), slice(x, x + self.pixels.shape[1])


@dataclass(frozen=True)
class Analysis:
    """What is known of a picture before any expression is chosen. Compute once, edit often."""

    image: Image  # (H, W, 3)
    faces: tuple[AlignedFace, ...]  # the largest first
    opacity: NDArray[np.uint8] | None = None  # (H, W), if the picture is transparent somewhere: `image` is over white


@dataclass(frozen=True)
class EditedFace:
    """One face of a `Result`."""

    box: tuple[float, float, float, float]  # x0, y0, x1, y1, pixels in the picture
    landmarks: NDArray[np.float32]  # (478, 2), pixels in the picture
    crop: Image  # (256, 256, 3) what the model was given
    coarse: Image  # (256, 256, 3) stage 1
    refined: Image  # (256, 256, 3) stage 2
    change: Change  # what stage 2 did, on the crop's grid
    present: NDArray[np.float32]  # (6,) in [0, 1], the expression that the face had before


@dataclass(frozen=True)
class Result:
    """An edited picture."""

    image: Image  # (H, W, 3), size of the input
    faces: tuple[EditedFace, ...]
    c: NDArray[np.float32]  # (6,) the strengths that were asked for; (N, 6) of `edit_each`
    opacity: NDArray[np.uint8] | None = None  # (H, W), if the picture is transparent somewhere: `image` is over white
    edits: tuple[FaceEdit, ...] = ()  # what was done to the picture's faces, for its file

    @property
    def picture(self) -> Image:
        """What is saved: `image`, or (H, W, 4) uint8 RGBA if it is transparent somewhere."""
        return self.image if self.opacity is None else off_white(self.image, self.opacity)


def asked_for(faces: Iterable[int], edited: Sequence[EditedFace], c: Float, goes: Float) -> dict[int, Change]:
    """The changes of those faces that something is asked of; the others stay as they are, to the bit."""
    rows = zip(faces, edited, c, goes, strict=True)
    return {face: one.change for face, one, row, gone in rows if row.any() or gone}


def paste(analysis: Analysis, changes: Mapping[int, Change]) -> tuple[Image, NDArray[np.uint8] | None]:
    """The picture with the changes of these faces, in their order, and its opacity, as in `Result`.

    `analysis` may be of a smaller copy of the picture that the changes were made for, or of a part of it.
    """
    image, opacity = analysis.image, analysis.opacity
    for face, change in changes.items():
        one = analysis.faces[face]
        if one.before is not None:
            image = one.before.put_back(image, analysis.image)
            if opacity is not None and analysis.opacity is not None:
                opacity = one.before.put_opacity_back(opacity, analysis.opacity)
        shown = change if one.base.large else replace(change, details=())
        image = paste_back(image, one.base.matrix, shown)
        opacity = None if opacity is None else move_opacity(opacity, one.base.matrix, shown)
    return image, opacity


def shrink_analysis(analysis: Analysis, largest: int) -> Analysis:
    """The same picture with at most `largest` pixels on the longer side, without detecting the faces again.

    The aligned crops remain those of the full resolution, so the model sees exactly the same as before.
    """
    height, width = analysis.image.shape[:2]
    scale = min(1.0, largest / max(height, width))
    if scale == 1.0:
        return analysis

    def smaller(image: Image) -> Image:
        return scaled_down(image, scale)

    image = smaller(analysis.image)
    stretch = np.array([image.shape[1] / width, image.shape[0] / height])
    # Picture position p, with pixel centres at integers, moves to stretch (p + 1/2) - 1/2.
    return _moved(analysis, image, smaller, stretch, 0.5 * stretch - 0.5)


def crop_analysis(analysis: Analysis, box: tuple[int, int, int, int]) -> Analysis:
    """The part (x0, y0, x1, y1) of the picture; all faces keep their numbers, even those now outside it."""
    x0, y0, x1, y1 = box

    def part(image: Image) -> Image:
        return np.ascontiguousarray(image[y0:y1, x0:x1])

    return _moved(analysis, part(analysis.image), part, np.ones(2), np.array([-x0, -y0], np.float64))


def _moved(
    analysis: Analysis,
    image: Image,
    move: Callable[[Image], Image],
    stretch: NDArray[np.float64],
    shift: NDArray[np.float64],
) -> Analysis:
    """The analysis for `image`, what `move` makes of the picture, in which every position p has moved to
    stretch p + shift."""

    def face(one: AlignedFace) -> AlignedFace:
        before = one.before
        if before is not None:
            picture = move(before.put_back(analysis.image, analysis.image))
            changed = _differing(picture, image)
            before = replace(before, face=moved(before.face, stretch, shift), opacity=None, **changed)
        return replace(moved(one, stretch, shift), before=before)

    return Analysis(image, tuple(face(one) for one in analysis.faces))


def moved(one: AlignedFace, stretch: NDArray[np.float64], shift: NDArray[np.float64]) -> AlignedFace:
    """The face where every position p of the picture has moved to stretch p + shift; what it was before has not."""
    points = (one.face.landmarks * stretch + shift).astype(np.float32)
    x0, y0, x1, y1 = (np.array(one.face.box).reshape(2, 2) * stretch + shift).ravel().tolist()
    linear = one.matrix[:, :2] / stretch  # M p = L p + t, with p = (p' - shift) / stretch
    matrix = np.hstack([linear, (one.matrix[:, 2] - linear @ shift)[:, None]])
    return replace(one, face=Face((x0, y0, x1, y1), points, one.face.confidence), matrix=matrix)


def _differing(picture: Image, image: Image) -> dict[str, Any]:
    """`corner` and `pixels` of a `Before`: the part of a picture that is not as in the other."""
    differs = (picture != image).any(2)
    rows, columns = np.flatnonzero(differs.any(1)), np.flatnonzero(differs.any(0))
    if not len(rows):
        return {"corner": (0, 0), "pixels": picture[:0, :0]}
    part = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return {"corner": (int(columns[0]), int(rows[0])), "pixels": part}
