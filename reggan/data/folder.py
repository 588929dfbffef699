"""The folder layout of paired data (reggan/train/pairs.py), written one identity at a time.

DIR/<identity>/neutral.jpg, <name>.jpg    aligned crops, JPEG 98 without chroma subsampling
DIR/<identity>/landmarks.npy              (478, 2) float32 pixels, of the neutral
DIR/<identity>/flow.npz                   names (N,); flow (N, 2, 64, 64) float16; known (N, 64, 64) uint8
DIR/<identity>/strengths.csv              this identity's lines of pairs.csv
DIR/pairs.csv                             identity, name and six strengths per line, no header

flow: target(u) = neutral(u + flow), crop pixels (x, y), means over cells of S / 64 pixels: what
`reggan.train.guidance.pair_flow` estimates, times S / 2. known: 255 where a cell's pixels came from the neutral, 0
where they were painted (the opened mouth; there the flow is continued from the lips).
"""

import csv
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reggan.expressions import BASIC

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
