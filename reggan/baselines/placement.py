"""The two places in which a rival can work: the crop aligned by the eyes, as all were published, and RegGAN's frame.

In the frame a rival gets what RegGAN gets: the face warped to the mean shape and laid over the face at rest, and its
change brought back into the crop at full resolution, so that what it does not change stays as sharp as it was.
"""

from dataclasses import replace
from typing import NamedTuple

import torch
import torch.nn as nn
from torch import Tensor

from reggan.expressions import relaxation
from reggan.faces.align import rescaled
from reggan.model.arrays import shrink, to_float
from reggan.model.frame import LandmarkFrame, pixel_grid, sample, skin_moves
from reggan.model.neutral import NeutralEstimator, come_and_leave, further
from reggan.model.reggan import channels_last
from reggan.pairs.layout import Subject

EYES, FRAME = "eyes", "frame"
ALIGNED = (EYES, FRAME)


class Placed(NamedTuple):
    """Faces brought into the frame."""

    x: Tensor  # (B, 3, S, S) the face in the frame
    base: Tensor  # (B, 3, S, S) the crop, with the skin moved to where it lies when the present expression goes
    to_frame: Tensor  # (B, S, S, 2) where in the frame a pixel of it lies

    def back(self, change: Tensor) -> Tensor:
        """The crop with a change in the frame, (B, 3, h, w), added: (B, 3, S, S), not clipped."""
        return self.base + sample(change, self.to_frame, "bilinear")


class InFrame(nn.Module):
    """RegGAN's frame around another system. It has no weights but those of stage 1's file: the mean shape, and what a
    face does already."""

    def __init__(self) -> None:
        super().__init__()
        self.frame, self.neutral = LandmarkFrame(), NeutralEstimator()

    def forward(self, crop: Tensor, landmarks: Tensor, c: Tensor) -> Placed:
        """Crops (B, 3, S, S), their landmarks (B, 478, 2) and what is asked for (B, 6); see `RegGAN.stage_1`."""
        size = crop.shape[-1]
        maps = self.frame(landmarks, size)
        x = sample(crop, maps.to_crop).clamp(0, 1)
        rest, present = self.neutral(landmarks, size)
        goes = torch.from_numpy(relaxation(c.cpu().numpy(), neutral=1)).to(c)
        there = self.neutral.leaving(present)
        comes, goes = come_and_leave(there, c, goes)
        goes = goes * further(there, comes)
        goal = self.frame(torch.lerp(landmarks, rest, goes[:, None, None]), size)
        moves = channels_last(skin_moves(maps.to_crop, goal))
        return Placed(x, sample(crop, pixel_grid(size, crop) + moves), goal.to_frame)


def smaller(subject: Subject, size: int) -> Subject:
    """A subject with crops of `size` x `size`, averaged on the way down; without optical flow."""
    side = subject.neutral.shape[-1]

    def image(t: Tensor) -> Tensor:
        small = shrink(to_float(t.reshape(-1, 3, side, side)), size)
        return (small * 255).round().byte().reshape(*t.shape[:-2], size, size)

    def points(t: Tensor) -> Tensor:
        return rescaled(t, size / side)

    return replace(
        subject,
        neutral=image(subject.neutral),
        landmarks=points(subject.landmarks),
        targets=image(subject.targets),
        target_landmarks=None if subject.target_landmarks is None else points(subject.target_landmarks),
        flow=None,
        smile=None if subject.smile is None else image(subject.smile),
        smile_landmarks=None if subject.smile_landmarks is None else points(subject.smile_landmarks),
    )
