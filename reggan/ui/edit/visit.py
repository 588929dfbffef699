"""One visitor's picture and its faces, independent of the page."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from reggan.expressions import BASIC
from reggan.predictor import Analysis, Marks, Predictor
from reggan.ui.browser_files import new_path, write_view

_THERE = 0.5  # of the strongest basic expression, from which a face is said to have it already

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in parts of the picture's width and height


# eq=False: compared and hashed by identity. Gradio hashes states to see whether they changed, arrays have no hash.
@dataclass(frozen=True, eq=False)
class Visit:
    """A picture, its faces, and which of them is to be changed."""

    analysis: Analysis
    view_path: Path
    face: int | None = 0  # None: all of them

    @classmethod
    def begin(cls, predictor: Predictor, source: Any) -> "Visit":
        """Read a picture and find its faces.

        Raises:
            InputError: the picture is unreadable. No face is not an error.
        """
        return cls(predictor.analyse(source), new_path("before.jpg"))

    def view(self) -> Path:
        """The picture to look at, at most `browser_files.VIEW` pixels large; written again if it has been deleted."""
        if not self.view_path.exists():
            write_view(self.analysis.image, self.view_path)
        return self.view_path

    @property
    def count(self) -> int:
        return len(self.analysis.faces)

    @property
    def shown(self) -> int:
        """The face that stands for the chosen ones: the largest, if that is all of them."""
        return self.face or 0

    @property
    def doing(self) -> str | None:
        """The basic expression that the one chosen face has already; None where it is at rest."""
        if not self.count or (self.face is None and self.count > 1):
            return None
        present = self.analysis.faces[self.shown].present
        return BASIC[int(present.argmax())] if present.max() >= _THERE else None

    def choose(self, face: int | None) -> "Visit":
        return replace(self, face=face)

    def boxes(self) -> list[Box]:
        """Where the faces are, cut off at the picture's border."""
        height, width = self.analysis.image.shape[:2]
        boxes = np.array([one.face.box for one in self.analysis.faces], float).reshape(-1, 4)
        return [tuple(b) for b in np.clip(boxes / [width, height, width, height], 0, 1).tolist()]

    def mark(self, predictor: Predictor, marks: Marks) -> "Visit":
        """Add the face at these marks, pixels, and choose it.

        Raises:
            InputError: they are no face's.
        """
        faces = (*self.analysis.faces, *predictor.analyse(self.analysis.image, marks=marks).faces)
        return replace(self, analysis=replace(self.analysis, faces=faces), face=len(faces) - 1)
