"""The critic of an adversarial phase: how it learns, and what it tells the generator."""

import torch
import torch.nn.functional as F
from torch import Tensor

from reggan.model.refinement.discriminator import PatchDiscriminator
from reggan.train import losses
from reggan.train.recipe import RefinementRecipe

_R1_IMAGES = 4


class Adversary:
    """A discriminator and its optimiser.

    Args:
        discriminator: on its device.
        recipe: weights of the losses, and the learning rate.
        r1_every: steps from one slope penalty to the next, which counts as many times as much.
        autocast: for everything but the slope penalty; float32 if not given.
    """

    def __init__(
        self,
        discriminator: PatchDiscriminator,
        recipe: RefinementRecipe,
        r1_every: int,
        autocast: torch.autocast | None = None,
    ) -> None:
        self.discriminator, self.recipe, self.r1_every = discriminator, recipe, r1_every
        self.autocast = autocast or torch.autocast("cpu", enabled=False)
        self.opt = torch.optim.Adam(discriminator.parameters(), lr=recipe.discriminator_lr, betas=(0.0, 0.99))

    def learn(self, fake: Tensor, real: Tensor, c: Tensor, weight: Tensor, step: int) -> dict[str, Tensor]:
        """One step of the discriminator.

        Args:
            fake, real: (B, 3, S, S), the same faces.
            c: (B, 6), what the real ones show.
            weight: of errors, (B or 1, 1, S, S), mean 1.
            step: of the training.

        Returns:
            what is worth logging.
        """
        self.discriminator.requires_grad_(True)
        with self.autocast:
            scores, _ = self.discriminator(torch.cat([real, fake.detach()]), torch.cat([c, c]))
        on_real, on_fake = scores.float().chunk(2)
        loss = losses.critic(on_real, on_fake, on_patches(weight, on_real))
        self.opt.zero_grad(set_to_none=True)
        loss.backward()
        if step % self.r1_every == 0:
            penalty = losses.slope_penalty(self.discriminator, real[:_R1_IMAGES], c[:_R1_IMAGES])
            (self.r1_every * self.recipe.r1 * penalty).backward()
        self.opt.step()
        self.discriminator.requires_grad_(False)
        return {"critic": loss.detach(), "lead": (on_real - on_fake).mean().detach()}

    def teach(self, fake: Tensor, real: Tensor, c: Tensor, weight: Tensor) -> dict[str, Tensor]:
        """The adversarial parts of the generator's loss; arguments as `learn` has them."""
        with self.autocast:
            score, on_fake = self.discriminator(fake, c)
            with torch.no_grad():
                real_score, on_real = self.discriminator(real, c)
        behind = losses.generator(real_score.float(), score.float(), on_patches(weight, score))
        return {
            "adversarial": self.recipe.adversarial * behind,
            "matching": self.recipe.feature_matching * losses.feature_matching(on_fake, on_real),
        }


def on_patches(weight: Tensor, scores: Tensor) -> Tensor:
    """The weight of errors (B or 1, 1, S, S) at the critic's patches, whose scores are (B, 1, h, w): it too looks at
    eyes and mouth most."""
    return F.adaptive_avg_pool2d(weight, scores.shape[-2:])  # type: ignore[arg-type]
