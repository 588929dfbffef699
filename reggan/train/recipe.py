"""The recipe of the weights: every number of both stages' training. All are our choice; what they were tried against is
in docs/experiments.md."""

from dataclasses import dataclass

#: lambda of stage 1's ridge regression.
RIDGE = 0.05


@dataclass(frozen=True)
class RefinementRecipe:
    """Stage 2: reconstruction first, then adversarial training on top of it."""

    steps: int = 4000  # reconstruction
    adversarial_steps: int = 1000
    batch: int = 8
    lr: float = 6e-4
    adversarial_lr: float = 2e-4
    discriminator_lr: float = 5e-4
    adversarial: float = 0.03
    feature_matching: float = 0.3
    r1: float = 2e-4  # of the slope of the sum of overlapping patches, so small; every 16 steps
    guide: float = 0.004  # per pixel of distance; fades over the first third
    smoothness: float = 0.004
    economy: float = 0.01
    mouth: float = 3.0  # extra weight of errors inside and at the lips
    expressive: float = 0.5  # share of the pairs whose source has an expression already
    occluded: float = 0.15  # share of the pairs with something in front of the face
    restyle: float = 0.5  # share of the batches that get another look
    ema: float = 0.998
    every: int = 500  # steps from one validation, sample sheet and checkpoint to the next
    seed: int = 0


@dataclass(frozen=True)
class MouthRecipe:
    """The detail of the mouth."""

    steps: int = 3500
    batch: int = 8
    lr: float = 1.5e-3
    image: float = 4.0  # weight of the output between the lips and next to them
    colours: float = 2.0  # of what is drawn between the lips, before it is weighted
    contrast: float = 4.0  # of the colours' spread within a few pixels: what is uncertain must not become grey
    belief_between: float = 0.5  # of doubt about what is drawn between the lips
    belief_beyond: float = 0.1  # of doubt about the skin around them
    places: float = 3.0  # of an eye distance by which teeth are elsewhere
    lips: float = 0.3
    ema: float = 0.995
    restyle: float = 0.6  # share of the batches that get another look
    reduced: float = 0.3  # share of the batches that show the target made small
    every: int = 500
    seed: int = 0
