"""A face taking on an expression and relaxing again, as a loop for a web page or a chat."""

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reggan.analysis.analysed import Analysis, crop_analysis, shrink_analysis
from reggan.errors import InputError
from reggan.output import provenance
from reggan.output.palette import to_palette
from reggan.predictor import Predictor

#: File extensions that `save_animation` can write.
FORMATS = (".webp", ".gif", ".mp4")
WRONG_NAME = "An animation's name must end in {endings}, unlike {name}."

_TRAVEL = 450  # milliseconds from neutral to the expression, and back
_HOLD = 8  # how many times longer than the other frames the two ends are shown
_MARGIN = 0.75  # shown around the face, as a share of its box
_MOSTLY = 0.6  # share of the picture from which cropping is not worth it
_H264 = {  # declares the colours (full-range RGB converted to BT.601), so that players need not guess
    "crf": "18",
    "preset": "veryfast",
    "x264-params": "colorprim=bt709:transfer=iec61966-2-1:colormatrix=smpte170m",
}
_MP4_LENGTH = 4000  # milliseconds; players show a video only once, so the loop is repeated to fill this time


@dataclass(frozen=True)
class Animation:
    """A seamless loop: the first frame follows the last."""

    frames: NDArray[np.uint8]  # (F, H, W, 3)
    durations: tuple[int, ...]  # (F,) milliseconds


def loop_strengths(c: NDArray[np.float32], frames: int = 16) -> NDArray[np.float32]:
    """From neutral to the expression c (6,) and back, slow at both ends: c (1 - cos(2 pi k / F)) / 2.

    Returns:
        (F, 6): the first row is zero, row F / 2 is c, and row F - k is row k.

    Raises:
        InputError: `frames` is odd or outside 4 to 64.
    """
    if frames % 2 or not 4 <= frames <= 64:
        raise InputError("An animation has an even number of frames from 4 to 64, not {frames}.", frames=frames)
    ease = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frames) / frames)
    ease[frames // 2 + 1 :] = ease[1 : frames // 2][::-1]  # the way back mirrors the way there exactly
    return (ease[:, None] * c).astype(np.float32)


def loop_durations(frames: int) -> tuple[int, ...]:
    """Milliseconds per frame of `loop_strengths`, in GIF's unit of 10 ms; both ends are held longer."""
    step = max(20, 10 * round(_TRAVEL / (frames // 2) / 10))
    return tuple(_HOLD * step if k in (0, frames // 2) else step for k in range(frames))


def neighbourhood(analysis: Analysis, face: int | None) -> tuple[int, int, int, int]:
    """The part (x0, y0, x1, y1) of the picture that shows one face, or all of them, with some space around; the whole
    picture if that part is most of it."""
    height, width = analysis.image.shape[:2]
    chosen = analysis.faces if face is None else analysis.faces[face : face + 1]
    boxes = np.array([one.face.box for one in chosen]).reshape(-1, 4)
    room = _MARGIN * np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])[:, None]
    low = np.maximum((boxes[:, :2] - room).min(0), 0).astype(int)
    high = np.minimum(np.ceil((boxes[:, 2:] + room).max(0)), [width, height]).astype(int)
    if np.prod((high - low) / [width, height]) > _MOSTLY:
        return 0, 0, width, height
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def animate(
    predictor: Predictor,
    analysis: Analysis,
    c: NDArray[np.float32],
    face: int | None = None,
    frames: int = 16,
    largest: int = 640,
    crop: bool = True,
    relax: float | None = None,
) -> Animation:
    """Let one face, or all of them, take on the expression c (6,) and relax again.

    Args:
        analysis: of the picture.
        face: which face; None for all.
        frames: F, the number of frames in the loop; half of them are computed.
        largest: most pixels that the longer side of a frame may have.
        crop: show only the surroundings of the faces, if they are small in the picture.
        relax: how much of the old expression has gone where the new one is there; if not given, see
            `Predictor.edit_many`. With c = 0 and relax = 1 the face becomes neutral.

    Raises:
        InputError: there is no face, or no face of that number, or `loop_strengths` rejects the number of frames.
    """
    strengths = loop_strengths(c, frames)
    half = frames // 2
    if crop and analysis.faces and (face is None or 0 <= face < len(analysis.faces)):
        analysis = crop_analysis(analysis, neighbourhood(analysis, face))
    analysis = shrink_analysis(analysis, largest)
    goes = None if relax is None else relax * loop_strengths(np.ones(1, np.float32), frames)[1 : half + 1, 0]
    there = [analysis.image] + [r.image for r in predictor.edit_many(analysis, strengths[1 : half + 1], face, goes)]
    return Animation(np.stack(there + there[half - 1 : 0 : -1]), loop_durations(frames))


def save_animation(animation: Animation, path: str | Path, model: dict[str, str], expression: str = "") -> None:
    """Write .webp, .gif or .mp4 (H.264; needs PyAV), with the statement of `provenance`.

    Raises:
        InputError: any other suffix, or .mp4 without PyAV.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise InputError(WRONG_NAME, endings=", ".join(FORMATS), name=repr(path.name))
    if suffix == ".mp4":
        return _save_mp4(animation, path, provenance.comment(provenance.statement(model, expression)))
    if suffix == ".webp":
        images = [Image.fromarray(frame) for frame in animation.frames]
        options: dict[str, Any] = {"quality": 85, "method": 3}
    else:
        images = to_palette(animation.frames)
        palette = bytes(images[0].getpalette() or []).ljust(768, b"\0")  # passed explicitly, it is written only once
        options = {"optimize": True, "palette": palette, "transparency": 255, "disposal": 1}
    options |= {"duration": list(animation.durations), "loop": 0}
    options |= provenance.save_options(suffix[1:], model, expression)
    images[0].save(path, suffix[1:], save_all=True, append_images=images[1:], **options)


def _save_mp4(animation: Animation, path: Path, comment: str) -> None:
    try:
        import av
    except ImportError:
        raise InputError("MP4 needs PyAV (pip install av); .webp and .gif work without it.") from None

    step = math.gcd(*animation.durations)
    times = math.ceil(_MP4_LENGTH / sum(animation.durations))
    frames = animation.frames[:, : animation.frames.shape[1] & ~1, : animation.frames.shape[2] & ~1]  # even, for 4:2:0
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        container.metadata["comment"] = comment
        stream = container.add_stream("libx264", Fraction(1000, step), options=_H264)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuv420p"
        for frame, duration in [*zip(frames, animation.durations, strict=True)] * times:
            shown = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            for _ in range(duration // step):
                shown.pts = None
                container.mux(stream.encode(shown))
        container.mux(stream.encode())
