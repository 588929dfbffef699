"""Training of the other systems on the same pairs as RegGAN, with the same restyling; resumable.

StarGAN, US-GAN and SARGAN were published with unpaired training: Wasserstein loss with gradient penalty 10,
classification loss 1, cycle loss (10 in StarGAN, 1 in the others), five critic steps per generator step, 200,000 steps
of Adam at 1e-4. That is not feasible without a graphics card. Our choice, in their favour: we add a paired L1 loss, use
a higher learning rate that decays, take one critic step per generator step, and average weights as for RegGAN; the
weights kept are those of the least validation error, which RegGAN's are not. Penalty and cycle are taken every few
steps and count as many times as much. pix2pix is trained as published except for the learning rate and the averaging.
Masked regression and LSRF are solved, not trained.

The sources are RegGAN's, half of them with an expression already. The critic's label and the generator's are what the
target shows; the cycle leads back to neutral sources only, because of others not every strength is known.
"""

import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from reggan.baselines import baseline
from reggan.baselines.baseline import FILE, GENERATORS, Baseline
from reggan.baselines.blocks import ClassCritic, Generator
from reggan.baselines.lsrf import LSRF
from reggan.baselines.masked_regression import MaskedRegression
from reggan.baselines.pix2pix import PatchCritic
from reggan.baselines.placement import InFrame, smaller
from reggan.expressions import BASIC
from reggan.model.arrays import to_float, to_uint8
from reggan.model.frame import sample
from reggan.pairs.layout import AT_REST, Subject
from reggan.train.batches import PairSampler, degrade
from reggan.train.loop import Trainer, run
from reggan.train.precision import autocast
from reggan.train.samples import sheet
from reggan.train.validate import errors_of

#: Solved in closed form.
SOLVED: dict[str, type[MaskedRegression] | type[LSRF]] = {"masked-regression": MaskedRegression, "lsrf": LSRF}


@dataclass(frozen=True)
class RivalRecipe:
    """Losses are as published, where they are; the rest is our choice."""

    steps: int = 10_000
    patience: int = 2000  # steps without a lower validation error, after which training ends
    batch: int = 4
    width: int = 64  # channels of the first layer; 64 as published, fewer are faster
    lr: float = 5e-4
    critic_lr: float = 2e-4
    l1: float = 100.0  # the images are in [-1, 1] in all losses
    adversarial: float = 1.0
    classification: float = 1.0
    cycle: float = 1.0
    gradient_penalty: float = 10.0
    penalty_every: int = 4  # steps between penalties; the weight is multiplied by as much
    cycle_every: int = 4  # likewise
    ridge: float = 0.4  # lambda of masked regression and LSRF
    restyle: float = 0.5  # as RegGAN's, with the next two
    expressive: float = 0.5
    occluded: float = 0.15
    ema: float = 0.998
    every: int = 500  # steps between validations, sample sheets and checkpoints
    seed: int = 0


