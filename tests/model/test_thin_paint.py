"""What is painted thinly becomes light; what covers stays paint."""

import torch
import torch.nn.functional as F

from reggan.model.arrays import blur
from reggan.model.refinement import Edit
from reggan.model.reggan import composed
from reggan.model.thin_paint import with_thin_paint_as_light

SIDE = 64


def _edit(opacity: torch.Tensor, paint: float = 0.2) -> Edit:
    none = torch.zeros(1, 3, SIDE, SIDE)
    return Edit(none[:, :2], opacity, torch.full_like(none, paint), none)


def _pores() -> torch.Tensor:
    torch.manual_seed(0)
    return (0.6 + 0.05 * torch.randn(1, 3, SIDE, SIDE)).clamp(0, 1)


def test_thin_paint_changes_the_mean_and_leaves_the_pores() -> None:
    skin, edit = _pores(), _edit(torch.full((1, 1, SIDE, SIDE), 0.1))
    painted, made = (composed(skin, e) for e in (edit, with_thin_paint_as_light(edit, skin)))
    assert not with_thin_paint_as_light(edit, skin).opacity.any()
    torch.testing.assert_close(blur(made, 6.0), blur(painted, 6.0), atol=2e-3, rtol=0)
    fine = [(t - blur(t, 3.0)).std() / (skin - blur(skin, 3.0)).std() for t in (painted, made)]
    assert abs(fine[0] - 0.9) < 0.01 and fine[1] > 0.985


def test_what_covers_stays_paint_to_its_edges() -> None:
    opacity = torch.zeros(1, 1, SIDE, SIDE)
    opacity[..., 24:40, 24:40] = 1.0
    opacity = F.avg_pool2d(opacity, 5, 1, 2)  # its edge is soft
    edit = _edit(opacity)
    assert all(torch.equal(a, b) for a, b in zip(edit, with_thin_paint_as_light(edit, _pores()), strict=True))


def test_between_both_it_is_a_little_of_each() -> None:
    skin = torch.full((1, 3, SIDE, SIDE), 0.6)
    for opacity, kept in ((0.12, 0.0), (0.21, 0.5), (0.3, 1.0)):
        edit = _edit(torch.full((1, 1, SIDE, SIDE), opacity))
        made = with_thin_paint_as_light(edit, skin)
        torch.testing.assert_close(made.opacity, torch.full_like(made.opacity, opacity * kept))
        torch.testing.assert_close(composed(skin, made), composed(skin, edit))  # of even skin the same is seen


def test_nothing_painted_is_nothing_added() -> None:
    made = with_thin_paint_as_light(_edit(torch.zeros(1, 1, SIDE, SIDE)), _pores())
    assert not made.opacity.any() and not made.residual.any()
