"""Recorded expressions, from CFEE, KDEF and plain folders, into the layout of training."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from reggan.errors import InputError
from reggan.expressions import COMPOUND, NAMED, resolve
from reggan.pairs import layout, recorded
from reggan.pairs.__main__ import main
from tests.paths import AVATAR


@pytest.fixture(scope="module")
def cfee(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two subjects, the second mirrored; its third picture shows nothing, and a third subject has no neutral."""
    folder = tmp_path_factory.mktemp("CFEE")
    picture = np.array(Image.open(AVATAR).convert("RGB"))
    height, width = picture.shape[:2]
    turned = cv2.warpAffine(picture, cv2.getRotationMatrix2D((width / 2, height / 2), 12, 0.8), (width, height))
    for name, image in {
        "01_001_0010": picture,
        "02_001_0011": turned,
        "08_001_0012": picture,
        "01_002_0013": picture[:, ::-1],
        "03_002_0014": turned[:, ::-1],
        "05_002_0015": np.full_like(picture, 90)[:200, :200],
        "02_003_0016": picture,
    }.items():
        Image.fromarray(np.ascontiguousarray(image)).save(folder / f"{name}.jpg", quality=95)
    return folder


def test_cfee_becomes_aligned_pairs(cfee: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "pairs"
    command = ["cfee", "--source", str(cfee), "-o", str(out), "--workers", "1", "--validation-share", "0.5"]
    main(command)
    printed = capfd.readouterr()
    told = printed.out + printed.err
    assert "05_002_0015.jpg: no face was found." in told
    assert "cfee_003: there is no neutral photograph." in told
    assert "3 pairs made, 1 pictures left out, 1 of 3 identities refused" in told

    one, two = layout.load(out)
    assert (one.name, one.names) == ("cfee_001", ("happily_surprised_065", "happy_100"))
    assert (two.name, two.names) == ("cfee_002", ("sad_100",))
    np.testing.assert_allclose(one.c, np.stack([resolve("happily surprised"), resolve("happy")]))
    eyes = one.landmarks[[33, 133, 362, 263]].reshape(2, 2, 2).mean(1)
    np.testing.assert_allclose(eyes, [[0.355 * 256, 0.4 * 256], [0.645 * 256, 0.4 * 256]], atol=0.01)
    face = slice(80, 200), slice(70, 186)  # turned and shrunk, and yet at the same place
    apart = (one.targets[1].float() - one.neutral.float()).abs().mean(0)[face].mean()
    assert apart < 6
    assert apart < 0.4 * (one.neutral.float() - two.neutral.float()).abs().mean(0)[face].mean()
    assert len(layout.read_list(out / "validation.txt")) == 1

    before = {p: p.stat().st_mtime_ns for p in out.glob("*/neutral.jpg")}
    main(command)  # there is nothing left to do
    assert {p: p.stat().st_mtime_ns for p in out.glob("*/neutral.jpg")} == before


def test_cfee_codes(tmp_path: Path) -> None:
    assert list(recorded.CFEE_CODES.items())[:3] == [("01", "neutral"), ("02", "happy"), ("03", "sad")]
    assert len(recorded.CFEE_CODES) == len(NAMED) == 22
    assert recorded.CFEE_CODES["22"] == COMPOUND[-1] == "awed"
    codes = tmp_path / "codes.txt"
    codes.write_text("01 neutral\n07 Happily_surprised\n")
    assert recorded.read_codes(codes) == {"01": "neutral", "07": "happily surprised"}
    (tmp_path / "03_a_1.jpg").touch()
    with pytest.raises(InputError, match="there is no expression 03"):
        recorded.cfee(tmp_path, recorded.read_codes(codes))
    codes.write_text("02 happy\n")
    with pytest.raises(InputError, match="which code is neutral"):
        recorded.read_codes(codes)


def test_kdef_keeps_straight_views_and_series_apart(tmp_path: Path) -> None:
    for name in ("AF01NES", "AF01ANS", "AF01ANHL", "BF01NES", "BF01HAS", "AM02NES", "AF31V"):
        (tmp_path / name[:4]).mkdir(exist_ok=True)
        (tmp_path / name[:4] / f"{name}.JPG").touch()
    found = {r.name: (r.subject, set(r.pictures)) for r in recorded.kdef(tmp_path)}
    assert found == {
        "kdef_F01A": ("kdef_F01", {"neutral", "angry"}),
        "kdef_F01B": ("kdef_F01", {"neutral", "happy"}),
        "kdef_M02A": ("kdef_M02", {"neutral"}),
    }


def test_folders_by_expression(tmp_path: Path) -> None:
    for name in (
        "neutral/anna.jpg",
        "Happiness/anna_happiness.png",
        "fear/bob.jpg",
        "neutral/bob.jpg",
        "other/anna.jpg",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = {r.name: set(r.pictures) for r in recorded.folders(tmp_path)}
    assert found == {"anna": {"neutral", "happy"}, "bob": {"neutral", "fearful"}}
    with pytest.raises(InputError, match="no pictures"):
        recorded.cfee(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        recorded.folders(tmp_path / "none")


def test_the_split_is_by_subject() -> None:
    series = [recorded.Recording(f"{k}{letter}", str(k)) for k in range(20) for letter in "AB"]
    names = recorded.split(series, 0.1, seed=3)
    assert len(names) == 4
    assert (
        {n[:-1] for n in names} == {n[:-1] for n in names if n.endswith("A")} == {n[:-1] for n in names if n[-1] == "B"}
    )
    assert names == recorded.split(series[::-1], 0.1, seed=3)
    assert recorded.split(series, 0.0, seed=3) == []
    assert len(recorded.split(series[:4], 0.01, seed=3)) == 2  # at least one subject
    assert recorded.split(series[:2], 0.5, seed=3) == []  # a single one is for training
