"""Paired data on disk: the one reader and the one writer of its layout.

DIR/<identity>/neutral.jpg, <name>.jpg    aligned crops, JPEG 98 without chroma subsampling
DIR/<identity>/landmarks.npy              (478, 2) float32 pixels, MediaPipe's landmarks of the neutral
DIR/<identity>/target_landmarks.npz       names (N,) and landmarks (N, 478, 2) float32 pixels, found in the targets
DIR/<identity>/real_smile.jpg             if there is one: a photograph of the same person smiling, strength unknown,
                                          aligned by its own eyes; with smile_landmarks.npy
DIR/<identity>/flow.npz                   if known: names (N,); flow (N, 2, 64, 64) float16; known (N, 64, 64) uint8
DIR/<identity>/teeth.npz                  of crops larger than 256, if known: names (N,); lips (N, 20, 2) float32
                                          pixels, their inner edge; places (N, 2, 3, 256, 256) float16; kind ()
DIR/<identity>/strengths.csv              this identity's lines of pairs.csv
DIR/pairs.csv (or DIR.csv)                identity, name and six strengths per line, no header

flow: target(u) = neutral(u + flow), crop pixels (x, y), means over cells of S / 64 pixels: what
`reggan.train.initialise.pair_flow` estimates, times S / 2. known: 255 where a cell's pixels came from the neutral, 0
where they were painted (the opened mouth; there the flow is continued from the lips).
places: of the upper and the lower row of teeth, which lies where: along it and up from its edge, in eye distances, and
whether that is known. kind: of teeth, their number in `reggan.teeth.measured().kinds`.
"""

import csv
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from reggan.errors import InputError
from reggan.expressions import BASIC

NEUTRAL, SMILE = "neutral", "real_smile"
AT_REST, SMILING = -1, -2  # for `Subject.picture`; not targets
_LANDMARKS, _TARGET_LANDMARKS, _SMILE_LANDMARKS = "landmarks.npy", "target_landmarks.npz", "smile_landmarks.npy"
_FLOW, _TEETH, _STRENGTHS, _TABLE = "flow.npz", "teeth.npz", "strengths.csv", "pairs.csv"
_QUALITY = 98  # at 95 the noise of JPEG would be a floor under the training loss
_CELLS = 64  # side of the grid of `flow` and `known`


@dataclass(frozen=True)
class Sample:
    """One target to be written.

    Attributes:
        name: of the file, without suffix.
        c: (6,) strengths, order of `reggan.expressions.BASIC`.
        image: (S, S, 3) uint8.
        landmarks: (478, 2) pixels, found in it.
        flow: (2, 64, 64) crop pixels, if known.
        known: (64, 64) in [0, 1], if known.
        teeth: where they are, if known.
    """

    name: str
    c: Sequence[float] | np.ndarray
    image: NDArray[np.uint8]
    landmarks: NDArray[np.floating]
    flow: NDArray[np.floating] | None = None
    known: NDArray[np.floating] | None = None
    teeth: "ToothPlaces | None" = None


@dataclass(frozen=True)
class ToothPlaces:
    """Where the teeth of one picture are.

    Attributes:
        lips: (20, 2) pixels of the crop, their inner edge.
        places: (2, 3, 256, 256) of the upper and the lower row: along it and up from its edge, IOD; 1 where known.
        kind: number of the kind of teeth.
    """

    lips: NDArray[np.floating]
    places: NDArray[np.floating]
    kind: int


@dataclass(frozen=True)
class Subject:
    """One identity in memory: a neutral crop and its N targets.

    Attributes:
        name: of the identity.
        neutral: (3, S, S) uint8.
        landmarks: (478, 2) float32 pixels.
        targets: (N, 3, S, S) uint8.
        c: (N, 6) float32 strengths.
        names: N file names of the targets, without suffix.
        target_landmarks: (N, 478, 2) float32 pixels; None where the data do not have them.
        flow: (N, 2, 64, 64) float16 in units in which the crop is 2 wide, NaN where unknown; None if all are.
        smile: (3, S, S) uint8, a real smile, aligned by its own eyes; None if there is none.
        smile_landmarks: (478, 2) float32 pixels in it.
    """

    name: str
    neutral: Tensor
    landmarks: Tensor
    targets: Tensor
    c: Tensor
    names: tuple[str, ...]
    target_landmarks: Tensor | None = None
    flow: Tensor | None = None
    smile: Tensor | None = None
    smile_landmarks: Tensor | None = None

    def picture(self, which: int) -> tuple[Tensor, Tensor]:
        """A picture (3, S, S) and its landmarks (478, 2): of a target by its number, or `AT_REST`, or `SMILING`.

        Raises:
            ValueError: the data do not have it.
        """
        if which == AT_REST:
            return self.neutral, self.landmarks
        image, landmarks = self.smile, self.smile_landmarks
        if which != SMILING:
            image = self.targets[which]
            landmarks = None if self.target_landmarks is None else self.target_landmarks[which]
        if image is None or landmarks is None:
            raise ValueError(f"{self.name} has no picture {which} with landmarks")
        return image, landmarks


