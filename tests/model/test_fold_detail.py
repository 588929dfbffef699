"""Folds of forehead and nose: where they lie, how deep they are, and what does not fold."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from reggan.expressions import BASIC
from reggan.faces import SIZE, Change, Detail
from reggan.faces.topology import BROWS, LEFT_EYE, RIGHT_EYE
from reggan.folds import folds, to_map
from reggan.model import reggan
from reggan.model.config import ModelConfig
from reggan.model.covered import Covering, keep_covering
from reggan.model.finer_grid import FACTOR, SIDE, enlarged
from reggan.model.fold_detail import FoldDetail, drawn_folds, fold_corner, how_lined, mean_face
from reggan.model.frame import FrameMaps, LandmarkFrame, mean_shape, normalise, pixel_grid
from reggan.model.refinement import Edit
from reggan.model.reggan import RegGAN
from tests import landmarks

SURPRISED = torch.eye(6)[[BASIC.index("surprised")]]
SKIN = torch.tensor([0.8, 0.6, 0.5])


def _edit(size: int = SIZE) -> Edit:
    none = torch.zeros(1, 3, size, size)
    return Edit(none[:, :2], none[:, :1], none, none)


def _as_it_is() -> FrameMaps:
    """A face that is the mean shape."""
    grid = pixel_grid(SIZE, torch.zeros(1))
    return FrameMaps(grid, grid)


def _folded(skin: Tensor, c: Tensor = SURPRISED, depth: float = 0.5, lined: float = 1.0) -> Tensor:
    """What comes to a picture (1, 3, S, S) of a face that is the mean shape: (1, 3, 336, 336)."""
    module = FoldDetail()
    module.depth.fill_(depth)
    return module(skin, _edit(), _as_it_is(), torch.tensor([lined]), c, SKIN[None]).added


def _skin() -> Tensor:
    return SKIN[None, :, None, None].expand(1, 3, SIZE, SIZE)


def test_eyes_of_the_frame_are_those_of_the_mean_face() -> None:
    face = normalise(landmarks.mean_face(), SIZE)
    left, right = (mean_face(face[list(eye)].mean(0)) for eye in (LEFT_EYE, RIGHT_EYE))
    torch.testing.assert_close(left, torch.tensor([-0.5, 0.0]), atol=0.01, rtol=0)
    torch.testing.assert_close(right, torch.tensor([0.5, 0.0]), atol=0.01, rtol=0)


def test_a_fold_lies_where_it_is_drawn_on_the_mean_face() -> None:
    """As dark as it is drawn, at each of its pixels, on skin of one colour; nothing at the square's border."""
    added = _folded(_skin())
    corner = fold_corner(SIZE)[0].numpy()
    y, x = np.mgrid[: FACTOR * SIDE, : FACTOR * SIDE]
    at = np.stack([(x + 0.5) / FACTOR - 0.5 + corner[0], (y + 0.5) / FACTOR - 0.5 + corner[1]], -1)
    place = ((at + 0.5) / SIZE - [0.5, 0.4]) / 0.29
    i, j = np.rint(to_map(place)).astype(int).T
    drawn = torch.from_numpy(folds("forehead")[j, i].T.copy())
    expected = ((0.5 * drawn).exp() - 1) * SKIN[:, None, None]
    inside = slice(30, -30)
    torch.testing.assert_close(added[0, :, inside, inside], expected[:, inside, inside], atol=0.01, rtol=0)
    assert expected.min() < -0.02
    assert added[..., :2].abs().max() < 1e-3


def test_folds_travel_with_the_skin() -> None:
    """Skin that moves up by a pixel of the crop takes them along by three of the finer grid."""
    corner = fold_corner(SIZE)
    still = torch.zeros(1, 2, SIZE, SIZE)
    up = still.clone()
    up[:, 1] = 2 / SIZE  # what is shown was a pixel further down
    a, b = (drawn_folds(d, _as_it_is(), corner, SURPRISED) for d in (still, up))
    assert a.min() < -0.05
    torch.testing.assert_close(a[..., 3:, :], b[..., :-3, :], atol=2e-3, rtol=0)


@pytest.mark.parametrize("name, place", [("sad", (0.0, -0.51)), ("disgusted", (0.13, 0.14)), ("angry", (0.13, 0.14))])
def test_each_expression_has_its_folds(name: str, place: tuple[float, float]) -> None:
    c = torch.eye(6)[[BASIC.index(name)]]
    drawn = drawn_folds(torch.zeros(1, 2, SIZE, SIZE), _as_it_is(), fold_corner(SIZE), c)[0, 0]
    x, y = (
        FACTOR * ((m + 0.29 * p) * SIZE - k) for m, p, k in zip((0.5, 0.4), place, fold_corner(SIZE)[0], strict=True)
    )
    assert drawn[int(y) - 4 : int(y) + 5, int(x) - 4 : int(x) + 5].min() < -0.05


