"""Pictures that explain what each stage did to one face. All are aligned with its crop."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from reggan.faces import Change
from reggan.model.frame import sample
from reggan.predictor import AlignedFace, EditedFace, Predictor

Image = NDArray[np.uint8]

_ARROWS = 18  # crop pixels between arrows
_STILL = 1.0  # crop pixels: skin that moves less gets no colour, and below twice that no arrow
_FULL_COLOUR = 12.0  # crop pixels: a displacement of this length has the full colour
_SHADING_GAIN = 4.0
_FULL_CHANGE = 0.30  # of the difference between black and white: such a change gets the brightest colour


def stage_views(
    predictor: Predictor, aligned: AlignedFace, edited: EditedFace, c: NDArray[np.float32]
) -> dict[str, Image]:
    """What happened to a face, in the order in which it is best explained.

    Args:
        aligned: the face as the model saw it.
        edited: the same face in the `Result`.
        c: (6,) the strengths it was edited with.

    Returns:
        names -> (S, S, 3) uint8: "coarse", "displacement", "painted", "shading", "change", "attention: shared",
        "attention: channelwise", "attention: skip".
    """
    views = {
        "coarse": edited.coarse,
        "displacement": displacement_picture(edited.change, edited.crop),
        "painted": painted_picture(edited.change, edited.crop),
        "shading": residual_picture(edited.change),
        "change": change_picture(edited.crop, edited.refined),
    }
    attention = attention_pictures(predictor, aligned, c)
    return views | {f"attention: {kind}": picture for kind, picture in attention.items()}


def displacement_picture(change: Change, crop: Image) -> Image:
    """Where the skin moved: arrows of true length from the old to the new place, over colours for the same motion.

    Hue shows the direction and saturation the distance, with full colour at 12 crop pixels, in the manner of
    Baker et al., "A database and evaluation methodology for optical flow", IJCV 2011.
    """
    moved = -change.displacement  # position u shows what was at u + D(u)
    length = np.linalg.norm(moved, axis=2)
    strength = 0.75 * np.clip((length - _STILL) / (_FULL_COLOUR - _STILL), 0, 1)[..., None] ** 0.5
    canvas = (1 - strength) * _dimmed(crop) + strength * _wheel(moved) * (
        0.35 + 0.65 * crop.max(2, keepdims=True) / 255
    )
    zoom = 4  # drawn enlarged, then reduced, for smooth lines and clear arrowheads
    side = change.size * zoom
    large = cv2.resize(canvas.astype(np.uint8), (side, side), interpolation=cv2.INTER_LINEAR)
    for y in range(_ARROWS // 2, change.size, _ARROWS):
        for x in range(_ARROWS // 2, change.size, _ARROWS):
            if length[y, x] > 2 * _STILL:
                _arrow(large, np.array([x, y]) - moved[y, x], np.array([x, y]), zoom)
    return np.asarray(cv2.resize(large, (change.size, change.size), interpolation=cv2.INTER_AREA), np.uint8)


def _arrow(canvas: Image, start: NDArray[np.float32], end: NDArray[np.int64], zoom: int) -> None:
    """A white arrow with a dark outline; positions in pixels before the zoom."""
    (x0, y0), (x1, y1) = (np.rint((np.asarray(p, np.float64) + 0.5) * zoom).astype(int).tolist() for p in (start, end))
    head = min(1.0, 3.0 * zoom / max(float(np.hypot(x1 - x0, y1 - y0)), 1.0))
    for colour, width in (((20, 20, 20), 7), ((255, 255, 255), 3)):
        cv2.arrowedLine(canvas, (x0, y0), (x1, y1), colour, width, cv2.LINE_AA, tipLength=head)


def painted_picture(change: Change, crop: Image) -> Image:
    """What was painted because the picture did not show it (teeth, inside of the mouth), in colour over a grey face."""
    shown = change.opacity * 255 * change.paint + (1 - change.opacity) * _dimmed(crop)
    return np.clip(np.rint(shown), 0, 255).astype(np.uint8)


def residual_picture(change: Change) -> Image:
    """The light and shadow added, amplified fourfold; mid-grey means none."""
    return np.clip(np.rint(127.5 + _SHADING_GAIN * 255 * change.residual), 0, 255).astype(np.uint8)


def change_picture(crop: Image, refined: Image) -> Image:
    """How much each pixel changed, from dark (not at all) to bright (30 % of the way from black to white)."""
    difference = np.abs(refined.astype(np.float32) - crop).max(2) / 255
    return _heat(cv2.GaussianBlur(difference, (0, 0), 1.5) / _FULL_CHANGE, crop)


def attention_pictures(predictor: Predictor, aligned: AlignedFace, c: NDArray[np.float32]) -> dict[str, Image]:
    """Where stage 2 looks: "shared", "channelwise" and "skip", the three types of attention block.

    Each is the mean of that type's maps over all scales, mapped from the landmark-normalised frame back to the face.
    Contrast is stretched: the darkest colour is the least attention in this picture, the brightest the most.
    """
    base = aligned.base
    size = base.crop.shape[0]
    with torch.inference_mode():
        landmarks = torch.from_numpy(base.landmarks[None]).to(predictor.device)
        to_frame = predictor.model.frame(landmarks, size).to_frame.cpu()
        by_kind: dict[str, list[NDArray[np.float32]]] = {"shared": [], "channelwise": [], "skip": []}
        for name, attention in predictor.attention(aligned, c).items():
            in_crop = sample(torch.from_numpy(attention)[None, None], to_frame, "bilinear")[0, 0]
            by_kind[name.split()[0]].append(_stretched(in_crop.numpy()))
    pictures = {}
    for kind, maps in by_kind.items():
        pictures[kind] = _heat(_stretched(np.mean(maps, axis=0)), base.crop)
    return pictures


def _stretched(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Stretch linearly so that all but the lowest and highest 1 % of the values span 0 to 1."""
    low, high = np.percentile(values, (1, 99))
    return np.asarray((values - low) / max(float(high - low), 1e-6), np.float32)


def _dimmed(crop: Image) -> NDArray[np.float32]:
    """(S, S, 3) float32: the face, grey and darkened, to draw on."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.repeat(0.55 * grey[..., None] + 20, 3, axis=2)


def _heat(amount: NDArray[np.float32], crop: Image) -> Image:
    """Amounts (S, S) from 0 to 1, in matplotlib's "inferno" colours over the face in grey."""
    level = np.rint(255 * np.clip(amount, 0, 1)).astype(np.uint8)
    colour = cv2.applyColorMap(level, cv2.COLORMAP_INFERNO)[..., ::-1].astype(np.float32)
    return np.rint(0.7 * colour + 0.3 * cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[..., None]).astype(np.uint8)


def _wheel(moved: NDArray[np.float32]) -> NDArray[np.float32]:
    """The colour of each direction, (S, S, 2) -> (S, S, 3) float32: right red, down yellow, left cyan, up blue."""
    hue = np.mod(np.degrees(np.arctan2(moved[..., 1], moved[..., 0])), 360).astype(np.float32)
    hsv = np.stack([hue, np.full_like(hue, 0.85), np.full_like(hue, 0.95)], -1)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255, np.float32)
