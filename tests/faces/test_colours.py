"""Colour profiles and depths: the same picture, however its numbers are written, is read as the same picture."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms, TiffImagePlugin

from reggan.errors import InputError
from reggan.expressions import resolve
from reggan.faces import read_image
from reggan.predictor import Predictor
from tests.faces.gain_maps import gain_map_avif, ultra_hdr_jpeg
from tests.faces.profiles import ADOBE, P3, SRGB, RgbSpace, cmyk_profile, grey_profile, ink_lab, lab_to_srgb, linear
from tests.paths import PHOTO


def file(picture: Image.Image, format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float) - b).mean())


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return read_image(PHOTO)


@pytest.fixture(scope="module")
def muted() -> np.ndarray:
    """(8, 8, 3): colours from all over what sRGB can show, none at its edge, where spaces clip."""
    return np.random.default_rng(3).integers(40, 216, (8, 8, 3)).astype(np.uint8)


@pytest.mark.parametrize("space", [P3, ADOBE], ids=["Display P3", "Adobe RGB"])
@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP", "JPEG", "AVIF"])
def test_a_profile_is_applied(photo: np.ndarray, space: RgbSpace, format: str) -> None:
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}, "AVIF": {"quality": 100}}
    other = Image.fromarray(space.from_srgb(photo))
    plain = read_image(file(other, format, **options.get(format, {})))
    read = read_image(file(other, format, icc_profile=space.profile(), **options.get(format, {})))
    exact = format in ("PNG", "TIFF", "WEBP")
    assert difference(plain, photo) > 2
    assert difference(read, photo) < (0.5 if exact else 1.0)
    assert np.percentile(np.abs(read.astype(int) - photo), 99.9) <= (4 if exact else 8)


def test_known_colours_of_display_p3() -> None:
    """Apple's published pairs: what sRGB can show comes exactly, what it cannot is clipped."""
    numbers = np.array([[[234, 51, 35], [117, 251, 76], [255, 255, 255], [0, 0, 0], [255, 0, 0]]], np.uint8)
    read = read_image(file(Image.fromarray(numbers), icc_profile=P3.profile()))
    np.testing.assert_allclose(read[0], [[255, 0, 0], [0, 255, 0], [255, 255, 255], [0, 0, 0], [255, 0, 0]], atol=12)
    np.testing.assert_array_equal(read[0, 2:], numbers[0, 2:])


def test_every_mode_with_colours(muted: np.ndarray) -> None:
    numbers = Image.fromarray(ADOBE.from_srgb(muted))
    profile = ADOBE.profile()
    palette = numbers.quantize(64, method=Image.Quantize.MEDIANCUT)
    clear = numbers.copy()
    clear.putalpha(51)
    for picture, expected, most in (
        (numbers, muted, 1.0),
        (palette, muted, 3.0),  # the palette itself rounds
        (clear, np.rint(0.2 * muted + 0.8 * 255), 1.0),
    ):
        assert difference(read_image(file(picture, icc_profile=profile)), expected) < most, picture.mode


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_grey_has_a_gamma_too(mode: str) -> None:
    """Half of the numbers' range in linear light is 188 in sRGB."""
    linear_grey = grey_profile(1.0)
    value = {"L": 128, "LA": (128, 255), "I;16": 128 * 257}[mode]
    data = file(Image.new(mode, (3, 2), value), icc_profile=linear_grey)
    expected = 255 * (1.055 * (128 / 255) ** (1 / 2.4) - 0.055)
    assert (np.abs(read_image(data).astype(float) - expected) < 1).all()
    assert (read_image(file(Image.new(mode, (3, 2), value))) == 128).all()


def test_grey_in_a_space_of_colours() -> None:
    read = read_image(file(Image.new("L", (3, 2), 100), icc_profile=RgbSpace(SRGB, 1.0).profile()))
    assert (np.abs(read.astype(float) - 255 * (1.055 * (100 / 255) ** (1 / 2.4) - 0.055)) < 1).all()


