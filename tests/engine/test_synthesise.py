"""Data engine: from photographs to a folder of pairs that the training reads."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("numba")

from reggan.engine.__main__ import main
from reggan.engine.fit.accept import accept, check_fit
from reggan.engine.fit.face_fit import fit_face
from reggan.engine.fit.photo import Photo
from reggan.engine.fit.traits import frown_of, smile_of
from reggan.engine.kit.rig import prepare_rig
from reggan.engine.landmark_check import LIMIT, landmark_distance
from reggan.engine.plan import plan_targets
from reggan.engine.synthesise import further_jobs, plain_jobs
from reggan.engine.vary.augment import relit, toned, turned, varied
from reggan.engine.vary.morph import morph
from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.faces.detect import find_faces
from reggan.pairs import layout
from reggan.pairs.layout import is_written
from reggan.train.initialise import pair_flow
from tests.engine.toy_face import toy_kit, toy_landmarks, toy_photo
from tests.paths import AVATAR


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people (one mirrored and greenish), and a picture of nothing."""
    folder = tmp_path_factory.mktemp("photos")
    picture = np.array(Image.open(AVATAR).convert("RGB"))
    Image.fromarray(picture).save(folder / "anna_neutral.jpg")
    Image.fromarray((picture[:, ::-1] * [0.9, 1.0, 0.8]).astype(np.uint8)).save(folder / "ben.png")
    Image.fromarray(np.full((300, 300, 3), 90, np.uint8)).save(folder / "wall.jpg")
    toy_kit().save(folder / "kit.npz")
    return folder


