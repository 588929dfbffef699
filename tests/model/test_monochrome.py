"""Grey stays grey, sepia sepia, and colour pictures are left alone."""

import pytest
import torch

from reggan.model.config import ModelConfig
from reggan.model.refinement import RefinementNetwork
from reggan.model.refinement.monochrome import palette_of
from tests.landmarks import unwarped

TINTS = {"grey": (1.0, 1.0, 1.0), "sepia": (1.0, 0.82, 0.6), "blue": (0.7, 0.85, 1.0)}


def _face(seed: int = 0) -> torch.Tensor:
    """(1, 3, 256, 256) smooth colours, all of them bright and dark."""
    torch.manual_seed(seed)
    return torch.nn.functional.interpolate(torch.rand(1, 3, 16, 16), size=(256, 256), mode="bilinear")


def _tinted(colour: tuple[float, ...]) -> torch.Tensor:
    luma = _face().mean(1, keepdim=True)
    return luma ** torch.tensor([1.0, 1.1, 1.3])[:, None, None] * torch.tensor(colour)[:, None, None]


@pytest.mark.parametrize("tint", ["sepia", "blue"])
def test_paint_gets_the_colour_of_its_brightness(tint: str) -> None:
    """Painting the picture's own pixels anew, in grey of the same luma, gives the picture back."""
    x = _tinted(TINTS[tint])
    palette = palette_of(x)
    assert palette.weight.item() == 1
    grey = (x * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True).expand_as(x)
    assert (grey - x).abs().mean() > 0.02
    error = (palette.toned(grey) - x).abs()
    assert error.quantile(0.99) < 0.01  # a few pixels are lighter or darker than any in the face


def test_grey_paint_is_grey_to_the_last_bit() -> None:
    x = _face().mean(1, keepdim=True).expand(-1, 3, -1, -1)
    palette = palette_of(x)
    toned, light = palette.toned(_face(1)), palette.in_hue(_face(2) - 0.5)
    for t in (toned, light):
        assert (t.amax(1) - t.amin(1)).max() < 1e-6
    torch.testing.assert_close(light.mean(1), (_face(2) - 0.5).mean(1))


def test_pictures_of_many_colours_are_left_alone() -> None:
    palette = palette_of(_face())
    assert palette.weight.item() == 0
    paint = _face(1)
    assert torch.equal(palette.toned(paint), paint) and torch.equal(palette.in_hue(paint), paint)


def test_each_picture_of_a_batch_has_its_own() -> None:
    batch = torch.cat([_face(), _tinted(TINTS["sepia"]), _tinted(TINTS["blue"])])
    together = palette_of(batch)
    for k in range(3):
        alone = palette_of(batch[k : k + 1])
        torch.testing.assert_close(together.weight[k], alone.weight[0])
        torch.testing.assert_close(together.offset[k], alone.offset[0])
    paint = _face(1).expand(3, -1, -1, -1)
    assert torch.equal(together.toned(paint)[0], paint[0])


def test_the_network_keeps_a_grey_face_grey() -> None:
    torch.manual_seed(0)
    net = RefinementNetwork(ModelConfig(widths=(8, 8, 16, 16), shading=32), 64)
    torch.nn.init.normal_(net.head.weight, 0, 0.5)
    net.mean.paint.data.normal_()
    for x, grey in ((torch.rand(1, 1, 64, 64).expand(-1, 3, -1, -1), True), (torch.rand(1, 3, 64, 64), False)):
        edit = net(x, torch.zeros(1, 3, 32, 32), torch.eye(6)[:1], torch.zeros(1, 6), unwarped())
        for part in (edit.paint, edit.residual):
            assert bool((part.amax(1) - part.amin(1)).max() < 1e-5) == grey
