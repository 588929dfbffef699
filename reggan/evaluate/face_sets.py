"""The faces that a method is measured on: people with known targets, the same turned into art, any pictures."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reggan.errors import InputError
from reggan.expressions import BASIC, resolve
from reggan.faces.images import picture_files
from reggan.metrics.styles import STYLES
from reggan.pairs import layout

#: What faces without targets are asked for: to do nothing is an expression too.
WITH_NEUTRAL = (*BASIC, "neutral")


class FaceSet(NamedTuple):
    """P faces of one image class, each to be given E expressions, so N = E P outputs.

    Outputs and targets come in this order: all expressions of the first face, then those of the next.
    """

    name: str  # of the image class
    names: list[str]  # of the faces
    crops: np.ndarray  # (P, 256, 256, 3) uint8
    landmarks: np.ndarray  # (P, 478, 2) float32 pixels
    targets: np.ndarray | None = None  # (N, 256, 256, 3) uint8
    pixels: bool = False  # whether outputs may be compared with the targets pixel by pixel
    expressions: tuple[str, ...] = BASIC
    pictures: int | None = None  # in which faces were looked for; more than there are faces, if some were missed

    @property
    def asked(self) -> list[str]:
        """The expression of each output."""
        return list(self.expressions) * len(self.names)

    @property
    def c(self) -> np.ndarray:
        """(E, 6) float32, the strengths of each expression."""
        return np.stack([resolve(name) for name in self.expressions])

    @property
    def inputs(self) -> np.ndarray:
        """The crop of each output: (N, 256, 256, 3)."""
        return self.crops.repeat(len(self.expressions), 0)

    @property
    def places(self) -> np.ndarray:
        """The landmarks of each output's input: (N, 478, 2)."""
        return self.landmarks.repeat(len(self.expressions), 0)


def load_pairs(folder: Path, people: list[str]) -> FaceSet:
    """People with targets, class "photo"; `InputError` names the first file that cannot be read."""
    if not people:
        raise InputError("The list of identities is empty.")
    neutrals = [layout.read_crop(folder, person) for person in people]
    targets = [layout.read_crop(folder, person, f"{name}_100") for person in people for name in BASIC]
    landmarks = [layout.read_landmarks(folder, person) for person in people]
    return FaceSet("photo", people, np.stack(neutrals), np.stack(landmarks), np.stack(targets), pixels=True)


def styled(faces: FaceSet, style: str) -> FaceSet:
    """The same faces and targets through a filter of `reggan.metrics.styles`."""
    assert faces.targets is not None
    crops, targets = (np.stack([STYLES[style](image) for image in images]) for images in (faces.crops, faces.targets))
    return faces._replace(name=style, crops=crops, targets=targets, pixels=False)


def load_images(folder: Path) -> tuple[list[FaceSet], list[str]]:
    """The largest face of every picture in a folder, one class per sub-folder; and the pictures without a face.

    Pictures that lie in the folder itself are of the class "pictures". `neutral` is among the expressions, because
    many of these faces have one already.
    """
    from reggan.faces import align, alignment_matrix, find_faces, read_image, transform  # loads MediaPipe

    if not folder.is_dir():
        raise InputError("There is no folder {folder}.", folder=folder)
    classes: dict[str, list[tuple[str, np.ndarray, np.ndarray]]] = {}
    left_out = []
    pictures: Counter[str] = Counter()
    for path in picture_files(folder):
        parts = path.relative_to(folder).parts
        name = "pictures" if len(parts) == 1 else parts[0]
        pictures[name] += 1
        try:
            picture = read_image(path)
        except InputError as error:
            left_out.append(f"{name}, {path.name}: {error}")
            continue
        found = find_faces(picture)
        if not found:
            left_out.append(f"{name}, {path.name}: no face found")
            continue
        matrix = alignment_matrix(found[0].landmarks)
        landmarks = transform(found[0].landmarks, matrix).astype(np.float32)
        classes.setdefault(name, []).append((path.stem, align(picture, matrix), landmarks))
    if not classes:
        raise InputError("No picture with a face was found in {folder}.", folder=folder)
    faces = []
    for name, found_ones in classes.items():
        names, crops, points = zip(*found_ones, strict=True)
        given = list(names), np.stack(crops), np.stack(points)
        faces.append(FaceSet(name, *given, expressions=WITH_NEUTRAL, pictures=pictures[name]))
    return faces, left_out
