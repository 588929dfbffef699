"""One visitor's picture and its faces, independent of the page."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reggan.analysis.analysed import crop_analysis, shrink_analysis
from reggan.analysis.edit_record import FaceEdit
from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.output.animation import neighbourhood
from reggan.output.archive import safe_stem
from reggan.predictor import Analysis, EditedFace, Marks, Predictor, Result, asked_for, edits_of, paste
from reggan.ui.browser_files import VIEW, new_path, write_view
from reggan.ui.edit.wishes import Wish

_THERE = 0.5  # of the strongest basic expression, from which a face is said to have it already
_SMALL = 0.22  # of the picture's shorter side, below which a face is looked at from near

WHOLE = 0.0, 0.0, 1.0, 1.0  # `Box`

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in parts of the picture's width and height


@dataclass(frozen=True)
class Look:
    """A result as it is looked at: the whole picture and the faces' surroundings, at most `VIEW` pixels large."""

    whole: NDArray[np.uint8]
    close: NDArray[np.uint8]
    faces: list[EditedFace]
    edits: tuple[FaceEdit, ...] = ()  # what the files of `whole` and `close` say
    close_edits: tuple[FaceEdit, ...] = ()


# eq=False: compared and hashed by identity. Gradio hashes states to see whether they changed, arrays have no hash.
@dataclass(frozen=True, eq=False)
class Visit:
    """A picture and its faces. What they are to look like: `reggan.ui.edit.wishes`."""

    analysis: Analysis
    view_path: Path
    #: What downloads are called after: that of the file it came as, without what might do harm.
    name: str = "picture"
    #: The faces that were marked by hand, and can be taken away again.
    marked: frozenset[int] = frozenset()
    #: Names the picture with these faces on the page; says nothing about it.
    key: str = field(default_factory=lambda: secrets.token_hex(6))

    @classmethod
    def begin(cls, predictor: Predictor, source: Any) -> "Visit":
        """Read a picture and find its faces.

        Raises:
            InputError: the picture is unreadable. No face is not an error.
        """
        name = safe_stem(Path(source).name) if isinstance(source, str | Path) else cls.name
        return cls(predictor.analyse(source), new_path("before.jpg"), name)

    def view(self) -> Path:
        """The picture to look at, at most `browser_files.VIEW` pixels large; written again if it has been deleted."""
        if not self.view_path.exists():
            write_view(self._small.image, self.view_path)
        return self.view_path

    def close_view(self, on: int | None) -> Path:
        """The same of one face's surroundings, or of those of all (None)."""
        path = self.view_path.with_name(f"before_{'all' if on is None else on}.jpg")
        if not path.exists():
            write_view(self._surroundings(on).image, path)
        return path

    @cached_property
    def _small(self) -> Analysis:
        return shrink_analysis(self.analysis, VIEW)

    def _surroundings(self, on: int | None) -> Analysis:
        return shrink_analysis(crop_analysis(self.analysis, neighbourhood(self.analysis, on)), VIEW)

    def close_box(self, on: int | None) -> Box:
        """Where `close` lies."""
        height, width = self.analysis.image.shape[:2]
        x0, y0, x1, y1 = neighbourhood(self.analysis, on)
        return x0 / width, y0 / height, x1 / width, y1 / height

    def small(self, face: int) -> bool:
        """Whether a face is so small in the picture that it has to be looked at from near."""
        x0, _, x1, _ = self.analysis.faces[face].face.box
        return x1 - x0 < _SMALL * min(self.analysis.image.shape[:2])

    @property
    def count(self) -> int:
        return len(self.analysis.faces)

    def doing(self, face: int) -> str | None:
        """The basic expression that a face has already; None where it is at rest."""
        present = self.analysis.faces[face].present
        return BASIC[int(present.argmax())] if present.max() >= _THERE else None

    @property
    def edited_before(self) -> bool:
        """Whether a face is known as it was before it was edited."""
        return any(face.before is not None for face in self.analysis.faces)

    def boxes(self) -> list[Box]:
        """Where the faces are, cut off at the picture's border."""
        height, width = self.analysis.image.shape[:2]
        boxes = np.array([one.face.box for one in self.analysis.faces], float).reshape(-1, 4)
        return [tuple(b) for b in np.clip(boxes / [width, height, width, height], 0, 1).tolist()]

    def numbers(self) -> list[int]:
        """What each face is called: 1, 2, ... from left to right."""
        middles = [x0 + x1 for x0, _, x1, _ in self.boxes()]
        order = sorted(range(self.count), key=lambda n: middles[n])
        return [order.index(n) + 1 for n in range(self.count)]

    def edited(self, predictor: Predictor, wishes: Mapping[int, Wish]) -> Result:
        """The picture with the wish of each of these faces carried out; its `faces` are they, in their order."""
        return predictor.edit_each(self.analysis, list(wishes), *_told(wishes))

    def look(self, predictor: Predictor, wishes: Mapping[int, Wish], on: int | None) -> Look:
        """The same, made smaller before it is edited: in large pictures that takes half the time. `close` shows the
        surroundings of the face `on`, or of all (None)."""
        c, relax = _told(wishes)
        edited = predictor.edit_faces(self.analysis, list(wishes), c, relax)
        changes = asked_for(wishes, edited, c, relax)
        shown = [self._small] if self.close_box(on) == WHOLE else [self._small, self._surroundings(on)]
        pictures = [paste(one, changes)[0] for one in shown]
        said = [edits_of(one, wishes, c, relax) for one in shown]
        return Look(pictures[0], pictures[-1], edited, said[0], said[-1])

    def mark(self, predictor: Predictor, marks: Marks) -> "Visit":
        """Add the face at these marks, pixels, as the last.

        Raises:
            InputError: they are no face's.
        """
        faces = (*self.analysis.faces, *predictor.analyse(self.analysis.image, marks=marks).faces)
        marked = self.marked | {len(faces) - 1}
        return Visit(replace(self.analysis, faces=faces), new_path("before.jpg"), self.name, marked)

    def unmark(self, face: int) -> "Visit":
        """Take away a face that was marked by hand; those after it move up.

        Raises:
            InputError: it was not.
        """
        if face not in self.marked:
            raise InputError("Only faces that were marked by hand can be taken away.")
        faces = (*self.analysis.faces[:face], *self.analysis.faces[face + 1 :])
        marked = frozenset(one - (one > face) for one in self.marked - {face})
        return Visit(replace(self.analysis, faces=faces), new_path("before.jpg"), self.name, marked)


def _told(wishes: Mapping[int, Wish]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """c (N, 6) and relax (N,) of `Predictor.edit_each`."""
    relax = np.array([wish.relax for wish in wishes.values()], np.float32)
    return np.stack([wish.c for wish in wishes.values()]), relax
