"""What is painted thinly becomes light; what covers stays paint."""

import torch
import torch.nn.functional as F

from reggan.model.arrays import blur
from reggan.model.refinement import Edit
from reggan.model.reggan import composed
from reggan.model.veil import without_veil

SIDE = 64


def _edit(opacity: torch.Tensor, paint: float = 0.2) -> Edit:
    none = torch.zeros(1, 3, SIDE, SIDE)
    return Edit(none[:, :2], opacity, torch.full_like(none, paint), none)


def _pores() -> torch.Tensor:
    torch.manual_seed(0)
    return (0.6 + 0.05 * torch.randn(1, 3, SIDE, SIDE)).clamp(0, 1)


def test_a_veil_changes_the_mean_and_leaves_the_pores() -> None:
    skin, edit = _pores(), _edit(torch.full((1, 1, SIDE, SIDE), 0.2))
    veiled, made = (composed(skin, e) for e in (edit, without_veil(edit, skin)))
    assert not without_veil(edit, skin).opacity.any()
    torch.testing.assert_close(blur(made, 6.0), blur(veiled, 6.0), atol=2e-3, rtol=0)
    fine = [(t - blur(t, 3.0)).std() / (skin - blur(skin, 3.0)).std() for t in (veiled, made)]
    assert abs(fine[0] - 0.8) < 0.01 and fine[1] > 0.97


def test_what_covers_stays_paint_to_its_edges() -> None:
    opacity = torch.zeros(1, 1, SIDE, SIDE)
    opacity[..., 24:40, 24:40] = 1.0
    opacity = F.avg_pool2d(opacity, 5, 1, 2)  # its edge is soft
    edit = _edit(opacity)
    assert all(torch.equal(a, b) for a, b in zip(edit, without_veil(edit, _pores()), strict=True))


def test_between_both_it_is_a_little_of_each() -> None:
    skin = torch.full((1, 3, SIDE, SIDE), 0.6)
    for opacity, kept in ((0.25, 0.0), (0.375, 0.5), (0.5, 1.0)):
        edit = _edit(torch.full((1, 1, SIDE, SIDE), opacity))
        made = without_veil(edit, skin)
        torch.testing.assert_close(made.opacity, torch.full_like(made.opacity, opacity * kept))
        torch.testing.assert_close(composed(skin, made), composed(skin, edit))  # of even skin the same is seen


def test_nothing_painted_is_nothing_added() -> None:
    made = without_veil(_edit(torch.zeros(1, 1, SIDE, SIDE)), _pores())
    assert not made.opacity.any() and not made.residual.any()
