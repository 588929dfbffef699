"""The shape of a face as a few numbers, and what it changes of the displacement."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from reggan.model.config import ModelConfig
from reggan.model.frame import pixel_grid, sample
from reggan.model.refinement import RefinementNetwork
from reggan.model.refinement.shape import FaceShape
from reggan.pairs.layout import Subject
from reggan.train.initialise import Flows, displacement_between, fit_displacement, inverse_flows
from tests.landmarks import unwarped

S = 64
GRID = pixel_grid(S, torch.zeros(1))  # (1, S, S, 2)


def _faces(amounts: torch.Tensor) -> torch.Tensor:
    """Maps of faces that are `amounts` longer below the middle, (N,) -> (N, S, S, 2)."""
    below = GRID[..., 1].clamp(min=0)
    return GRID + torch.stack([torch.zeros_like(below), below], -1) * amounts[:, None, None, None]


def test_what_faces_differ_in_is_one_number_of_variance_1() -> None:
    torch.manual_seed(0)
    amounts = 0.1 * torch.randn(40)
    shape = FaceShape(3)
    shape.fit(_faces(amounts))
    z = shape(_faces(amounts))
    assert z.shape == (40, 3)
    assert not z[:, 1:].any()  # there is no second or third way in which they differ
    standard = (amounts - amounts.mean()) / amounts.std(correction=0)
    expected = 2.5 * torch.tanh(standard / 2.5)
    torch.testing.assert_close(z[:, 0] * torch.sign(z[:, 0] @ expected), expected, atol=1e-3, rtol=0)


def test_a_shape_unlike_any_seen_goes_no_further_than_the_last_seen() -> None:
    shape = FaceShape(2)
    shape.fit(_faces(torch.linspace(-0.1, 0.1, 9)))
    assert 2.4 < float(shape(_faces(torch.tensor([3.0]))).abs().max()) <= 2.5


def test_mirror_images_have_the_same_spread() -> None:
    """Faces that lean to one side only: their mirror images count too, so that the mean is upright."""
    lean = torch.zeros(1, S, S, 2)
    lean[..., 0] = GRID[..., 1]
    shape = FaceShape(2)
    shape.fit(GRID + 0.1 * lean.expand(6, -1, -1, -1))
    upright, left, right = shape(torch.cat([GRID, GRID + 0.1 * lean, GRID - 0.1 * lean]))
    torch.testing.assert_close(upright, torch.zeros(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(left, -right, atol=1e-4, rtol=0)
    assert float(left.abs().max()) > 0.5


class _Model:
    """Whose frames are `maps`, by number; a landmark's y says how much of happiness is there."""

    def __init__(self, maps: torch.Tensor, shape: FaceShape) -> None:
        self.frame = SimpleNamespace(to_crop=lambda landmarks, size: maps[landmarks[:, 0, 0].long()])
        self.refinement = SimpleNamespace(shape=shape)
        self.neutral = self

    def __call__(self, landmarks: torch.Tensor, size: int) -> tuple[None, torch.Tensor]:
        return None, landmarks[:, 0, 1:] * torch.eye(6)[:1]

    def leaving(self, present: torch.Tensor) -> torch.Tensor:
        return present


@pytest.fixture
def pairs() -> tuple[list[Subject], Flows, _Model]:
    """Thirty faces; happiness (c_0) lifts everything by 0.1, and by 0.04 more for each standard deviation of length."""
    torch.manual_seed(0)
    amounts = 0.1 * torch.randn(30)
    maps, shape = _faces(amounts), FaceShape(1)
    shape.fit(maps)
    z = shape(maps)[:, 0]
    subjects, flows = [], Flows([], [])
    for i in range(30):
        c = torch.zeros(3, 6)
        c[:, 0] = torch.tensor([1.0, 0.5, 0.0])
        flow = torch.zeros(3, 2, 64, 64)
        flow[:, 1] = (c[:, 0] * (0.1 + 0.04 * z[i]))[:, None, None]
        landmarks = torch.tensor([[float(i), 0.0]])
        targets = torch.zeros(3, 3, S, S)
        subjects.append(Subject(str(i), targets[0], landmarks, targets, c, ("a", "b", "c")))
        flows.there.append(flow)
        flows.back.append(-flow)
    return subjects, flows, _Model(maps, shape)


def test_least_squares_finds_what_the_shape_does(pairs) -> None:
    subjects, flows, model = pairs
    mean, by_shape, leaving = fit_displacement(model, subjects, flows, ridge=1e-4)
    assert mean.shape == (6, 2, 64, 64) and by_shape.shape == (1, 6, 2, 64, 64)
    assert abs(float(mean[0, 1].mean()) - 0.1) < 0.003 and abs(float(by_shape[0, 0, 1].mean()) - 0.04) < 0.002
    assert float(mean[0, 0].abs().max()) < 1e-3 and not mean[1:].any() and not leaving.any()
    stiff = fit_displacement(model, subjects, flows, ridge=1e4)[1]
    assert float(stiff.abs().max()) < 0.001


def test_and_what_takes_an_expression_away(pairs) -> None:
    """From the full happiness everything is let down again, by 0.1 in the mean."""
    subjects, flows, model = pairs
    for i, s in enumerate(subjects):
        found = s.landmarks.repeat(3, 1, 1)
        found[0, :, 1] = 1.0
        subjects[i] = replace(s, target_landmarks=found)
    mean, _, leaving = fit_displacement(model, subjects, flows, ridge=1e-4)
    assert abs(float(mean[0, 1].mean()) - 0.1) < 0.005
    assert abs(float(leaving[0, 1].mean()) + 0.1) < 0.005
    assert not leaving[1:].any()


def test_the_way_back_is_the_way_there_backwards() -> None:
    """A bump to the right, and from every point of the target back to the neutral: together nothing."""
    grid = pixel_grid(64, torch.zeros(1))
    there = torch.zeros(1, 2, 64, 64)
    there[:, 0] = 0.1 * torch.exp(-4 * grid.square().sum(-1))
    back = inverse_flows(there).float()
    at_rest = grid + there.permute(0, 2, 3, 1)
    both = there + sample(back, at_rest, "bilinear")
    assert both.abs().max() < 0.004 < 0.05 < there.abs().max()
    # Of a source that is the target, nothing is to be moved.
    still = displacement_between(there, back, grid, grid)
    assert still.abs().max() < 0.004


def test_the_network_adds_it_to_the_mean() -> None:
    net = RefinementNetwork(ModelConfig(widths=(8, 8, 16, 16), shading=8, shape=1), S)
    net.shape.fit(_faces(torch.linspace(-0.1, 0.1, 9)))
    with torch.no_grad():
        net.mean.displacement[:, 1] = 0.5
        net.mean.displacement_by_shape[:, 1::2] = 0.25
    c, longer = torch.eye(6)[:1], unwarped(S)._replace(goal=_faces(torch.tensor([0.05])))
    (z,) = net.shape(longer.goal)[0]
    edit = net(torch.rand(1, 3, S, S), torch.zeros(1, 3, S // 2, S // 2), c, torch.zeros(1, 6), longer)
    expected = torch.full((1, S, S), 0.5 + 0.25 * float(z))
    torch.testing.assert_close(edit.displacement[:, 1], expected, atol=1e-5, rtol=0)
    assert not edit.displacement[:, 0].any()
