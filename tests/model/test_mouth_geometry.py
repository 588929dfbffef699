"""Where lips and teeth will be: shapes and distances, without a fit."""

import pytest
import torch

from reggan.faces import SIZE
from reggan.faces.topology import CONTROL, INNER_LIPS
from reggan.model.mouth_geometry import (
    POWERS,
    MouthGeometry,
    MouthShape,
    centre,
    closed,
    lip_correction,
    lip_distance,
    opening,
    places,
    polynomial,
    uncrossed,
)
from tests.landmarks import mean_face


def _grid(side: int) -> torch.Tensor:
    y, x = torch.meshgrid(*2 * [torch.arange(float(side))], indexing="ij")
    return torch.stack([x, y], -1)[None]


def _box() -> torch.Tensor:
    """20 points around a rectangle of 20 x 10, clockwise as lips are: from its left corner along the top."""
    top = [(10.0 + 2 * k, 20.0) for k in range(11)]
    return torch.tensor([*top, *((30.0 - 2.5 * k, 30.0) for k in range(9))])[None]


def test_without_a_fit_mouths_are_shut() -> None:
    face = mean_face()[None]
    shape = MouthGeometry()(face, torch.eye(6)[:1], SIZE)
    control = face[:, list(CONTROL)]
    torch.testing.assert_close(shape.lips, closed(control))
    torch.testing.assert_close(shape.centre, centre(control))
    assert opening(shape.lips).abs() < 1e-3 and not shape.rows.any()
    line, found = shape.lips[0], face[0, list(INNER_LIPS)]
    assert (line - found).norm(dim=-1).mean() < 3, "near where the shut lips are"
    torch.testing.assert_close(line[1:10], line[11:].flip(0))


def test_the_weight_moves_lips_and_rows() -> None:
    geometry, face = MouthGeometry(), mean_face()[None]
    per_feature = geometry.weight.shape[0] // 7
    geometry.weight[per_feature, 1] = 0.1  # with the first expression, the first landmark goes down
    geometry.weight[0, -1] = 0.5  # always
    plain, happy = (geometry(face, c[None], SIZE) for c in (torch.zeros(6), torch.eye(6)[0]))
    moved = happy.lips - plain.lips
    torch.testing.assert_close(moved[0, 0], torch.tensor([0, 0.1 * geometry.unit(SIZE)]), atol=1e-4, rtol=0)
    assert not moved[:, 1:].any()
    assert plain.rows[0, 1, 1, -1] == happy.rows[0, 1, 1, -1] == 0.5


def test_distance_is_right_on_both_sides_of_the_lips() -> None:
    distance = lip_distance(_box(), _grid(40))[0]
    expected = {(25, 20): 5, (25, 12): 2, (20, 20): 0, (15, 20): -5, (25, 33): -3, (35, 20): -5, (34, 34): -(32**0.5)}
    for (y, x), d in expected.items():
        torch.testing.assert_close(distance[y, x].abs(), torch.tensor(abs(d)).float(), atol=1e-4, rtol=0)
        assert d == 0 or (distance[y, x] > 0) == (d > 0)
    assert int((distance > 0).sum()) in range(19 * 9, 21 * 11 + 1)


def test_opening_is_the_mean_height() -> None:
    torch.testing.assert_close(opening(_box()), torch.tensor([10.0]))
    assert opening(_box().flip(1).roll(11, 1)).item() < 0, "lips the wrong way round are not open"


def test_places_are_polynomials_around_the_mouth() -> None:
    rows = torch.zeros(1, 2, 2, len(POWERS))
    rows[0, 0, 0, POWERS.index((1, 0))] = 1  # along the upper row is x
    rows[0, 1, 1, POWERS.index((0, 2))] = 3  # up in the lower is 3 y^2
    shape = MouthShape(torch.tensor([[10.0, 20.0]]), _box(), rows, 10.0)
    found = places(shape, _grid(40))[0]
    assert found.shape == (2, 2, 40, 40)
    torch.testing.assert_close(found[0, 0, 5], (torch.arange(40.0) - 10) / 10)
    torch.testing.assert_close(found[1, 1, :, 5], 3 * ((torch.arange(40.0) - 20) / 10) ** 2)
    assert not found[0, 1].any() and not found[1, 0].any()
    assert polynomial(torch.tensor(2.0), torch.tensor(3.0)).tolist() == [2**i * 3**j for i, j in POWERS]


def _shape(lips: torch.Tensor) -> MouthShape:
    return MouthShape(lips.mean(1), lips, torch.zeros(len(lips), 2, 2, len(POWERS)), 10.0)


def test_pressed_lips_meet_half_way() -> None:
    lips = _box()
    lips[0, :, 1] = torch.where(lips[0, :, 1] == 20, 32.0, 30.0)  # the upper lip lies lower
    met = uncrossed(lips)
    assert (met[0, 1:10, 1] == 31).all() and (met[0, 11:, 1] == 31).all()
    assert torch.equal(uncrossed(_box()), _box()), "an open mouth stays as it is"


def test_lips_are_brought_to_where_they_will_be() -> None:
    """A laugh, 12 pixels open, becomes a mouth that is shut; nothing has been moved so far."""
    face = mean_face()[None]
    shut = closed(face[:, list(CONTROL)])
    now = shut.clone()
    now[:, 1:10, 1] -= 6
    now[:, 11:, 1] += 6
    added = lip_correction(torch.zeros(1, 2, SIZE, SIZE), _shape(shut), now)[0] * (SIZE / 2)
    for k, way in ((5, -6), (15, 6)):  # what is seen just above the line was 6 pixels higher; below, lower
        x, y = shut[0, k].round().long().tolist()
        assert added[1, y + way // 2, x].item() == pytest.approx(way, abs=1.2) and added[0, y, x].abs() < 0.5
    assert added[:, 60:100].abs().max() < 0.05, "eyes stay where they are"


def test_lips_that_are_there_already_are_left_alone() -> None:
    shut = closed(mean_face()[None][:, list(CONTROL)])
    now = shut + torch.tensor([3.0, -4.0])
    displacement = torch.tensor([3.0, -4.0])[None, :, None, None].expand(1, 2, SIZE, SIZE) * (2 / SIZE)
    assert lip_correction(displacement, _shape(shut), now).abs().max() < 1e-5
