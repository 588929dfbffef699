"""Picture in, pictures out: finds the faces, runs both stages, pastes back.

    predictor = Predictor.from_pretrained()
    result = predictor("portrait.jpg", "happy")
    result.image                      # (H, W, 3) uint8, the whole picture at its full resolution
    result.faces[0].coarse, .refined  # (256, 256, 3) uint8

A predictor holds the weights and nothing else: it can be shared by any number of threads and visitors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from reggan import checkpoint
from reggan.errors import InputError
from reggan.expressions import Expression, resolve
from reggan.faces import (
    Change,
    Face,
    align,
    alignment_matrix,
    face_in_box,
    find_faces,
    paste_back,
    read_image,
    transform,
)
from reggan.faces.images import ImageSource
from reggan.model import SIZE, Output, RegGAN

Image = NDArray[np.uint8]
Box = Sequence[float]
NO_FACE = "No face was found in this picture; choose a larger or clearer one, or mark the face with a box."


@dataclass(frozen=True)
class AlignedFace:
    """A face ready for the model."""

    face: Face
    matrix: NDArray[np.float64]  # (2, 3), picture -> crop
    crop: Image  # (256, 256, 3)
    landmarks: NDArray[np.float32]  # (478, 2), pixels in the crop


@dataclass(frozen=True)
class Analysis:
    """What is known of a picture before any expression is chosen. Compute once, edit often."""

    image: Image  # (H, W, 3)
    faces: tuple[AlignedFace, ...]  # the largest first


@dataclass(frozen=True)
class EditedFace:
    """One face of a `Result`."""

    box: tuple[float, float, float, float]  # x0, y0, x1, y1, pixels in the picture
    landmarks: NDArray[np.float32]  # (478, 2), pixels in the picture
    crop: Image  # (256, 256, 3) what the model was given
    coarse: Image  # (256, 256, 3) stage 1
    refined: Image  # (256, 256, 3) stage 2
    change: Change  # what stage 2 did, on the crop's grid


@dataclass(frozen=True)
class Result:
    """An edited picture."""

    image: Image  # (H, W, 3), size of the input
    faces: tuple[EditedFace, ...]
    c: NDArray[np.float32]  # (6,) the strengths that were asked for


class Predictor:
    """Gives faces new expressions. Make one with `Predictor.from_pretrained()`."""

    def __init__(self, model: RegGAN, metadata: dict[str, str] | None = None, device: str | None = None) -> None:
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.model = model.to(self.device).eval().requires_grad_(False)
        self.metadata = dict(metadata or {})

    @classmethod
    def from_pretrained(cls, path: str | Path | None = None, device: str | None = None) -> "Predictor":
        """Load weights from a safetensors file; without one, those that come with the package.

        Raises:
            InputError: the file is missing or does not fit.
        """
        model, metadata = checkpoint.load(path or checkpoint.EMBEDDED)
        return cls(model, metadata, device)

    def __call__(
        self,
        image: ImageSource,
        expression: Expression = "happy",
        strength: float = 1.0,
        face: int | None = None,
        box: Box | None = None,
    ) -> Result:
        """Edit a picture.

        Args:
            image: path, bytes, file, PIL image or array; see `reggan.faces.read_image`.
            expression: name, mixture or six strengths; see `reggan.expressions.resolve`.
            strength: in [0, 1].
            face: which face, 0 being the largest; None for all.
            box: (x0, y0, x1, y1) around a face in pixels, for a face that is not found by itself.

        Raises:
            InputError: unreadable picture, no face, no such face, or an expression that does not exist.
        """
        return self.edit(self.analyse(image, box), resolve(expression, strength), face)

    def analyse(self, image: ImageSource, box: Box | None = None) -> Analysis:
        """Read a picture and find its faces; with `box`, the one face in it.

        Raises:
            InputError: the picture is unreadable or the box impossible. No face is not an error here.
        """
        pixels = read_image(image)
        found = find_faces(pixels) if box is None else [face_in_box(pixels, box)]
        return Analysis(pixels, tuple(self._aligned(pixels, f) for f in found))

    @staticmethod
    def _aligned(image: Image, face: Face) -> AlignedFace:
        matrix = alignment_matrix(face.landmarks)
        landmarks = transform(face.landmarks, matrix).astype(np.float32)
        return AlignedFace(face, matrix, align(image, matrix), landmarks)

    def edit(self, analysis: Analysis, c: NDArray[np.float32], face: int | None = None) -> Result:
        """Give one face, or all, the expression with strengths c (6,)."""
        return self.edit_many(analysis, c[None], face)[0]

    def edit_many(self, analysis: Analysis, c: NDArray[np.float32], face: int | None = None) -> list[Result]:
        """One result per row of c (N, 6); the model sees all of them at once.

        Raises:
            InputError: there is no face, or not that many.
        """
        if not analysis.faces:
            raise InputError(NO_FACE)
        if face is not None and not 0 <= face < len(analysis.faces):
            count = len(analysis.faces)
            raise InputError(f"There is no face {face}; this picture has {count}, counted from 0.")
        chosen = analysis.faces if face is None else (analysis.faces[face],)
        images = [analysis.image] * len(c)
        edited: list[list[EditedFace]] = [[] for _ in c]
        for one in chosen:
            out = self._run(one.crop[None], one.landmarks[None], c)
            coarse, refined = to_uint8(out.coarse), to_uint8(out.refined)
            for n, change in enumerate(_changes(out)):
                if c[n].any():
                    images[n] = paste_back(images[n], one.matrix, change)
                edited[n].append(EditedFace(one.face.box, one.face.landmarks, one.crop, coarse[n], refined[n], change))
        return [Result(i, tuple(f), row) for i, f, row in zip(images, edited, c, strict=True)]

    def edit_crops(self, crops: Image, landmarks: NDArray[np.float32], c: NDArray[np.float32]) -> tuple[Image, Image]:
        """Coarse and refined images of faces that are aligned already.

        Args:
            crops: (N, 256, 256, 3) uint8.
            landmarks: (N, 478, 2) pixels in the crop.
            c: (N, 6) in [0, 1].

        Returns:
            coarse and refined, (N, 256, 256, 3) uint8 each.
        """
        parts = [self._run(crops[i : i + 8], landmarks[i : i + 8], c[i : i + 8]) for i in range(0, len(crops), 8)]
        coarse = np.concatenate([to_uint8(p.coarse) for p in parts])
        return coarse, np.concatenate([to_uint8(p.refined) for p in parts])

    def attention(self, face: AlignedFace, c: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Stage 2's attention maps for one face, in the landmark-normalised frame.

        Returns:
            name ("shared 64", "channelwise 32", "skip 128" ...) to (h, w) in (0, 1); maps with a channel axis are
            averaged over it.
        """
        maps: dict[str, torch.Tensor] = {}
        self._run(face.crop[None], face.landmarks[None], c[None], maps)
        return {name: m[0].mean(0).float().cpu().numpy() for name, m in maps.items()}

    @torch.inference_mode()
    def _run(
        self,
        crops: Image,
        landmarks: NDArray[np.float32],
        c: NDArray[np.float32],
        maps: dict[str, torch.Tensor] | None = None,
    ) -> Output:
        x = torch.from_numpy(np.ascontiguousarray(crops)).to(self.device).permute(0, 3, 1, 2).float() / 255
        return self.model(x, torch.from_numpy(landmarks).to(self.device), torch.from_numpy(c).to(self.device), maps)


def to_uint8(images: torch.Tensor) -> Image:
    """(B, 3, H, W) in [0, 1] -> (B, H, W, 3) uint8."""
    return np.ascontiguousarray((images * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy())


def _changes(out: Output) -> list[Change]:
    """The batch's edits as arrays on the crop's grid; displacement in crop pixels."""
    d, opacity, paint, residual = (np.ascontiguousarray(t.permute(0, 2, 3, 1).float().cpu().numpy()) for t in out.edit)
    return [Change(*parts) for parts in zip(d * np.float32(SIZE / 2), opacity, paint, residual, strict=True)]
