"""A person who does not exist, half way between two photographs."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from reggan.engine.fit.photo import FINE, Photo
from reggan.engine.pixels import sample, soft_mask, to_bytes, to_lab
from reggan.engine.raster import rasterise
from reggan.faces.topology import MESH

Float = NDArray[np.float32]

_FEATHER = 0.10  # IOD, how softly the second face ends at the outline
_SHRINK = 0.93  # of the outline: hair and jaw line stay the first person's


def morph(first: Photo, second: Photo, share: float) -> Photo:
    """Blend two aligned photographs of one size.

    Shape goes from the first towards the second by `share`, everywhere. The second's skin, in the first's colours, is
    blended in by `share` inside the face alone: hair, clothes and wall of two pictures would show through each other.

    Args:
        share: in [0, 1] of the second person.
    """
    a, b = first.to_fine(first.landmarks), first.to_fine(second.landmarks)
    goal = (1 - share) * a + share * b
    side = len(first.pixels)
    frame = _frame(side)
    corners = np.concatenate([goal[:MESH], frame])
    triangles = Delaunay(corners).simplices.astype(np.int32)
    sources = np.hstack([np.concatenate([p[:MESH], frame]) for p in (a, b)])
    at, _ = rasterise(
        corners.astype(np.float32),
        np.zeros(len(corners), np.float32),
        triangles,
        sources.astype(np.float32),
        side,
        side,
    )
    pictures = sample(first.pixels, at[..., :2]), sample(second.pixels, at[..., 2:])
    inside = _inside(goal, side, FINE * first.iod)
    second_skin = _match_colours(pictures[1], pictures[0], inside > 0.9)
    blended = pictures[0] + (share * inside)[..., None] * (second_skin - pictures[0])
    landmarks = (1 - share) * first.landmarks + share * second.landmarks
    return Photo(to_bytes(blended, white=255), landmarks, first.size)


def _frame(side: int) -> NDArray[np.float64]:
    """(16, 2) points along the border that stay where they are."""
    t = np.linspace(0, side - 1, 5)[:-1]
    end = np.full_like(t, side - 1)
    zero = np.zeros_like(t)
    return np.concatenate([np.stack(p, 1) for p in ((t, zero), (end, t), (side - 1 - t, end), (zero, side - 1 - t))])


def _inside(points: NDArray[np.float64], side: int, iod: float) -> Float:
    """(N, N) 1 inside the face, 0 outside, soft in between."""
    outline = cv2.convexHull(points[:MESH].astype(np.float32))[:, 0]
    outline = outline.mean(0) + _SHRINK * (outline - outline.mean(0))
    return soft_mask(outline, side, _FEATHER * iod)


def _match_colours(picture: NDArray[np.uint8], reference: NDArray[np.uint8], mask: NDArray[np.bool_]) -> Float:
    """Mean and spread of each CIE Lab channel inside the mask brought to the reference's."""
    lab, wanted = to_lab(picture), to_lab(reference)
    for k in range(3):
        here, there = lab[..., k][mask], wanted[..., k][mask]
        gain = np.clip(there.std() / max(float(here.std()), 1e-3), 0.7, 1.4)
        lab[..., k] = (lab[..., k] - here.mean()) * gain + there.mean()
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * np.float32(255)
