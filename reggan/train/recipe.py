"""The recipe of the weights: every number of both stages' training. All are our choice; what they were tried against is
in docs/experiments.md."""

from dataclasses import dataclass

#: lambda of stage 1's ridge regression.
RIDGE = 0.05


@dataclass(frozen=True)
class AdversarialRecipe:
    """What all adversarial training has in common."""

    discriminator_lr: float = 5e-4
    adversarial: float = 0.03
    feature_matching: float = 0.3
    r1: float = 2e-4  # of the slope of the sum of overlapping patches, so small; every few steps
    ema: float = 0.998
    restyle: float = 0.5  # share of the batches that get another look
    every: int = 500  # steps from one validation, sample sheet and checkpoint to the next
    seed: int = 0


@dataclass(frozen=True)
class RefinementRecipe(AdversarialRecipe):
    """Stage 2: reconstruction first, then adversarial training on top of it."""

    steps: int = 8000  # reconstruction
    adversarial_steps: int = 2000
    batch: int = 8
    lr: float = 6e-4
    adversarial_lr: float = 2e-4
    guide: float = 0.004  # per pixel of distance; fades over the first third
    smoothness: float = 0.004
    economy: float = 0.01
    mouth: float = 3.0  # extra weight of errors inside and at the lips
    expressive: float = 0.5  # share of the pairs whose source has an expression already
    occluded: float = 0.15  # share of the pairs with something in front of the face


@dataclass(frozen=True)
class MouthRecipe(AdversarialRecipe):
    """The detail of the mouth, likewise."""

    steps: int = 2000
    adversarial_steps: int = 1500
    batch: int = 12
    lr: float = 1e-3
    adversarial_lr: float = 3e-4
    inside: float = 3.0  # weight of errors between the lips; around them 0.3
