"""Landmarks for tests: MediaPipe's mean face in the aligned crop, and others that differ from it smoothly."""

import numpy as np
import torch

from reggan.faces import alignment_matrix, transform
from reggan.faces.marks import mean_face as _mean_face
from reggan.model.frame import FrameMaps, pixel_grid
from reggan.model.refinement import Placement


def mean_face() -> torch.Tensor:
    """(478, 2), in pixels of the crop."""
    points = _mean_face()[:, :2]
    return torch.from_numpy(transform(points, alignment_matrix(points)).astype(np.float32))


def moved(face: torch.Tensor, pixels: float, seed: int = 0) -> torch.Tensor:
    """Longer chin, wider mouth: a smooth change of proportions."""
    centre = face.mean(0)
    g = torch.Generator().manual_seed(seed)
    bend = 1 + pixels / 100 * torch.randn(2, generator=g)
    return (face - centre) * bend + centre + pixels * torch.sin(face.flip(1) / 40)


def unwarped(size: int = 64) -> Placement:
    """Where a face lies that has the mean shape already, and fills the frame."""
    grid = pixel_grid(size, torch.zeros(1))
    return Placement(FrameMaps(grid, grid), grid, torch.ones(1, 1, size, size))
