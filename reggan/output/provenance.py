"""Every file that RegGAN writes states that the picture was edited with AI, how, and with which weights.

The statement is IPTC's "digital source type" in an XMP packet, which search engines and picture agencies read, and
the same words in the format's older fields: EXIF for JPEG and WebP, text chunks for PNG, the comment for GIF and MP4.
Pictures also say what was done to which face, by `reggan.analysis.edit_record`, so that one that is opened again can be
edited as if it had not been. None of the original's metadata are kept: no place, no date, no camera. Nor is a colour
profile, because `reggan.faces.read_image` has converted the colours to sRGB, which is assumed for files without one.
"""

import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from reggan import __version__
from reggan.analysis.edit_record import NAMESPACE, PNG_XMP, PROPERTY, FaceEdit, header_of, record_text, xmp_of
from reggan.errors import InputError

#: IPTC's term for a picture partly made by a trained model.
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

#: The formats that can be written, and their file extensions, the usual one first.
SUFFIXES = {"png": (".png",), "jpeg": (".jpg", ".jpeg"), "webp": (".webp",)}
WRONG_FORMAT = "Pictures are saved as {formats}, not {format}."

_FORMATS = {suffix: format for format, suffixes in SUFFIXES.items() for suffix in suffixes}
_LARGEST = {"png": 2**31 - 1, "jpeg": 65535, "webp": 16383}  # most pixels per side
_EXIF_DESCRIPTION, _EXIF_SOFTWARE = 0x010E, 0x0131

_NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
# AISystemUsed and AISystemVersionUsed: IPTC Photo Metadata Standard 2025.1.
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="{rdf}">
  <rdf:Description rdf:about="" xmlns:dc="{dc}" xmlns:xmp="{xmp}" xmlns:Iptc4xmpExt="{Iptc4xmpExt}">
   <xmp:CreatorTool>{software}</xmp:CreatorTool>
   <Iptc4xmpExt:DigitalSourceType>{source_type}</Iptc4xmpExt:DigitalSourceType>
   <Iptc4xmpExt:AISystemUsed>RegGAN</Iptc4xmpExt:AISystemUsed>
   <Iptc4xmpExt:AISystemVersionUsed>{model}</Iptc4xmpExt:AISystemVersionUsed>
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{description}</rdf:li></rdf:Alt></dc:description>{record}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
_RECORD = f"""
   <reggan:{PROPERTY} xmlns:reggan="{NAMESPACE}">{{}}</reggan:{PROPERTY}>"""


def statement(model: dict[str, str], expression: str = "") -> dict[str, str]:
    """The statement about a picture, under the keys that `read` returns.

    Args:
        model: the predictor's metadata, for the weights' revision or, if there is none, their SHA-256.
        expression: the requested expression in words, e.g. "happy, 80 %".

    Returns:
        "software", "description", "source_type" and "model" (twelve characters, or "unknown").
    """
    words = " ".join(re.sub(r"[^\x20-\ud7ff\ue000-\ufffd]", " ", expression).split())  # what XML allows, on one line
    return {
        "software": f"RegGAN {__version__}",
        "description": "Facial expression changed by RegGAN" + (f" ({words})" if words else ""),
        "source_type": SOURCE_TYPE,
        "model": (model.get("revision") or model.get("sha256") or "unknown")[:12],
    }


def xmp_packet(said: dict[str, str], record: str = "") -> bytes:
    """A `statement` as XMP (ISO 16684-1), UTF-8, and perhaps the record of what was done to each face."""
    words = {key: escape(value) for key, value in said.items()}
    return _PACKET.format(**_NAMESPACES, **words, record=_RECORD.format(escape(record)) if record else "").encode()


def comment(said: dict[str, str]) -> str:
    """A `statement` as lines of text, for formats that have only a comment field."""
    return (
        f"{said['description']}\nSoftware: {said['software']}\nModel: {said['model']}\n"
        f"Digital source type: {said['source_type']}"
    )


