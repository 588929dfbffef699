"""The failures that the About tab shows, made from an example with the weights of the day:

    python -m reggan.ui.failures

Before and after are side by side in each picture. Nobody is photographed for them: the turn is imitated by squeezing
the picture, the finger is drawn, the drawing is a filter.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reggan.expressions import resolve
from reggan.faces import Face, read_image
from reggan.faces.topology import CHIN
from reggan.predictor import Predictor
from reggan.ui.widgets import ASSETS

NAMES = ("turned", "covered", "drawing")

_PHOTO = Path(__file__).resolve().parents[2] / "examples" / "photo_grace_hopper.jpg"
_SIDE = 280  # pixels of before and of after
# MediaPipe's landmarks: a cheek, whose colour the finger has, the base of the nose, and the lips' middle.
_CHEEK, _NOSE, _LIPS = 50, 2, 13

Picture = NDArray[np.uint8]


def turned(photo: Picture, face: Face) -> Picture:
    """The face foreshortened, its left half nearer."""
    x0, y0, x1, y1 = face.box
    width, height = x1 - x0, y1 - y0
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)
    slant = np.array([(0.2, 0.09), (-0.23, -0.1), (-0.23, 0.1), (0.2, -0.09)]) * (width, height)
    matrix = cv2.getPerspectiveTransform(corners, (corners + slant).astype(np.float32))
    squeezed = cv2.warpPerspective(photo, matrix, photo.shape[1::-1], borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(squeezed, np.uint8)


def covered(photo: Picture, face: Face) -> Picture:
    """A finger before the lips, a little darker than the cheek."""
    points = face.landmarks
    width = (face.box[2] - face.box[0]) / 9
    x, top, bottom = points[_LIPS][0], points[_NOSE][1] + width / 2, points[CHIN][1] + 4 * width
    cheek = np.median(photo[tuple(slice(int(v) - 8, int(v) + 8) for v in points[_CHEEK][::-1])], (0, 1))
    finger, rim, nail = (tuple(int(v) for v in cheek * share) for share in (0.93, 0.7, 1.1))
    picture = Image.fromarray(photo)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((x - width, top, x + width, bottom), width, finger, rim, 2)
    draw.rounded_rectangle((x - width / 2, top + width / 4, x + width / 2, top + 1.5 * width), width / 2, nail, rim)
    return np.asarray(cv2.GaussianBlur(np.array(picture), (0, 0), 0.7), np.uint8)


def drawing(photo: Picture, face: Face) -> Picture:
    """Ink lines on white."""
    grey = cv2.GaussianBlur(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), (0, 0), 2)
    lines = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 21, 6)
    return np.repeat(np.asarray(lines, np.uint8)[..., None], 3, 2)


def main(folder: Path = ASSETS) -> None:
    """Write failure_*.jpg, (280, 560) each."""
    predictor, photo = Predictor.from_pretrained(), read_image(_PHOTO)
    face = predictor.analyse(photo).faces[0].face
    for name, make in zip(NAMES, (turned, covered, drawing), strict=True):
        before = make(photo, face)
        found = predictor.analyse(before)
        analysis = found if found.faces else predictor.analyse(before, face.box)
        after = predictor.edit(analysis, resolve("happy"), 0).image
        x0, y0, x1, y1 = (face if name == "covered" else analysis.faces[0].face).box
        x, y, reach = (x0 + x1) / 2, (y0 + y1) / 2, 0.8 * max(x1 - x0, y1 - y0)
        around = (round(x - reach), round(y - reach), round(x + reach), round(y + reach))
        pair = Image.new("RGB", (2 * _SIDE, _SIDE))
        for n, picture in enumerate((before, after)):
            part = Image.fromarray(picture).crop(around).resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
            pair.paste(part, (n * _SIDE, 0))
        pair.save(folder / f"failure_{name}.jpg", quality=82)


if __name__ == "__main__":
    main(*(Path(folder) for folder in sys.argv[1:]))
