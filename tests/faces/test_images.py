import io

import numpy as np
import pytest
from PIL import Image

from reggan.errors import InputError
from reggan.faces import decode, images
from reggan.faces.images import read_image
from tests.paths import PHOTO


def _encode(picture: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.fixture
def rgb() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    "format, options", [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("PPM", {}), ("WEBP", {"lossless": True})]
)
def test_lossless_formats_come_back_exactly(rgb, format, options):
    np.testing.assert_array_equal(read_image(_encode(Image.fromarray(rgb), format, **options)), rgb)


@pytest.mark.parametrize("format", ["JPEG", "AVIF", "MPO"])
def test_lossy_formats_come_back_nearly(format):
    ramp = np.broadcast_to(np.arange(0, 240, 4, dtype=np.uint8)[None, :, None], (40, 60, 3))
    read = read_image(_encode(Image.fromarray(ramp), format, quality=95))
    assert read.shape == (40, 60, 3) and np.abs(read.astype(int) - ramp).max() <= 4


def test_every_kind_of_source(rgb, tmp_path):
    data = _encode(Image.fromarray(rgb), "PNG")
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    for source in (path, str(path), data, bytearray(data), io.BytesIO(data), Image.fromarray(rgb), rgb):
        np.testing.assert_array_equal(read_image(source), rgb)


def test_result_is_a_copy(rgb):
    original = rgb.copy()
    read_image(rgb)[:] = 0
    np.testing.assert_array_equal(rgb, original)


@pytest.mark.parametrize(
    "array, value",
    [
        (np.full((4, 5), 77, np.uint8), 77),
        (np.full((4, 5, 1), 77, np.uint8), 77),
        (np.full((4, 5), 77 * 257, np.uint16), 77),
        (np.full((4, 5, 3), 0.2, np.float32), 51),
        (np.full((4, 5, 3), 0.2, np.float64), 51),
        (np.ones((4, 5), bool), 255),
        (np.stack([np.full((4, 5), 100), np.full((4, 5), 51)], 2).astype(np.uint8), 224),  # 0.2 * 100 + 0.8 * 255
        (np.full((4, 5, 4), 51, np.uint8), 214),  # 0.2 * 51 + 0.8 * 255 = 214.2
    ],
)
def test_arrays(array, value):
    read = read_image(array)
    assert read.shape == (4, 5, 3) and read.dtype == np.uint8
    assert (read == value).all()


def test_exif_orientation_is_applied(rgb):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    read = read_image(_encode(Image.fromarray(rgb), "PNG", exif=exif.tobytes()))
    np.testing.assert_array_equal(read, np.rot90(rgb, -1))


@pytest.mark.parametrize("mode, colour", [("RGBA", (51, 51, 51, 51)), ("LA", (51, 51))])
def test_transparency_over_white(mode, colour):
    read = read_image(_encode(Image.new(mode, (3, 2), colour), "PNG"))
    assert (read == 214).all()


def test_transparent_palette_over_white():
    picture = Image.new("P", (4, 1))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putdata([0, 1, 0, 1])
    read = read_image(_encode(picture, "PNG", transparency=0))
    np.testing.assert_array_equal(read[0], [[255, 255, 255], [200, 100, 50]] * 2)


def test_cmyk_and_1_bit():
    read = read_image(_encode(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "TIFF"))
    np.testing.assert_array_equal(read[0, 0], [255, 0, 0])
    assert (read_image(_encode(Image.new("1", (8, 8), 1), "PNG")) == 255).all()


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_not_clipped(format):
    grey = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    read = read_image(_encode(Image.fromarray(grey), format))
    np.testing.assert_array_equal(read[..., 1], np.arange(256).reshape(16, 16))


def test_16_bit_grey_that_is_dark_stays_dark():
    assert (read_image(_encode(Image.fromarray(np.full((5, 5), 2570, np.uint16)), "PNG")) == 10).all()


