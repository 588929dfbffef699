"""Stage 2: the refinement network, an encoder-decoder with spatial attention at several scales.

It sees the face in the landmark-normalised frame and says how to edit it, in four parts (on the frame's grid):

    displacement D   where the output at v looks in the crop: B(v) + D(v). Texture travels with the skin.
    opacity m        where something is painted that was not in the input: mouth interior, teeth, sclera
    paint            its colour
    residual r       shading and wrinkles, added

B is the frame's map to the crop. D is a distance in the crop, not in the frame: a muscle pulls the skin of a long chin
no further than that of a short one, and in the frame, where both chins are equally long, that would be two distances.
What all faces have in common of D, of what is painted and of the shading is in `mean_edit.py`; the network adds what
this face needs. The residual is what the network says for this face, in the hue of what it is added to, and the mean
gain, kept where the skin is before it moves, so that a furrow travels with its place between the brows. In a picture of
one colour, grey or sepia, everything that is added is of that colour (`monochrome.py`). Nothing is added outside of
the face, and nothing is taken from skin that is burnt to white: there is nothing there that a shadow could show.

A face that has an expression already is edited in the frame laid over it as it is; where the output goes is the frame
laid over it without that expression (`reggan/model/neutral.py`), and the network is told what leaves.

    refined(v) = (1 - m(v)) crop(B(v) + D(v)) + m(v) paint(v) + r(v)                            (4)

Sizes and equations (4) and (5) are our choice; the paper does not publish its network.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.expressions import BASIC
from reggan.model.arrays import resize, smoothstep
from reggan.model.config import ModelConfig
from reggan.model.frame import FrameMaps, sample
from reggan.model.refinement.attention import ChannelwiseAttentionBlock, SharedAttentionBlock, SkipGate
from reggan.model.refinement.mean_edit import MeanEdit
from reggan.model.refinement.monochrome import palette_of
from reggan.model.refinement.shape import FaceShape

_CONDITION = 64  # numbers by which expression and shape reach the blocks
_CHANGE_GAIN = 4.0  # brings stage 1's change to the spread of the other inputs
# How far the network's own outputs reach, per unit of its last layer.
_OWN_DISPLACEMENT = 0.1  # of half the crop
_OWN_RESIDUAL = 0.5
_OWN_PAINT = 4.0  # logit
_CLOSED, _DIM = -3.0, -0.5  # logits that opacity (0.05) and paint (0.38) start from
_ONSET = 8.0  # the network's own part sets in with the strength: 1 - exp(-8 c), nearly all of it from a third on
_BURNT, _WHITE = 0.93, 0.98  # least of R, G and B from which shadows fade, and where they are gone
_BLACK = 0.05  # below about this there is no hue to keep


class Edit(NamedTuple):
    """How to edit a face; each on an H x W grid, of the frame or of the crop."""

    displacement: Tensor  # (B, 2, H, W) (x, y) in the crop in either case, which is 2 wide
    opacity: Tensor  # (B, 1, H, W) in [0, 1]
    paint: Tensor  # (B, 3, H, W) in [0, 1]
    residual: Tensor  # (B, 3, H, W)


class Placement(NamedTuple):
    """How a face lies in the crop, as it is and as it will be."""

    frame: FrameMaps  # between frame and crop, for the face as it is, (B, S, S, 2) each
    goal: Tensor  # (B, S, S, 2) where in the crop a frame pixel lies when what leaves has gone
    face: Tensor  # (1, 1, S, S) in [0, 1], where in the frame the face is


class RefinementNetwork(nn.Module):
    """x, coarse change, c and what leaves in, `Edit` out.

    Nearly all the work is done from 1/4 of the size down; the thin finest level (no blocks, one gated skip) only adds
    detail.
    """

    position: Tensor

    #: The three types of attention block; an ablation puts another in the place of one.
    shared_block: Callable[[int, int], nn.Module] = SharedAttentionBlock
    channelwise_block: Callable[[int, int], nn.Module] = ChannelwiseAttentionBlock
    skip_gate: Callable[[int, int, int], nn.Module] = SkipGate

    def __init__(self, config: ModelConfig, size: int = 256) -> None:
        super().__init__()
        widths, self.size = config.widths, size
        finer_coarser = list(zip(widths[:-1], widths[1:], strict=True))
        self.condition = nn.Sequential(
            nn.Linear(2 * len(BASIC) + config.shape, _CONDITION), nn.SiLU(), nn.Linear(_CONDITION, _CONDITION)
        )
        # 12 = 3 colours x 2 x 2 pixels, the coarse change at half the size, the position in the frame.
        self.stem = nn.Conv2d(12 + 3 + 2, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in finer_coarser)
        self.encoder = nn.ModuleList(self.shared_block(w, _CONDITION) for w in widths[1:])
        self.bottleneck = self.channelwise_block(widths[-1], _CONDITION)
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in finer_coarser)  # fine to coarse, like `down`
        self.gate = nn.ModuleList(self.skip_gate(w, w, _CONDITION) for w in widths[:-1])
        self.decoder = nn.ModuleList(self.channelwise_block(w, _CONDITION) for w in widths[1:-1])
        self.detail = nn.Conv2d(widths[0], widths[0], 3, padding=1)
        # Per half-size pixel: 2 displacement; then for its 2 x 2 pixels 1 opacity, 3 paint, 3 residual.
        self.head = nn.Conv2d(widths[0], 2 + 4 * (1 + 3 + 3), 3, padding=1)
        for parameter in self.head.parameters():  # starts by changing nothing but what is painted at opacity 0.05
            nn.init.zeros_(parameter)
        self.mean = MeanEdit(size, config.shading, config.shape)
        self.shape = FaceShape(config.shape)
        t = torch.linspace(-1, 1, size // 2)
        y, x = torch.meshgrid(t, t, indexing="ij")
        self.register_buffer("position", torch.stack([x, y])[None], persistent=False)  # (1, 2, S/2, S/2)

    def forward(
        self,
        x: Tensor,
        change: Tensor,
        c: Tensor,
        leaving: Tensor,
        placement: Placement,
        maps: dict[str, Tensor] | None = None,
    ) -> Edit:
        """
        Args:
            x: (B, 3, S, S) in [0, 1], the face in the frame.
            change: (B, 3, S/2, S/2), stage 1's coarse minus x.
            c: (B, 6) in [0, 1], what comes.
            leaving: (B, 6) in [0, 1], what leaves.
            placement: of the faces in the crop.
            maps: if given, filled with the attention maps, (B, 1 or C, h, w) each.

        Returns:
            `Edit` on the S x S grid, float32; nothing at all where c and leaving are 0.
        """
        z = self.shape(placement.goal)
        told = torch.cat([c, leaving], 1)  # (B, 12)
        own = self.head(self.features(x, change, told, z, maps)).float()  # (B, 30, S/2, S/2)
        x, told = x.float(), told.float()
        onset = 1 - torch.exp(-_ONSET * told.amax(1))[:, None, None, None]
        opacity, paint, residual = F.pixel_shuffle(own[:, 2:], 2).split([1, 3, 3], 1)  # (B, ., S, S)
        displacement = self.displacement(own[:, :2], onset, told, z)
        palette = palette_of(x)
        opacity, paint = self.painting(opacity, paint, onset, told)
        opacity, paint = opacity * placement.face, palette.toned(paint)
        residual = palette.in_hue(_OWN_RESIDUAL * onset * residual)
        edit = Edit(displacement, opacity, paint, residual)
        return edit._replace(residual=self.shading(edit, x, told, placement))

    def features(
        self, x: Tensor, change: Tensor, told: Tensor, z: Tensor, maps: dict[str, Tensor] | None = None
    ) -> Tensor:
        """Encoder and decoder: (B, widths[0], S/2, S/2). With `maps`, attention maps are put into it by name."""
        e = self.condition(torch.cat([told, z.to(told.dtype)], 1))
        position = self.position.to(x.dtype).expand(len(x), -1, -1, -1)
        h = self.stem(torch.cat([F.pixel_unshuffle(x, 2) * 2 - 1, change * _CHANGE_GAIN, position], 1))
        skips = []
        for down, block in zip(self.down, self.encoder, strict=True):
            skips.append(h)
            h = down(h)
            _keep(maps, "shared", block, h)
            h = block(h, e)
        _keep(maps, "channelwise", self.bottleneck, h)
        h = self.bottleneck(h, e)
        for i in reversed(range(len(self.up))):
            h = F.interpolate(self.up[i](h), scale_factor=2.0, mode="bilinear", align_corners=False)
            _keep(maps, "skip", self.gate[i], skips[i], h, e)
            h = h + self.gate[i](skips[i], h, e)
            if i > 0:
                _keep(maps, "channelwise", self.decoder[i - 1], h)
                h = self.decoder[i - 1](h, e)
        return F.silu(self.detail(F.silu(h)))

    # In the following, `told` (B, 12) is c, then what leaves.

    def displacement(self, own: Tensor, onset: Tensor, told: Tensor, z: Tensor) -> Tensor:
        """D: the mean of equation (5), and the network's own (B, 2, S/2, S/2): (B, 2, S, S)."""
        mean = resize(self.mean.move(told, z), own.shape[-1])
        return resize(mean + _OWN_DISPLACEMENT * onset * own, self.size)

    def painting(self, opacity: Tensor, paint: Tensor, onset: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
        """m and its colour: (B, 1, S, S) and (B, 3, S, S), from the network's own of the same shapes."""
        uncovered, colour = (resize(t, self.size) for t in self.mean.uncover(told))
        return (
            torch.sigmoid(opacity + uncovered + _CLOSED) * onset,
            torch.sigmoid(_OWN_PAINT * paint + colour + _DIM),
        )

    def shading(self, edit: Edit, x: Tensor, told: Tensor, placement: Placement) -> Tensor:
        """r: the network's own, which `edit` has, in the hue of what it falls on, and the mean gain of the skin that is
        seen there."""
        displacement, opacity, paint, own = edit
        frame, face = placement.frame, placement.face.expand(len(x), -1, -1, -1)
        source = frame.to_crop + displacement.detach().permute(0, 2, 3, 1)  # what is shown, in the crop
        where = sample(frame.to_frame.permute(0, 3, 1, 2), source, "bilinear").permute(0, 2, 3, 1)  # in the frame
        moved, face = sample(torch.cat([x, face], 1), where, "bilinear").split([3, 1], 1)
        shown = torch.lerp(moved, paint, opacity).detach()
        light = keep_hue(own, shown) + (1 - opacity) * self.mean_gain(told, where) * moved
        no_shadow = (1 - opacity) * burnt(moved)
        return torch.maximum(face, opacity) * (light - no_shadow * light.clamp_max(0))

    def mean_gain(self, told: Tensor, where: Tensor) -> Tensor:
        """By which share the mean shading brightens the skin at `where` (B, S, S, 2) in the frame: (B, 1, S, S)."""
        return sample(self.mean.shade(told), where, "bilinear").exp() - 1


def _keep(maps: dict[str, Tensor] | None, kind: str, block: Any, *inputs: Tensor) -> None:
    """Put a block's attention map for these inputs into `maps`, named by type and size, if maps are wanted."""
    if maps is not None:
        attention = block.attention_map(*inputs)
        maps[f"{kind} {attention.shape[-1]}"] = attention


def burnt(image: Tensor) -> Tensor:
    """Where (B, 3, H, W) is too white for a shadow to show: (B, 1, H, W) in [0, 1]."""
    return smoothstep((image.amin(1, keepdim=True) - _BURNT) / (_WHITE - _BURNT))


def keep_hue(residual: Tensor, colour: Tensor) -> Tensor:
    """Give the grey part of `residual` the hue of `colour` that it is added to, both (B, 3, S, S).

    Light and shadow are a gain: a fold on orange skin is a darker orange. The same mean over the channels in grey would
    look like dirt there. What is not grey in the residual stays.
    """
    grey = residual.mean(1, keepdim=True)
    return residual + grey * ((colour + _BLACK) / (colour.mean(1, keepdim=True) + _BLACK) - 1)