def test_a_smile_folds_nothing_and_half_of_surprise_half_as_much() -> None:
    happy = torch.eye(6)[[BASIC.index("happy")]]
    module = FoldDetail()
    assert not module.fold(SURPRISED)
    module.depth.fill_(0.5)
    assert not _folded(_skin(), happy).any()
    half, whole = (_folded(_skin(), share * SURPRISED) for share in (0.5, 1.0))
    torch.testing.assert_close(2 * half, whole, atol=1e-3, rtol=0)


def test_hair_and_what_is_burnt_do_not_fold() -> None:
    deepest = _folded(_skin()).abs().max()
    assert deepest > 0.02
    assert _folded(0.4 * _skin()).abs().max() < 1e-6
    assert _folded(torch.ones(1, 3, SIZE, SIZE)).abs().max() < 1e-6


def test_lined_skin_folds_deeper_within_limits() -> None:
    torch.manual_seed(0)
    noise = F.interpolate(torch.randn(1, 1, SIZE // 2, SIZE // 2), size=SIZE, mode="bicubic")
    lined = [float(how_lined((_skin() * (1 + share * noise)).clamp(0, 1))) for share in (0.0, 0.012, 0.024, 0.5)]
    assert lined[0] == pytest.approx(0.67) and lined[3] == pytest.approx(1.42)
    assert lined[0] < lined[1] < lined[2] < lined[3]
    assert lined[2] ** 2 == pytest.approx(2 * lined[1] ** 2, rel=0.05)
    assert _folded(_skin(), lined=2.0).min() < 1.8 * _folded(_skin(), lined=1.0).min() < 0


def _model(depth: float) -> RegGAN:
    torch.manual_seed(0)
    model = RegGAN(ModelConfig(grid=32, widths=(8, 8, 16, 16), shading=32))
    model.frame = LandmarkFrame(mean_shape(landmarks.mean_face()[None], SIZE))
    model.folds.depth.fill_(depth)
    return model.eval().requires_grad_(False)


def test_the_crop_has_their_mean_and_the_picture_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a fit, and in training, nothing of it is there."""
    monkeypatch.setattr(reggan, "with_thin_paint_as_light", lambda edit, moved: edit)
    given = _skin(), landmarks.mean_face()[None], SURPRISED
    plain = _model(0.0)(*given, detail=True)
    assert not plain.details and torch.equal(_model(0.5)(*given).refined, plain.refined)
    out = _model(0.5)(*given, detail=True)
    (detail,) = out.details
    x, y = detail.corner[0].tolist()
    assert torch.equal(out.edit.paint, plain.edit.paint)
    in_crop = (out.edit.residual - plain.edit.residual)[..., y : y + SIDE, x : x + SIDE]
    whole = enlarged(in_crop) + detail.added
    assert not detail.opacity.any()
    assert F.avg_pool2d(detail.added, 4 * FACTOR).abs().max() < 0.2 * detail.added.abs().max()
    expected = _folded(_skin(), lined=0.67)  # nothing is smoother
    # The frame's maps are half a pixel off at most, which is one and a half of the finer grid.
    assert float((whole * expected).sum() / (whole.norm() * expected.norm())) > 0.95
    assert whole.min() == pytest.approx(float(expected.min()), rel=0.1)


def test_above_a_mask_foreheads_fold_and_in_it_nothing_does() -> None:
    face = landmarks.mean_face().numpy()
    none = np.zeros((SIZE, SIZE, 3), np.float32)
    x, y = fold_corner(SIZE)[0].tolist()
    value = np.ones((FACTOR * SIDE, FACTOR * SIDE, 4), np.float32)
    change = Change(none[..., :2], none[..., :1], none, none, (Detail((x, y), FACTOR, value),))
    nose = int(face[4, 1])
    free = (np.arange(SIZE) < nose)[:, None, None] * np.ones((1, SIZE, 1), np.float32)
    (kept,) = keep_covering(change, Covering(99 * free[..., 0], free, True)).details
    brow = int(face[[k for brow in BROWS for k in brow], 1].min())
    assert (kept.value[: FACTOR * (brow - y)] == 1).all()
    assert not kept.value[FACTOR * (nose - y) + 3 :].any()
