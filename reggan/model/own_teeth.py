"""How bright the teeth are that somebody shows: the ones that are drawn must not be greyer.

The network of `mouth_detail.py` says how bright teeth are from the light on the face, as usual ones would be. In a
laugh they can be seen, and a third of the people who have their portrait taken have much whiter ones. How much whiter,
is told against the real smiles of the training set: of the 36 people among them who show teeth, the brightest third
between the lips has a luma of 0.55 + 0.27 y with y that of the cheeks, and a standard deviation of 0.09 around it. In
that proportion all teeth are drawn brighter or darker, but not beyond the own ones, which the network may have seen.
Our choice.
"""

import torch
from torch import Tensor

from reggan.faces.topology import INNER_LIPS
from reggan.model.arrays import luma, smoothstep
from reggan.model.frame import sample_at
from reggan.model.reference_colours import to_lab

_USUAL = 0.55, 0.27  # of the cheeks' luma
_BETWEEN = (0.15, 0.85), 8  # of the way from lip to lip, and how many points there
_COLUMNS = range(2, 9)  # of the ten from corner to corner
_BRIGHTEST = 3  # one in so many of the points is surely a tooth
_OPEN = 3.0, 6.0  # pixels of the crop between the lips, from which teeth can be seen
_RED = -14.0, -8.0  # CIE a, with the other sign: of a tongue, of teeth
_DARK = 0.6, 0.75  # of the usual brightness: in the shade, or a hole
_MOST = 0.8, 1.35


def own_teeth(crop: Tensor, landmarks: Tensor, around: Tensor) -> Tensor:
    """
    Args:
        crop: (B, 3, S, S) in [0, 1].
        landmarks: (B, 478, 2) of the faces in it, pixels.
        around: (B, 3, 3), their `reference_colours`.

    Returns:
        (B, 2): luma of the teeth that can be seen, and how much brighter than usual ones they are, 1 where none are.
    """
    ring = landmarks[:, list(INNER_LIPS)]
    upper, lower = ring[:, list(_COLUMNS)], ring[:, [len(INNER_LIPS) - k for k in _COLUMNS]]
    (low, high), n = _BETWEEN
    down = torch.linspace(low, high, n, device=ring.device)[:, None]
    found = sample_at(crop, torch.lerp(upper[:, :, None], lower[:, :, None], down).flatten(1, 2))  # (B, 56, 3)
    brightest = _luma(found).topk(found.shape[1] // _BRIGHTEST, dim=1).indices
    colour = found.gather(1, brightest[..., None].expand(-1, -1, 3)).mean(1)
    bright = _luma(colour)
    ratio = bright / (_USUAL[0] + _USUAL[1] * _luma(around[:, 0]))
    opened = (upper - lower).norm(dim=-1).amax(1)
    sure = _rises(opened, _OPEN) * _rises(ratio, _DARK) * _rises(-to_lab(colour)[:, 1], _RED)
    return torch.stack([bright, torch.lerp(torch.ones_like(ratio), ratio.clamp(*_MOST), sure)], 1)


def as_bright_as_own(teeth: Tensor, inside: Tensor, own: Tensor) -> Tensor:
    """
    Args:
        teeth: (N, 3, h, w), colours of teeth that are drawn.
        inside: (N, 1, h, w) bool, where the mouth is open.
        own: (N, 2), `own_teeth` of the same people.

    Returns:
        (N, 3, h, w), all brighter or darker by one factor: so that they are as bright as the own ones, if these are not
        further from usual ones than that.
    """
    drawn = (luma(teeth) * inside).sum((1, 2, 3)) / inside.sum((1, 2, 3)).clamp_min(1)
    bright, ratio = own.unbind(1)
    one = torch.ones_like(ratio)
    factor = torch.clamp(bright / drawn.clamp_min(1e-3), torch.minimum(one, ratio), torch.maximum(one, ratio))
    return teeth * factor[:, None, None, None]


def _rises(x: Tensor, between: tuple[float, float]) -> Tensor:
    low, high = between
    return smoothstep((x - low) / (high - low))


def _luma(colours: Tensor) -> Tensor:
    """(..., 3) -> (...)."""
    return luma(colours.reshape(-1, 3, 1, 1)).reshape(colours.shape[:-1])