@pytest.mark.parametrize("format", ["TIFF", "JPEG"])
def test_inks_of_a_printer(format: str) -> None:
    inks = np.array([[[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]])
    picture = Image.fromarray(np.repeat(np.repeat(inks * 255, 8, 0), 8, 1).astype(np.uint8), "CMYK")
    read = read_image(
        file(picture, format, icc_profile=cmyk_profile(), **({"quality": 100} if format == "JPEG" else {}))
    )
    np.testing.assert_allclose(read[4, 4::8], lab_to_srgb(ink_lab(inks))[0], atol=3)
    assert difference(read, read_image(file(picture, format))) > 10  # without it, pure cyan is (0, 255, 255)


def test_srgb_by_any_name_changes_no_pixel(photo: np.ndarray) -> None:
    known = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (known, RgbSpace(SRGB, 0).profile()):
        np.testing.assert_array_equal(read_image(file(Image.fromarray(photo), icc_profile=profile)), photo)


def test_profiles_that_cannot_be_used_leave_the_pixels_alone(muted: np.ndarray) -> None:
    picture, good = Image.fromarray(muted), ADOBE.profile()
    for profile in (b"nonsense", good[:200], bytes(500), grey_profile(1.0), cmyk_profile()):
        np.testing.assert_array_equal(read_image(file(picture, icc_profile=profile)), muted)


def test_damaged_profiles_end_in_a_picture(muted: np.ndarray) -> None:
    picture, rng = Image.fromarray(muted), np.random.default_rng(0)
    for good in (ADOBE.profile(), cmyk_profile()):
        for _ in range(60):
            bad = np.frombuffer(good, np.uint8).copy()
            bad[rng.integers(0, len(bad), 8)] = rng.integers(0, 256, 8)
            source = picture.convert("CMYK") if good[16:20] == b"CMYK" else picture
            assert read_image(file(source, "TIFF", icc_profile=bad.tobytes())).shape == muted.shape


def test_an_edit_is_the_same_in_any_space(photo: np.ndarray) -> None:
    predictor = Predictor.from_pretrained()
    copy = file(Image.fromarray(ADOBE.from_srgb(photo)), icc_profile=ADOBE.profile())
    original, other = predictor.analyse(photo), predictor.analyse(copy)
    for strength in (0.0, 1.0):
        pictures = [predictor.edit(one, resolve("happy", strength)).image for one in (original, other)]
        assert difference(*pictures) < 0.5


def test_the_base_picture_of_one_with_a_gain_map(photo: np.ndarray) -> None:
    gain = Image.new("L", (96, 112), 200)
    data = file(Image.fromarray(photo), "MPO", save_all=True, append_images=[gain], quality=100, subsampling=0)
    assert difference(read_image(data), photo) < 1


@pytest.mark.parametrize("make", [ultra_hdr_jpeg, gain_map_avif])
def test_the_base_picture_of_what_telephones_write_for_bright_screens(photo: np.ndarray, make: Callable) -> None:
    base, gain = Image.fromarray(photo), Image.new("RGB", (96, 112), (200, 200, 200))
    data = make(base, gain)
    assert difference(read_image(data), photo) < 2


def test_16_bit_colours_are_scaled(photo: np.ndarray) -> None:
    import cv2

    ok, data = cv2.imencode(".png", photo[..., ::-1].astype(np.uint16) * 257)
    assert ok
    np.testing.assert_array_equal(read_image(data.tobytes()), photo)


def tiff(numbers: np.ndarray, bits: int, **tags: int) -> bytes:
    """Uncompressed grey, written by hand: Pillow writes neither 12 bits nor white as zero."""
    height, width = numbers.shape
    if bits == 12:  # two pixels in three bytes, the upper bits first
        pairs = numbers.reshape(-1, 2).astype(np.uint32)
        both = (pairs[:, 0] << 12 | pairs[:, 1])[:, None] >> np.array([16, 8, 0])
        pixels = both.astype(np.uint8).tobytes()
    else:
        pixels = numbers.tobytes()
    ifd = TiffImagePlugin.ImageFileDirectory_v2()
    ifd.update({256: width, 257: height, 258: bits, 259: 1, 262: 1, 277: 1, 278: height, 279: len(pixels)})
    ifd.update({int(name[1:]): value for name, value in tags.items()})
    ifd[273] = 0  # the pixels follow; Pillow adds the length of the directory
    directory = io.BytesIO()
    ifd.save(directory)
    return directory.getvalue() + pixels


GREYS = np.append(np.arange(0, 235, 5), 255).reshape(4, 12)


@pytest.mark.parametrize(
    "data, name",
    [
        (tiff(np.rint(GREYS * 4095 / 255), 12), "12 bits"),
        (tiff((GREYS * 257).astype("<u2"), 16), "16 bits"),
        (tiff((65535 - GREYS * 257).astype("<u2"), 16, t262=0), "white is zero"),
        (tiff(np.rint(GREYS * 4095 / 255).astype("<u2"), 16, t281=4095), "12 bits in 16"),
        (tiff(np.rint(GREYS * 32767 / 255).astype("<i2"), 16, t339=2), "with a sign"),
        (tiff((1 - GREYS / 255).astype("<f4"), 32, t262=0, t339=3), "white is zero, floats"),
        (tiff((GREYS * 16843009).astype("<u4"), 32), "32 bits"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rare_depths_have_the_right_brightness(data: bytes, name: str) -> None:
    read = read_image(data)
    assert np.abs(read[..., 0].astype(int) - GREYS).max() <= 1
    assert (read == read[..., :1]).all()


def packed(numbers: np.ndarray, bits: int) -> bytes:
    """Rows of colours (H, W, 3), the upper bits first, each row filled up to whole bytes."""
    if bits == 16:
        return numbers.astype("<u2").tobytes()
    rows = numbers.reshape(len(numbers), -1).astype(np.uint32)
    ones = (rows[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return b"".join(np.packbits(row.ravel().astype(np.uint8)).tobytes() for row in ones)


@pytest.mark.parametrize(("depth", "bits"), [(10, 10), (12, 12), (14, 14), (12, 16), (14, 16)])
@pytest.mark.parametrize("space", [None, P3], ids=["plain", "Display P3"])
def test_colours_of_rare_depths(muted: np.ndarray, depth: int, bits: int, space: RgbSpace | None) -> None:
    colours = np.concatenate([muted, np.zeros_like(muted[:1]), np.full_like(muted[:1], 255)])[:, :7]
    stored = (space.from_srgb(colours) if space else colours).astype(float) * (2**depth - 1) / 255
    pixels = packed(np.rint(stored), bits)
    ifd = TiffImagePlugin.ImageFileDirectory_v2()
    ifd.update({256: 7, 257: 10, 258: (bits,) * 3, 259: 1, 262: 2, 277: 3, 278: 10, 279: len(pixels)})
    ifd.update({281: (2**depth - 1,) * 3} if depth != bits else {})
    ifd.update({34675: space.profile()} if space else {})
    ifd[273] = 0
    directory = io.BytesIO()
    ifd.save(directory)
    data = directory.getvalue() + pixels
    np.testing.assert_allclose(read_image(data).astype(int), colours, atol=4 if space else 1)
    for lost in (20, len(pixels)):
        with pytest.raises(InputError, match="damaged"):
            read_image(data[:-lost])


def test_a_deep_colour_picture_that_is_too_large_is_refused_from_its_header() -> None:
    ifd = TiffImagePlugin.ImageFileDirectory_v2()
    ifd.update({256: 30_000, 257: 30_000, 258: (12,) * 3, 259: 1, 262: 2, 273: 8, 277: 3, 278: 30_000, 279: 9})
    directory = io.BytesIO()
    ifd.save(directory)
    with pytest.raises(InputError, match="too large"):
        read_image(directory.getvalue())


def test_lab_is_a_colour_and_not_transparent() -> None:
    lab = np.array([[[0, 0, 0], [53, 0, 0], [100, 0, 0], [60, 40, -30], [40, -20, 30]]], float)
    stored = np.rint(lab * [2.55, 1, 1]).astype(np.int16).astype(np.uint8)  # a and b are signed bytes
    picture = Image.frombytes("LAB", (5, 1), stored.tobytes())
    for source in (picture, file(picture, "TIFF")):
        np.testing.assert_allclose(read_image(source)[0], lab_to_srgb(lab)[0], atol=3)


def test_sums_that_the_tests_rest_on() -> None:
    assert linear(np.array([1.0, 0.5]), 0) == pytest.approx([1.0, 0.2140], abs=1e-4)
    np.testing.assert_allclose(lab_to_srgb(np.array([[100.0, 0, 0], [53.585, 0, 0]])), [[255] * 3, [128] * 3], atol=1)
