"""A small pairs folder that all tests of training read."""

import csv
import shutil
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reggan import BASIC
from reggan.model.refinement.discriminator import PatchDiscriminator
from reggan.train.precision import autocast
from tests.landmarks import mean_face, moved

PEOPLE = 3


@pytest.fixture(scope="package", autouse=True)
def small_and_quick() -> Iterator[None]:
    """A narrow discriminator, and the faster precision measured once, not a second long for every trainer."""
    with pytest.MonkeyPatch.context() as patch:
        measured_once = cache(autocast)
        for trainer in ("train.refinement", "train.mouth_trainer", "baselines.rival_trainer"):
            patch.setattr(f"reggan.{trainer}.autocast", measured_once)
        patch.setattr("reggan.train.refinement.PatchDiscriminator", partial(PatchDiscriminator, (8, 8, 16, 16)))
        yield


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three "people": smooth coloured noise; an expression shifts it by two pixels per index and darkens it; the first
    really smiles."""
    root = tmp_path_factory.mktemp("data")
    folder, rows = root / "pairs", []
    for i in range(PEOPLE):
        person = folder / f"person_{i}"
        person.mkdir(parents=True)
        g = torch.Generator().manual_seed(i)
        noise = torch.rand(1, 3, 32, 32, generator=g)
        x = torch.nn.functional.interpolate(noise, size=(256, 256), mode="bicubic")[0].clamp(0, 1)
        landmarks = moved(mean_face(), 2, i).numpy()
        np.save(person / "landmarks.npy", landmarks)
        shifted = [landmarks + np.float32([2 * (k + 1), 0]) for k in range(len(BASIC))]
        names = np.array([f"{name}_100" for name in BASIC])
        np.savez(person / "target_landmarks.npz", names=names, landmarks=np.stack(shifted))

        def write(image: torch.Tensor, name: str, person: Path = person) -> None:
            pixels = (image.permute(1, 2, 0) * 255).byte().numpy()
            Image.fromarray(pixels).save(person / f"{name}.jpg", quality=95)

        write(x, "neutral")
        rows.append([f"person_{i}", "neutral", *[0] * 6])
        for k, name in enumerate(BASIC):
            write((x.roll(2 * (k + 1), -1) * 0.9).clamp(0, 1), f"{name}_100")
            rows.append([f"person_{i}", f"{name}_100", *np.eye(6, dtype=int)[k]])
        if i == 0:
            write((x.roll(5, -1)).clamp(0, 1), "real_smile")
            np.save(person / "smile_landmarks.npy", landmarks + np.float32([5, 0]))
    with (root / "pairs.csv").open("w", newline="") as f:
        csv.writer(f).writerows(rows)
    (root / "validation.txt").write_text("person_2\n")
    return root


@pytest.fixture(scope="session")
def few(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same people in two expressions, for tables of many short runs."""
    root = tmp_path_factory.mktemp("few")
    shutil.copytree(data, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*(f"{n}_*.jpg" for n in BASIC[2:])))
    kept = [row for row in (data / "pairs.csv").read_text().splitlines() if not _of(row, BASIC[2:])]
    (root / "pairs.csv").write_text("\n".join(kept) + "\n")
    return root


def _of(row: str, names: tuple[str, ...]) -> bool:
    return row.split(",")[1].startswith(names)
