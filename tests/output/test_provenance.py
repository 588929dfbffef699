"""What files say about themselves. Read back by the code under test and by hand, from the bytes."""

import io
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from reggan import InputError, __version__
from reggan.output import provenance

MODEL = {"sha256": "0123456789abcdef" * 4}
TERM = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
PIXELS = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)


def _packet(data: bytes) -> ElementTree.Element:
    """The XMP packet wherever it is; it must be well-formed."""
    start, stop = data.index(b"<x:xmpmeta"), data.index(b"</x:xmpmeta>") + len(b"</x:xmpmeta>")
    return ElementTree.fromstring(data[start:stop])


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_every_format_says_that_it_is_edited(format: str) -> None:
    data = provenance.encode(PIXELS, format, MODEL, "happy, 80 %")
    assert provenance.read(data) == {
        "software": f"RegGAN {__version__}",
        "description": "Facial expression changed by RegGAN (happy, 80 %)",
        "source_type": TERM,
        "model": "0123456789ab",
    }
    (term,) = _packet(data).iter("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    assert term.text == TERM


def test_jpeg_has_its_packet_in_an_app1_segment_and_exif() -> None:
    data = provenance.encode(PIXELS, "jpeg", MODEL, "sad")
    at = data.index(b"http://ns.adobe.com/xap/1.0/\0")
    marker, length = struct.unpack(">HH", data[at - 4 : at])
    assert marker == 0xFFE1
    assert data[at : at + length - 2].endswith(b'<?xpacket end="w"?>')
    with Image.open(io.BytesIO(data)) as picture:
        exif = picture.getexif()
    assert dict(exif) == {
        0x010E: "Facial expression changed by RegGAN (sad)",
        0x0131: f"RegGAN {__version__}, model 0123456789ab",
    }


def test_png_has_chunks_with_the_registered_keywords_and_keeps_the_pixels() -> None:
    data = provenance.encode(PIXELS, "png", MODEL)
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        if kind in (b"tEXt", b"iTXt"):
            keyword, _, text = body.partition(b"\0")
            chunks[keyword] = text
        at += 12 + length
    assert chunks[b"Description"] == b"Facial expression changed by RegGAN"
    assert chunks[b"XML:com.adobe.xmp"].startswith(b"\0\0\0\0<?xpacket")  # not compressed, as XMP part 3 demands
    with Image.open(io.BytesIO(data)) as picture:
        assert np.array_equal(np.asarray(picture), PIXELS)


def test_awkward_words_survive() -> None:
    words = '<b> & "fröhlich"\0\n]]> \ud83d'
    data = provenance.encode(PIXELS, "webp", MODEL, words)
    assert provenance.read(data)["description"] == 'Facial expression changed by RegGAN (<b> & "fröhlich" ]]>)'
    _packet(data)


def test_save_goes_by_the_suffix(tmp_path: Path) -> None:
    for name, format in {"a.PNG": "PNG", "a.jpg": "JPEG", "a.jpeg": "JPEG", "a.webp": "WEBP"}.items():
        provenance.save(PIXELS, tmp_path / name, MODEL)
        with Image.open(tmp_path / name) as picture:
            assert picture.format == format
        assert provenance.read(tmp_path / name)["source_type"] == TERM
    with pytest.raises(InputError, match="must end in"):
        provenance.save(PIXELS, tmp_path / "a.bmp", MODEL)


def test_what_a_format_cannot_hold_is_refused() -> None:
    with pytest.raises(InputError, match="at most 16383 pixels"):
        provenance.encode(np.zeros((1, 16384, 3), np.uint8), "webp", MODEL)
    with pytest.raises(InputError, match="not 'bmp'"):
        provenance.encode(PIXELS, "bmp", MODEL)


def test_a_revision_is_named_rather_than_the_hash() -> None:
    assert provenance.statement({"revision": "f" * 40, "sha256": "0" * 64})["model"] == "f" * 12
    assert provenance.statement({})["model"] == "unknown"


def test_comments_are_read_back_and_those_of_others_are_not() -> None:
    said = provenance.statement(MODEL, "awed, 100 %")
    assert provenance.read_comment(provenance.comment(said)) == said
    assert provenance.read_comment("Created with GIMP\nSoftware: GIMP") == {}


def test_files_that_say_nothing_or_are_hostile_read_as_nothing() -> None:
    plain = io.BytesIO()
    Image.fromarray(PIXELS).save(plain, "JPEG")
    assert provenance.read(plain.getvalue()) == {}
    assert provenance.read(b"not a picture") == {}
    bomb = io.BytesIO()
    entities = (
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&b;</x:xmpmeta>'
    )
    Image.fromarray(PIXELS).save(bomb, "JPEG", xmp=entities.encode())
    assert provenance.read(bomb.getvalue()) == {}
    broken = io.BytesIO()
    Image.fromarray(PIXELS).save(broken, "JPEG", xmp=b"<x:xmpmeta")
    assert provenance.read(broken.getvalue()) == {}
