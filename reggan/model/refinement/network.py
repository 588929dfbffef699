"""Stage 2: the refinement network, an encoder-decoder with spatial attention at several scales.

It sees the face in the landmark-normalised frame and says how to edit it, in four parts (on the frame's grid):

    displacement D   where the output at v looks in the crop: B(v) + D(v). Texture travels with the skin.
    opacity m        where something is painted that was not in the input: mouth interior, teeth, sclera
    paint            its colour
    residual r       shading and wrinkles, added

B is the frame's map to the crop. D is a distance in the crop, not in the frame: a muscle pulls the skin of a long chin
no further than that of a short one, and in the frame, where both chins are equally long, that would be two distances.
What all faces have in common of it depends on the strengths c and on the shape z of the face (`shape.py`):

    mean D(c, z) = sum_k c_k (D_k + sum_j z_j D_kj)                                              (5)

The residual is what the network says for this face, in the hue of what it is added to, and a learned mean of what each
expression does to the light on the skin: a gain, kept where the skin is before it moves, so that a furrow travels with
its place between the brows.

    refined(v) = (1 - m(v)) crop(B(v) + D(v)) + m(v) paint(v) + r(v)                            (4)

With `moves=False` only r remains: refined = crop(B(v)) + r, the "ultimate skip" of US-GAN (arXiv 2112.13002), an
ablation, as is leaving out types of attention. Sizes and equations (4) and (5) are our choice; the paper does not
publish its network.
"""

from typing import Any, NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.expressions import BASIC
from reggan.model.frame import FrameMaps, sample
from reggan.model.refinement.attention import TYPES, ChannelwiseAttentionBlock, OpenGate, SharedAttentionBlock, SkipGate
from reggan.model.refinement.shape import FaceShape

#: The learned fields of equation (5) are multiplied by this.
LEARNED = 0.2


class Edit(NamedTuple):
    """How to edit a face; each on an H x W grid, of the frame or of the crop."""

    displacement: Tensor  # (B, 2, H, W) (x, y) in the crop in either case, which is 2 wide
    opacity: Tensor  # (B, 1, H, W) in [0, 1]
    paint: Tensor  # (B, 3, H, W) in [0, 1]
    residual: Tensor  # (B, 3, H, W)


