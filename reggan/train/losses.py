"""Losses of stage 2, all in the frame: reconstruction, what keeps the edit simple, and adversarial."""

import torch
import torch.nn.functional as F
from torch import Tensor

from reggan.faces.topology import CONTROL
from reggan.model.frame import pixel_grid
from reggan.model.refinement import Edit
from reggan.model.refinement.discriminator import PatchDiscriminator

# Points of the face mesh, all in `CONTROL`, around which errors count more.
_EYES = (33, 263, 133, 362, 159, 386, 145, 374, 160, 387, 158, 385, 144, 373, 153, 380)
_BROWS = (70, 300, 63, 293, 105, 334, 66, 296, 107, 336)
_LIPS = (61, 291, 37, 267, 39, 269, 84, 314, 181, 405, 0, 17, 13, 14)
_WINDOW, _WINDOW_STEP = 15, 3  # pixels, odd, in which contrast is compared; from one to the next


def _near(shape: Tensor, landmarks: tuple[int, ...], reach: float, size: int) -> Tensor:
    """1 at the landmarks, falling off like a Gaussian of width `reach` (normalised): (size, size)."""
    points = shape[[CONTROL.index(k) for k in landmarks]]  # (N, 2)
    d2 = (pixel_grid(size, shape)[0, :, :, None] - points).square().sum(-1).amin(-1)
    return torch.exp(-0.5 * d2 / reach**2)


def feature_map(shape: Tensor, size: int) -> Tensor:
    """Where eyes, brows and mouth are in the frame, soft: (1, 1, size, size) in [0, 1]. `shape` is the frame's."""
    parts = [_near(shape, k, reach, size) for k, reach in ((_EYES, 0.07), (_BROWS, 0.08), (_LIPS, 0.12))]
    return torch.stack(parts).amax(0)[None, None]


def mouth_map(shape: Tensor, size: int) -> Tensor:
    """Where the mouth is, shut or open: (1, 1, size, size) in [0, 1]."""
    return _near(shape, _LIPS, 0.07, size)[None, None]


def gradients(x: Tensor) -> tuple[Tensor, Tensor]:
    """Forward differences along x and y."""
    return x[..., :, 1:] - x[..., :, :-1], x[..., 1:, :] - x[..., :-1, :]


def reconstruction(output: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted L1 of values at two scales and of first differences. `weight` is (B or 1, 1, S, S), mean about 1."""
    error = output - target
    loss = (weight * error.abs()).mean()
    for e, w in zip(gradients(error), (weight[..., 1:], weight[..., 1:, :]), strict=True):
        loss = loss + (w * e.abs()).mean()
    coarse = F.avg_pool2d(error, 8)  # sees a feature that is in the wrong place
    return loss + (F.avg_pool2d(weight, 8) * coarse.abs()).mean()


def local_contrast(output: Tensor, target: Tensor, where: Tensor) -> Tensor:
    """L1 between the standard deviations of brightness in windows of 15 x 15 pixels, as SSIM's contrast (Wang et al.,
    2004) compares them: a detail that is a pixel off is no error here, one that is too faint is. Images (B, 3, S, S);
    `where` (B, 1, S, S) in [0, 1] are the windows' centres."""
    where = where[..., ::_WINDOW_STEP, ::_WINDOW_STEP]
    spread = []
    for image in (output, target):
        grey = image.mean(1, keepdim=True)
        mean, square = (_window_mean(t) for t in (grey, grey.square()))
        spread.append((square - mean.square()).clamp(min=1e-6).sqrt())
    return (where * (spread[0] - spread[1]).abs()).sum() / where.sum().clamp_min(1)


def _window_mean(x: Tensor) -> Tensor:
    """Of every third pixel's window; along rows, then along columns."""
    half = _WINDOW // 2
    along = F.avg_pool2d(x, (1, _WINDOW), (1, _WINDOW_STEP), (0, half))
    return F.avg_pool2d(along, (_WINDOW, 1), (_WINDOW_STEP, 1), (half, 0))


def field_smoothness(edit: Edit) -> Tensor:
    """First differences of the displacement, in pixels, where nothing is painted over."""
    d = edit.displacement * (edit.displacement.shape[-1] / 2)
    kept = 1 - edit.opacity.detach()
    dx, dy = gradients(d)
    return (kept[..., 1:] * dx.abs()).mean() + (kept[..., 1:, :] * dy.abs()).mean()


def paint_economy(edit: Edit, features: Tensor) -> Tensor:
    """Painting costs little at eyes and mouth and much elsewhere: skin is to be moved, not invented."""
    return (edit.opacity * (1.1 - features)).mean() + 0.1 * edit.residual.abs().mean()


def guidance(edit: Edit, guide: Tensor, guided: Tensor) -> Tensor:
    """Distance to the first guess of the displacement, (B, 2, 64, 64), in pixels of a 256 image, robust, where there is
    one: `guided` (B,) is 1, or 0."""
    d = F.interpolate(edit.displacement, size=guide.shape[-2:], mode="bilinear", align_corners=False)
    return (guided * ((d - guide) * 128).square().sum(1).add(0.25).sqrt().mean((1, 2))).mean()


# -- adversarial -----------------------------------------------------------------------------------------------------


def critic(scores_real: Tensor, scores_fake: Tensor, weight: Tensor) -> Tensor:
    """Relativistic loss (Jolicoeur-Martineau, ICLR 2019), each patch against the same patch of its own target, so that
    all they have in common cancels. Scores (B, 1, h, w), `weight` (1, 1, h, w), mean 1."""
    return (weight * F.softplus(scores_fake - scores_real)).mean()


def generator(scores_real: Tensor, scores_fake: Tensor, weight: Tensor) -> Tensor:
    """The same from the other side."""
    return (weight * F.softplus(scores_real - scores_fake)).mean()


def slope_penalty(discriminator: PatchDiscriminator, image: Tensor, c: Tensor) -> Tensor:
    """R1 (Mescheder et al., ICML 2018): squared slope of the sum of the patch scores at real images, per patch."""
    image = image.detach().requires_grad_(True)
    scores, _ = discriminator(image, c)
    (slope,) = torch.autograd.grad(scores.sum(), image, create_graph=True)
    return slope.square().sum((1, 2, 3)).mean() / scores[0].numel()


def feature_matching(on_fake: list[Tensor], on_real: list[Tensor]) -> Tensor:
    """Mean L1 between the critic's features of output and target, over all scales (Wang et al., pix2pixHD, 2018)."""
    return torch.stack([F.l1_loss(a.float(), b.float()) for a, b in zip(on_fake, on_real, strict=True)]).mean()
