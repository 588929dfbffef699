"""The colour of the teeth that somebody shows: the ones that are drawn must not be greyer, nor bluer.

The network of `mouth_detail.py` says how bright teeth are from the light on the face, as usual ones would be, and
`reference_colours.py` guesses their tint. In a laugh both can be seen, and many of the people who have their portrait
taken have much whiter teeth. How much whiter, is told against the real smiles of the training set: of the 35 people
among them who show teeth, the whitest sixth between the lips has a luma of 0.68 + 0.13 y with y that of the cheeks, and
a standard deviation of 0.07 around it. In that proportion all teeth are drawn brighter or darker, but not beyond the
own ones, which the network may have seen. Our choice.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from reggan.faces.topology import INNER_LIPS
from reggan.model.arrays import luma, smoothstep
from reggan.model.frame import sample_at
from reggan.model.mouth_geometry import OTHER_LIP
from reggan.model.reference_colours import from_lab, to_lab

_USUAL = 0.68, 0.13  # of the cheeks' luma
_BETWEEN = (0.15, 0.85), 8  # of the way from lip to lip, and how many points there
_COLUMNS = slice(2, 9)  # of the ten from corner to corner
_WHITEST = 6  # one in so many of the points is surely a tooth
_OPEN = 3.0, 6.0  # pixels of the crop between the lips, from which teeth can be seen
_RED = -13.0, -8.0  # CIE a, with the other sign: of a tongue, of teeth
_PALER = 8.0, 13.0  # CIE a less than the cheeks': in the light of a candle teeth are red too
_MOST_RED = 6.0  # CIE a of what is drawn; more is the glow of gums and lips, and goes with its yellow
_DARK = 0.6, 0.75  # of the usual brightness: in the shade, or a hole
_MOST = 0.8, 1.35


class OwnTeeth(NamedTuple):
    """The teeth that B faces show."""

    colour: Tensor  # (B, 3)
    ratio: Tensor  # (B,) how much brighter than usual ones they are; 1 where none are seen
    seen: Tensor  # (B,) in [0, 1], how surely they are teeth


def own_teeth(crop: Tensor, landmarks: Tensor, around: Tensor) -> OwnTeeth:
    """Of crops (B, 3, S, S) in [0, 1] with landmarks (B, 478, 2), pixels, and their `reference_colours` (B, 3, 3)."""
    lips = landmarks[:, list(INNER_LIPS)]
    upper, lower = lips[:, _COLUMNS], lips[:, OTHER_LIP][:, _COLUMNS]
    (low, high), n = _BETWEEN
    down = torch.linspace(low, high, n, device=lips.device)[:, None]
    found = sample_at(crop, torch.lerp(upper[:, :, None], lower[:, :, None], down).flatten(1, 2))  # (B, 56, 3)
    whitest = found.amin(2).topk(found.shape[1] // _WHITEST, dim=1).indices
    colour = found.gather(1, whitest[..., None].expand(-1, -1, 3)).mean(1)
    lab = to_lab(colour)
    red = lab[:, 1]
    paler = to_lab(around[:, 0])[:, 1] - red
    less = (_MOST_RED / red.clamp_min(_MOST_RED))[:, None]
    colour = from_lab(torch.cat([lab[:, :1], less * lab[:, 1:]], 1)).clamp(0, 1)
    ratio = _luma(colour) / (_USUAL[0] + _USUAL[1] * _luma(around[:, 0]))
    opened = (upper - lower).norm(dim=-1).amax(1)
    seen = _rises(opened, _OPEN) * _rises(ratio, _DARK)
    seen = seen * torch.maximum(_rises(-red, _RED), _rises(paler, _PALER))
    return OwnTeeth(colour, torch.lerp(torch.ones_like(ratio), ratio.clamp(*_MOST), seen), seen)


def like_own(teeth: Tensor, inside: Tensor, own: OwnTeeth) -> Tensor:
    """
    Args:
        teeth: (N, 3, h, w), colours of teeth that are drawn.
        inside: (N, 1, h, w) bool, where the mouth is open.
        own: of the same N people.

    Returns:
        (N, 3, h, w), of the own tint, and all brighter or darker by one factor: so that they are as bright as the own
        ones, if these are not further from usual ones than that.
    """
    own_luma = _luma(own.colour)
    tinted = luma(teeth) * (own.colour / own_luma.clamp_min(1e-3)[:, None])[..., None, None]
    teeth = torch.lerp(teeth, tinted, own.seen[:, None, None, None])
    drawn = (luma(teeth) * inside).sum((1, 2, 3)) / inside.sum((1, 2, 3)).clamp_min(1)
    one = torch.ones_like(drawn)
    factor = torch.clamp(own_luma / drawn.clamp_min(1e-3), torch.minimum(one, own.ratio), torch.maximum(one, own.ratio))
    return teeth * factor[:, None, None, None]


def _rises(x: Tensor, between: tuple[float, float]) -> Tensor:
    low, high = between
    return smoothstep((x - low) / (high - low))


def _luma(colours: Tensor) -> Tensor:
    """(..., 3) -> (...)."""
    return luma(colours.reshape(-1, 3, 1, 1)).reshape(colours.shape[:-1])
