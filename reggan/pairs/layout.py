"""Paired data on disk: the one reader and the one writer of its layout.

DIR/<identity>/neutral.jpg, <name>.jpg    aligned crops, JPEG 98 without chroma subsampling
DIR/<identity>/landmarks.npy              (478, 2) float32 pixels, MediaPipe's landmarks of the neutral
DIR/<identity>/flow.npz                   if known: names (N,); flow (N, 2, 64, 64) float16; known (N, 64, 64) uint8
DIR/<identity>/strengths.csv              this identity's lines of pairs.csv
DIR/pairs.csv (or DIR.csv)                identity, name and six strengths per line, no header

flow: target(u) = neutral(u + flow), crop pixels (x, y), means over cells of S / 64 pixels: what
`reggan.train.initialise.pair_flow` estimates, times S / 2. known: 255 where a cell's pixels came from the neutral, 0
where they were painted (the opened mouth; there the flow is continued from the lips).
"""

import csv
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from reggan.errors import InputError
from reggan.expressions import BASIC

# -- writing ----------------------------------------------------------------------------------------------------

Strengths = Sequence[float] | np.ndarray


@dataclass(frozen=True)
class Sample:
    """One target of an identity: file name without suffix, strengths, (S, S, 3) uint8, and where it came from if that
    is known: flow (2, 64, 64) in crop pixels, known (64, 64) in [0, 1]."""

    name: str
    c: Strengths
    image: NDArray[np.uint8]
    flow: NDArray[np.floating] | None = None
    known: NDArray[np.floating] | None = None


def is_written(folder: Path, identity: str) -> bool:
    """Whether an identity is there, complete."""
    return (folder / identity / "strengths.csv").is_file()


def write_identity(
    folder: Path, identity: str, neutral: NDArray[np.uint8], landmarks: NDArray[np.floating], samples: list[Sample]
) -> None:
    """Write one identity; an interrupted run leaves either all of it or nothing that counts."""
    unfinished = folder / f".{identity}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    save_jpeg(unfinished / "neutral.jpg", neutral)
    np.save(unfinished / "landmarks.npy", landmarks.astype(np.float32))
    for sample in samples:
        save_jpeg(unfinished / f"{sample.name}.jpg", sample.image)
    moved = [(s.name, s.flow, s.known) for s in samples if s.flow is not None and s.known is not None]
    if moved:
        np.savez_compressed(
            unfinished / "flow.npz",
            names=np.array([name for name, _, _ in moved]),
            flow=np.stack([flow for _, flow, _ in moved]).astype(np.float16),
            known=np.stack([np.round(255 * known) for _, _, known in moved]).astype(np.uint8),
        )
    with (unfinished / "strengths.csv").open("w", newline="") as f:
        rows = csv.writer(f)
        rows.writerow([identity, "neutral", *[0.0] * len(BASIC)])
        for sample in samples:
            rows.writerow([identity, sample.name, *(round(float(v), 3) for v in sample.c)])
    shutil.rmtree(folder / identity, ignore_errors=True)
    unfinished.rename(folder / identity)


def write_table(folder: Path) -> int:
    """Gather all identities' lines in pairs.csv; returns the number of pairs."""
    tables = sorted(p for p in folder.glob("*/strengths.csv") if not p.parent.name.startswith("."))
    lines = [line for table in tables for line in table.read_text().splitlines()]
    temporary = folder / ".pairs.csv"
    temporary.write_text("".join(f"{line}\n" for line in lines))
    temporary.replace(folder / "pairs.csv")
    return len(lines) - len(tables)


def save_jpeg(path: Path, image: NDArray[np.uint8]) -> None:
    """At 95 the noise of JPEG would be a floor under the training loss."""
    Image.fromarray(image).save(path, quality=98, subsampling=0)


# -- reading ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Subject:
    """One person: a neutral crop and everything that was made from it."""

    name: str
    neutral: Tensor  # (3, S, S) uint8
    landmarks: Tensor  # (478, 2) float32, pixels
    targets: Tensor  # (N, 3, S, S) uint8
    c: Tensor  # (N, 6) float32
    names: tuple[str, ...]  # file names of the targets without suffix
    flow: Tensor | None = None  # (N, 2, 64, 64) float16, where target(u) = neutral(u + flow), the image 2 wide; or NaN


def read_list(path: str | Path | None) -> set[str]:
    """Identities, one per line."""
    return set(Path(path).read_text().split()) if path else set()


def _pixels(path: Path) -> Tensor:
    with Image.open(path) as image:
        return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).contiguous()


def _flow(path: Path, names: list[str], side: int) -> Tensor | None:
    """The true displacements of `names` in the order of `names`; NaN for one that is not in the file."""
    if not path.is_file():
        return None
    with np.load(path) as known:
        flows = dict(zip(known["names"].tolist(), known["flow"].astype(np.float32) * (2 / side), strict=True))
    nothing = np.full((2, 64, 64), np.nan, np.float32)
    return torch.from_numpy(np.stack([flows.get(name, nothing) for name in names])).half()


def _table(folder: Path) -> dict[str, list[tuple[str, list[float]]]]:
    for path in (folder.with_suffix(".csv"), folder / "pairs.csv"):
        if path.is_file():
            break
    else:
        raise InputError(
            f"There is no table of strengths: neither {folder.name}.csv beside {folder} nor pairs.csv in it."
        )
    rows: dict[str, list[tuple[str, list[float]]]] = {}
    with path.open(newline="") as f:
        for row in csv.reader(f):
            if len(row) != 2 + len(BASIC):
                raise InputError(f"{path.name}: a line has {len(row)} columns, expected {2 + len(BASIC)}.")
            rows.setdefault(row[0], []).append((row[1], [float(v) for v in row[2:]]))
    return rows


def load(folder: str | Path, only: set[str] | None = None, without: set[str] | None = None) -> list[Subject]:
    """Read subjects into memory, sorted by name (about 5 MB each).

    Args:
        folder: the directory of identities.
        only, without: identities to keep or to leave out.

    Raises:
        InputError: no such folder, no table, or no subject left.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"The data folder {folder} does not exist.")
    subjects = []
    for name, rows in sorted(_table(folder).items()):
        if (only is not None and name not in only) or (without is not None and name in without):
            continue
        rows = [(n, c) for n, c in rows if any(c)]
        neutral, names = _pixels(folder / name / "neutral.jpg"), [n for n, _ in rows]
        subjects.append(
            Subject(
                name,
                neutral,
                torch.from_numpy(np.load(folder / name / "landmarks.npy").astype(np.float32)),
                torch.stack([_pixels(folder / name / f"{n}.jpg") for n, _ in rows]),
                torch.tensor([c for _, c in rows], dtype=torch.float32),
                tuple(names),
                _flow(folder / name / "flow.npz", names, neutral.shape[-1]),
            )
        )
    if not subjects:
        raise InputError(f"No identity in {folder} is left to train on.")
    return subjects
