"""What is drawn is as black and as sharp as the picture it is drawn into."""

import cv2
import numpy as np
import pytest
import torch

from reggan.faces import SIZE, read_image
from reggan.model.arrays import Image, blur
from reggan.model.picture_quality import no_whiter, quality_of, softened, veiled
from reggan.model.refinement import Edit
from reggan.predictor import Predictor
from tests.paths import PHOTO


def _edges() -> torch.Tensor:
    """(1, 3, 256, 256): dark shapes on light skin, black and with edges that could not be sharper."""
    crop = np.full((SIZE, SIZE, 3), 0.8, np.float32)
    for x, y, radius in ((98, 110, 12), (158, 110, 12), (128, 180, 20), (128, 150, 8)):
        cv2.circle(crop, (x, y), radius, (0.0, 0.0, 0.0), -1)
    return torch.from_numpy(crop).permute(2, 0, 1)[None]


@pytest.mark.parametrize("density", [0.2, 0.35, 0.6])
def test_the_darkest_places_tell_the_veil(density: float) -> None:
    crop = torch.cat([_edges(), veiled(_edges(), torch.tensor([density]))])
    none, some = quality_of(crop).veil
    assert none == 0
    assert some.item() == pytest.approx((density - 0.14) / 0.86, abs=1e-6)


def test_black_somewhere_in_the_picture_is_black_enough() -> None:
    crop = _edges() / 2 + 0.4
    assert quality_of(crop).veil.item() > 0.2
    crop[..., :16, :16] = 0
    assert quality_of(crop).veil.item() == 0


@pytest.mark.parametrize("sigma", [1.6, 2.0, 2.5])
def test_the_steepest_places_tell_how_soft_edges_are(sigma: float) -> None:
    """The spread of a step is that of its blur, of the pixel and of the difference between two of them; what edges of
    sharp pictures have is taken off."""
    found = quality_of(torch.cat([_edges(), blur(_edges(), sigma)])).softness
    assert found[0] == 0
    assert found[1].item() == pytest.approx((sigma**2 + 1 / 12 + 2**2 / 12 - 1.3**2) ** 0.5, rel=0.08)


def test_contrast_and_grain_are_no_softness() -> None:
    soft = blur(_edges(), 2.0)
    grain = 0.02 * torch.randn(soft.shape, generator=torch.Generator().manual_seed(0))
    plain, pale, grainy = quality_of(torch.cat([soft, 0.6 + 0.2 * soft, soft + grain])).softness
    assert pale.item() == pytest.approx(plain.item(), rel=1e-3)
    assert grainy.item() == pytest.approx(plain.item(), rel=0.1)


def test_a_picture_of_nothing_has_no_softness() -> None:
    assert quality_of(torch.full((1, 3, SIZE, SIZE), 0.5)).softness.item() == 0


def test_each_image_has_its_own_blur() -> None:
    images = torch.rand(3, 4, 96, 96, generator=torch.Generator().manual_seed(1))
    made = softened(images, torch.tensor([0.0, 1.5, 4.0]))
    torch.testing.assert_close(made[0], images[0])
    for row, sigma in ((1, 1.5), (2, 4.0)):
        torch.testing.assert_close(
            made[row, :, 16:-16, 16:-16], blur(images, sigma)[row, :, 16:-16, 16:-16], atol=2e-3, rtol=0
        )
    assert softened(images, torch.zeros(3)) is images


def _lit(skin: torch.Tensor, light: float, opacity: float = 0.0) -> torch.Tensor:
    """The residual that is left of so much light on skin (1, 3, 64, 64)."""
    one = torch.ones(1, 1, 64, 64)
    edit = Edit(torch.zeros(1, 2, 64, 64), opacity * one, skin, light * torch.ones(1, 3, 64, 64))
    return no_whiter(edit, skin).residual


def test_white_skin_gets_no_whiter() -> None:
    white, grey = torch.full((2, 1, 3, 64, 64), 0.9)
    grey = grey - 0.4
    torch.testing.assert_close(_lit(white, 0.08), torch.zeros(1, 3, 64, 64))
    torch.testing.assert_close(_lit(grey, 0.08), torch.full((1, 3, 64, 64), 0.08))
    torch.testing.assert_close(_lit(grey, 0.4), torch.full((1, 3, 64, 64), 0.3))  # up to nearly white
    torch.testing.assert_close(_lit(white, -0.08), torch.full((1, 3, 64, 64), -0.08))  # shadows stay
    torch.testing.assert_close(_lit(white, 0.08, opacity=1), torch.full((1, 3, 64, 64), 0.08))  # paint is no skin


def test_skin_may_be_as_white_as_the_skin_near_by() -> None:
    skin = torch.full((1, 3, 64, 64), 0.85)
    skin[..., 24:40, 24:40] = 0.95
    left = _lit(skin, 0.1)[0, 0]
    assert left[32, 32].item() == pytest.approx(0, abs=0.01)
    assert left[32, 22].item() == pytest.approx(0.1, abs=0.01)
    assert left[4, 4].item() == pytest.approx(0, abs=0.01)


def _surprised_mouth(predictor: Predictor, image: Image) -> Image:
    """What is between the lips of the surprised face, grey, (25, 35)."""
    (face,) = predictor(image, "surprised").faces
    return cv2.cvtColor(face.refined, cv2.COLOR_RGB2GRAY)[175:200, 111:146]


def test_a_mouth_is_as_pale_as_its_picture(predictor: Predictor) -> None:
    photo = read_image(PHOTO)
    faded = 255 - np.uint8(0.55 * (255 - photo.astype(np.float32)))
    fresh, pale = (np.quantile(_surprised_mouth(predictor, image), 0.1) for image in (photo, faded))
    assert fresh < 60
    assert pale > 90


def test_a_mouth_is_as_soft_as_its_picture(predictor: Predictor) -> None:
    photo = read_image(PHOTO)
    photo = cv2.resize(photo, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    sharp, soft = (
        np.sort(np.hypot(*np.gradient(_surprised_mouth(predictor, image).astype(np.float32))).ravel())[-40:].mean()
        for image in (photo, cv2.GaussianBlur(photo, (0, 0), 2.5))
    )
    assert soft < 0.6 * sharp
