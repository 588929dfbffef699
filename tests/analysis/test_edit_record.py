"""What files say was done to faces: what is written is read, whatever else is written is not."""

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reggan.analysis.edit_record import NAMESPACE, FaceEdit, read_record, record_text
from reggan.expressions import resolve
from reggan.output import provenance

WEIGHTS = "0123456789abcdef" * 4
PIXELS = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)
SMILE = FaceEdit((0.1, 0.25, 0.5, 0.75), resolve("happy", 0.7), 0.0)
WRATH = FaceEdit((-0.02, 0.1, 0.3, 0.6), resolve("sadly angry"), 0.625)


def with_xmp(packet: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "WEBP", xmp=packet.encode())
    return file.getvalue()


def said(text: str, more: str = "") -> bytes:
    start = f'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:r="{NAMESPACE}">'
    return with_xmp(f"{start}<r:Faces>{text}</r:Faces>{more}</x:xmpmeta>")


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_what_is_written_is_read(format: str) -> None:
    data = provenance.encode(PIXELS, format, {"sha256": WEIGHTS}, "happy", edits=(SMILE, WRATH))
    for source in (data, Image.open(io.BytesIO(data))):
        found = read_record(source, WEIGHTS)
        assert [(one.box, one.leaves) for one in found] == [(SMILE.box, 0.0), (WRATH.box, 0.625)]
        assert all(
            np.allclose(one.comes, edit.comes, atol=1e-4) for one, edit in zip(found, (SMILE, WRATH), strict=True)
        )
    assert provenance.read(data)["description"] == "Facial expression changed by RegGAN (happy)"


def test_other_weights_and_files_without_a_record_say_nothing() -> None:
    data = provenance.encode(PIXELS, "png", {"sha256": WEIGHTS}, "happy", edits=(SMILE,))
    assert read_record(data, WEIGHTS) and not read_record(data, "f" * 64) and not read_record(data, "")
    assert not read_record(provenance.encode(PIXELS, "png", {"sha256": WEIGHTS}, "happy"), WEIGHTS)
    assert not read_record(provenance.encode(PIXELS, "png", {}, "happy", edits=(SMILE,)), "")
    for source in (PIXELS, b"", b"not a picture", "no such file", io.BytesIO(data), Image.fromarray(PIXELS)):
        assert read_record(source, WEIGHTS) == ()


def test_other_programs_may_write_it_as_an_attribute() -> None:
    text = record_text([SMILE], WEIGHTS).replace('"', "&quot;")
    data = with_xmp(f'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:r="{NAMESPACE}"><x:d r:Faces="{text}"/></x:xmpmeta>')
    assert [one.box for one in read_record(data, WEIGHTS)] == [SMILE.box]


def record(**changed: Any) -> dict[str, Any]:
    one = {"box": [0.1, 0.2, 0.3, 0.4], "comes": {"happy": 1.0}, "leaves": 0.0} | changed
    return {"weights": WEIGHTS[:12], "faces": [one]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "happy",
        "[]",
        "{}",
        "[" * 5000,
        json.dumps({"weights": WEIGHTS[:12]}),
        json.dumps({"weights": WEIGHTS[:12], "faces": 3}),
        json.dumps({"weights": WEIGHTS[:12], "faces": {"box": 1}}),
        json.dumps({"weights": WEIGHTS[:12], "faces": ["face"]}),
        json.dumps(record(box=[0.1, 0.2, 0.3])),
        json.dumps(record(box=[0.1, 0.2, 0.3, float("nan")])),
        json.dumps(record(box="0123")).replace('"0123"', "[0, 0, 1, 1e999]"),
        json.dumps(record(box=[0.3, 0.2, 0.1, 0.4])),
        json.dumps(record(box=[0.1, 0.2, 0.3, 0.2])),
        json.dumps(record(comes={"happy": 1.5})),
        json.dumps(record(comes={"happy": -0.1})),
        json.dumps(record(comes={"happy": float("nan")})),
        json.dumps(record(comes=["happy"])),
        json.dumps(record(leaves="all")),
        json.dumps(record(leaves=2)),
        json.dumps(record(leaves=10**400)),
        json.dumps(record()) + " " * 20_000,
    ],
)
def test_what_is_no_record_is_none(text: str) -> None:
    assert read_record(said(json.dumps(record())), WEIGHTS), "so that the rest is tried in the right place"
    assert read_record(said(text), WEIGHTS) == ()


def test_of_a_very_long_packet_nothing_is_read() -> None:
    """A WebP may hold tens of megabytes of XMP, which parsed would take gigabytes."""
    for count, known in ((1000, True), (200_000, False)):
        assert bool(read_record(said(record_text([SMILE], WEIGHTS), "<r:a/>" * count), WEIGHTS)) == known


def test_of_many_faces_the_first_are_told_of() -> None:
    crowd = provenance.encode(PIXELS, "jpeg", {"sha256": WEIGHTS}, "happy", edits=[SMILE] * 1000)
    assert len(read_record(crowd, WEIGHTS)) == 8
    some = json.dumps(record() | {"faces": record()["faces"] * 50})
    assert len(read_record(said(some), WEIGHTS)) == 8
