"""Gives many pictures one expression and writes a ZIP, picture by picture: it is never held in memory."""

import itertools
import os
import re
import unicodedata
import zipfile
from collections.abc import Container, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError
from reggan.faces.images import ImageSource
from reggan.output import provenance
from reggan.output.provenance import SUFFIXES, WRONG_FORMAT
from reggan.predictor import Predictor

_FAILURES = "failures.txt"


@dataclass(frozen=True)
class Step:
    """Progress after one picture."""

    done: int  # pictures so far, including this one
    total: int
    name: str  # as it was given
    problem: InputError | None  # why it failed; None if it did not
    image: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)  # (H, W, 3), if it did not


@dataclass(frozen=True)
class BatchResult:
    """What became of the pictures."""

    names: tuple[str, ...]  # of the files in the ZIP, except failures.txt
    failures: dict[str, str]  # the name as given (numbered if repeated) -> one sentence


def write_zip(
    path: str | Path,
    predictor: Predictor,
    files: Sequence[tuple[str, ImageSource]],
    c: NDArray[np.float32],
    expression: str,
    face: int | None = None,
    format: str = "png",
    relax: float | None = None,
    ending: str = "",
) -> Generator[Step, None, BatchResult]:
    """Edit pictures and write them to a ZIP, yielding after each; the ZIP appears at `path` after the last.

    Closing the generator (`close()`) cancels the work and leaves nothing behind. A picture that cannot be edited does
    not stop the others: it is listed in the ZIP's failures.txt.

    Args:
        path: of the ZIP; replaced if it exists.
        files: pairs (name, picture). Names become file names, see `safe_names`.
        c: (6,) strengths.
        expression: words for c, e.g. "happy, 80 %", for the files' metadata.
        face: which face of each picture; None for all of them.
        format: "png", "jpeg" or "webp".
        relax: how much of the old expressions goes, see `Predictor.edit_many`.
        ending: of the files' names, before the suffix: "_happy" makes me.jpg me_happy.png.

    Returns:
        (by the generator) what is in the ZIP and what is not.

    Raises:
        InputError: no picture was given, the format is unknown, or not a single picture could be edited.
        OSError: the ZIP cannot be written.
    """
    if not files:
        raise InputError("Choose at least one picture.")
    if format not in SUFFIXES:
        raise InputError(WRONG_FORMAT, formats=", ".join(SUFFIXES), format=repr(format))
    path = Path(path)
    partial = path.with_name(path.name + ".part")
    written: list[str] = []
    failures: dict[str, str] = {}
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:  # the pictures are already compressed
            targets = safe_names([name for name, _ in files], ending + SUFFIXES[format][0])
            for done, ((name, source), target) in enumerate(zip(files, targets, strict=True), 1):
                problem: InputError | None = None
                image: NDArray[np.uint8] | None = None
                try:
                    edited = predictor.edit(predictor.analyse(source), c, face, relax)
                    said = predictor.metadata, expression
                    data = provenance.encode(edited.picture, format, *said, edits=edited.edits)
                    archive.writestr(target, data)
                    image = edited.image
                    written.append(target)
                except InputError as error:
                    problem = error
                    failures[_numbered(name, failures)] = str(error)
                yield Step(done, len(files), name, problem, image)
            if failures:
                archive.writestr(_FAILURES, _listed(failures), zipfile.ZIP_DEFLATED)
        if not written:
            reasons = " ".join(_listed(failures).splitlines())
            raise InputError("None of the pictures could be edited. {reasons}", reasons=reasons)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return BatchResult(tuple(written), failures)


def _numbered(name: str, taken: Container[str]) -> str:
    """`name`, or "name (2)" and so on if it is taken."""
    numbers = (f"{name} ({number})" for number in itertools.count(2))
    return next(n for n in itertools.chain([name], numbers) if n not in taken)


def _listed(failures: dict[str, str]) -> str:
    """One line for each failure, whatever characters the names contain."""
    return "".join(f"{_printable(name)}: {problem}\n" for name, problem in failures.items())


def _printable(name: str) -> str:
    return " ".join("".join(ch if ch.isprintable() else " " for ch in name).split())


def safe_stem(name: str) -> str:
    """A file's name without folders and suffix, reduced to at most 80 letters, digits, "-", "_", "." and spaces.

    Whatever a client calls its files, the result never names a folder, a drive or a device.
    """
    stem = PurePosixPath(name.replace("\\", "/")).stem
    stem = re.sub(r"[^\w\-. ]", "_", unicodedata.normalize("NFC", stem))[:80].strip(" .") or "picture"
    device = re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", stem, re.IGNORECASE)  # in Windows
    return f"_{stem}" if device else stem


def safe_names(names: Iterable[str], suffix: str) -> list[str]:
    """File names for a ZIP, by `safe_stem`.

    Names that differ only in case count as equal, as they do on many computers; repeated ones are numbered: face.png,
    face_2.png, ...
    """
    out: list[str] = []
    taken = {_FAILURES}
    for name in names:
        stem = safe_stem(name)
        candidate, number = f"{stem}{suffix}", 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{stem}_{number}{suffix}"
        taken.add(candidate.casefold())
        out.append(candidate)
    return out
