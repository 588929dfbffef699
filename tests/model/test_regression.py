"""Stage 1 against dense normal equations, planted weights and its own definition."""

import pytest
import torch

from reggan.model.regression import RegressionLayer, RidgeAccumulator
from reggan.model.regression.layer import windows


def _people(n: int, per: int, size: int, seed: int = 0) -> list[tuple[torch.Tensor, torch.Tensor]]:
    g = torch.Generator().manual_seed(seed)
    return [(torch.rand(3, size, size, generator=g), torch.rand(per, 6, generator=g)) for _ in range(n)]


@pytest.mark.parametrize("r", [1, 3, 5])
def test_fit_equals_dense_normal_equations(r: int) -> None:
    size, people = 6, _people(5, 4, 6)
    g = torch.Generator().manual_seed(1)
    data = [(x, torch.rand(len(c), 3, size, size, generator=g), c) for x, c in people]
    sums = RidgeAccumulator(size, r)
    for row in data:
        sums.add(*row)
    got = sums.solve(0.3).weight
    # every pair, channel and feature written out for one pixel at a time
    penalty = torch.diag(torch.tensor(([0.3] * (r * r) + [0.003]) * 6, dtype=torch.float64))
    for py, px in ((0, 0), (2, 3), (5, 5)):
        z, d = [], []
        for x, targets, c in data:
            p = windows(x[None], r)[0, :, :, py, px]
            for y, cn in zip(targets, c, strict=True):
                for h in range(3):
                    z.append(torch.kron(cn, p[h]))
                    d.append(y[h, py, px] - x[h, py, px])
        zz, dd = torch.stack(z).double(), torch.stack(d).double()
        want = torch.linalg.solve(zz.T @ zz + penalty, zz.T @ dd).reshape(6, r * r + 1)
        torch.testing.assert_close(got[:, :, py, px].double(), want, atol=2e-4, rtol=1e-3)


def test_planted_weights_come_back() -> None:
    planted = RegressionLayer(8, 3)
    planted.weight.normal_(0, 0.1, generator=torch.Generator().manual_seed(2))
    sums = RidgeAccumulator(8, 3)
    for x, c in _people(60, 8, 8):
        sums.add(x, planted(x.expand(len(c), -1, -1, -1), c), c)
    # At the border replicated pixels make features equal, and only sums of their weights are determined.
    inside = (..., slice(1, -1), slice(1, -1))
    torch.testing.assert_close(sums.solve(1e-6).weight[inside], planted.weight[inside], atol=2e-3, rtol=0)


def test_layer_is_equation_1() -> None:
    layer = RegressionLayer(7, 3)
    layer.weight.normal_(generator=torch.Generator().manual_seed(3))
    x, c = torch.rand(2, 3, 7, 7), torch.rand(2, 6)
    want = x + torch.einsum("bk,kjhw,bcjhw->bchw", c, layer.weight, windows(x, 3))
    torch.testing.assert_close(layer(x, c), want)


def test_window_replicates_the_border() -> None:
    x = torch.arange(9.0).reshape(1, 1, 3, 3).expand(1, 3, 3, 3)
    corner = windows(x, 3)[0, 0, :, 0, 0]
    assert corner.tolist() == [0, 0, 1, 0, 0, 1, 3, 3, 4, 1]
    centre = windows(x, 3)[0, 0, :, 1, 1]
    assert centre.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 1]


def test_linear_in_strength_and_identity_at_zero() -> None:
    layer = RegressionLayer(6, 3)
    layer.weight.normal_()
    x, c = torch.rand(1, 3, 6, 6), torch.rand(1, 6)
    torch.testing.assert_close(layer.change(x, 0.25 * c), 0.25 * layer.change(x, c))
    assert torch.equal(layer(x, 0 * c), x)


def test_batch_equals_one_by_one() -> None:
    layer = RegressionLayer(6, 5)
    layer.weight.normal_()
    x, c = torch.rand(4, 3, 6, 6), torch.rand(4, 6)
    one_by_one = torch.cat([layer(x[i : i + 1], c[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(layer(x, c), one_by_one)


def test_only_the_window_counts() -> None:
    layer = RegressionLayer(9, 3)
    layer.weight.normal_()
    x, c = torch.rand(1, 3, 9, 9), torch.rand(1, 6)
    y = x.clone()
    y[..., 4, 4] += 1
    differs = (layer(x, c) != layer(y, c)).any(1)[0]
    assert differs[3:6, 3:6].all()
    differs[3:6, 3:6] = False
    assert not differs.any()


def test_even_window_is_refused() -> None:
    with pytest.raises(ValueError, match="odd"):
        RegressionLayer(8, 4)
