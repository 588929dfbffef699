"""Fitting where lips and teeth will be, to invented mouths that equation (8) can describe."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reggan.faces import SIZE
from reggan.faces.topology import CONTROL, INNER_LIPS
from reggan.model.mouth_geometry import POWERS, MouthGeometry, closed
from reggan.pairs.layout import Sample, ToothPlaces, write_identity, write_table
from reggan.train.mouth_fit import Drawn, errors_of_geometry, fit_geometry, read_drawn
from tests.landmarks import mean_face, moved


def _people(number: int, first: int = 0) -> list[Drawn]:
    """Lips that open with the first expression, more so in wide faces; rows that rise with the second."""
    found = []
    for n in range(first, first + number):
        rest = moved(mean_face(), 4, n)[list(CONTROL)]
        wide = float(rest[:, 0].std()) / 60
        for k in range(2):
            lips = closed(rest[None])[0]
            t = torch.linspace(0, torch.pi, len(INNER_LIPS) // 2 + 1).sin()
            lips[:11, 1] -= (k == 0) * 12 * wide * t
            rows = torch.zeros(2, 2, len(POWERS))
            rows[:, 0, POWERS.index((1, 0))] = 1
            rows[:, 1, 0] = 0.1 * k
            found.append(Drawn(rest, torch.eye(6)[k], lips, rows))
    return found


def test_people_kept_out_are_found() -> None:
    geometry = MouthGeometry()
    before = errors_of_geometry(geometry, _people(6, 100))
    fit_geometry(geometry, _people(60))
    after = errors_of_geometry(geometry, _people(6, 100))
    assert before["lips"] > 1.5 and after["lips"] < 0.3
    assert before["teeth"] > 5 and after["teeth"] < 0.5


def test_left_and_right_are_treated_alike() -> None:
    """The fit has the mirror images: a mouth that always opened on its left opens on both sides half as much."""
    people = _people(40)
    for d in people:
        d.lips[1:5, 1] -= 6.0
    geometry = MouthGeometry()
    fit_geometry(geometry, people)
    face = mean_face()[None]
    lips = geometry(face, torch.zeros(1, 6), SIZE).lips[0] - closed(face[:, list(CONTROL)])[0]
    np.testing.assert_allclose(lips[1:5, 1], lips[6:10, 1].flip(0), atol=0.7)
    assert -4.5 < lips[2, 1] < -1.5


def test_drawn_mouths_are_read(tmp_path: Path) -> None:
    """From crops of 768, whose lips are in their pixels and whose rows are on the grid of 256."""
    face = (mean_face().numpy() + 0.5) * 3 - 0.5
    x, y = np.meshgrid(np.arange(256) - 127.5, np.arange(256) - 190)
    places = np.stack([np.stack([x, 2 * y, np.full_like(x, 77)]) for _ in range(2)]) / 77
    picture = np.zeros((768, 768, 3), np.uint8)
    teeth = ToothPlaces(face[list(INNER_LIPS)], places, 0)
    unknown = ToothPlaces(face[list(INNER_LIPS)], np.zeros_like(places), 0)
    write_identity(
        tmp_path,
        "ann",
        picture,
        face,
        [Sample("happy_100", np.eye(6)[0], picture, face, teeth=teeth)]
        + [Sample("sad_100", np.eye(6)[1], picture, face, teeth=unknown)],
    )
    write_table(tmp_path)
    (one,) = read_drawn(tmp_path)
    torch.testing.assert_close(one.lips, mean_face()[list(INNER_LIPS)].float(), atol=1e-3, rtol=0)
    torch.testing.assert_close(one.rest, mean_face()[list(CONTROL)].float(), atol=1e-3, rtol=0)
    assert one.shows.tolist() == [1, 0, 0, 0, 0, 0]
    slope = MouthGeometry.unit(SIZE) / 77
    assert one.rows[0, 0, POWERS.index((1, 0))] == pytest.approx(slope, rel=0.01)
    assert one.rows[1, 1, POWERS.index((0, 1))] == pytest.approx(2 * slope, rel=0.01)