def save_options(
    format: str, model: dict[str, str], expression: str = "", edits: Iterable[FaceEdit] = ()
) -> dict[str, Any]:
    """Arguments for `PIL.Image.Image.save` that put the statement into a "png", "jpeg", "webp" or "gif" file.

    `edits`: what was done to each face, `Result.edits`; a GIF cannot say it.
    """
    said = statement(model, expression)
    if format == "gif":
        return {"comment": comment(said).encode()}
    packet = xmp_packet(said, record_text(edits, model.get("sha256", "")))
    if format == "png":
        text = PngImagePlugin.PngInfo()
        text.add_text("Software", f"{said['software']}, model {said['model']}")
        text.add_text("Description", said["description"])
        text.add_itxt(PNG_XMP, packet.decode())
        return {"pnginfo": text}
    exif = Image.Exif()
    exif[_EXIF_SOFTWARE] = f"{said['software']}, model {said['model']}"
    exif[_EXIF_DESCRIPTION] = said["description"]
    return {"exif": exif, "xmp": packet}


def encode(
    image: NDArray[np.uint8],
    format: str,
    model: dict[str, str],
    expression: str = "",
    quality: int = 95,
    edits: Iterable[FaceEdit] = (),
) -> bytes:
    """The bytes of a file with one picture and its statement.

    Args:
        image: (H, W, 3) uint8 RGB, or (H, W, 4) RGBA.
        format: "png" (lossless), "jpeg" or "webp".
        model: see `statement`.
        expression: see `statement`.
        quality: 0 to 100, for JPEG and WebP.
        edits: see `save_options`.

    Raises:
        InputError: any other format, more pixels per side than the format allows, or transparency in a JPEG.
    """
    if format not in SUFFIXES:
        raise InputError(WRONG_FORMAT, formats=", ".join(SUFFIXES), format=repr(format))
    if max(image.shape[:2]) > _LARGEST[format]:
        raise InputError(
            "A {format} picture has at most {n} pixels on a side; choose png.", format=format, n=_LARGEST[format]
        )
    if format == "jpeg" and image.shape[2] == 4:
        raise InputError("JPEG cannot keep the transparent parts of this picture; choose PNG or WebP.")
    how: dict[str, dict[str, Any]] = {
        "png": {"compress_level": 3},
        "jpeg": {"quality": quality, "subsampling": 0, "optimize": True},
        "webp": {"quality": quality},
    }
    file = io.BytesIO()
    Image.fromarray(image).save(file, format, **how[format], **save_options(format, model, expression, edits))
    return file.getvalue()


def save(
    image: NDArray[np.uint8],
    path: str | Path,
    model: dict[str, str],
    expression: str = "",
    quality: int = 95,
    edits: Iterable[FaceEdit] = (),
) -> None:
    """Write a picture, (H, W, 3) or (H, W, 4) uint8, in the format that the path's suffix names; see `encode`.

    Raises:
        InputError: see `encode`; also for any suffix but .png, .jpg, .jpeg and .webp.
    """
    path = Path(path)
    if path.suffix.lower() not in _FORMATS:
        raise InputError(
            "A picture's name must end in {endings}, unlike {name}.", endings=", ".join(_FORMATS), name=repr(path.name)
        )
    path.write_bytes(encode(image, _FORMATS[path.suffix.lower()], model, expression, quality, edits))


def read(source: str | Path | bytes) -> dict[str, str]:
    """What a file says about how it was made, under the keys of `statement`, without those it says nothing about.

    Only the header is read. The result is empty for a PNG, JPEG, WebP or GIF without a statement, and anything else.
    """
    header = header_of(source)
    root = xmp_of(header)
    return read_comment(header.get("comment", b"")) if root is None else _read_xmp(root)


def read_comment(text: str | bytes) -> dict[str, str]:
    """The inverse of `comment`; an empty dictionary for any other comment."""
    lines = (text.decode(errors="replace") if isinstance(text, bytes) else text).split("\n")
    fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    if "Digital source type" not in fields:
        return {}
    names = {"software": "Software", "source_type": "Digital source type", "model": "Model"}
    return {"description": lines[0]} | {key: fields[name] for key, name in names.items() if name in fields}


def _read_xmp(root: ElementTree.Element) -> dict[str, str]:
    where = {
        "software": "xmp:CreatorTool",
        "description": "dc:description/rdf:Alt/rdf:li",
        "source_type": "Iptc4xmpExt:DigitalSourceType",
        "model": "Iptc4xmpExt:AISystemVersionUsed",
    }
    out = {}
    for key, path in where.items():
        prefix, _, name = path.partition(":")
        for description in root.iter(f"{{{_NAMESPACES['rdf']}}}Description"):
            value = description.findtext(path, None, _NAMESPACES) or description.get(f"{{{_NAMESPACES[prefix]}}}{name}")
            if value:
                out[key] = value.strip()
    return out
