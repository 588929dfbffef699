"""The face model: ICT-FaceKit's skin and mouth, placed on MediaPipe's mean face, with its blendshapes.

Units: the distance between the eye centres (IOD) is 1; the origin lies half way between them; x is to the viewer's
right, y down, z away from the viewer. Side names are the model's own: `_L` is the viewer's right.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reggan.errors import InputError

Float = NDArray[np.float32]

#: `Surface.part` of the mouth.
SOCKET, GUMS, UPPER_TEETH, LOWER_TEETH = 0, 1, 2, 3


@dataclass(frozen=True)
class Surface:
    """A triangle mesh that blendshapes move.

    Attributes:
        vertices: (V, 3) at rest, IOD.
        triangles: (T, 3) int32, all wound the same way.
        shapes: (K, V, 3) displacement of every vertex at weight 1, IOD.
        part: (V,) int8, what a vertex of the mouth belongs to; zeros for the skin.
    """

    vertices: Float
    triangles: NDArray[np.int32]
    shapes: Float
    part: NDArray[np.int8]

    def displacement(self, weights: Float) -> Float:
        """(V, 3) for weights (K,)."""
        used = np.flatnonzero(weights)
        return np.tensordot(weights[used], self.shapes[used], 1).astype(np.float32)


@dataclass(frozen=True)
class FaceKit:
    """A registered face model.

    Attributes:
        names: the K blendshapes.
        landmarks: (468, 3) MediaPipe's mean face; the skin lies on it.
        landmark_shapes: (K, 468, 3) displacement of the landmarks.
        skin: face and the beginning of neck and ears.
        mouth: what is behind the lips; not deformed to the mean face, only moved and narrowed.
    """

    names: tuple[str, ...]
    landmarks: Float
    landmark_shapes: Float
    skin: Surface
    mouth: Surface

    def save(self, path: Path) -> None:
        """Write an npz of about 4 MB; displacements in float16 (finer than 0.0003 IOD)."""
        arrays: dict[str, NDArray[np.generic]] = {
            "names": np.array(self.names),
            "landmarks": self.landmarks,
            "landmark_shapes": self.landmark_shapes.astype(np.float16),
        }
        for name, surface in (("skin", self.skin), ("mouth", self.mouth)):
            arrays |= {
                f"{name}_vertices": surface.vertices,
                f"{name}_triangles": surface.triangles.astype(np.uint16),
                f"{name}_shapes": surface.shapes.astype(np.float16),
                f"{name}_part": surface.part,
            }
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as f:
            np.savez_compressed(f, **arrays)  # type: ignore[arg-type]

    @staticmethod
    def load(path: Path) -> "FaceKit":
        """Read what `save` wrote.

        Raises:
            InputError: no such file, or not a face kit.
        """
        try:
            with np.load(path, allow_pickle=False) as z:
                data = {name: z[name] for name in z.files}
            surfaces = [
                Surface(
                    data[f"{name}_vertices"],
                    data[f"{name}_triangles"].astype(np.int32),
                    data[f"{name}_shapes"].astype(np.float32),
                    data[f"{name}_part"],
                )
                for name in ("skin", "mouth")
            ]
            names = tuple(str(name) for name in data["names"])
            return FaceKit(names, data["landmarks"], data["landmark_shapes"].astype(np.float32), *surfaces)
        except FileNotFoundError:
            raise InputError(
                "There is no face kit {path}; make it with python -m reggan.engine facekit.", path=path
            ) from None
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
            raise InputError("{path} is not a face kit made by python -m reggan.engine facekit.", path=path) from None

    def weights(self, named: dict[str, float]) -> Float:
        """(K,) from names; a name without side stands for both sides.

        Raises:
            InputError: a name that the kit does not have.
        """
        index = {name: k for k, name in enumerate(self.names)}
        w = np.zeros(len(self.names), np.float32)
        for name, value in named.items():
            found = [n for n in (name, f"{name}_L", f"{name}_R") if n in index]
            if not found:
                raise InputError("The face kit has no blendshape called {name}.", name=repr(name))
            for n in found:
                w[index[n]] += value
        return w
