"""One training step of the baselines.

StarGAN, US-GAN and SARGAN are published as unpaired: Wasserstein loss with gradient penalty 10, classification loss 1,
cycle loss (10 in StarGAN, 1 in the others), five critic steps for each of the generator's, 200,000 steps of Adam at
1e-4. On a processor that does not train. Our choice, in their favour: a paired L1 loss is added, the learning rate is
higher and comes down, there is one critic step for each of the generator's, and weights are averaged as RegGAN's are.
pix2pix is trained as published but for the learning rate and the average. Masked regression is solved, not trained.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.baselines.baseline import GENERATORS
from reggan.baselines.blocks import ClassCritic, Generator
from reggan.baselines.pix2pix import PatchCritic


@dataclass(frozen=True)
class Settings:
    steps: int = 8000
    batch: int = 8
    width: int = 64  # channels of the first layer; 64 is published, less is faster
    lr: float = 5e-4
    critic_lr: float = 2e-4
    l1: float = 100.0  # the images are in [-1, 1] in all losses
    adversarial: float = 1.0
    classification: float = 1.0
    cycle: float = 1.0
    gradient_penalty: float = 10.0
    penalty_every: int = 4  # steps; weighs as many times more
    ridge: float = 0.4  # masked regression's lambda
    ema: float = 0.998
    every: int = 500  # validation, sample sheet, checkpoint
    seed: int = 0


class Trainer:
    """Holds what a checkpoint holds: generator, its moving average, critic, optimisers, step."""

    def __init__(self, name: str, s: Settings, device: torch.device) -> None:
        self.name, self.s, self.device, self.step = name, s, device, 0
        make = GENERATORS[name]
        self.model: Generator = make(width=s.width).to(device)
        self.ema: Generator = make(width=s.width).to(device).eval().requires_grad_(False)
        self.ema.load_state_dict(self.model.state_dict())
        self.critic: nn.Module = (PatchCritic if name == "pix2pix" else ClassCritic)(s.width).to(device)
        self.opt = torch.optim.Adam(self.model.parameters(), lr=s.lr, betas=(0.5, 0.999))
        self.critic_opt = torch.optim.Adam(self.critic.parameters(), lr=s.critic_lr, betas=(0.5, 0.999))

    def train_step(self, x: Tensor, y: Tensor, c: Tensor) -> dict[str, float]:
        """One step of critic and generator. x and y (B, 3, size, size) in [0, 1], c (B, 6)."""
        schedule = min(1.0, (self.step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * self.step / self.s.steps))
        self.opt.param_groups[0]["lr"] = self.s.lr * schedule
        with torch.autocast(self.device.type, torch.bfloat16):
            fake = self.model(x, c)
            x_, y_, fake_ = (2 * t - 1 for t in (x, y, fake))
            paired = self.name == "pix2pix"
            critic = self._patch_critic(x_, y_, fake_, c) if paired else self._class_critic(y_, fake_, c)
        self._apply(self.critic_opt, critic)
        self.critic.requires_grad_(False)
        with torch.autocast(self.device.type, torch.bfloat16):
            parts = self._patch_loss(x_, fake_, c) if paired else self._class_loss(x, fake, c)
        self.critic.requires_grad_(True)
        parts["l1"] = self.s.l1 * F.l1_loss(fake_, y_)
        self._apply(self.opt, torch.stack(list(parts.values())).sum())
        decay = min(self.s.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for e, p in zip(self.ema.parameters(), self.model.parameters(), strict=True):
                e.lerp_(p, 1 - decay)
        self.step += 1
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
        loss = on_fake.mean() - on_real.mean() + self.s.classification * _classification(logits[: len(real)], c)
        if self.step % self.s.penalty_every == 0:
            share = torch.rand(len(real), 1, 1, 1, device=real.device)
            between = (share * real + (1 - share) * fake).requires_grad_(True)
            (slope,) = torch.autograd.grad(self.critic(between)[0].float().sum(), between, create_graph=True)
            penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
            loss = loss + self.s.penalty_every * self.s.gradient_penalty * penalty
        return loss

    def _class_loss(self, x: Tensor, fake: Tensor, c: Tensor) -> dict[str, Tensor]:
        score, logits = self.critic(2 * fake - 1)
        back = self.model(fake, torch.zeros_like(c))  # the input is always the neutral face
        return {
            "adversarial": -self.s.adversarial * score.float().mean(),
            "classification": self.s.classification * _classification(logits, c),
            "cycle": self.s.cycle * 2 * F.l1_loss(back, x),
        }

    # -- pix2pix -------------------------------------------------------------------------------------------------------

    def _patch_critic(self, x: Tensor, real: Tensor, fake: Tensor, c: Tensor) -> Tensor:
        two = self.critic(torch.cat([x, x]), torch.cat([real, fake.detach()]), torch.cat([c, c])).float()
        on_real, on_fake = two.chunk(2)
        return 0.5 * (F.softplus(-on_real).mean() + F.softplus(on_fake).mean())

    def _patch_loss(self, x: Tensor, fake: Tensor, c: Tensor) -> dict[str, Tensor]:
        return {"adversarial": self.s.adversarial * F.softplus(-self.critic(x, fake, c).float()).mean()}

    # -- checkpoints ---------------------------------------------------------------------------------------------------

    def _holds(self) -> dict:
        return {k: getattr(self, k) for k in ("model", "ema", "critic", "opt", "critic_opt")}

    def state(self) -> dict:
        parts = {k: v.state_dict() for k, v in self._holds().items()}
        return {"step": self.step, "random": torch.get_rng_state(), **parts}

    def restore(self, path: Path) -> None:
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.step = state["step"]
        for k, v in self._holds().items():
            v.load_state_dict(state[k])
        torch.set_rng_state(state["random"].cpu())


def _classification(logits: Tensor, c: Tensor) -> Tensor:
    """Cross-entropy of each expression on its own, as StarGAN has it for attributes: strengths and mixtures fit."""
    return F.binary_cross_entropy_with_logits(logits.float(), c, reduction="sum") / len(c)
