"""Hostile pictures: real files of every format, files that lie about themselves, and ways to damage them."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from reggan.analysis.edit_record import FaceEdit
from reggan.expressions import resolve
from reggan.output import provenance
from reggan.output.provenance import SUFFIXES
from reggan.predictor import Predictor
from tests.faces.profiles import ADOBE, P3, cmyk_profile
from tests.paths import PHOTO

Edit = tuple[str, float, bytes]  # what is done, where (share of the file's length), and with which bytes

KINDS = ("overwrite", "insert", "delete", "cut", "repeat", "append", "prepend", "splice")
#: Bytes that parsers of pictures stumble over.
AWKWARD = (
    *(b"\0", b"\xff", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\x75\x30"),
    *(b"\x30\x75\0\0", b"IHDR", b"IEND", b"IDAT", b"iCCP", b"Exif\0\0", b"\xff\xd8\xff", b"\xff\xd9", b"\xff\xc0"),
    *(b"VP8X", b"ANMF", b"GIF89a", b"II*\0", b"ftypavif", b"%PDF-1.7", b"<svg>", b"PK\x03\x04", b"<script>alert(1)"),
)


def _encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.copy().save(file, format, **options)  # a picture remembers how it was saved before
    return file.getvalue()


def png_header(width: int, height: int, colour: int = 2, depth: int = 8) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


@cache
def pictures() -> dict[str, bytes]:
    """Whole files by name, each of some kilobytes; in most of them there is a face."""
    photo = Image.open(PHOTO).convert("RGB").crop((170, 120, 620, 620)).resize((180, 200))
    grey = photo.convert("L")
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "x" * 300
    sixteen = Image.fromarray(np.asarray(grey, np.uint16) * 257)
    clear = photo.convert("RGBA")
    clear.putalpha(128)

    def second() -> dict[str, Any]:  # another each time: a picture remembers how it was saved
        return {"save_all": True, "append_images": [photo.rotate(20)]}

    weights = Predictor.from_pretrained().metadata
    smile = FaceEdit((0.2, 0.15, 0.85, 0.85), resolve("happy"), 0.5)
    grin = FaceEdit((-3.0, 0.0, 0.5, 2.0), resolve("disgusted"), 1.0)  # where nobody is
    edited = {f: provenance.encode(np.asarray(photo), f, weights, "happy", edits=(smile, grin)) for f in SUFFIXES}

    return {
        "jpeg": _encoded(photo, "JPEG", exif=exif),
        **{f"{format} edited": data for format, data in edited.items()},
        "jpeg progressive": _encoded(photo, "JPEG", progressive=True),
        "jpeg cmyk": _encoded(photo.convert("CMYK"), "JPEG"),
        "jpeg profile": _encoded(photo, "JPEG", icc_profile=P3.profile()),
        "jpeg inks": _encoded(photo.convert("CMYK"), "JPEG", icc_profile=cmyk_profile()),
        "png profile": _encoded(clear, "PNG", icc_profile=ADOBE.profile()),
        "mpo": _encoded(photo, "MPO", **second()),
        "png": _encoded(photo, "PNG"),
        "png palette": _encoded(photo.quantize(64), "PNG", transparency=0),
        "png 16 bits": _encoded(sixteen, "PNG"),
        "png clear": _encoded(clear, "PNG"),
        "apng": _encoded(photo, "PNG", **second()),
        "webp": _encoded(photo, "WEBP"),
        "webp lossless": _encoded(clear, "WEBP", lossless=True),
        "webp moving": _encoded(photo, "WEBP", **second()),
        "gif": _encoded(photo.quantize(64), "GIF"),
        "gif moving": _encoded(photo.quantize(64), "GIF", save_all=True, append_images=[grey.quantize(64)]),
        "tiff": _encoded(photo, "TIFF"),
        "tiff lzw": _encoded(photo, "TIFF", compression="tiff_lzw"),
        "tiff jpeg": _encoded(photo, "TIFF", compression="jpeg"),
        "tiff float": _encoded(Image.fromarray(np.asarray(grey, np.float32) / 255), "TIFF"),
        "tiff pages": _encoded(photo, "TIFF", **second(), compression="tiff_deflate"),
        "avif": _encoded(photo, "AVIF", quality=50, speed=10),
        "avif moving": _encoded(photo, "AVIF", quality=40, speed=10, **second()),
        "jpeg 2000": _encoded(photo, "JPEG2000"),
        "bmp": _encoded(photo.resize((90, 100)), "BMP"),
        "ico": _encoded(photo, "ICO", sizes=[(64, 64), (32, 32)]),
        "ppm": _encoded(photo.resize((90, 100)), "PPM"),
        "1x1": _encoded(photo.resize((1, 1)), "PNG"),
        "1x20000": _encoded(photo.resize((1, 20000)), "PNG"),
        "20000x1": _encoded(photo.resize((20000, 1)), "JPEG"),
    }


@cache
def liars() -> dict[str, bytes]:
    """What is no picture, or not the one it claims to be."""
    heic = struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"heic", 0, b"mif1", b"heic")
    jpeg = bytearray(pictures()["jpeg"])
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 30000, 30000)
    bmp = bytearray(pictures()["bmp"])
    bmp[18:26] = struct.pack("<ii", 30000, 30000)
    gif = bytearray(pictures()["gif"])
    gif[6:10] = struct.pack("<HH", 65535, 65535)
    webp = bytearray(pictures()["webp moving"])
    webp[24:30] = (29999).to_bytes(3, "little") * 2
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.html", "<script>alert(1)</script>")
    bombs = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 10))
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    return {
        "nothing": b"",
        "one byte": b"\xff",
        "text": b"this is no picture",
        "heic": heic + struct.pack(">I4s", 1000, b"meta") + bytes(992) + b"\0\0\0\x08mdat",
        "svg": svg.encode(),
        "svg bomb": f'<!DOCTYPE svg [<!ENTITY x0 "x">{bombs}]><svg>&x9;</svg>'.encode(),
        "html": b"<!doctype html><script>alert(1)</script>",
        "pdf": b"%PDF-1.7\n" + bytes(200),
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n",
        "zip": archive.getvalue(),
        "elf": b"\x7fELF" + bytes(200),
        "png 30000x30000": png_header(30000, 30000),
        "png 2147483647x1": png_header(2**31 - 1, 1),
        "png 0x0": png_header(0, 0),
        "png 1x49000000": png_header(1, 49_000_000),
        "png 7000x7000 of nothing": png_header(7000, 7000),
        "png 7000x7000 clear 16 bits": png_header(7000, 7000, 6, 16),
        "jpeg 30000x30000": bytes(jpeg),
        "bmp 30000x30000": bytes(bmp),
        "gif 65535x65535": bytes(gif),
        "webp 30000x30000": bytes(webp),
        "ppm 30000x30000": b"P6 30000 30000 255\n" + bytes(100),
        "jpeg and zip": pictures()["jpeg"] + archive.getvalue(),
        "gif and script": b"GIF89a/*" + pictures()["gif"][8:] + b"*/=1;alert(1)",
        "png in jpeg": pictures()["jpeg"][:400] + pictures()["png"],
        "text bomb in a png": _text_bomb(),
    }


def _text_bomb() -> bytes:
    """A PNG of 1 x 1 whose compressed comment has 200 MB."""
    body = b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    data = pictures()["1x1"]
    return data[:33] + chunk + data[33:]


_SIDE = 7000  # 49 million pixels
#: Small files that unfold to the most that is allowed, in the formats that need the most memory. Made when called.
GIANTS: dict[str, Callable[[], bytes]] = {
    "png": lambda: _giant("RGB", "gray", "PNG", compress_level=9),
    "png clear": lambda: _giant("RGBA", (9, 9, 9, 9), "PNG", compress_level=9),
    "png 16 bits": lambda: _giant("I;16", 0, "PNG", compress_level=9),
    "tiff float": lambda: _giant("F", 0, "TIFF", compression="tiff_deflate"),
    "jpeg turned": lambda: _giant("CMYK", 0, "JPEG", quality=10),
    "webp clear": lambda: _giant("RGBA", (9, 9, 9, 9), "WEBP", lossless=True, method=0),
    "gif": lambda: _giant("P", 0, "GIF"),
    "ribbon": lambda: _encoded(Image.new("RGB", (760, 65_000)), "PNG", compress_level=9),
}


def _giant(mode: str, colour: Any, format: str, **options: Any) -> bytes:
    return _encoded(Image.new(mode, (_SIDE, _SIDE), colour), format, **options)


def apply(data: bytes, edits: Sequence[Edit]) -> bytes:
    """The file with all edits made, one after the other."""
    for kind, where, extra in edits:
        at = int(where * len(data))
        if kind == "overwrite":
            data = data[:at] + extra + data[at + len(extra) :]
        elif kind == "insert":
            data = data[:at] + extra + data[at:]
        elif kind == "delete":
            data = data[:at] + data[at + 1 + len(extra) :]
        elif kind == "cut":
            data = data[:at]
        elif kind == "repeat":
            data = data[:at] + data[max(0, at - 64) : at] * 3 + data[at:]
        elif kind == "append":
            data = data + extra
        elif kind == "prepend":
            data = extra + data
        else:  # the rest of another picture
            names = list(pictures())
            other = pictures()[names[sum(extra) % len(names)]]
            data = data[:at] + other[int(where * len(other)) :]
    return data


def random_edits(rng: np.random.Generator) -> list[Edit]:
    """One to six edits; in every second file close to its beginning, where the headers are."""
    reach = 0.05 if rng.random() < 0.5 else 1.0
    edits = []
    for _ in range(int(rng.integers(1, 7))):
        extra = AWKWARD[rng.integers(len(AWKWARD))] if rng.random() < 0.5 else rng.bytes(int(rng.integers(1, 9)))
        # Cutting and splicing end most files at once.
        kind = KINDS[rng.choice(len(KINDS), p=[0.5, 0.1, 0.1, 0.06, 0.08, 0.04, 0.04, 0.08])]
        edits.append((kind, float(rng.random() * reach), extra))
    return edits
