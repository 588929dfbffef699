"""The copy of the picture that the visitor points at: faces outlined and numbered."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from reggan.ui.visit import Pen, Point, Visit

VIEW = 1280  # longest side in pixels
_CHOSEN, _OTHER, _PEN = (99, 102, 241), (110, 116, 130), (245, 158, 11)
_WHITE = (255, 255, 255)


def view_scale(image: NDArray[np.uint8]) -> float:
    """Size of the view over size of the picture."""
    return min(1.0, VIEW / max(image.shape[:2]))


def to_picture(point: Point, image: NDArray[np.uint8]) -> Point:
    """A point in the view to the picture's pixels."""
    scale = view_scale(image)
    return point[0] / scale, point[1] / scale


def shrink(image: NDArray[np.uint8]) -> Image.Image:
    """The picture at the size of the view."""
    picture, scale = Image.fromarray(image), view_scale(image)
    if scale == 1.0:
        return picture
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.BOX)


def draw_view(visit: Visit, pen: Pen | None) -> Image.Image:
    """The view with every face outlined, the chosen ones in colour, and the hand-drawn corner if there is one."""
    image = visit.analysis.image
    view, scale = shrink(image), view_scale(image)
    draw, unit = ImageDraw.Draw(view), max(view.size) / 400
    order = sorted(range(visit.count), key=lambda n: n == visit.face)  # the chosen one on top
    for n in order:
        chosen = visit.face is None or visit.face == n
        box = tuple(v * scale for v in visit.analysis.faces[n].face.box)
        _outline(draw, box, str(n + 1), _CHOSEN if chosen else _OTHER, unit)
    if pen is not None and pen.corner is not None:
        _cross(draw, (pen.corner[0] * scale, pen.corner[1] * scale), unit)
    return view


def _outline(
    draw: ImageDraw.ImageDraw, box: tuple[float, ...], label: str, colour: tuple[int, ...], unit: float
) -> None:
    x0, y0, x1, y1 = box
    width, radius = max(2, round(1.3 * unit)), min(5 * unit, (x1 - x0) / 6)
    draw.rounded_rectangle((x0 - width, y0 - width, x1 + width, y1 + width), radius, outline=_WHITE, width=width)
    draw.rounded_rectangle((x0, y0, x1, y1), radius, outline=colour, width=width)
    size = max(11.0, 13 * unit)
    # The number stands on the top edge, inside the picture.
    cx, cy = max(x0 + size * 0.6, size * 0.8), max(y0, size * 0.8)
    half = size * 0.72
    draw.ellipse((cx - half, cy - half, cx + half, cy + half), fill=colour, outline=_WHITE, width=max(1, width // 2))
    draw.text((cx, cy), label, fill=_WHITE, font=ImageFont.load_default(size), anchor="mm")


def _cross(draw: ImageDraw.ImageDraw, point: Point, unit: float) -> None:
    (x, y), arm = point, 9 * unit
    for colour, width in ((_WHITE, round(4 * unit)), (_PEN, round(2 * unit))):
        draw.line((x - arm, y, x + arm, y), fill=colour, width=max(1, width))
        draw.line((x, y - arm, x, y + arm), fill=colour, width=max(1, width))
