"""Data engine: reading and registering the face model."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("numba")

from reggan.engine.kit.facekit import FaceKit
from reggan.engine.kit.ict_topology import MEDIAPIPE_OF_68, WEIGHT_OF_68
from reggan.engine.kit.obj import read_triangles, read_vertices
from reggan.engine.kit.register import closest_on_triangles, mean_mesh, register, umeyama
from reggan.engine.kit.shapes import added_shapes
from reggan.errors import InputError
from reggan.faces.topology import BROWS, EYES, INNER_LIPS, LOWER_LIP, OUTER_LIPS, UPPER_LIP
from tests.engine.toy_face import toy_kit


def test_reads_positions_and_cuts_faces_into_triangles(tmp_path: Path) -> None:
    path = tmp_path / "a.obj"
    path.write_text("# x\nv 0 0 0\nv 1 0 0\nv 1 1 0.5\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1 4/1\nusemtl m\nf 1 3 4\n")
    assert read_vertices(path).tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0.5], [0, 1, 0]]
    triangles, face_of = read_triangles(path)
    assert triangles.tolist() == [[0, 1, 2], [0, 2, 3], [0, 2, 3]]
    assert face_of.tolist() == [0, 0, 1]


@pytest.mark.parametrize("text", ["", "f 1 2 3\n", "v 1 2\nv 1 2 3\n", "v a b c\n"])
def test_a_file_without_vertices_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.obj").write_text(text)
    with pytest.raises(InputError, match="a.obj"):
        read_vertices(tmp_path / "a.obj")


def test_a_folder_that_is_no_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="generic_neutral_mesh"):
        register(tmp_path)
    (tmp_path / "generic_neutral_mesh.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    with pytest.raises(InputError, match="too few"):
        register(tmp_path)


def test_umeyama_recovers_a_similarity() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 3))
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    rotation *= np.sign(np.linalg.det(rotation))
    s, r, t = umeyama(x, 0.3 * x @ rotation.T + [1, 2, 3], np.linspace(0.1, 1, 30))
    assert s == pytest.approx(0.3)
    np.testing.assert_allclose(r, rotation, atol=1e-12)
    np.testing.assert_allclose(t, [1, 2, 3], atol=1e-12)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ([0.2, 0.3, 5.0], [0.5, 0.2, 0.3]),  # above the inside
        ([-1.0, -1.0, 0.0], [1, 0, 0]),  # beyond a corner
        ([0.25, -2.0, 0.0], [0.75, 0.25, 0]),  # beyond an edge
        ([2.0, 2.0, 0.0], [0, 0.5, 0.5]),  # beyond the long edge
    ],
)
def test_closest_point_of_a_triangle(point: list[float], expected: list[float]) -> None:
    triangle = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    k, weights = closest_on_triangles(np.array(point), np.stack([triangle + 100, triangle]))
    assert k == 1
    np.testing.assert_allclose(weights, expected, atol=1e-12)


def test_the_mean_mesh_is_symmetric_and_in_its_units() -> None:
    mean = mean_mesh()
    eyes = [mean[[33, 133], :2].mean(0), mean[[362, 263], :2].mean(0)]
    np.testing.assert_allclose(eyes, [[-0.5, 0], [0.5, 0]], atol=1e-3)
    for left, right in ((33, 263), (61, 291), (159, 386), (70, 300)):
        np.testing.assert_allclose(mean[left] * [-1, 1, 1], mean[right], atol=1e-6)
    assert mean[4, 2] < mean[33, 2] < mean[127, 2]  # the nose is nearest, the ears furthest


def test_tables_of_points_are_consistent() -> None:
    assert len(MEDIAPIPE_OF_68) == len(WEIGHT_OF_68) == 68
    assert len(set(MEDIAPIPE_OF_68[:17])) == 17
    assert not set(UPPER_LIP) & set(LOWER_LIP)
    mean = mean_mesh()
    for left, right in (EYES, BROWS):
        np.testing.assert_allclose(mean[list(left)] * [-1, 1, 1], mean[list(right)], atol=1e-6)
    for ring in (INNER_LIPS, OUTER_LIPS):
        x = mean[list(ring), 0]
        assert (np.diff(x[:11]) > 0).all()
        assert (np.diff(x[10:]) < 0).all()


def test_added_shapes() -> None:
    mean = mean_mesh()
    shapes = added_shapes(mean, mean, np.where(np.isin(np.arange(468), LOWER_LIP), 0.5, 0.0))
    v = shapes["browV"]
    assert v[55, 0] > 0 > v[285, 0]  # together
    assert v[55, 1] > 0.04  # inner ends down
    assert v[300, 1] < -0.02  # outer ends up
    lip = shapes["mouthRound"][:, 1]
    assert lip[13] == 0  # the upper lip stays
    assert lip[14] == pytest.approx(0, abs=0.01)  # circle and triangle meet in the middle
    assert lip[402] > 0.03  # and part on the way to the corner


def test_face_kit_survives_the_disk(tmp_path: Path) -> None:
    kit = toy_kit()
    kit.save(tmp_path / "sub" / "kit.npz")
    again = FaceKit.load(tmp_path / "sub" / "kit.npz")
    assert again.names == kit.names
    np.testing.assert_array_equal(again.skin.triangles, kit.skin.triangles)
    np.testing.assert_allclose(again.skin.shapes, kit.skin.shapes, atol=3e-4)
    np.testing.assert_array_equal(again.mouth.part, kit.mouth.part)


def test_bad_face_kits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no face kit"):
        FaceKit.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(InputError, match="not a face kit"):
        FaceKit.load(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(InputError, match="not a face kit"):
        FaceKit.load(tmp_path / "other.npz")


def test_weights_by_name() -> None:
    kit = toy_kit()
    w = kit.weights({"mouthSmile": 0.5, "mouthSmile_L": 0.25, "jawOpen": 1.0})
    assert w[kit.names.index("mouthSmile_L")] == 0.75
    assert w[kit.names.index("mouthSmile_R")] == 0.5
    assert w[kit.names.index("jawOpen")] == 1
    assert w.sum() == 2.25
    with pytest.raises(InputError, match="noSuch"):
        kit.weights({"noSuch": 1.0})
