"""How deep folds are: found again in targets that were made with them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.faces import SIZE, paste_back
from reggan.model.config import ModelConfig
from reggan.model.forward import OnDevice
from reggan.model.frame import LandmarkFrame, mean_shape
from reggan.model.reggan import RegGAN
from reggan.pairs.layout import Sample, write_identity, write_table
from reggan.train.fold_fit import Powers, depth_of, fit_folds
from tests.landmarks import mean_face, moved


def _model() -> RegGAN:
    torch.manual_seed(0)
    model = RegGAN(ModelConfig(grid=32, widths=(8, 8, 16, 16), shading=32))
    model.frame = LandmarkFrame(mean_shape(mean_face()[None], SIZE))
    return model.eval().requires_grad_(False)


def _write(folder: Path, side: int, depth: float, people: int = 2) -> None:
    """People whose targets are what the model makes of them with folds of a depth, at a multiple of the crop's size."""
    model, factor = _model(), side // SIZE
    model.folds.depth.fill_(depth)
    matrix = np.float64([[1 / factor, 0, (1 / factor - 1) / 2], [0, 1 / factor, (1 / factor - 1) / 2]])
    for n in range(people):
        face = moved(mean_face(), 2, n).numpy()
        noise = np.random.default_rng(n).standard_normal((side, side, 1)).astype(np.float32)
        skin = cv2.GaussianBlur(noise, (0, 0), 1.0)[..., None] * 6 + np.float32([200, 150, 130])
        neutral = skin.clip(0, 255).astype(np.uint8)
        crop = cv2.resize(neutral, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        changes = OnDevice(model, "cpu")(crop[None], face[None], np.eye(6, dtype=np.float32), np.ones(6, np.float32))
        points = (face + 0.5) * factor - 0.5
        samples = [
            Sample(f"{name}_100", c, paste_back(neutral, matrix, change), points)
            for name, c, change in zip(BASIC, np.eye(6, dtype=np.float32), changes.changes, strict=True)
        ]
        write_identity(folder, f"p{n}", neutral, points, samples)
    write_table(folder)


def test_the_depth_that_targets_were_made_with_is_found(tmp_path: Path) -> None:
    _write(tmp_path, 768, 0.6)
    model = _model()
    fit_folds(model, tmp_path, without=set())
    happy, *others = model.folds.depth.tolist()
    assert happy == 0, "a smile has none of these folds"
    assert others == pytest.approx([0.6] * 5, rel=0.12)


def test_targets_without_folds_give_none(tmp_path: Path) -> None:
    _write(tmp_path, 768, 0.0, people=1)
    model = _model()
    fit_folds(model, tmp_path)
    assert max(model.folds.depth) < 0.1


def test_other_crops_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, SIZE, 0.0, people=1)
    with pytest.raises(InputError, match="768"):
        fit_folds(_model(), tmp_path)


def test_powers_of_many_people_count_together_and_less_than_none_is_none() -> None:
    folds = torch.tensor([1.0, 4.0])
    assert depth_of([Powers(folds, 0.25 * folds), Powers(2 * folds, 0.5 * folds)]) == pytest.approx(0.5)
    assert depth_of([Powers(folds, -folds)]) == 0
    assert depth_of([]) == 0