class RivalTrainer(Trainer):
    """Trains the network called `name`: any of `NAMES` but `SOLVED`.

    Args:
        training: people, whose crops are made as small as the network's; none, if only `learn` is called.
        place: RegGAN's frame, or None for the crop aligned by the eyes.
    """

    judged = "refined_ratio_128"  # of systems that work at 128 x 128

    def __init__(
        self,
        name: str,
        recipe: RivalRecipe,
        training: list[Subject],
        validation: list[Subject],
        device: torch.device,
        place: InFrame | None = None,
    ) -> None:
        self.name, self.recipe, self.validation, self.device = name, recipe, validation, device
        self.steps, self.every, self.seed, self.patience = recipe.steps, recipe.every, recipe.seed, recipe.patience
        self.place = None if place is None else place.to(device)
        make = GENERATORS[name]
        self.model: Generator = make(width=recipe.width).to(device)
        self.average: Generator = make(width=recipe.width).to(device)
        self.critic: nn.Module = (PatchCritic if name == "pix2pix" else ClassCritic)(recipe.width).to(device)
        self.opt = torch.optim.Adam(self.model.parameters(), lr=recipe.lr, betas=(0.5, 0.999))
        self.critic_opt = torch.optim.Adam(self.critic.parameters(), lr=recipe.critic_lr, betas=(0.5, 0.999))
        super().__init__(self.model, self.average, self.opt, recipe.ema, self.critic, self.critic_opt)
        small = [smaller(s, self.model.size) for s in training]
        shares = recipe.restyle, recipe.expressive, recipe.occluded
        self.sampler = PairSampler(small, device, *shares) if small else None
        self.autocast = autocast(device)

    def train_step(self) -> dict[str, float]:
        assert self.sampler is not None
        b = self.sampler.draw(self.recipe.batch)
        x, y = b.pair.split(3, 1)
        if self.place is not None:
            frame, side = self.place.frame, x.shape[-1]
            x, y = (sample(t, frame.to_crop(p, side)).clamp(0, 1) for t, p in ((x, b.landmarks), (y, b.goal)))
        neutral = torch.tensor([k.source == AT_REST for k in b.chosen], device=x.device)
        return self.learn(degrade(x), y, b.shows, neutral)

    def learn(self, x: Tensor, y: Tensor, c: Tensor, neutral: Tensor | None = None) -> dict[str, float]:
        """One step of critic and generator on x and y (B, 3, size, size) in [0, 1], and what y shows, c (B, 6).

        `neutral` (B,) bool tells which x are neutral; all, if not given.
        """
        schedule = min(1.0, (self.step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * self.step / self.recipe.steps))
        self.opt.param_groups[0]["lr"] = self.recipe.lr * schedule
        paired = self.name == "pix2pix"
        with self.autocast:
            fake = self.model(x, c)
            x_, y_, fake_ = (2 * t - 1 for t in (x, y, fake))
            critic = self._patch_critic(x_, y_, fake_, c) if paired else self._class_critic(y_, fake_, c)
        self._apply(self.critic_opt, critic)
        self.critic.requires_grad_(False)
        with self.autocast:
            parts = self._patch_loss(x_, fake_, c) if paired else self._class_loss(x, fake, c, neutral)
        self.critic.requires_grad_(True)
        parts["l1"] = self.recipe.l1 * F.l1_loss(fake_, y_)
        self._apply(self.opt, torch.stack(list(parts.values())).sum())
        return {"critic": critic.item()} | {k: v.item() for k, v in parts.items()}

    @staticmethod
    def _apply(opt: torch.optim.Optimizer, loss: Tensor) -> None:
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()

    # -- StarGAN, US-GAN, SARGAN ---------------------------------------------------------------------------------------

    def _class_critic(self, real: Tensor, fake: Tensor, c: Tensor) -> Tensor:
        """Wasserstein loss, gradient penalty (Gulrajani et al. 2017) and classification of the real images."""
        fake = fake.detach()
        scores, logits = self.critic(torch.cat([real, fake]))
        on_real, on_fake = scores.float().chunk(2)
        loss = on_fake.mean() - on_real.mean() + self.recipe.classification * _classification(logits[: len(real)], c)
        if self.step % self.recipe.penalty_every == 0:
            share = torch.rand(len(real), 1, 1, 1, device=real.device)
            between = (share * real + (1 - share) * fake).requires_grad_(True)
            (slope,) = torch.autograd.grad(self.critic(between)[0].float().sum(), between, create_graph=True)
            penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
            loss = loss + self.recipe.penalty_every * self.recipe.gradient_penalty * penalty
        return loss

    def _class_loss(self, x: Tensor, fake: Tensor, c: Tensor, neutral: Tensor | None) -> dict[str, Tensor]:
        score, logits = self.critic(2 * fake - 1)
        parts = {
            "adversarial": -self.recipe.adversarial * score.float().mean(),
            "classification": self.recipe.classification * _classification(logits, c),
        }
        if self.step % self.recipe.cycle_every == 0 and (neutral is None or bool(neutral.any())):
            there, goal = (fake, x) if neutral is None else (fake[neutral], x[neutral])
            back = self.model(there, torch.zeros_like(c[: len(there)]))
            parts["cycle"] = self.recipe.cycle_every * self.recipe.cycle * 2 * F.l1_loss(back, goal)
        return parts

    # -- pix2pix -------------------------------------------------------------------------------------------------------

    def _patch_critic(self, x: Tensor, real: Tensor, fake: Tensor, c: Tensor) -> Tensor:
        two = self.critic(torch.cat([x, x]), torch.cat([real, fake.detach()]), torch.cat([c, c])).float()
        on_real, on_fake = two.chunk(2)
        return 0.5 * (F.softplus(-on_real).mean() + F.softplus(on_fake).mean())

    def _patch_loss(self, x: Tensor, fake: Tensor, c: Tensor) -> dict[str, Tensor]:
        return {"adversarial": self.recipe.adversarial * F.softplus(-self.critic(x, fake, c).float()).mean()}

    # -- what the loop asks for ----------------------------------------------------------------------------------------

    def validate(self) -> dict[str, float]:
        with self.autocast:
            return validate_rival(self.result, self.validation, self.device)

    def sheet(self) -> Image.Image:
        return rival_sheet(self.result, self.validation, self.device)

    def save(self, out: Path) -> None:
        header = {"settings": json.dumps(asdict(self.recipe)), "steps": str(self.step)}
        baseline.save(self.result, out / FILE, header)

    @property
    def result(self) -> Baseline:
        return Baseline(self.name, self.average, self.place)


