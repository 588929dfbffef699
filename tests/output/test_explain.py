"""The pictures of the stages show what they say, where it is."""

import numpy as np
import pytest
import torch

from reggan import Predictor, resolve
from reggan.faces import Change
from reggan.faces.topology import CONTROL
from reggan.output.explain import (
    attention_pictures,
    change_picture,
    displacement_picture,
    painted_picture,
    residual_picture,
    stage_views,
)
from reggan.predictor import Analysis
from tests.paths import EXAMPLES

S = 64
GREY = np.full((S, S, 3), 100, np.uint8)


@pytest.fixture(scope="module")
def analysis(predictor: Predictor) -> Analysis:
    return predictor.analyse(EXAMPLES / "photo_grace_hopper.jpg")


def _change(**parts: np.ndarray) -> Change:
    channels = {"displacement": 2, "opacity": 1, "paint": 3, "residual": 3}
    return Change(**{n: parts.get(n, np.zeros((S, S, k))).astype(np.float32) for n, k in channels.items()})


def _brightest(picture: np.ndarray) -> np.ndarray:
    """(x, y) of the middle of the brightest spot."""
    level = picture.astype(float).sum(2)
    y, x = np.nonzero(level > level.max() - 15)
    return np.array([x.mean(), y.mean()])


def test_all_views_in_their_order(predictor: Predictor, analysis: Analysis) -> None:
    c = resolve("happy")
    edited = predictor.edit(analysis, c, 0).faces[0]
    views = stage_views(predictor, analysis.faces[0], edited, c)
    assert list(views) == [
        "coarse",
        "displacement",
        "painted",
        "shading",
        "change",
        "attention: shared",
        "attention: channelwise",
        "attention: skip",
    ]
    for view in views.values():
        assert view.shape == (256, 256, 3)
        assert view.dtype == np.uint8
    assert np.array_equal(views["coarse"], edited.coarse)
    mouth = edited.landmarks[[61, 291]] @ analysis.faces[0].matrix[:, :2].T + analysis.faces[0].matrix[:, 2]
    (x0, y), (x1, _) = mouth.round().astype(int)
    assert views["change"][y - 8 : y + 24, x0:x1].mean() > 3 * views["change"][20:60, 5:40].mean()


@pytest.mark.parametrize(
    ("towards", "brighter", "darker"), [((1, 0), 0, 2), ((0, -1), 2, 1), ((0, 1), 1, 2), ((-1, 0), 2, 0)]
)
def test_colours_tell_where_the_skin_went(towards: tuple[int, int], brighter: int, darker: int) -> None:
    """Right is red, up blue, down yellow to green, left cyan. The change looks where the skin came from."""
    picture = displacement_picture(_change(displacement=np.broadcast_to(-9.0 * np.array(towards), (S, S, 2))), GREY)
    mean = picture.reshape(-1, 3).mean(0)
    assert mean[brighter] > mean[darker] + 10


def test_without_motion_the_face_is_grey_and_without_arrows() -> None:
    assert np.array_equal(displacement_picture(_change(), GREY), np.full((S, S, 3), 75))


def test_an_arrow_ends_where_the_skin_is() -> None:
    """One patch has moved by 8 to the right: its arrow's white runs from 8 on the left to the patch, no further."""
    displacement = np.zeros((S, S, 2))
    displacement[25:29, 25:29, 0] = -8  # arrows stand at 9, 27, 45
    white = displacement_picture(_change(displacement=displacement), GREY).min(2) > 200
    y, x = np.nonzero(white)
    assert abs(x.min() - 19) <= 1 and abs(x.max() - 27) <= 1
    assert abs(y.mean() - 27) < 0.5


def test_paint_shows_in_its_colour_over_grey() -> None:
    opacity = np.zeros((S, S, 1))
    opacity[:, : S // 2] = 1
    paint = np.broadcast_to([1.0, 0.2, 0.0], (S, S, 3))
    picture = painted_picture(_change(opacity=opacity, paint=paint), GREY)
    assert picture[0, 0].tolist() == [255, 51, 0]
    assert picture[0, -1].tolist() == [75, 75, 75]


def test_shading_is_around_mid_grey() -> None:
    residual = np.zeros((S, S, 3))
    residual[0, 0], residual[0, 1], residual[0, 2] = 0.1, -0.1, 0.5
    picture = residual_picture(_change(residual=residual))
    assert picture[1, 1].tolist() == [128] * 3
    assert picture[0, :3, 0].tolist() == [230, 26, 255]


def test_change_is_bright_where_something_changed() -> None:
    refined = GREY.copy()
    refined[40:50, 10:20] += 60
    picture = change_picture(GREY, refined)
    assert np.allclose(_brightest(picture), (14.5, 44.5), atol=1)
    assert (picture[0, 60].astype(int) < 40).all()


def test_attention_lies_on_the_face_and_not_in_the_frame(
    predictor: Predictor, analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A map that is bright at a landmark of the mean shape lights up this face's landmark, where they differ most."""
    face = analysis.faces[0]
    shape = predictor.model.frame.shape.numpy()  # normalised
    here = face.landmarks[list(CONTROL)]
    apart = np.linalg.norm((shape + 1) * 128 - 0.5 - here, axis=1)
    landmark = int(apart.argmax())
    assert apart[landmark] > 10  # or the test would show nothing
    where = shape[landmark]
    t = (np.arange(64) + 0.5) / 32 - 1
    blob = np.exp(-((t[None] - where[0]) ** 2 + (t[:, None] - where[1]) ** 2) / (2 * 0.05**2)).astype(np.float32)
    maps = {f"{kind} 64": blob for kind in ("shared", "channelwise", "skip")}
    monkeypatch.setattr(predictor, "attention", lambda *_: maps)
    for picture in attention_pictures(predictor, face, resolve("happy")).values():
        heat = picture.astype(np.float32) - 0.3 * face.crop.mean(2, keepdims=True)
        off = _brightest(heat) - here[landmark]  # the brightest hundredth is a plateau, and lopsided
        assert np.linalg.norm(off) < apart[landmark] / 2
    assert torch.is_grad_enabled()
