"""Recorded expressions into the layout of synthesised ones: every picture aligned by its own landmarks."""

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.faces.align import SIZE, align, alignment_matrix, eye_distance, transform
from reggan.faces.images import picture_files
from reggan.pairs.layout import NEUTRAL, Sample, is_written, write_identity, write_smile
from reggan.pairs.photographs import read_photo
from reggan.pairs.recorded import Recording
from reggan.pairs.workers import Outcome, run_jobs

_SMALLEST = 60  # pixels between the eyes
_SURE = 0.8  # confidence of `find_faces`; open mouths lower it a little


def import_recordings(recordings: list[Recording], out: Path, workers: int, size: int = SIZE) -> Iterator[Outcome]:
    """Outcomes in the order in which identities finish; what is already in the folder is left as it is."""
    yield from run_jobs(recordings, functools.partial(_import, out=out, size=size), out, workers)


def import_smiles(source: Path, out: Path, size: int = SIZE) -> Iterator[Outcome]:
    """NAME_smiling.jpg, a photograph of NAME really smiling, into the identities of `out` that are there already."""
    for path in picture_files(source):
        name = path.stem.removesuffix("_smiling")
        if name != path.stem and is_written(out, name):
            try:
                write_smile(out, name, *aligned_crop(path, size))
            except InputError as reason:
                yield Outcome(name, refused=str(reason))
            else:
                yield Outcome(name, 1)


def aligned_crop(path: Path, size: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The largest face of a picture, (S, S, 3) uint8, and its landmarks there, (478, 2) pixels.

    Raises:
        InputError: the picture cannot be read, or it shows no face, one that is too small, or one that is uncertain.
    """
    from reggan.faces.detect import find_faces  # here, because MediaPipe takes seconds to load

    image = read_photo(path)
    faces = find_faces(image)
    if not faces:
        raise InputError("no face was found")
    if faces[0].confidence < _SURE:
        raise InputError("the landmarks are not certain")
    apart = eye_distance(faces[0].landmarks)
    if apart < _SMALLEST:
        raise InputError("the face is too small: {apart} pixels between the eyes", apart=f"{apart:.0f}")
    matrix = alignment_matrix(faces[0].landmarks, size)
    return align(image, matrix, size), transform(faces[0].landmarks, matrix)


def _import(recording: Recording, out: Path, size: int) -> Outcome:
    if NEUTRAL not in recording.pictures:
        return Outcome(recording.name, refused="there is no neutral photograph")
    try:
        neutral, landmarks = aligned_crop(recording.pictures[NEUTRAL], size)
    except InputError as reason:
        return Outcome(recording.name, refused=f"in the neutral photograph {reason}")
    samples, notes = [], []
    for name, (path, c) in recording.targets().items():
        try:
            samples.append(Sample(name, c, *aligned_crop(path, size)))
        except InputError as reason:
            notes.append(f"{path.name}: {reason}")
    if not samples:
        return Outcome(recording.name, refused="there is no usable photograph but the neutral", notes=tuple(notes))
    write_identity(out, recording.name, neutral, landmarks, samples)
    return Outcome(recording.name, len(samples), notes=tuple(notes))
