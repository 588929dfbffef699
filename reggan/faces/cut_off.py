"""Files whose last bytes are missing: a download that broke off, a card that was pulled out too soon.

Browsers show what is there. So do we, as long as nearly all of the picture is there; the rest stays grey (JPEG) or
empty (PNG). Other formats can be read whole or not at all.
"""

import io
import re
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MOST = 0.05  # of the picture may be missing

_START, _END = b"\xff\xd8", b"\xff\xd9"  # markers of JPEG
_SCAN, _FRAMES = 0xDA, (0xC0, 0xC1, 0xC2)  # a scan; baseline, extended and progressive frames
_BETWEEN = {0xC4, _SCAN, 0xDB, 0xDD, 0xFE}  # markers that may stand between two scans
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)  # in a scan's own bytes there is none of these
_BLOCK = 8  # rows


def without_its_end(data: bytes) -> Image.Image | None:
    """The picture, loaded, of a JPEG or PNG file that Pillow calls incomplete.

    Returns:
        None for any other file, for other damage, and if more than `MOST` of the picture is missing.
    """
    try:
        if data.startswith(_START):
            return _jpeg(data)
        return _png(data) if data.startswith(b"\x89PNG") else None
    except Exception:  # noqa: BLE001 - a damaged file raises almost anything, in Pillow and in the few lines here
        return None


def _jpeg(data: bytes) -> Image.Image | None:
    """Closed by an end marker, libjpeg leaves the rest grey; with zeros before it, it draws something else there.

    So the first pixel in which the two differ is the first that is missing, whatever the picture shows.
    """
    end, complete, refines = _scans(data)
    if not complete:
        return None
    grey = _loaded(data[:end] + _END)
    if refines:
        return grey
    other = _loaded(data[:end] + bytes(256) + _END)
    differs = (np.asarray(grey) != np.asarray(other)).reshape(grey.height, grey.width, -1).any(2)
    return grey if _missing(differs) <= MOST * differs.size else None


def _missing(differs: NDArray[np.bool_]) -> int:
    """Pixels from the first that differs, (H, W): blocks are coded row by row, from left to right."""
    if not differs.any():
        return 0
    height, width = differs.shape
    row = int(differs.any(1).argmax())
    column = int(differs[row : row + _BLOCK].any(0).argmax())
    return (height - row) * width - min(_BLOCK, height - row) * column


def _loaded(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data), formats=["JPEG", "MPO"])
    picture.load()
    return picture


def _scans(data: bytes) -> tuple[int, bool, bool]:
    """What a JPEG file's scans bring.

    A progressive file draws the whole picture again and again, better each time. Cut off in its last scan, it lacks a
    little detail at the bottom; cut off before, it is a blur.

    Returns:
        where the last scan ends, be it the end of the data or something that is no JPEG, as some telephones append;
        whether every coefficient of every component has begun to arrive in full precision; whether the last scan only
        refines coefficients that have arrived before.
    """
    at, arrived = 2, {}
    while data[at + 1] != _SCAN:  # the segments before the first scan; thumbnails are within one of them
        if data[at + 1] in _FRAMES:
            arrived = {data[at + 10 + 3 * k]: np.zeros(64, bool) for k in range(data[at + 9])}
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    end, refines = len(data), False
    for marker in _MARKER.finditer(data, at):
        at = marker.start()
        if data[at + 1] not in _BETWEEN:
            end = at
            break
        if data[at + 1] == _SCAN:
            count = data[at + 4]
            first, last, bits = data[at + 5 + 2 * count : at + 8 + 2 * count]
            refines = bits >= 16  # the lowest bit that came before, and in the lower half the lowest that comes now
            for k in range(count):
                arrived[data[at + 5 + 2 * k]][first : last + 1] |= bits % 16 == 0
    return end, bool(arrived) and all(seen.all() for seen in arrived.values()), refines


def _png(data: bytes) -> Image.Image | None:
    """Without interlacing, rows come one after the other, so that inflating them says how many there are."""
    picture = Image.open(io.BytesIO(data), formats=["PNG"])
    if picture.info.get("interlace"):
        return None
    stored, at = [], 8
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind == b"IDAT":
            stored.append(data[at + 8 : at + 8 + length])
        at += 12 + length
    bits = data[24] * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[data[25]]  # per pixel
    row = 1 + (picture.width * bits + 7) // 8
    inflate, size = zlib.decompressobj(), 0
    for part in stored:
        while part and size < row * picture.height:
            size += len(inflate.decompress(part, 1 << 20))
            part = inflate.unconsumed_tail
    if picture.height - size // row > MOST * picture.height:
        return None
    try:
        picture.load()
    except OSError:
        picture.tile = []  # what was decoded before is in the picture
    return picture
