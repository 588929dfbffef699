"""Colours elsewhere in a face, on which that of its teeth depends.

Warm skin around a mouth may be skin in white light, whose teeth are white, or in the light of a candle, whose teeth are
yellow. The white of the eyes tells the two apart, and it lies outside what the mouth's network sees. So the network
says how bright teeth are, and their tint is that of people's teeth (`reggan.teeth`) with what the white of the eyes has
more of colour than usual, as the data engine draws them; where no white is to be seen, what the skin has. What is
behind teeth is treated likewise. Our choice.
"""

import torch
from torch import Tensor

from reggan.faces.topology import EYES, IRISES
from reggan.model.arrays import luma, shrink, smoothstep
from reggan.model.frame import sample_at
from reggan.teeth import FROM_SKIN, SCLERA, SKIN_CHROMA, VEINS, measured

_CHEEKS, _FOREHEAD = (50, 101, 205, 280, 330, 425), (151, 9, 8)
_WHITE = 0.3  # of the way from the corner of an eye to the middle of its iris
_COARSER = 2  # what one pixel says is not believed

_SKIN_HUE = 0.6, 0.8  # CIE ab: whatever the light, skin has more of this than a white, and a lid has as much
_LID = 4.0, 14.0  # so much less of it, and it may still be a lid; from this on it is surely white
_LIGHTNESS = 78.0  # CIE L of people's teeth
_FLESH = 0.43, -0.176, -0.223  # of a usual face; measured in 80 drawn mouths of 40 people of the training set
_COLOURFUL = 18.0, 1.1  # CIE chroma of a usual face's skin, and the most that flesh has of its colour
_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
_D65 = 0.95047, 1.0, 1.08883


def reference_colours(crop: Tensor, landmarks: Tensor) -> Tensor:
    """
    Args:
        crop: (B, 3, S, S) in [0, 1].
        landmarks: (B, 478, 2) of the faces in it, pixels.

    Returns:
        (B, 3, 3) in [0, 1], colours of the cheeks, of the forehead, and of the whitest place between an iris and a
        corner of its eye.
    """
    size = crop.shape[-1]
    corners = landmarks[:, [eye[k] for eye in EYES for k in (0, len(eye) // 2)]]
    irises = landmarks[:, [iris[0] for iris in IRISES for _ in range(2)]]
    points = torch.cat([landmarks[:, list(_CHEEKS + _FOREHEAD)], torch.lerp(corners, irises, _WHITE)], 1)
    found = sample_at(shrink(crop, size // _COARSER), (points + 0.5) / _COARSER - 0.5)  # (B, 13, 3)
    cheeks, forehead, whites = found.clamp(0, 1).split([len(_CHEEKS), len(_FOREHEAD), 4], 1)
    whitest = whites.amin(2, keepdim=True).argmax(1, keepdim=True)  # bright, and without colour
    white = whites.gather(1, whitest.expand(-1, -1, 3))
    return torch.cat([t.mean(1, keepdim=True) for t in (cheeks, forehead, white)], 1)


def tint_of_teeth(references: Tensor) -> Tensor:
    """Colour of teeth over their luma, (B, 3), of `reference_colours`."""
    cheeks, forehead, white = to_lab(references).unbind(1)
    skin = ((cheeks + forehead) / 2)[:, 1:]
    white = white[:, 1:]
    less = ((skin - white) * white.new_tensor(_SKIN_HUE)).sum(1, keepdim=True)
    seen = smoothstep((less - _LID[0]) / (_LID[1] - _LID[0]))
    from_skin = FROM_SKIN * _beyond(skin, SKIN_CHROMA)
    cast = torch.lerp(from_skin, _beyond(white - white.new_tensor(SCLERA), VEINS), seen)
    return _over_luma(from_lab(_usual_teeth(white) + torch.cat([torch.zeros_like(cast[:, :1]), cast], 1)))


def tint_behind_teeth(references: Tensor, teeth: Tensor) -> Tensor:
    """Colour of the flesh behind teeth over its luma, (B, 3), of `reference_colours`: of one hue and as colourful as
    the face, as the data engine draws it, in the light in which teeth have the tint `teeth` (B, 3)."""
    colourful = to_lab(references[:, :2])[..., 1:].norm(dim=-1).mean(1, keepdim=True)
    flesh = 1 + (colourful / _COLOURFUL[0]).clamp(max=_COLOURFUL[1]) * references.new_tensor(_FLESH)
    return _over_luma(flesh * teeth / _over_luma(from_lab(_usual_teeth(references))))


def _usual_teeth(like: Tensor) -> Tensor:
    return like.new_tensor([[_LIGHTNESS, *measured().ab]])


def _over_luma(colours: Tensor) -> Tensor:
    """(B, 3), each over its luma."""
    return colours / luma(colours[..., None, None])[..., 0, 0]


def _beyond(ab: Tensor, usual: float) -> Tensor:
    """What colours (B, 2) CIE ab have over the usual length, in their directions."""
    return ab * (1 - usual / ab.norm(dim=1, keepdim=True).clamp_min(1e-3)).clamp_min(0)


def to_lab(rgb: Tensor) -> Tensor:
    """sRGB (..., 3) in [0, 1] to CIE Lab, D65."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055).clamp_min(0) ** 2.4)
    t = linear @ rgb.new_tensor(_TO_XYZ).T / rgb.new_tensor(_D65)
    x, y, z = torch.where(t > 216 / 24389, t.clamp_min(1e-6) ** (1 / 3), t * (24389 / 3132) + 4 / 29).unbind(-1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def from_lab(lab: Tensor) -> Tensor:
    """CIE Lab (..., 3) to sRGB in [0, 1]."""
    y = (lab[..., 0] + 16) / 116
    t = torch.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    xyz = torch.where(t > 6 / 29, t**3, (t - 4 / 29) * (3132 / 24389)) * lab.new_tensor(_D65)
    linear = (xyz @ torch.linalg.inv(lab.new_tensor(_TO_XYZ)).T).clamp(0, 1)
    return torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp_min(1e-6) ** (1 / 2.4) - 0.055)
