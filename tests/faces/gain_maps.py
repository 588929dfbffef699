"""Pictures for bright (HDR) screens, as telephones write them: a base picture, and how much brighter each part may be.

Made by hand, because Pillow writes neither.
"""

import io
import struct

from PIL import Image

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_RATIO = struct.pack(">II", 1, 1)


def _encoded(picture: Image.Image, format: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, quality=95)
    return file.getvalue()


def ultra_hdr_jpeg(base: Image.Image, gain: Image.Image) -> bytes:
    """Android's "Ultra HDR": two JPEG files one after the other, and XMP in the first that says so."""
    second, first = _encoded(gain, "JPEG"), _encoded(base, "JPEG")
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0" '
        'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
        'xmlns:Item="http://ns.google.com/photos/1.0/container/item/"><Container:Directory><rdf:Seq>'
        '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/></rdf:li>'
        '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" Item:Mime="image/jpeg" '
        f'Item:Length="{len(second)}"/></rdf:li></rdf:Seq></Container:Directory></rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(_XMP) + len(xmp)) + _XMP + xmp
    return first[:2] + segment + first[2:] + second


def _box(kind: bytes, content: bytes, version: int | None = None, flags: int = 0) -> bytes:
    full = b"" if version is None else struct.pack(">I", version << 24 | flags)
    return struct.pack(">I4s", 8 + len(full) + len(content), kind) + full + content


def _content(data: bytes, kind: bytes) -> bytes:
    at = data.index(kind)
    return data[at + 4 : at - 4 + struct.unpack_from(">I", data, at - 4)[0]]


def gain_map_avif(base: Image.Image, gain: Image.Image) -> bytes:
    """An item "tmap" that is derived from both pictures and stands in for the first (ISO 21496-1)."""
    files = [_encoded(base, "AVIF"), _encoded(gain, "AVIF")]
    headroom_and_map = _RATIO * 2 + _RATIO * 5
    payloads = [*(_content(file, b"mdat") for file in files), struct.pack(">BHHB", 0, 0, 0, 0) + headroom_and_map]
    properties = [_content(file, b"ipco") for file in files]  # of each: size, depth, AV1's own, colour
    names = [_box(b"infe", struct.pack(">HH4s", n, 0, kind) + b"\0", 2, n == 2) for n, kind in
             ((1, b"av01"), (2, b"av01"), (3, b"tmap"))]  # fmt: skip
    owns = [(1, (1, 2, 0x83, 4)), (2, (5, 6, 0x87, 8)), (3, (1, 2))]
    owned = b"".join(struct.pack(">HB", item, len(which)) + bytes(which) for item, which in owns)
    ftyp = _box(b"ftyp", b"avif" + bytes(4) + b"avifmif1miaftmap")

    def meta(start: int) -> bytes:
        places, at = b"", start
        for n, payload in enumerate(payloads, 1):
            places += struct.pack(">HHHII", n, 0, 1, at, len(payload))
            at += len(payload)
        parts = [
            _box(b"hdlr", bytes(4) + b"pict" + bytes(13), 0),
            _box(b"pitm", struct.pack(">H", 1), 0),
            _box(b"iloc", struct.pack(">HH", 0x4400, 3) + places, 0),
            _box(b"iinf", struct.pack(">H", 3) + b"".join(names), 0),
            _box(b"iref", _box(b"dimg", struct.pack(">HHHH", 3, 2, 1, 2)), 0),
            _box(b"iprp", _box(b"ipco", b"".join(properties)) + _box(b"ipma", struct.pack(">I", 3) + owned, 0)),
            _box(b"grpl", _box(b"altr", struct.pack(">IIII", 100, 2, 3, 1), 0)),
        ]
        return _box(b"meta", b"".join(parts), 0)

    return ftyp + meta(len(ftyp) + len(meta(0)) + 8) + _box(b"mdat", b"".join(payloads))
