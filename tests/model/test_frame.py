"""The landmark-normalised frame: closed-form cases of the spline and the two maps."""

import math

import numpy as np
import pytest
import torch

from reggan.engine.kit.register import mean_mesh
from reggan.faces import SIZE, alignment_matrix, transform
from reggan.faces.topology import CONTROL, LOWER_LIP, MIRROR
from reggan.model.frame import (
    LandmarkFrame,
    _border,
    _least_area,
    _untangle,
    mean_shape,
    normalise,
    pixel_grid,
    sample,
    spline_operator,
)
from tests.landmarks import mean_face, moved


@pytest.fixture(scope="module")
def shape() -> torch.Tensor:
    """A face-like shape: MediaPipe's mean face, aligned."""
    return mean_shape(mean_face()[None], SIZE)


def test_control_points_are_distinct_and_mirrored() -> None:
    assert len(CONTROL) == len(set(CONTROL)) == len(MIRROR) == 84
    assert all(MIRROR[MIRROR[k]] == k for k in range(84))
    face = mean_face()[list(CONTROL)]
    mirrored = face[list(MIRROR)] * torch.tensor([-1.0, 1.0]) + torch.tensor([SIZE - 1.0, 0.0])
    assert (face - mirrored).norm(dim=1).max() < 6  # the pairs really are left and right of each other


def test_spline_reproduces_affine_maps() -> None:
    points, at = torch.rand(20, 2), torch.rand(50, 2)
    a, b = torch.tensor([[1.2, 0.3], [-0.1, 0.9]], dtype=torch.float64), torch.tensor([0.4, -0.2])
    got = spline_operator(points, at) @ (points.double() @ a + b)
    torch.testing.assert_close(got, at.double() @ a + b, atol=1e-8, rtol=0)


def test_spline_interpolates_without_smoothing() -> None:
    points, values = torch.rand(20, 2), torch.rand(20, 2).double()
    torch.testing.assert_close(spline_operator(points, points, 0.0) @ values, values, atol=1e-6, rtol=0)


def test_mean_face_has_identity_maps(shape: torch.Tensor) -> None:
    face = mean_face()
    face[list(CONTROL)] = (shape + 1) * (SIZE / 2) - 0.5
    maps = LandmarkFrame(shape)(face[None], SIZE)
    for m in maps:
        torch.testing.assert_close(m, pixel_grid(SIZE, m), atol=1e-4, rtol=0)


def test_landmarks_land_on_the_shape(shape: torch.Tensor) -> None:
    face = moved(mean_face(), 5)
    maps = LandmarkFrame(shape)(face[None], SIZE)
    where = normalise(face[list(CONTROL)], SIZE)[None, None]
    landed = sample(maps.to_frame.permute(0, 3, 1, 2), where, "bilinear")[0, :, 0].T
    assert ((landed - shape) * SIZE / 2).norm(dim=1).mean() < 0.5  # pixels


def test_maps_are_inverse(shape: torch.Tensor) -> None:
    maps = LandmarkFrame(shape)(torch.stack([moved(mean_face(), p, seed) for seed, p in enumerate((2, 4, 6))]), SIZE)
    u = pixel_grid(SIZE, maps.to_crop)
    there_and_back = sample(maps.to_crop.permute(0, 3, 1, 2), maps.to_frame, "bilinear").permute(0, 2, 3, 1)
    error = (there_and_back - u).norm(dim=-1)[:, 8:-8, 8:-8] * SIZE / 2
    assert error.mean() < 0.05
    assert error.max() < 0.5


def test_border_stays(shape: torch.Tensor) -> None:
    m = LandmarkFrame(shape)(moved(mean_face(), 4)[None], SIZE).to_crop
    corner = (m - pixel_grid(SIZE, m))[0, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corner * SIZE / 2).norm(dim=1).max() < 1.5


def test_batch_equals_one_by_one(shape: torch.Tensor) -> None:
    frame, faces = LandmarkFrame(shape), torch.stack([moved(mean_face(), p) for p in (1, 3)])
    for both, one in zip(frame(faces, 64), frame(faces[1:], 64), strict=True):
        torch.testing.assert_close(both[1:], one, atol=1e-5, rtol=0)


def _mesh(mouth: float, yaw: float) -> torch.Tensor:
    """The data engine's mean mesh, the mouth open by `mouth` eye distances, turned by `yaw` degrees, in the crop."""
    mesh = mean_mesh()
    below = np.zeros(len(mesh))
    below[list(LOWER_LIP)] = 1
    below = np.maximum(below, np.clip((mesh[:, 1] - 1.1) / 0.3, 0, 1))  # the chin
    mesh[:, 1] += mouth * below
    angle = math.radians(yaw)
    turned = mesh @ np.array([[math.cos(angle), 0, -math.sin(angle)], [0, 1, 0], [math.sin(angle), 0, math.cos(angle)]])
    points = np.concatenate([turned[:, :2], np.zeros((10, 2))])
    return torch.from_numpy(transform(points, alignment_matrix(points)).astype(np.float32))


@pytest.mark.parametrize("yaw", [-35, 0, 20, 35])
@pytest.mark.parametrize("mouth", [0.0, 0.15, 0.25])
def test_maps_are_inverse_on_open_mouths_and_turned_heads(shape: torch.Tensor, mouth: float, yaw: float) -> None:
    """Within half a pixel everywhere, and nowhere does the map fold: each of its pixels covers some area."""
    maps = LandmarkFrame(shape)(_mesh(mouth, yaw)[None], SIZE)
    there_and_back = sample(maps.to_crop.permute(0, 3, 1, 2), maps.to_frame, "bilinear").permute(0, 2, 3, 1)
    error = (there_and_back - pixel_grid(SIZE, maps.to_crop)).norm(dim=-1) * SIZE / 2
    assert error[:, 4:-4, 4:-4].max() < 0.5
    across, down = maps.to_crop[0, :-1].diff(dim=1), maps.to_crop[0].diff(dim=0)[:, :-1]
    area = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    assert area.min() > 0


def test_only_what_folds_is_smoothed(shape: torch.Tensor) -> None:
    frame, face = LandmarkFrame(shape), mean_face()[None]
    control = torch.cat([normalise(face[:, list(CONTROL)], SIZE), _border(shape)[None]], 1)
    plain = (frame._operator() @ control).reshape(1, 65, 65, 2)
    assert torch.equal(_untangle(plain), plain + 0)
    folded = plain.clone()
    folded[:, 30:34, 30:34] = folded[:, 30:34, 30:34].flip(2)
    mended = _untangle(folded)
    assert _least_area(folded).min() < 0 < _least_area(mended).min()
    changed = (mended != folded).any(-1)[0].nonzero()
    assert 20 < changed.min() and changed.max() < 44
