"""MediaPipe's face mesh, made thread-safe and kept from writing to stderr."""

import contextlib
import functools
import os
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAX_FACES = 20  # per view
ONE_AT_A_TIME = threading.Lock()  # only one thread may run a graph at a time; a run takes about 10 ms


def find_meshes(image: NDArray[np.uint8], threshold: float = 0.3) -> list[NDArray[np.float64]]:
    """Every face mesh that MediaPipe finds in a single look at the picture.

    The detector behind it works on 128 x 128 pixels: it finds upright faces whose eyes are at least 0.05 of the
    picture's longer side apart.

    Args:
        image: (H, W, 3) uint8 RGB.
        threshold: minimum score in [0, 1], for the detector and for the landmark network.

    Returns:
        For each face, (478, 2) float64 pixel positions. Measured, not documented: MediaPipe's normalised coordinates
        times the picture's size already have pixel centres at integers; no half pixel has to be subtracted.
    """
    with ONE_AT_A_TIME:
        found = _graph(threshold).process(np.ascontiguousarray(image)).multi_face_landmarks or []
    side = np.array([image.shape[1], image.shape[0]], np.float64)
    return [np.array([(p.x, p.y) for p in face.landmark]) * side for face in found]


@functools.lru_cache(maxsize=4)
def _graph(threshold: float) -> Any:
    """One graph per threshold for the whole process: building it is slow, and in static mode it keeps no state."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with stderr_closed():
        from mediapipe.python.solutions.face_mesh import FaceMesh

        def build(score: float) -> Any:
            return FaceMesh(
                static_image_mode=True,
                max_num_faces=_MAX_FACES,
                refine_landmarks=True,
                min_detection_confidence=score,
                min_tracking_confidence=score,
            )

        blank = np.zeros((64, 64, 3), np.uint8)
        with build(0.0) as everything:  # finds a face in anything: every part runs and logs its start now
            everything.process(blank)
        graph = build(threshold)
        graph.process(blank)
    return graph


@contextlib.contextmanager
def stderr_closed() -> Iterator[None]:
    """Drop what native code writes to stderr; Python's own exceptions are not affected."""
    try:
        saved = os.dup(2)
    except OSError:  # there is no stderr
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
