"""Picture in, pictures out: finds the faces, runs both stages, pastes back.

    predictor = Predictor.from_pretrained()
    result = predictor("portrait.jpg", "happy")
    result.image                      # (H, W, 3) uint8, the whole picture at its full resolution
    result.faces[0].coarse, .refined  # (256, 256, 3) uint8

A predictor holds the weights and nothing else: it can be shared by any number of threads and visitors.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from reggan.analysis.analysed import AlignedFace, Analysis, EditedFace, Result, asked_for, paste
from reggan.analysis.before import edits_of, with_before
from reggan.analysis.edit_record import read_record
from reggan.errors import InputError
from reggan.expressions import Expression, relaxation, resolve
from reggan.faces import (
    SIZE,
    Change,
    Face,
    Marks,
    align,
    alignment_matrix,
    apply_change,
    assumed_alignment,
    face_at_marks,
    face_in_box,
    find_faces,
    hands_before,
    read_marks,
    read_picture,
    transform,
)
from reggan.faces.images import ImageSource
from reggan.model.arrays import Image
from reggan.model.covered import Covering, covered, keep_coarse, keep_covering
from reggan.model.forward import Float, Forward, ModelOutput, OnDevice
from reggan.model.reggan import RegGAN
from reggan.model.shut_eyes import keep_shut
from reggan.model.unfamiliar import in_keeping
from reggan.weights.files import load_model
from reggan.weights.source import find

__all__ = [
    "AlignedFace",
    "Analysis",
    "EditedFace",
    "Marks",
    "Predictor",
    "Result",
    "asked_for",
    "edits_of",
    "paste",
    "read_marks",
]

Box = Sequence[float]
_ROWS = 8  # that the model sees at once: more are no faster on a processor, and take memory
NO_FACE = (
    "No face was found in this picture; choose a larger or clearer one, or mark eyes and mouth yourself: those of "
    "animals, toys and drawings too."
)


class Predictor:
    """Gives faces new expressions. Make one with `Predictor.from_pretrained()`."""

    def __init__(
        self,
        model: RegGAN,
        metadata: dict[str, str] | None = None,
        device: str | None = None,
        notice: str = "",
        forward: Forward | None = None,
    ) -> None:
        here = OnDevice(model, device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.device, self.model = here.device, here.model
        #: The model's forward pass: here, or wherever who made the predictor wants it.
        self.forward: Forward = forward or here
        self.metadata = dict(metadata or {})
        #: One sentence for everybody who uses it, if the weights are not those that were asked for; else "".
        self.notice = notice

    @classmethod
    def from_pretrained(
        cls, repo_id_or_path: str | Path | None = None, revision: str | None = None, device: str | None = None
    ) -> "Predictor":
        """Load weights.

        Args:
            repo_id_or_path: a safetensors file, a folder, or a repository on the Hugging Face Hub, "owner/name" or
                "owner/name@revision". If not given, what the environment variable REGGAN_WEIGHTS says; without that
                the weights of the package, as also, with a `notice`, where the Hub does not answer.
            revision: commit, tag or branch of the repository; pin a commit to be sure of what you get.
            device: "cpu" or "cuda"; if not given, the graphics card if there is one.

        Raises:
            InputError: there is no such thing, it is damaged, or it does not fit.
        """
        found = find(repo_id_or_path, revision)
        model, metadata = load_model(found.path)
        if found.commit:
            metadata |= {"revision": found.commit, "repository": found.name}
        return cls(model, metadata, device, found.notice)

    @property
    def source(self) -> str:
        """Which weights these are: "someone/reggan at 0123456, SHA-256 89abcdef..."."""
        checksum = f"SHA-256 {self.metadata.get('sha256', 'unknown')}"
        if "repository" in self.metadata:
            return f"{self.metadata['repository']} at {self.metadata['revision'][:7]}, {checksum}"
        return checksum

    def __call__(
        self,
        image: ImageSource,
        expression: Expression = "happy",
        strength: float = 1.0,
        face: int | None = None,
        box: Box | None = None,
        marks: Marks | None = None,
    ) -> Result:
        """Edit a picture.

        Args:
            image: path, bytes, file, PIL image or array; see `reggan.faces.read_image`.
            expression: name, mixture or six strengths; see `reggan.expressions.resolve`.
            strength: in [0, 1].
            face: which face, 0 being the largest; None for all.
            box: (x0, y0, x1, y1) around a face in pixels, for a face that is not found by itself.
            marks: (x, y) of both eyes and the mouth in pixels, and perhaps of the chin, and of both corners of the
                mouth, for anything else that has them: an animal, a toy, a car, a drawing.

        Raises:
            InputError: unreadable picture, no face, no such face, no possible box or marks, or an expression that does
                not exist.
        """
        c = resolve(expression, strength)
        return self.edit(self.analyse(image, box, marks), c, face, relaxation(c[None], strength)[0])

    def analyse(self, image: ImageSource, box: Box | None = None, marks: Marks | None = None) -> Analysis:
        """Read a picture and find its faces; with `box` or `marks`, the one face there.

        If its file says that these weights have edited faces, those are edited from how they were before.

        Raises:
            InputError: the picture is unreadable, box or marks are impossible, or there are both. No face is not an
                error here.
        """
        if box is not None and marks is not None:
            raise InputError("Mark a face with a box or with points, not with both.")
        pixels, opacity = read_picture(image)
        if marks is not None:
            found = [face_at_marks(pixels, marks)]
        else:
            found = find_faces(pixels) if box is None else [face_in_box(pixels, box)]
        analysis = Analysis(pixels, tuple(self._aligned(pixels, f) for f in found), opacity)
        done = () if box is not None or marks is not None else read_record(image, self.metadata.get("sha256", ""))
        return with_before(analysis, done, self._aligned, self._change)

    @torch.inference_mode()
    def _aligned(self, image: Image, face: Face) -> AlignedFace:
        matrix = assumed_alignment(face.landmarks) if face.assumed else alignment_matrix(face.landmarks)
        landmarks = transform(face.landmarks, matrix).astype(np.float32)
        _, present = self.model.neutral(torch.from_numpy(landmarks[None]).to(self.device), SIZE)
        known = np.float32(not face.assumed)  # the shape of a cat says nothing of its mood
        crop = align(image, matrix)
        hidden = None if face.assumed else covered(crop, landmarks, hands_before(image, matrix))
        return AlignedFace(face, matrix, crop, landmarks, known * present[0].cpu().numpy(), hidden)

    def edit(
        self, analysis: Analysis, c: NDArray[np.float32], face: int | None = None, relax: float | None = None
    ) -> Result:
        """Give one face, or all, the expression with strengths c (6,); `relax` as `edit_many` has it."""
        return self.edit_many(analysis, c[None], face, relax)[0]

    def edit_many(
        self, analysis: Analysis, c: Float, face: int | None = None, relax: float | Float | None = None
    ) -> list[Result]:
        """One result per row of c (N, 6); the model sees all of them at once.

        Args:
            analysis: of the picture.
            face: which face; None for all.
            relax: how much of the expression that a face has already is taken away, in [0, 1], one number or (N,); if
                not given, as much as c adds, see `reggan.expressions.relaxation`. With c = 0 and relax = 1 the face
                becomes neutral.

        Raises:
            InputError: there is no face, or not that many.
        """
        if not analysis.faces:
            raise InputError(NO_FACE)
        chosen = analysis.faces if face is None else (analysis.faces[_number(analysis, face)],)
        goes = relaxation(c) if relax is None else np.broadcast_to(np.float32(relax), (len(c),))
        numbers = range(len(analysis.faces)) if face is None else [face]
        edited: list[list[EditedFace]] = [[] for _ in c]
        for one, made in zip(chosen, self._make(chosen, c, goes), strict=True):
            for n, faces in enumerate(edited):
                faces.append(_edited(one, made, n))
        results = []
        for n, faces in enumerate(edited):
            changes = {number: one.change for number, one in zip(numbers, faces, strict=True) if c[n].any() or goes[n]}
            image, opacity = paste(analysis, changes)
            repeated = np.repeat(c[n : n + 1], len(faces), 0), np.repeat(goes[n : n + 1], len(faces))
            results.append(Result(image, tuple(faces), c[n], opacity, edits_of(analysis, numbers, *repeated)))
        return results

    def edit_each(self, analysis: Analysis, faces: Sequence[int], c: Float, relax: Float | None = None) -> Result:
        """Give several faces an expression each: one smiles while another is surprised.

        Args:
            analysis: of the picture.
            faces: N of its faces, 0 being the largest; the others stay as they are.
            c: (N, 6) strengths, one row for each of them.
            relax: (N,) in [0, 1], as `edit_many` has it.

        Returns:
            one picture; its `faces` are the N in this order, its `c` is (N, 6).

        Raises:
            InputError: there is no such face.
        """
        goes = relaxation(c) if relax is None else relax
        edited = self.edit_faces(analysis, faces, c, goes)
        image, opacity = paste(analysis, asked_for(faces, edited, c, goes))
        return Result(image, tuple(edited), c, opacity, edits_of(analysis, faces, c, goes))

    def edit_faces(self, analysis: Analysis, faces: Sequence[int], c: Float, goes: Float) -> list[EditedFace]:
        """As `edit_each`, without the picture: `paste` puts the changes into it, or into a smaller copy to look at."""
        chosen = [analysis.faces[_number(analysis, face)] for face in faces]
        edited: list[EditedFace] = []
        for i in range(0, len(chosen), _ROWS):
            some, rows = chosen[i : i + _ROWS], slice(i, i + _ROWS)
            made = self._forward(some, c[rows], goes[rows])
            edited += [_edited(one, output, 0) for one, output in zip(some, made, strict=True)]
        return edited

    def _make(self, faces: Sequence[AlignedFace], c: Float, relax: Float) -> Iterator[ModelOutput]:
        """For each face what the model makes of it, as many faces at once as fit into a batch."""
        n = len(c)
        at_once = max(1, _ROWS // max(n, 1))
        for i in range(0, len(faces), at_once):
            some = faces[i : i + at_once]
            yield from self._forward(some, np.tile(c, (len(some), 1)), np.tile(relax, len(some)))

    def _forward(self, faces: Sequence[AlignedFace], c: Float, relax: Float) -> Iterator[ModelOutput]:
        """For each of F faces its rows of c (N, 6) and relax (N,), N / F for each."""
        n = len(c) // len(faces)
        asked = [one.asked(c[k * n : (k + 1) * n], relax[k * n : (k + 1) * n]) for k, one in enumerate(faces)]
        c, relax = (np.concatenate(rows) for rows in zip(*asked, strict=True))
        faces = [one.base for one in faces]
        crops, landmarks = np.stack([f.crop for f in faces]), np.stack([f.landmarks for f in faces])
        at_rest = np.repeat([np.float32(f.face.assumed) for f in faces], n)  # as far as anybody knows
        made = self.forward(crops, landmarks, c, relax * (1 - at_rest))
        for k, one in enumerate(faces):
            rows = slice(k * n, (k + 1) * n)
            refined, changes = made.refined[rows], made.changes[rows]
            if not one.large:
                changes = [replace(change, details=()) for change in changes]
            if one.face.assumed:
                limited = [in_keeping(one.crop, change) for change in changes]
            else:
                limited = _limited(one.landmarks, one.covered, changes)
            if any(after is not before for after, before in zip(limited, changes, strict=True)):
                refined = np.stack([apply_change(one.crop, change) for change in limited])
            coarse = made.coarse[rows]
            if one.covered is not None:
                coarse = keep_coarse(one.crop, coarse, one.covered)
            yield ModelOutput(coarse, refined, limited, {})

    def edit_crops(self, crops: Image, landmarks: Float, c: Float, relax: Float | None = None) -> tuple[Image, Image]:
        """Coarse and refined images of faces that are aligned already, as `edit_many` makes them, but that hands, which
        are not seen in a crop alone, are not told from faces.

        Args:
            crops: (N, 256, 256, 3) uint8.
            landmarks: (N, 478, 2) pixels in the crop.
            c: (N, 6) in [0, 1].
            relax: (N,) as for `edit_many`; if not given, as much as c adds.

        Returns:
            coarse and refined, (N, 256, 256, 3) uint8 each.
        """
        steps = [slice(i, i + _ROWS) for i in range(0, len(crops), _ROWS)]
        relax = relaxation(c) if relax is None else relax
        made = [self.forward(crops[s], landmarks[s], c[s], relax[s]) for s in steps]
        coarse, refined = np.concatenate([m.coarse for m in made]), np.concatenate([m.refined for m in made])
        changes = [change for m in made for change in m.changes]
        hidden: Covering | None = None
        for n, (crop, points) in enumerate(zip(crops, landmarks, strict=True)):
            if n == 0 or not np.array_equal(crop, crops[n - 1]):  # often one face in several expressions
                hidden = covered(crop, points, None)
            (limited,) = _limited(points, hidden, [changes[n]])
            if limited is not changes[n]:
                refined[n] = apply_change(crop, limited)
            if hidden is not None:
                coarse[n] = keep_coarse(crop, coarse[n], hidden)
        return coarse, refined

    def attention(self, face: AlignedFace, c: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Stage 2's attention maps for one face, in the landmark-normalised frame.

        Returns:
            name ("shared 64", "channelwise 32", "skip 128" ...) to (h, w) in (0, 1); maps with a channel axis are
            averaged over it.
        """
        c, relax = face.asked(c[None], np.zeros(1, np.float32))
        base = face.base
        return self.forward(base.crop[None], base.landmarks[None], c, relax, attention=True).attention

    def _change(self, face: AlignedFace, c: NDArray[np.float32], relax: float) -> Change:
        """What becomes of one face."""
        (made,) = self._forward([face], c[None], np.array([relax], np.float32))
        return made.changes[0]


def _edited(face: AlignedFace, made: ModelOutput, row: int) -> EditedFace:
    before = face.face.box, face.face.landmarks, face.base.crop
    return EditedFace(*before, made.coarse[row], made.refined[row], made.changes[row], face.present)


def _number(analysis: Analysis, face: int) -> int:
    """The face's number, if there is such a face.

    Raises:
        InputError: there is none.
    """
    count = len(analysis.faces)
    if not 0 <= face < count:
        raise InputError("There is no face {face}; this picture has {count}, counted from 0.", face=face, count=count)
    return face


def _limited(landmarks: Float, hidden: Covering | None, changes: list[Change]) -> list[Change]:
    """Without what training could not teach: cloth that opens, frames that bend, eyes behind shut lids."""
    if hidden is not None:
        changes = [keep_covering(change, hidden) for change in changes]
    return [keep_shut(landmarks, change) for change in changes]