# -- writing ----------------------------------------------------------------------------------------------------


def is_written(folder: Path, identity: str) -> bool:
    """Whether an identity is there, complete."""
    return (folder / identity / _STRENGTHS).is_file()


def write_identity(
    folder: Path, identity: str, neutral: NDArray[np.uint8], landmarks: NDArray[np.floating], samples: list[Sample]
) -> None:
    """Write one identity; an interrupted run leaves either all of it or nothing that counts."""
    unfinished = folder / f".{identity}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    _write_crop(unfinished, NEUTRAL, neutral)
    np.save(unfinished / _LANDMARKS, landmarks.astype(np.float32))
    for sample in samples:
        _write_crop(unfinished, sample.name, sample.image)
    np.savez_compressed(
        unfinished / _TARGET_LANDMARKS,
        names=np.array([s.name for s in samples]),
        landmarks=np.stack([s.landmarks for s in samples]).astype(np.float32),
    )
    moved = [(s.name, s.flow, s.known) for s in samples if s.flow is not None and s.known is not None]
    if moved:
        np.savez_compressed(
            unfinished / _FLOW,
            names=np.array([name for name, _, _ in moved]),
            flow=np.stack([flow for _, flow, _ in moved]).astype(np.float16),
            known=np.stack([np.round(255 * known) for _, _, known in moved]).astype(np.uint8),
        )
    toothed = [(s.name, s.teeth) for s in samples if s.teeth is not None]
    if toothed:
        np.savez_compressed(
            unfinished / _TEETH,
            names=np.array([name for name, _ in toothed]),
            lips=np.stack([teeth.lips for _, teeth in toothed]).astype(np.float32),
            places=np.stack([teeth.places for _, teeth in toothed]).astype(np.float16),
            kind=toothed[0][1].kind,
        )
    with (unfinished / _STRENGTHS).open("w", newline="") as f:
        rows = csv.writer(f)
        rows.writerow([identity, NEUTRAL, *[0.0] * len(BASIC)])
        for sample in samples:
            rows.writerow([identity, sample.name, *(round(float(v), 3) for v in sample.c)])
    shutil.rmtree(folder / identity, ignore_errors=True)
    unfinished.rename(folder / identity)


