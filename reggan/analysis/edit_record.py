"""What RegGAN did to the faces of a picture, as the picture's file says it.

Knowing what was done, the predictor works out how a face was before (`before.py`) and goes on from there, instead of
making a rest out of a painted smile. The record tells nothing that cannot be seen: where the faces are, and how much of
which expression came and left.
"""

import io
import json
import math
import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reggan.expressions import BASIC

NAMESPACE, PROPERTY = "http://ns.reggan/edit/1.0/", "Faces"  # of the record in XMP
PNG_XMP = "XML:com.adobe.xmp"  # the text chunk of a PNG that holds XMP

_READ = ("PNG", "JPEG", "WEBP", "GIF")
_LONGEST = 20_000  # characters of a record; a face takes 200
_LONGEST_XMP = 500_000  # characters of all that is said; what is longer would take a hundred times the memory
_MOST = 8  # faces that are told of: working one out takes half a second
_DIGITS = 4

Box = tuple[float, float, float, float]  # x0, y0, x1, y1


@dataclass(frozen=True)
class FaceEdit:
    """What was done to one face."""

    box: Box  # parts of the picture's width and height
    comes: NDArray[np.float32]  # (6,) in [0, 1], the expression that was added
    leaves: float  # in [0, 1], the share of what the face showed that was taken away before


def header_of(source: Any) -> dict[str, Any]:
    """What the header of a picture's file says, as Pillow's `info`; nothing of what is no such file or has none.

    Args:
        source: a path, a file's bytes, a PIL image; of anything else nothing is known.
    """
    if isinstance(source, Image.Image):
        return {str(key): value for key, value in source.info.items()}
    if isinstance(source, (bytes, bytearray, memoryview)):
        source = io.BytesIO(bytes(source))
    elif not isinstance(source, (str, os.PathLike)):
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(source, formats=_READ) as picture:
                return {str(key): value for key, value in picture.info.items()}
    except Exception:  # noqa: BLE001 - for a damaged header, each format raises something else
        return {}


def xmp_of(header: dict[str, Any]) -> ElementTree.Element | None:
    """The XMP in a header, parsed; None if there is none that is well-formed."""
    packet = header.get("xmp") or header.get(PNG_XMP)
    text = packet.decode(errors="replace") if isinstance(packet, bytes) else packet
    if not isinstance(text, str) or len(text) > _LONGEST_XMP:
        return None
    if "<!" in text:  # XMP has no document type, and so no entities that could expand
        return None
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None


def record_text(edits: Iterable[FaceEdit], weights: str) -> str:
    """A record as one line of JSON; empty if nothing was done.

    Args:
        edits: of each face that was changed; the first few are told of.
        weights: SHA-256 of the weights that it was done with; with others a face cannot be worked out.
    """
    faces = [
        {
            "box": [round(float(v), _DIGITS) for v in one.box],
            "comes": {n: round(float(v), _DIGITS) for n, v in zip(BASIC, one.comes, strict=True) if v > 0},
            "leaves": round(float(one.leaves), _DIGITS),
        }
        for one in list(edits)[:_MOST]
    ]
    return json.dumps({"weights": weights[:12], "faces": faces}) if faces and weights else ""


def read_record(source: Any, weights: str) -> tuple[FaceEdit, ...]:
    """The record in a picture's file; empty if there is none, if it is no record, or if other weights made it.

    Args:
        source: see `header_of`.
        weights: SHA-256 of the weights in use.
    """
    text = _text_of(xmp_of(header_of(source)))
    if not 0 < len(text) <= _LONGEST:
        return ()
    try:
        said = json.loads(text)
        if not weights or said["weights"] != weights[:12]:
            return ()
        return tuple(_face_edit(one) for one in said["faces"][:_MOST])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return ()


def _text_of(xmp: ElementTree.Element | None) -> str:
    """The record in XMP, be it an element, as it is written here, or an attribute, as other programs write it."""
    name = f"{{{NAMESPACE}}}{PROPERTY}"
    for one in () if xmp is None else xmp.iter():
        text = one.text if one.tag == name else one.get(name)
        if text:
            return text
    return ""


def _face_edit(said: Any) -> FaceEdit:
    """One face of the record.

    Raises:
        ValueError, KeyError, TypeError, AttributeError, OverflowError: it is none.
    """
    x0, y0, x1, y1 = (float(v) for v in said["box"])
    comes = np.array([float(said["comes"].get(name, 0)) for name in BASIC], np.float32)
    leaves = float(said["leaves"])
    if not all(0 <= v <= 1 for v in (*comes.tolist(), leaves)):
        raise ValueError
    if not (all(map(math.isfinite, (x0, y0, x1, y1))) and x0 < x1 and y0 < y1):
        raise ValueError
    return FaceEdit((x0, y0, x1, y1), comes, leaves)