@pytest.mark.parametrize("format", ["GIF", "WEBP"])
def test_first_frame_of_an_animation(format):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = _encode(
        frames[0], format, save_all=True, append_images=frames[1:], **({"lossless": True} if format == "WEBP" else {})
    )
    np.testing.assert_array_equal(read_image(data)[4, 4], [255, 0, 0])


@pytest.mark.parametrize(
    "source, sentence",
    [
        (b"", "empty"),
        (b"this is a text", "not a picture"),
        (b"%PDF-1.7 " + bytes(500), "not a picture"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500), "HEIC"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heixmiaf" + bytes(500), "HEIC"),
        ("no/such/file.jpg", "no file"),
        (".", "folder"),
        ("a\0b", "cannot be read"),
        (io.StringIO("text"), "binary"),
        (7, "int"),
        (np.zeros((0, 5, 3), np.uint8), "no pixels"),
        (np.zeros((5, 5, 5), np.uint8), "not a picture"),
        (np.zeros(5, np.uint8), "not a picture"),
        (np.zeros((5, 5, 3), np.int64), "int64"),
        (np.full((5, 5, 3), 200.0), "between 0 and 1"),
        (np.full((5, 5, 3), np.nan), "between 0 and 1"),
    ],
)
def test_bad_input_is_one_sentence(source, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        read_image(source)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "PPM", "JPEG2000"])
def test_truncated_files(rgb, format):
    data = _encode(Image.fromarray(rgb), format)
    with pytest.raises(InputError):
        read_image(data[: len(data) // 2])


HOW = {
    "baseline": ("JPEG", {}),
    "full colour": ("JPEG", {"subsampling": 0, "quality": 95}),
    "progressive": ("JPEG", {"progressive": True, "quality": 90}),
    "restart marks": ("JPEG", {"restart_marker_rows": 1}),
    "PNG": ("PNG", {}),
}


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return Image.open(PHOTO)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("how", HOW)
def test_files_without_their_last_bytes(photo, mode, how):
    """The end mark alone changes nothing; some rows are allowed to be missing; half a file is none."""
    format, options = HOW[how]
    if (mode, format) == ("CMYK", "PNG"):
        return
    data = _encode(photo.convert(mode), format, **options)
    whole = read_image(data)
    for lost in (1, 2, 12 if format == "PNG" else 3):
        np.testing.assert_array_equal(read_image(data[:-lost])[:-16], whole[:-16])
    if (mode, how) != ("CMYK", "progressive"):
        np.testing.assert_array_equal(read_image(data[:-2]), whole)
        read = read_image(data[: int(len(data) * 0.98)])
        assert read.shape == whole.shape and np.abs(read[:850].astype(int) - whole[:850]).mean() < 1
    for part in (0.5,) if how == "progressive" else (0.5, 0.8):  # where the last fifth is fine detail
        with pytest.raises(InputError, match="incomplete"):
            read_image(data[: int(len(data) * part)])


def test_missing_rows_are_told_from_rows_that_are_grey_or_black(photo):
    """What a decoder puts in their place looks like a wall of the same colour."""
    for colour in ((128, 128, 128), (0, 0, 0), (255, 255, 255)):
        picture = photo.copy()
        picture.paste(colour, (0, 600, 768, 900))
        for format, options in HOW.values():
            data = _encode(picture, format, **options)
            np.testing.assert_array_equal(read_image(data[:-2]), read_image(data))


@pytest.mark.parametrize("size", [(16, 16), (40, 30), (333, 97), (8, 500)])
@pytest.mark.parametrize("how", ["baseline", "full colour", "PNG"])
def test_ends_of_pictures_of_any_size(size, how):
    noise = np.random.default_rng(5).integers(0, 256, (*size[::-1], 3)).astype(np.uint8)
    data = _encode(Image.fromarray(noise), HOW[how][0], **HOW[how][1])
    np.testing.assert_array_equal(read_image(data[:-2]), read_image(data))
    with pytest.raises(InputError):
        read_image(data[: len(data) // 2])


def test_a_telephones_own_bytes_in_place_of_the_end(photo):
    """Panoramas that end in a film, without the mark that would end the picture."""
    data = _encode(photo, "JPEG")
    film = b"SEFH\xff\xc8\xff\xf0" + np.random.default_rng(2).bytes(5000)
    np.testing.assert_array_equal(read_image(data[:-2] + film), read_image(data))
    np.testing.assert_array_equal(read_image(data + film), read_image(data))


def test_an_interlaced_png_shows_everything_only_at_its_end():
    import zlib

    rows = b"".join(b"\0" + bytes(range(8)) for _ in range(8))
    head = b"IHDR" + bytes((0, 0, 0, 8, 0, 0, 0, 8, 8, 0, 0, 0, 1))
    body = b"IDAT" + zlib.compress(rows + bytes(40))
    chunks = b"".join((len(c) - 4).to_bytes(4, "big") + c + zlib.crc32(c).to_bytes(4, "big") for c in (head, body))
    with pytest.raises(InputError):
        read_image(b"\x89PNG\r\n\x1a\n" + chunks[:-9])


def test_damaged_files_raise_nothing_else(rgb):
    rng = np.random.default_rng(1)
    refused = 0
    for format in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"):
        for _ in range(40):
            data = np.frombuffer(_encode(Image.fromarray(rgb), format), np.uint8).copy()
            data[rng.integers(0, len(data), 12)] = rng.integers(0, 256, 12)
            try:
                assert read_image(data.tobytes()).ndim == 3
            except InputError:
                refused += 1
    assert refused > 50


def test_too_large_is_refused_from_the_header(monkeypatch):
    """A decompression bomb: 1 bit per pixel of nothing, 60 megapixels in a few kilobytes."""
    data = _encode(Image.new("1", (10_000, 6_000)), "PNG")
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(InputError, match="too large"):
        read_image(data)


def test_far_too_large(rgb):
    data = bytearray(_encode(Image.fromarray(rgb), "BMP"))
    data[18:26] = np.array([60_000, 60_000], "<i4").tobytes()  # width and height in the header
    with pytest.raises(InputError, match="too large"):
        read_image(bytes(data))


def test_odd_numbers_in_a_file_are_pixels_like_others():
    odd = np.array([[0.0, 0.5, 1.0], [np.nan, np.inf, -np.inf]], np.float32)
    read = read_image(_encode(Image.fromarray(odd), "TIFF"))
    np.testing.assert_array_equal(read[..., 0], [[0, 128, 255], [0, 255, 0]])


def test_too_long_and_too_heavy(monkeypatch, rgb, tmp_path):
    with pytest.raises(InputError, match="at most 65535 pixels on a side"):
        read_image(_encode(Image.new("1", (1, 65_536)), "PNG"))
    assert read_image(_encode(Image.new("1", (65_535, 1)), "PNG")).shape == (1, 65_535, 3)
    data = _encode(Image.fromarray(rgb), "BMP")
    (tmp_path / "picture.bmp").write_bytes(data)
    monkeypatch.setattr(images, "MAX_BYTES", len(data) - 1)
    for source in (data, tmp_path / "picture.bmp"):
        with pytest.raises(InputError, match="file is too large"):
            read_image(source)


def test_strips_join_without_a_seam(monkeypatch, rgb):
    grey = rgb[..., 0].astype(np.uint16) * 200
    clear = np.dstack([rgb, rgb[..., :1]])
    files = [_encode(Image.fromarray(array), "PNG") for array in (rgb, grey, clear)]
    files.append(_encode(Image.fromarray(grey.astype(np.float32) / 1e5), "TIFF"))
    whole = [read_image(data) for data in files]
    monkeypatch.setattr(decode, "_STRIP", 90)  # three rows of thirty
    for data, expected in zip(files, whole, strict=True):
        np.testing.assert_array_equal(read_image(data), expected)


def test_limit_applies_to_arrays(monkeypatch, rgb):
    monkeypatch.setattr(images, "MAX_PIXELS", rgb.shape[0] * rgb.shape[1] - 1)
    with pytest.raises(InputError, match="too large"):
        read_image(rgb)