class RefinementNetwork(nn.Module):
    """x, coarse change and c in, `Edit` out.

    `widths` are the channels at 1/2, 1/4, 1/8 and 1/16 of the size. Nearly all the work is done from 1/4 down; the
    thin finest level (no blocks, one gated skip) only adds detail. `attention` names the types of `attention.py` to
    build; blocks and skip connections themselves stay. `shading` is the side of the learned mean gain; 0 for none,
    and then the residual is added as it is. `shape` is how many numbers say the face's shape, 0 for none.
    """

    position: Tensor

    def __init__(
        self,
        widths: tuple[int, ...] = (24, 64, 112, 160),
        size: int = 256,
        moves: bool = True,
        attention: tuple[str, ...] = TYPES,
        shading: int = 192,
        shape: int = 12,
    ) -> None:
        super().__init__()
        self.widths, self.size, self.moves, self.attention = tuple(widths), size, moves, tuple(attention)
        shared, channelwise, skip = (kind in attention for kind in TYPES)
        condition = 64
        finer_coarser = list(zip(widths[:-1], widths[1:], strict=True))
        self.condition = nn.Sequential(
            nn.Linear(len(BASIC) + shape, condition), nn.SiLU(), nn.Linear(condition, condition)
        )
        # 12 = 3 colours x 2 x 2 pixels, the coarse change at half the size, the position in the frame.
        self.stem = nn.Conv2d(12 + 3 + 2, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in finer_coarser)
        self.encoder = nn.ModuleList(SharedAttentionBlock(w, condition, shared) for w in widths[1:])
        self.bottleneck = ChannelwiseAttentionBlock(widths[-1], condition, channelwise)
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in finer_coarser)  # fine to coarse, like `down`
        self.gate = nn.ModuleList(SkipGate(w, w, condition) if skip else OpenGate() for w in widths[:-1])
        self.decoder = nn.ModuleList(ChannelwiseAttentionBlock(w, condition, channelwise) for w in widths[1:-1])
        self.detail = nn.Conv2d(widths[0], widths[0], 3, padding=1)
        # Per half-size pixel: 2 displacement; then for its 2 x 2 pixels 1 opacity, 3 paint, 3 residual.
        self.head = nn.Conv2d(widths[0], 2 + 4 * (1 + 3 + 3), 3, padding=1)
        for parameter in self.head.parameters():  # starts by changing nothing but what is painted at opacity 0.05
            nn.init.zeros_(parameter)
        # Equation (5), learned: the network only adds what this face needs beyond it.
        self.mean_displacement = nn.Parameter(torch.zeros(len(BASIC), 2, 64, 64))
        self.shape_displacement = nn.Parameter(torch.zeros(shape, len(BASIC) * 2, 24, 24))
        self.shape = FaceShape(shape)
        # Likewise what it uncovers and in which colour (logits): the opened mouth and its teeth.
        self.mean_paint = nn.Parameter(torch.zeros(len(BASIC), 1 + 3, size // 2, size // 2))
        # And how it lights and shades the skin there before it moves (logarithm of a gain): folds and furrows.
        self.mean_shading = nn.Parameter(torch.zeros(len(BASIC), shading, shading)) if shading and moves else None
        t = torch.linspace(-1, 1, size // 2)
        y, x = torch.meshgrid(t, t, indexing="ij")
        self.register_buffer("position", torch.stack([x, y])[None], persistent=False)  # (1, 2, S/2, S/2)

    def features(
        self, x: Tensor, change: Tensor, c: Tensor, z: Tensor, maps: dict[str, Tensor] | None = None
    ) -> Tensor:
        """Encoder and decoder: (B, widths[0], S/2, S/2). With `maps`, attention maps are put into it by name."""
        e = self.condition(torch.cat([c, z.to(c.dtype)], 1))
        position = self.position.to(x.dtype).expand(len(x), -1, -1, -1)
        h = self.stem(torch.cat([F.pixel_unshuffle(x, 2) * 2 - 1, change * 4, position], 1))
        skips = []
        for down, block in zip(self.down, self.encoder, strict=True):
            skips.append(h)
            h = down(h)
            self._keep(maps, "shared", block, h)
            h = block(h, e)
        self._keep(maps, "channelwise", self.bottleneck, h)
        h = self.bottleneck(h, e)
        for i in reversed(range(len(self.up))):
            h = F.interpolate(self.up[i](h), scale_factor=2.0, mode="bilinear", align_corners=False)
            self._keep(maps, "skip", self.gate[i], skips[i], h, e)
            h = h + self.gate[i](skips[i], h, e)
            if i > 0:
                self._keep(maps, "channelwise", self.decoder[i - 1], h)
                h = self.decoder[i - 1](h, e)
        return F.silu(self.detail(F.silu(h)))

    def _keep(self, maps: dict[str, Tensor] | None, kind: str, block: Any, *inputs: Tensor) -> None:
        """Put a block's attention map for these inputs into `maps`, named by type and size, if maps are wanted."""
        if maps is not None and kind in self.attention:
            attention = block.attention_map(*inputs)
            maps[f"{kind} {attention.shape[-1]}"] = attention

    def forward(
        self, x: Tensor, change: Tensor, c: Tensor, frame: FrameMaps, maps: dict[str, Tensor] | None = None
    ) -> Edit:
        """
        Args:
            x: (B, 3, S, S) in [0, 1], the face in the frame.
            change: (B, 3, S/2, S/2), stage 1's coarse minus x.
            c: (B, 6) in [0, 1].
            frame: between frame and crop, (B, S, S, 2) each.
            maps: if given, filled with the attention maps, (B, 1 or C, h, w) each.

        Returns:
            `Edit` on the S x S grid, float32; nothing at all where c is 0.
        """
        z = self.shape(frame.to_crop)
        o = self.head(self.features(x, change, c, z, maps)).float()  # (B, 30, S/2, S/2)
        # Zero strength gives exactly no edit, and a weak one a weak edit; above a third it no longer matters.
        drive = 1 - torch.exp(-8.0 * c.float().amax(1))[:, None, None, None]
        opacity, paint, residual = F.pixel_shuffle(o[:, 2:], 2).split([1, 3, 3], 1)  # (B, ., S, S)
        residual = 0.5 * drive * residual
        if not self.moves:
            zero = torch.zeros_like(residual)
            return Edit(zero[:, :2], zero[:, :1], zero, residual)
        mean = LEARNED * _resize(self.common_displacement(c.float(), z), o.shape[-1])
        displacement = _resize(mean + 0.1 * drive * o[:, :2], x.shape[-1])
        mean = 5 * torch.einsum("bk,kdij->bdij", c.float(), self.mean_paint.float())
        uncovered, its_colour = _resize(mean, x.shape[-1]).split([1, 3], 1)
        opacity = torch.sigmoid(opacity + uncovered - 3) * drive  # starts at 0.05
        paint = torch.sigmoid(4 * paint + its_colour - 0.5)
        if self.mean_shading is not None:
            source = frame.to_crop + displacement.detach().permute(0, 2, 3, 1)  # what is shown, in the crop
            where = sample(frame.to_frame.permute(0, 3, 1, 2), source, "bilinear").permute(0, 2, 3, 1)  # in the frame
            moved = sample(x.float(), where, "bilinear")
            logarithm = torch.einsum("bk,khw->bhw", c.float(), self.mean_shading.float())[:, None]
            gain = sample(logarithm, where, "bilinear").exp() - 1
            residual = keep_hue(residual, torch.lerp(moved, paint, opacity).detach())
            residual = residual + (1 - opacity) * gain * moved
        return Edit(displacement, opacity, paint, residual)

    def common_displacement(self, c: Tensor, z: Tensor) -> Tensor:
        """Equation (5) over `LEARNED`: (B, 6), (B, shape) -> (B, 2, 64, 64)."""
        mean = torch.einsum("bk,kdij->bdij", c, self.mean_displacement.float())
        if not z.shape[1]:
            return mean
        by_shape = self.shape_displacement.float().unflatten(1, (len(BASIC), 2))
        return mean + _resize(torch.einsum("bs,bk,skdij->bdij", z, c, by_shape), mean.shape[-1])


def keep_hue(residual: Tensor, colour: Tensor) -> Tensor:
    """Give the grey part of `residual` the hue of `colour` that it is added to, both (B, 3, S, S).

    Light and shadow are a gain: a fold on orange skin is a darker orange. The same mean over the channels in grey would
    look like dirt there. What is not grey in the residual stays.
    """
    grey = residual.mean(1, keepdim=True)
    return residual + grey * ((colour + 0.05) / (colour.mean(1, keepdim=True) + 0.05) - 1)


def _resize(x: Tensor, size: int) -> Tensor:
    return F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)