def write_smile(folder: Path, identity: str, smile: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> None:
    """Add a real smile, (S, S, 3) aligned by its own eyes, and its landmarks, (478, 2), to an identity."""
    np.save(folder / identity / _SMILE_LANDMARKS, landmarks.astype(np.float32))
    _write_crop(folder / identity, SMILE, smile)


def write_table(folder: Path) -> int:
    """Gather all identities' lines in pairs.csv; returns the number of pairs."""
    tables = sorted(p for p in folder.glob(f"*/{_STRENGTHS}") if not p.parent.name.startswith("."))
    lines = [line for table in tables for line in table.read_text().splitlines()]
    temporary = folder / f".{_TABLE}"
    temporary.write_text("".join(f"{line}\n" for line in lines))
    temporary.replace(folder / _TABLE)
    return len(lines) - len(tables)


def _write_crop(folder: Path, name: str, image: NDArray[np.uint8]) -> None:
    Image.fromarray(image).save(folder / f"{name}.jpg", quality=_QUALITY, subsampling=0)


# -- reading ----------------------------------------------------------------------------------------------------


def load(folder: str | Path, only: set[str] | None = None, without: set[str] | None = None) -> list[Subject]:
    """Read subjects into memory, sorted by name (about 5 MB each).

    Args:
        folder: the directory of identities.
        only, without: identities to keep or to leave out.

    Raises:
        InputError: no such folder, no table, a file that cannot be read, or no subject left.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError("The data folder {folder} does not exist.", folder=folder)
    subjects = []
    table = _read_table(folder)
    for identity in _kept(table, only, without):
        targets = [(name, c) for name, c in table[identity] if any(c)]
        names = tuple(name for name, _ in targets)
        neutral = _to_tensor(read_crop(folder, identity))
        smiles = (folder / identity / _SMILE_LANDMARKS).is_file()
        subjects.append(
            Subject(
                identity,
                neutral,
                torch.from_numpy(read_landmarks(folder, identity)),
                torch.stack([_to_tensor(read_crop(folder, identity, name)) for name in names]),
                torch.tensor([c for _, c in targets], dtype=torch.float32),
                names,
                _read_target_landmarks(folder / identity / _TARGET_LANDMARKS, names),
                _read_flow(folder / identity / _FLOW, names, neutral.shape[-1]),
                _to_tensor(read_crop(folder, identity, SMILE)) if smiles else None,
                torch.from_numpy(read_landmarks(folder, identity, _SMILE_LANDMARKS)) if smiles else None,
            )
        )
    if not subjects:
        raise InputError("No identity in {folder} is left to train on.", folder=folder)
    return subjects


def identities(folder: Path, only: set[str] | None = None, without: set[str] | None = None) -> list[str]:
    """Names of the subjects that `load` would read.

    Raises:
        InputError: there is no table.
    """
    return _kept(_read_table(folder), only, without)


def read_list(path: str | Path | None) -> set[str]:
    """Identities, one per line; none without a file."""
    return set(Path(path).read_text().split()) if path else set()


def read_crop(folder: Path, identity: str, name: str = NEUTRAL) -> NDArray[np.uint8]:
    """One crop, (S, S, 3) uint8 RGB.

    Raises:
        InputError: it is missing or cannot be read.
    """
    path = folder / identity / f"{name}.jpg"
    try:
        with Image.open(path) as image:
            return np.array(image.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError):
        raise InputError("The image {path} is missing or cannot be read.", path=path) from None


def read_landmarks(folder: Path, identity: str, file: str = _LANDMARKS) -> NDArray[np.float32]:
    """(478, 2) landmarks of an identity's neutral, or of another of its files, pixels.

    Raises:
        InputError: they are missing or cannot be read.
    """
    try:
        return np.load(folder / identity / file).astype(np.float32)
    except (OSError, ValueError, EOFError) as error:
        raise InputError("The landmarks cannot be read: {error}.", error=error) from error


def read_teeth(folder: Path, identity: str) -> dict[str, ToothPlaces]:
    """Where the teeth are in an identity's targets, by their names; nothing where the data do not have it."""
    path = folder / identity / _TEETH
    if not path.is_file():
        return {}
    with np.load(path) as stored:
        kind = int(stored["kind"])
        rows = zip(stored["names"].tolist(), stored["lips"], stored["places"].astype(np.float32), strict=True)
        return {name: ToothPlaces(lips, places, kind) for name, lips, places in rows}


def _kept(table: Iterable[str], only: set[str] | None, without: set[str] | None) -> list[str]:
    return sorted(n for n in table if (only is None or n in only) and n not in (without or set()))


def _read_target_landmarks(path: Path, names: tuple[str, ...]) -> Tensor | None:
    """(N, 478, 2) in the order of `names`; None if one is missing."""
    if not path.is_file():
        return None
    with np.load(path) as stored:
        found = dict(zip(stored["names"].tolist(), stored["landmarks"].astype(np.float32), strict=True))
    return torch.from_numpy(np.stack([found[name] for name in names])) if set(names) <= set(found) else None


def _read_flow(path: Path, names: tuple[str, ...], side: int) -> Tensor | None:
    """The true displacements of `names`, in their order; NaN for one that is not in the file."""
    if not path.is_file():
        return None
    with np.load(path) as stored:
        flows = dict(zip(stored["names"].tolist(), stored["flow"].astype(np.float32) * (2 / side), strict=True))
    unknown = np.full((2, _CELLS, _CELLS), np.nan, np.float32)
    return torch.from_numpy(np.stack([flows.get(name, unknown) for name in names])).half()


def _read_table(folder: Path) -> dict[str, list[tuple[str, list[float]]]]:
    """Names and strengths of the crops of each identity."""
    for path in (folder.with_suffix(".csv"), folder / _TABLE):
        if path.is_file():
            break
    else:
        raise InputError(
            "There is no table of strengths: neither {name}.csv beside {folder} nor pairs.csv in it.",
            name=folder.name,
            folder=folder,
        )
    rows: dict[str, list[tuple[str, list[float]]]] = {}
    with path.open(newline="") as f:
        for row in csv.reader(f):
            if len(row) != 2 + len(BASIC):
                raise InputError(
                    "{name}: a line has {found} columns, expected {expected}.",
                    name=path.name,
                    found=len(row),
                    expected=2 + len(BASIC),
                )
            rows.setdefault(row[0], []).append((row[1], [float(v) for v in row[2:]]))
    return rows


def _to_tensor(image: NDArray[np.uint8]) -> Tensor:
    """(S, S, 3) to (3, S, S)."""
    return torch.from_numpy(image).permute(2, 0, 1).contiguous()
