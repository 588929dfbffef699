"""What one visitor has on the table, and what a click does to it. Nothing here knows the page."""

from dataclasses import dataclass, replace

from reggan.predictor import Analysis

Point = tuple[float, float]  # x, y in pixels of the picture


# eq=False: compared and hashed by identity. Gradio hashes states to see whether they changed, arrays have no hash.
@dataclass(frozen=True, eq=False)
class Visit:
    """A picture, its faces, and which of them is to be changed."""

    analysis: Analysis
    face: int | None = 0  # None: all of them

    @property
    def count(self) -> int:
        return len(self.analysis.faces)

    def choose(self, face: int | None) -> "Visit":
        return replace(self, face=face)

    def face_at(self, point: Point) -> int | None:
        """The face under a point; where several overlap, the smallest."""
        x, y = point
        boxes = [face.face.box for face in self.analysis.faces]
        hits = [n for n, (x0, y0, x1, y1) in enumerate(boxes) if x0 <= x <= x1 and y0 <= y <= y1]
        return max(hits, default=None)  # faces come the largest first

    def with_face(self, marked: Analysis) -> "Visit":
        """Add the face of `marked`, the same picture analysed with a box, and choose it."""
        faces = (*self.analysis.faces, *marked.faces)
        return Visit(replace(self.analysis, faces=faces), len(faces) - 1)


@dataclass(frozen=True, eq=False)
class Pen:
    """The visitor is marking a face by hand: first one corner of a box, then the other."""

    corner: Point | None = None

    def box_to(self, point: Point) -> tuple[float, float, float, float]:
        (xa, ya), (xb, yb) = self.corner or point, point
        return min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)
