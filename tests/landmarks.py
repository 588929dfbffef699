"""Landmarks for tests: MediaPipe's mean face in the aligned crop, and others that differ from it smoothly."""

import numpy as np
import torch

from reggan.faces import alignment_matrix, transform
from reggan.faces.detect import _mean_face


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