def test_synthesise_makes_pairs_that_training_reads(
    photos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pairs"
    command = ["synthesise", "--photos", str(photos), "--facekit", str(photos / "kit.npz"), "-o", str(out)]
    command += ["--per-identity", "6", "--morphs", "1", "--workers", "1"]
    main(command)
    printed = capfd.readouterr()
    assert "wall: no face was found." in printed.out + printed.err
    assert "1 of 4 identities refused" in printed.out

    subjects = layout.load(out)
    names = [s.name for s in subjects]
    assert len(names) == 3
    assert any("__" in name for name in names)
    anna = subjects[names.index("anna")]
    assert anna.neutral.shape == (3, 256, 256)
    eyes = anna.landmarks[[33, 133, 362, 263]].reshape(2, 2, 2).mean(1)
    np.testing.assert_allclose(eyes, [[0.355 * 256, 0.4 * 256], [0.645 * 256, 0.4 * 256]], atol=0.01)
    surprised = anna.names.index("surprised_100")
    assert anna.c[surprised].tolist() == [0, 0, 0, 0, 1, 0]

    stored = np.load(out / "anna" / "flow.npz")
    assert tuple(stored["names"]) == anna.names
    k = list(stored["names"]).index("surprised_100")
    flow = torch.from_numpy(stored["flow"][k].astype(np.float32))
    guessed = pair_flow(anna.neutral, anna.targets[surprised]) * 128  # normalised units to pixels
    brows = (slice(None), slice(16, 24), slice(18, 46))
    assert (flow[brows][1] > 0.5).float().mean() > 0.3
    assert torch.corrcoef(torch.stack([flow[brows].flatten(), guessed[brows].flatten()]))[0, 1] > 0.6

    before = {p: p.stat().st_mtime_ns for p in out.glob("*/neutral.jpg")}
    table = (out / "pairs.csv").read_text()
    main(command)  # goes on where it stopped: there is nothing left
    assert {p: p.stat().st_mtime_ns for p in out.glob("*/neutral.jpg")} == before
    assert (out / "pairs.csv").read_text() == table


def test_the_same_seed_makes_the_same_pictures_in_other_processes(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "only.txt").write_text("anna\n")
    common = ["synthesise", "--photos", str(photos), "--facekit", str(photos / "kit.npz"), "--per-identity", "8"]
    common += ["--identities", str(tmp_path / "only.txt"), "--seed", "3"]
    for name, workers in (("a", 1), ("b", 2)):
        main([*common, "-o", str(tmp_path / name), "--workers", str(workers)])
    files = sorted(p.name for p in (tmp_path / "a" / "anna").glob("*.jpg"))
    assert len(files) >= 7
    for file in files:
        assert (tmp_path / "a" / "anna" / file).read_bytes() == (tmp_path / "b" / "anna" / file).read_bytes()
    assert not is_written(tmp_path / "a", "ben")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_bad_face_kit_is_told_once(photos: Path, tmp_path: Path, workers: str) -> None:
    (tmp_path / "kit.npz").write_text("hello")
    command = ["synthesise", "--photos", str(photos), "-o", str(tmp_path / "pairs"), "--workers", workers]
    for kit in ("kit.npz", "none.npz"):
        with pytest.raises(InputError, match=kit):
            main([*command, "--facekit", str(tmp_path / kit)])


def test_the_check_finds_displaced_landmarks() -> None:
    fitted = accept(np.array(Image.open(AVATAR).convert("RGB")), prepare_rig(toy_kit()))
    crop, points = fitted.photo.crop(), fitted.photo.landmarks
    assert landmark_distance(crop, points) < LIMIT
    assert landmark_distance(crop, points + [0, 0.08 * fitted.photo.iod]) > LIMIT
    assert landmark_distance(np.full_like(crop, 128), points) == float("inf")


def test_what_is_not_a_neutral_face_is_refused() -> None:
    model, photo = prepare_rig(toy_kit()), toy_photo()

    def refused(change: dict[int, tuple[float, float]]) -> str:
        points = photo.landmarks.copy()
        for k, move in change.items():
            points[k] += np.array(move) * photo.iod
        with pytest.raises(InputError) as caught:
            check_fit(fit_face(model, Photo(photo.pixels, points, photo.size)))
        return str(caught.value)

    check_fit(fit_face(model, photo))
    assert "mouth is open" in refused({13: (0, -0.05), 14: (0, 0.05)})
    assert "eyes are shut" in refused({159: (0, 0.08), 145: (0, -0.08)})
    assert "eyes are torn open" in refused({159: (0, -0.08), 145: (0, 0.08)})
    scattered = np.random.default_rng(0).normal(0, 0.15, (468, 2))
    assert "not those of a human face" in refused(dict(enumerate(map(tuple, scattered.tolist()))))


@pytest.mark.parametrize(
    ("yaw", "pitch", "usable"),
    [(0, 0, True), (30, 0, True), (-30, 10, True), (40, 0, False), (-40, 0, False), (0, 25, False)],
)
def test_heads_may_be_turned_by_35_degrees(yaw: float, pitch: float, usable: bool) -> None:
    model = prepare_rig(toy_kit())
    photo = _seen(yaw, pitch)
    fitted = fit_face(model, photo)
    assert fitted.turn == pytest.approx((yaw, pitch), abs=2)
    if usable:
        check_fit(fitted)
    else:
        with pytest.raises(InputError, match="turned by"):
            check_fit(fitted)


def _seen(yaw: float, pitch: float) -> Photo:
    """The mean face, turned, without a picture worth looking at."""
    a, b = np.radians(yaw), np.radians(pitch)
    about_y = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    photo = toy_photo()
    points = photo.landmarks.copy()
    points[:468] = 60 + photo.iod * toy_kit().landmarks @ (about_x @ about_y)[:2].T
    return Photo(photo.pixels, points, photo.size)


@pytest.mark.parametrize(("width", "usable"), [(50, True), (44, False)])
def test_faces_may_be_small(width: int, usable: bool) -> None:
    picture = Image.open(AVATAR).convert("RGB")
    eyes = find_faces(np.array(picture))[0].landmarks[[33, 133, 362, 263]].reshape(2, 2, 2).mean(1)
    scale = (width + 2) / np.linalg.norm(eyes[0] - eyes[1])
    small = np.array(picture.resize((round(scale * picture.width), round(scale * picture.height))))
    if usable:
        accept(small, prepare_rig(toy_kit()))
    else:
        with pytest.raises(InputError, match="too small"):
            accept(small, prepare_rig(toy_kit()))


def test_a_mouth_drawn_down_is_no_neutral_one() -> None:
    model, photo = prepare_rig(toy_kit()), toy_photo()
    down = np.tensordot(toy_kit().weights({"mouthFrown": 1.0}), toy_kit().landmark_shapes, 1)[:, :2]
    points = photo.landmarks.copy()
    points[:468] += 1.3 * photo.iod * down
    frowns = fit_face(model, Photo(photo.pixels, points, photo.size))
    assert frown_of(frowns) - frown_of(fit_face(model, photo)) == pytest.approx(1.3, abs=0.1)
    assert smile_of(frowns) == 0


def test_morphs_are_distinct_and_only_of_selected_people() -> None:
    photos = {name: Path(f"{name}.jpg") for name in "abc"}
    todo = plain_jobs(photos) + further_jobs(photos, varied_each=1, morphs=5, seed=1)
    morphs = [job for job in todo if len(job.photos) == 2]
    assert [job.name for job in todo[:6]] == ["a", "b", "c", "a__varied_1", "b__varied_1", "c__varied_1"]
    assert len(morphs) == len({job.name for job in morphs}) == 5
    assert all(job.photos[0] != job.photos[1] and 0.35 <= job.share <= 0.65 for job in morphs)
    assert plain_jobs(photos) + further_jobs(photos, 1, 5, 1) == todo
    assert not further_jobs({"a": Path("a.jpg")}, 0, 3, 0)


def test_plan() -> None:
    rng = np.random.default_rng(0)
    targets = plan_targets(24, rng, compounds=True)
    assert [t.name for t in targets[:6]] == [f"{name}_100" for name in BASIC]
    assert len({t.name for t in targets}) == len(targets) == 24
    assert sum((t.c > 0).sum() == 1 for t in targets) == 18
    for name in BASIC:
        strengths = [t.c.max() for t in targets if t.name.startswith(f"{name}_") and (t.c > 0).sum() == 1]
        assert len(strengths) == 3
        assert all(0.3 <= s <= 1 for s in strengths)
    many = plan_targets(80, np.random.default_rng(1), compounds=True)
    assert len({t.name for t in many}) == 80
    assert all(0 <= t.c.min() and 0.1 <= t.c.max() <= 1 for t in many)
    assert any(t.name.startswith("mixture") for t in many)


def test_morph_moves_from_one_face_to_the_other() -> None:
    a = toy_photo()
    points = a.landmarks.copy()
    points[:468] = (points[:468] - 64) * [0.95, 1.05] + 64
    b = Photo(255 - a.pixels, points, a.size)
    assert np.abs(morph(a, b, 0.0).pixels.astype(int) - a.pixels).mean() < 1
    half = morph(a, b, 0.5)
    np.testing.assert_allclose(half.landmarks, (a.landmarks + b.landmarks) / 2)
    np.testing.assert_array_equal(half.pixels[0, 0], a.pixels[0, 0])  # the wall is the first person's


def test_a_turned_head_stays_aligned() -> None:
    fitted = fit_face(prepare_rig(toy_kit()), toy_photo())
    photo = turned(fitted, 6.0, -3.0)
    eyes = photo.landmarks[[33, 133, 362, 263]].reshape(2, 2, 2).mean(1) / photo.size
    np.testing.assert_allclose(eyes, [[0.355, 0.4], [0.645, 0.4]], atol=1e-6)
    yaw, pitch = fit_face(fitted.rig, photo).turn
    assert yaw == pytest.approx(6, abs=1.5)
    assert pitch == pytest.approx(-3, abs=1.5)


def test_tone_changes_skin_and_not_the_wall() -> None:
    fitted = fit_face(prepare_rig(toy_kit()), toy_photo())
    before, after = fitted.photo.crop().astype(float), toned(fitted, 0.5).crop().astype(float)
    cheek, wall = (slice(70, 75), slice(40, 45)), (slice(4, 10), slice(4, 10))
    ratio = (after[cheek] / before[cheek]).mean((0, 1))
    assert ratio[2] < ratio[1] < ratio[0] < 0.9
    assert np.abs(after[wall] - before[wall]).max() <= 3


def test_light_from_the_side_brightens_that_side() -> None:
    fitted = fit_face(prepare_rig(toy_kit()), toy_photo())
    before = fitted.photo.crop().astype(float)
    after = relit(fitted, (1.0, 0.0, -0.3), 0.5, warmth=0.2, exposure=-0.4).crop()
    left, right = ((after[75, x] / before[75, x]) for x in (42, 86))
    assert right.mean() > 1.1 * left.mean()
    assert right[0] > right[2]  # warmer


def test_variation_is_reproducible() -> None:
    fitted = fit_face(prepare_rig(toy_kit()), toy_photo())
    one, two, other = (varied(fitted, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.pixels, two.pixels)
    assert np.abs(one.pixels.astype(int) - other.pixels).mean() > 1
    assert np.abs(one.pixels.astype(int) - fitted.photo.pixels).mean() > 1


def test_toy_landmarks_are_where_the_drawing_is() -> None:
    assert cv2.pointPolygonTest(toy_landmarks()[[33, 159, 133, 145]].astype(np.float32), (196.0, 200.0), False) > 0
