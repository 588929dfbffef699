"""Batches for stage 2: sampled, flipped, restyled pairs with jittered landmarks and their frame.

Any of a person's pictures may be the source of any other: the neutral, an expression, a real smile. From a source with
an expression s to a target t, all of s leaves and t comes; or, where s = a e_k is one basic expression and t has b of
it too, as much of s stays as both have, and the rest of t comes (`come_and_leave` in `reggan/model/neutral.py`).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from reggan.expressions import relaxation
from reggan.faces.topology import CONTROL, MIRROR
from reggan.model.frame import FrameMaps, mirrored, sample
from reggan.model.refinement import Placement
from reggan.model.reggan import RegGAN
from reggan.pairs.layout import AT_REST, SMILING, Subject
from reggan.train.initialise import Flows, displacement_between
from reggan.train.occlude import occlude
from reggan.train.restyle import jpeg, restyle

_EXPRESSIVE = 0.5  # least strength of an expression that makes a source; weaker ones are taken for neutral at inference
_TO_NEUTRAL = 0.3  # share of the expressive sources whose target is the neutral
_BY_PART = 0.5  # share of the targets with something of the source, in which that stays
_SMILE_WEIGHT = 8.0  # of a real smile among the sources; an expression of the engine counts 1
_SMILE_LOSS = 0.5  # it and the neutral are two photographs, and not all differences are the smile


class Choice(NamedTuple):
    """One pair to draw: which subject's, from which of its pictures to which."""

    subject: int
    source: int
    target: int


class Pairs(NamedTuple):
    pair: Tensor  # (B, 6, S, S) input and target in [0, 1]
    landmarks: Tensor  # (B, 478, 2) of the input, jittered
    goal: Tensor  # (B, 478, 2) of the same face, when what leaves has gone
    c: Tensor  # (B, 6) what comes
    relax: Tensor  # (B,) share of what is there that leaves
    shows: Tensor  # (B, 6) the target's expression
    chosen: list[Choice]
    mirrored: Tensor  # (B,) bool, on the CPU


class Batch(NamedTuple):
    crop: Tensor  # (B, 3, S, S) input, in the crop
    placement: Placement
    seen: Tensor  # (B, 3, S, S) what the network sees: the input in the frame, with noise now and then
    target: Tensor  # (B, 3, S, S), in the frame
    c: Tensor  # (B, 6) what comes
    leaving: Tensor  # (B, 6)
    shows: Tensor  # (B, 6) the target's expression
    guide: Tensor  # (B, 2, 64, 64), first guess of the displacement
    weight: Tensor  # (B, 1, S, S) of errors
    guided: Tensor  # (B,) 1, or 0 without a first guess


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
    """Draws pairs; those at full strength twice as often. A share `restyle` of the batches gets another look, a share
    `expressive` of the pairs has a source that is not neutral, where the data have landmarks for it, and in a share
    `occluded` something is in front of the face."""

    def __init__(
        self,
        subjects: list[Subject],
        device: str | torch.device,
        restyle: float = 1,
        expressive: float = 0,
        occluded: float = 0,
    ) -> None:
        self.subjects, self.device = subjects, device
        self.restyle, self.expressive, self.occluded = restyle, expressive, occluded
        self.index = [(i, j) for i, s in enumerate(subjects) for j in range(len(s.c))]
        self.weight = torch.tensor([2.0 if float(subjects[i].c[j].max()) == 1 else 1.0 for i, j in self.index])
        self.sources = [
            (i, j) for i, j in self.index if subjects[i].target_landmarks is not None and _strong(subjects[i].c[j])
        ]
        self.sources += [(i, SMILING) for i, s in enumerate(subjects) if s.smile is not None]
        self.source_weight = torch.tensor([_SMILE_WEIGHT if j == SMILING else 1.0 for _, j in self.sources])

    def draw(self, size: int) -> Pairs:
        """`size` pairs in the crop, half of them mirrored."""
        chosen = [self._choose() for _ in range(size)]
        sources = [self.subjects[i].picture(source) for i, source, _ in chosen]
        targets = [
            s.neutral if k == AT_REST else s.targets[k] for s, k in ((self.subjects[i], k) for i, _, k in chosen)
        ]
        pair = torch.stack([torch.cat([x, y]) for (x, _), y in zip(sources, targets, strict=True)]).float() / 255
        landmarks = torch.stack([points for _, points in sources])
        c, relax, shows = (torch.stack(t) for t in zip(*(self._told(k) for k in chosen), strict=True))
        rest = torch.stack([self.subjects[i].landmarks for i, *_ in chosen])
        goal = torch.lerp(landmarks, rest, relax[:, None, None])

        flip = torch.rand(size) < 0.5
        pair[flip] = pair[flip].flip(-1)
        landmarks[flip], goal[flip] = (mirror(t[flip], pair.shape[-1]) for t in (landmarks, goal))
        pair = occlude(pair, landmarks, self.occluded)
        restyled = self.restyle == 1 or bool(torch.rand(()) < self.restyle)
        # On photographs the detector is as good as on the pairs; jitter there would blur what the mean maps can learn.
        moved = jitter(landmarks, 0.5 if restyled else 0.15)
        goal = goal + (moved - landmarks)
        pair, moved, goal, c, relax, shows = (t.to(self.device) for t in (pair, moved, goal, c, relax, shows))
        if restyled:
            pair = restyle(pair)
        return Pairs(pair, moved, goal, c, relax, shows, chosen, flip)

    def _choose(self) -> Choice:
        if not self.sources or float(torch.rand(())) >= self.expressive:
            i, j = self.index[int(torch.multinomial(self.weight, 1))]
            return Choice(i, AT_REST, j)
        i, source = self.sources[int(torch.multinomial(self.source_weight, 1))]
        targets = [j for j in range(len(self.subjects[i].c)) if j != source]
        if not targets or float(torch.rand(())) < _TO_NEUTRAL:
            return Choice(i, source, AT_REST)
        return Choice(i, source, targets[int(torch.randint(len(targets), ()))])

    def _told(self, choice: Choice) -> tuple[Tensor, Tensor, Tensor]:
        """What comes (6,), which share of what is there leaves (), and the target's expression (6,)."""
        s = self.subjects[choice.subject]
        none = torch.zeros(s.c.shape[1])
        shows = none if choice.target == AT_REST else s.c[choice.target]
        if choice.source == AT_REST:
            return shows, torch.from_numpy(relaxation(shows[None].numpy()))[0], shows
        if choice.source >= 0:
            there = s.c[choice.source]
            k = int(there.argmax())
            alone = float(there[k]) == float(there.sum())
            if alone and float(shows[k]) > 0 and float(torch.rand(())) < _BY_PART:
                stays = none.clone()
                stays[k] = torch.minimum(shows[k], there[k])
                return shows - stays, 1 - stays[k] / there[k], shows
        return shows, torch.ones(()), shows


