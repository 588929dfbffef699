"""Batches for stage 2: sampled, flipped, restyled pairs with jittered landmarks and their frame."""

from typing import NamedTuple

import torch
from torch import Tensor

from reggan.faces.topology import CONTROL, MIRROR
from reggan.model.frame import FrameMaps, LandmarkFrame, mirrored, sample
from reggan.pairs.layout import Subject
from reggan.train.initialise import into_frame
from reggan.train.restyle import jpeg, restyle


class Pairs(NamedTuple):
    pair: Tensor  # (B, 6, S, S) input and target in [0, 1]
    landmarks: Tensor  # (B, 478, 2) of the input, jittered
    c: Tensor  # (B, 6)
    chosen: list[tuple[int, int]]  # subject and target
    mirrored: Tensor  # (B,) bool, on the CPU


class Batch(NamedTuple):
    crop: Tensor  # (B, 3, S, S) input, in the crop
    frame: FrameMaps  # (B, S, S, 2) each
    seen: Tensor  # (B, 3, S, S) what the network sees: the input in the frame, with noise now and then
    target: Tensor  # (B, 3, S, S), in the frame
    c: Tensor  # (B, 6)
    guide: Tensor  # (B, 2, 64, 64), first guess of the displacement


def mirror(landmarks: Tensor, size: int) -> Tensor:
    """Landmarks of the mirrored image, (..., 478, 2); only `CONTROL` is right, which is all the frame needs."""
    out = landmarks.clone()
    control = landmarks[..., list(CONTROL), :][..., list(MIRROR), :]
    out[..., list(CONTROL), :] = control * control.new_tensor([-1.0, 1.0]) + control.new_tensor([size - 1.0, 0.0])
    return out


def jitter(landmarks: Tensor, amount: float = 1.0) -> Tensor:
    """Landmarks as a worse detector finds them: a small similarity, and half a pixel each; times `amount`."""
    b = len(landmarks)
    centre = landmarks.mean(1, keepdim=True)
    angle, scale = 0.02 * amount * torch.randn(b, 1), 1 + 0.015 * amount * torch.randn(b, 1)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    rotation = torch.stack([torch.cat([cos, -sin], 1), torch.cat([sin, cos], 1)], 1)  # (B, 2, 2)
    moved = (landmarks - centre) @ rotation.mT + centre + amount * torch.randn(b, 1, 2)
    return moved + 0.5 * amount * torch.randn_like(landmarks)


def degrade(seen: Tensor) -> Tensor:
    """Noise on three images in ten and JPEG artefacts on one of the batch, (B, 3, S, S); for the input alone."""
    b = len(seen)
    noisy = torch.rand(b, 1, 1, 1, device=seen.device) < 0.3
    noise = 0.06 * torch.rand(b, 1, 1, 1, device=seen.device) * torch.randn_like(seen)
    seen = (seen + noisy * noise).clamp(0, 1)
    coded = int(torch.randint(b, ()))
    seen[coded : coded + 1] = jpeg(seen[coded : coded + 1], int(torch.randint(25, 101, ())))
    return seen


class PairSampler:
    """Draws pairs; those at full strength twice as often. A share `restyle` of the batches gets another look."""

    def __init__(self, subjects: list[Subject], device: str | torch.device, restyle: float = 1) -> None:
        self.subjects, self.device, self.restyle = subjects, device, restyle
        self.index = [(i, j) for i, s in enumerate(subjects) for j in range(len(s.c))]
        self.weight = torch.tensor([2.0 if float(subjects[i].c[j].max()) == 1 else 1.0 for i, j in self.index])

    def draw(self, size: int) -> Pairs:
        """`size` pairs in the crop, half of them mirrored."""
        chosen = [self.index[k] for k in torch.multinomial(self.weight, size).tolist()]
        people = [self.subjects[i] for i, _ in chosen]
        x = torch.stack([s.neutral for s in people])
        y = torch.stack([self.subjects[i].targets[j] for i, j in chosen])
        landmarks = torch.stack([s.landmarks for s in people])
        c = torch.stack([self.subjects[i].c[j] for i, j in chosen])
        pair = torch.cat([x, y], 1).float() / 255  # (B, 6, S, S)

        flip = torch.rand(size) < 0.5
        pair[flip] = pair[flip].flip(-1)
        landmarks[flip] = mirror(landmarks[flip], pair.shape[-1])
        restyled = self.restyle == 1 or bool(torch.rand(()) < self.restyle)
        # On photographs the detector is as good as on the pairs; jitter there would blur what the mean maps can learn.
        landmarks = jitter(landmarks, 0.5 if restyled else 0.15)
        pair, landmarks, c = (t.to(self.device) for t in (pair, landmarks, c))
        if restyled:
            pair = restyle(pair)
        return Pairs(pair, landmarks, c, chosen, flip)


class Sampler:
    """Brings drawn pairs, and the optical flow between them, into the frame."""

    def __init__(self, pairs: PairSampler, flows: list[Tensor], frame: LandmarkFrame) -> None:
        self.pairs, self.flows, self.frame = pairs, flows, frame

    def draw(self, size: int) -> Batch:
        pair, landmarks, c, chosen, flip = self.pairs.draw(size)
        flow = torch.stack([self.flows[i][j] for i, j in chosen]).float()
        flow[flip] = mirrored(flow[flip])
        maps = self.frame(landmarks, pair.shape[-1])
        in_frame = sample(pair, maps.to_crop).clamp(0, 1)
        seen, target = in_frame.split(3, 1)
        guide = into_frame(flow.to(pair.device), maps.to_crop)
        return Batch(pair[:, :3], maps, degrade(seen), target, c, guide)
