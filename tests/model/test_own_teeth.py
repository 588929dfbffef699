"""Teeth that are drawn are as bright as those that somebody shows."""

import cv2
import numpy as np
import pytest
import torch

from reggan.faces import SIZE
from reggan.faces.topology import INNER_LIPS
from reggan.model.arrays import luma
from reggan.model.own_teeth import OwnTeeth, like_own, own_teeth
from tests.landmarks import mean_face

SKIN = 0.7, 0.5, 0.4
AROUND = torch.tensor(SKIN).expand(1, 3, 3)
USUAL = 0.68 + 0.13 * (0.299 * 0.7 + 0.587 * 0.5 + 0.114 * 0.4)


def _face(between: tuple[float, float, float], opened: float) -> tuple[torch.Tensor, torch.Tensor]:
    """A face with its lips so many pixels apart and one colour between them: crop and landmarks."""
    face = mean_face()
    ring = face[list(INNER_LIPS)]
    middle = ring[:, 1].mean()
    half = torch.tensor([opened / 2 * np.sin(np.pi * k / 10) for k in range(len(INNER_LIPS))]).float()
    face[list(INNER_LIPS), 1] = middle - half  # the upper lip from corner to corner, then the lower one back
    crop = np.full((SIZE, SIZE, 3), SKIN, np.float32)
    cv2.fillPoly(crop, [face[list(INNER_LIPS)].round().int().numpy()], between)
    return torch.from_numpy(crop).permute(2, 0, 1)[None], face[None]


@pytest.mark.parametrize("bright", [0.6, 0.7, 0.85])
def test_teeth_that_show_are_measured_against_usual_ones(bright: float) -> None:
    teeth = torch.tensor([1.02, 1, 0.95]) * bright
    own = own_teeth(*_face(tuple(teeth.tolist()), 12), AROUND)
    torch.testing.assert_close(own.colour[0], teeth, atol=0.01, rtol=0)
    assert own.ratio.item() == pytest.approx(bright * (1.02 * 0.299 + 0.587 + 0.95 * 0.114) / USUAL, abs=0.01)
    assert own.seen.item() == 1


@pytest.mark.parametrize(
    ("between", "opened"),
    [((0.9, 0.9, 0.9), 2), ((0.8, 0.4, 0.4), 12), ((0.3, 0.25, 0.25), 12)],
    ids=["closed lips", "a tongue", "a hole"],
)
def test_what_is_no_tooth_says_nothing(between: tuple[float, float, float], opened: float) -> None:
    own = own_teeth(*_face(between, opened), AROUND)
    assert own.seen.item() == 0 and own.ratio.item() == 1


def test_teeth_are_told_from_the_lips_around_them() -> None:
    """Landmarks are off by a pixel or two."""
    (crop, face), teeth = _face((0.9, 0.88, 0.8), 12), torch.tensor([0.9, 0.88, 0.8])
    off = face.clone()
    off[:, list(INNER_LIPS), 1] += 2
    torch.testing.assert_close(own_teeth(crop, off, AROUND).colour[0], teeth, atol=0.01, rtol=0)


def test_each_face_has_its_own() -> None:
    (bright, face), (dull, other) = _face((0.9, 0.9, 0.9), 12), _face((0.6, 0.6, 0.6), 12)
    both = own_teeth(torch.cat([bright, dull]), torch.cat([face, other]), AROUND.expand(2, 3, 3))
    torch.testing.assert_close(both.colour[:, 0], torch.tensor([0.9, 0.6]), atol=0.01, rtol=0)


@pytest.mark.parametrize(
    ("own", "ratio", "seen", "becomes"),
    [
        (0.9, 1.25, 1.0, 0.75),  # brighter by as much as own ones are than usual ones
        (0.65, 1.25, 1.0, 0.65),  # but not brighter than they are
        (0.5, 0.9, 1.0, 0.54),  # and likewise darker
        (0.58, 0.9, 1.0, 0.58),
        (0.2, 1.0, 0.0, 0.6),  # no teeth are seen
    ],
)
def test_drawn_teeth_go_towards_the_own_ones(own: float, ratio: float, seen: float, becomes: float) -> None:
    inside = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    inside[..., 2:6, :] = True
    drawn = torch.where(inside, 0.6, 0.1).expand(1, 3, 8, 8)
    yellow = torch.tensor([[1.05, 1.0, 0.8]])
    yellow = yellow / luma(yellow[..., None, None]).item()
    found = like_own(drawn, inside, OwnTeeth(own * yellow, torch.tensor([ratio]), torch.tensor([seen])))
    torch.testing.assert_close(luma(found)[inside], torch.full((32,), becomes))
    tint = yellow if seen else torch.ones(1, 3)
    torch.testing.assert_close(found / luma(found), tint[..., None, None].expand_as(found))