def _strong(c: Tensor) -> bool:
    return float(c.max()) >= _EXPRESSIVE


class Sampler:
    """Brings drawn pairs, and the displacement between them, into the frame of `model`."""

    def __init__(self, pairs: PairSampler, flows: Flows, model: RegGAN) -> None:
        self.pairs, self.flows, self.frame, self.neutral = pairs, flows, model.frame, model.neutral

    @torch.no_grad()
    def draw(self, size: int) -> Batch:
        pair, landmarks, goal, c, relax, shows, chosen, flip = self.pairs.draw(size)
        side = pair.shape[-1]
        maps = self.frame(landmarks, side)
        to_goal = self.frame.to_crop(goal, side)
        face = self.frame.face(side)
        _, present = self.neutral(landmarks, side)
        leaving = relax[:, None] * self.neutral.leaving(present)
        crop, target = pair.split(3, 1)
        seen, target = sample(crop, maps.to_crop).clamp(0, 1), sample(target, to_goal).clamp(0, 1)
        guide, guided = self._guide(chosen, flip, maps, to_goal)
        smiles = torch.tensor([k.source == SMILING for k in chosen], device=pair.device)[:, None, None, None]
        weight = torch.where(smiles, _SMILE_LOSS * face, torch.ones_like(face))
        placement = Placement(maps, to_goal, face)
        return Batch(crop, placement, degrade(seen), target, c, leaving, shows, guide, weight, guided)

    def _guide(self, chosen: list[Choice], flip: Tensor, maps: FrameMaps, to_goal: Tensor) -> tuple[Tensor, Tensor]:
        none = torch.zeros_like(self.flows.there[0][0]).float()
        there = torch.stack([none if b < 0 else self.flows.there[i][b].float() for i, _, b in chosen])
        back = torch.stack([none if a < 0 else self.flows.back[i][a].float() for i, a, _ in chosen])
        there[flip], back[flip] = mirrored(there[flip]), mirrored(back[flip])
        there, back = there.to(to_goal.device), back.to(to_goal.device)
        guided = torch.tensor([float(k.source != SMILING) for k in chosen], device=to_goal.device)
        return displacement_between(there, back, maps.to_crop, to_goal), guided
