"""Colours of skin and of the white of the eyes, read where they are."""

import cv2
import numpy as np
import torch

from reggan.faces import SIZE
from reggan.faces.topology import IRISES, LEFT_EYE, RIGHT_EYE
from reggan.model.frame import pixel_grid
from reggan.model.reference_colours import from_lab, reference_colours, tint_behind_teeth, tint_of_teeth, to_lab
from reggan.teeth import measured
from tests.landmarks import mean_face, moved

SKIN, WHITE, IRIS = torch.tensor([0.7, 0.5, 0.4]), torch.tensor([0.9, 0.9, 0.85]), torch.tensor([0.2, 0.3, 0.5])


def _painted(face: torch.Tensor, lit: float) -> torch.Tensor:
    """Skin of one colour, eyes as discs around their irises, the viewer's right one as bright as `lit` has it."""
    at = ((pixel_grid(SIZE, face) + 1) * (SIZE / 2) - 0.5)[0]
    crop = SKIN.expand(SIZE, SIZE, 3).clone()
    for iris, (a, b), light in zip(IRISES, (LEFT_EYE, RIGHT_EYE), (1.0, lit), strict=True):
        away = (at - face[iris[0]]).norm(dim=-1)
        width = (face[a] - face[b]).norm()
        crop[away < 0.55 * width] = light * WHITE
        crop[away < 0.15 * width] = light * IRIS
    return crop.permute(2, 0, 1)[None]


def test_skin_and_the_white_of_the_brighter_eye() -> None:
    for face in (mean_face(), moved(mean_face(), 3)):
        cheeks, forehead, white = reference_colours(_painted(face, 0.5), face[None])[0]
        torch.testing.assert_close(torch.stack([cheeks, forehead]), SKIN.expand(2, 3), atol=1e-3, rtol=0)
        torch.testing.assert_close(white, WHITE, atol=0.01, rtol=0)


def test_each_face_has_its_own() -> None:
    faces = torch.stack([mean_face(), moved(mean_face(), 3)])
    crops = torch.cat([_painted(faces[0], 1.0), 0.5 * _painted(faces[1], 1.0)])
    both = reference_colours(crops, faces)
    assert both.shape == (2, 3, 3)
    torch.testing.assert_close(both[1], 0.5 * both[0], atol=0.01, rtol=0)


def _tint(skin: list[float], white: list[float]) -> torch.Tensor:
    return tint_of_teeth(torch.tensor([[skin, skin, white]]))[0]


def test_teeth_have_the_tint_of_people_s_in_white_light_whatever_the_skin() -> None:
    usual = from_lab(torch.tensor([78.0, *measured().ab], dtype=torch.float32))
    usual = usual / (usual @ torch.tensor([0.299, 0.587, 0.114]))
    for skin in ([0.8, 0.6, 0.5], [0.4, 0.25, 0.18], [0.95, 0.6, 0.5]):
        torch.testing.assert_close(_tint(skin, [0.85, 0.8, 0.78]), usual, atol=0.01, rtol=0)


def test_warm_light_makes_them_warm_and_lids_do_not() -> None:
    daylight, candle = _tint([0.8, 0.6, 0.5], [0.85, 0.8, 0.78]), _tint([0.8, 0.5, 0.25], [0.9, 0.75, 0.5])
    assert candle[0] > daylight[0] + 0.05 and candle[2] < daylight[2] - 0.15
    skin = [0.8, 0.65, 0.55]
    for lid in (skin, [0.55, 0.3, 0.25], [0.7, 0.45, 0.4]):  # as the skin, in the shade, reddened
        torch.testing.assert_close(_tint(skin, lid), daylight, atol=0.02, rtol=0)
    blue = _tint([0.6, 0.6, 0.65], [0.7, 0.8, 0.95])
    assert blue[2] > daylight[2] + 0.1


def test_behind_them_is_flesh_as_colourful_as_the_face_and_in_its_light() -> None:
    def behind(skin: list[float], white: list[float]) -> torch.Tensor:
        tint = tint_behind_teeth(torch.tensor([[skin, skin, white]]), _tint(skin, white)[None])[0]
        torch.testing.assert_close(tint @ torch.tensor([0.299, 0.587, 0.114]), torch.tensor(1.0), atol=1e-4, rtol=0)
        return tint

    white = [0.85, 0.8, 0.78]
    usual, pale, grey = behind([0.8, 0.6, 0.5], white), behind([0.8, 0.72, 0.68], white), behind([0.6] * 3, [0.8] * 3)
    assert usual[0] > 1.3 and usual[0] > pale[0] > 1.05
    assert usual[1] < pale[1] < 1.0 and usual[2] < pale[2] < 1.0
    teeth = _tint([0.6] * 3, [0.8] * 3)
    assert (grey - teeth).abs().max() < 0.06 and (grey - 1).abs().max() < 0.08, "no colour where there is none"
    assert behind([0.8, 0.5, 0.25], [0.9, 0.75, 0.5])[2] < usual[2] - 0.1, "by candlelight"


def test_lab_there_and_back_is_opencv_s() -> None:
    rgb = torch.rand(500, 3)
    lab = to_lab(rgb)
    np.testing.assert_allclose(lab, cv2.cvtColor(rgb.numpy()[None], cv2.COLOR_RGB2LAB)[0], atol=0.5)
    torch.testing.assert_close(from_lab(lab), rgb, atol=1e-4, rtol=0)
