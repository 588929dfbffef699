"""The paired training data on disk.

DIR/<identity>/neutral.jpg         aligned 256 x 256 crop
DIR/<identity>/<name>.jpg          the same face with another expression
DIR/<identity>/landmarks.npy       (478, 2) float32, MediaPipe's landmarks of the neutral, pixels
DIR/<identity>/flow.npz            if known, the true displacements of its targets, see `reggan.data.folder`
DIR.csv (or DIR/pairs.csv)         identity,name and six strengths per line, no header
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reggan.errors import InputError
from reggan.expressions import BASIC


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