def _classification(logits: Tensor, c: Tensor) -> Tensor:
    """Binary cross-entropy per expression, as for StarGAN's attributes: it also suits strengths and mixtures."""
    return F.binary_cross_entropy_with_logits(logits.float(), c, reduction="sum") / len(c)


def validate_rival(one: Baseline, subjects: list[Subject], device: torch.device) -> dict[str, float]:
    """Errors in the aligned crop at full strength, as in RegGAN's validation."""

    def edit(x: Tensor, subject: Subject, c: Tensor) -> dict[str, Tensor]:
        points = subject.landmarks.to(device).expand(len(c), -1, -1)
        return {"refined": one.edit(x.expand(len(c), -1, -1, -1), points, c)}

    return errors_of(edit, subjects, device) | {"numbers": one.parameters_count}


@torch.inference_mode()
def rival_sheet(one: Baseline, subjects: list[Subject], device: torch.device) -> Image.Image:
    """Two rows per person: the baseline's output and the target."""

    def rows(s: Subject) -> list[list[np.ndarray]]:
        x = to_float(s.neutral[None].to(device)).expand(len(BASIC), -1, -1, -1)
        points = s.landmarks.to(device).expand(len(BASIC), -1, -1)
        return [list(to_uint8(one.edit(x, points, torch.eye(len(BASIC), device=device))))]

    return sheet(subjects, rows)


def train_rival(
    name: str,
    recipe: RivalRecipe,
    training: list[Subject],
    validation: list[Subject],
    out: Path,
    device: torch.device,
    minutes: float = math.inf,
    place: InFrame | None = None,
) -> dict[str, float]:
    """Train until the last step, until the error no longer falls or until `minutes` have passed; resumes a run found in
    `out`. See `loop.run`.

    Args:
        place: RegGAN's frame, or None for the crop aligned by the eyes.
    """
    torch.manual_seed(recipe.seed)
    if name not in SOLVED:
        return run(RivalTrainer(name, recipe, training, validation, device, place), out, name, minutes)
    started = time.monotonic()
    module = SOLVED[name]()
    module.fit(training, recipe.ridge, None if place is None else place.frame)
    one = Baseline(name, module.to(device), None if place is None else place.to(device))
    seconds = time.monotonic() - started
    baseline.save(one, out / FILE, {"settings": json.dumps(asdict(recipe))})
    rival_sheet(one, validation, device).save(out / "sheet.png")
    return validate_rival(one, validation, device) | {"seconds": seconds, "finished": 1.0}
