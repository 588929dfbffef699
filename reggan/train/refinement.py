"""Stage 2's training: reconstruction, then adversarial, on top of the frozen stage 1."""

import math
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from reggan.faces import SIZE
from reggan.model.refinement.discriminator import PatchDiscriminator
from reggan.model.reggan import RegGAN, channels_last, compose, fast_layout
from reggan.pairs.layout import Subject
from reggan.train import losses
from reggan.train.adversary import Adversary
from reggan.train.batches import Batch, PairSampler, Sampler
from reggan.train.initialise import Flows
from reggan.train.loop import Trainer, run
from reggan.train.precision import autocast
from reggan.train.recipe import RefinementRecipe
from reggan.train.samples import sample_sheet
from reggan.train.validate import count_numbers, validate
from reggan.weights.files import save_model

_WARM_UP = 100  # steps until the learning rate is all there
_LEAST_LR = 0.06  # of it, that is left at the end of the reconstruction
_LEAST_GUIDE = 0.02  # of the guide's weight, that stays
_CRITIC_FIRST = 150  # adversarial steps in which the critic learns alone; a quarter of them if there are few
_R1_EVERY = 16
#: Learning rates of the mean maps over the network's: each in the units of what it says.
_MEAN_LR = {"displacement": 1.0, "displacement_by_shape": 0.2, "paint": 5.0, "shading": 5.0}
_MEAN_LR |= {f"{name}_leaving": _MEAN_LR[name] for name in ("displacement", "paint", "shading")}


class RefinementTrainer(Trainer):
    """Trains `model.refinement`; `average` is a model of the same kind, which becomes its moving average.

    Args:
        header: words for the header of the weights it saves.
    """

    def __init__(
        self,
        model: RegGAN,
        average: RegGAN,
        recipe: RefinementRecipe,
        sampler: Sampler,
        validation: list[Subject],
        device: torch.device,
        header: dict[str, str] | None = None,
    ) -> None:
        self.recipe, self.sampler, self.validation, self.device = recipe, sampler, validation, device
        self.header = header or {}
        self.steps, self.every, self.seed = recipe.steps + recipe.adversarial_steps, recipe.every, recipe.seed
        self.milestones = (recipe.steps,)
        self.model = fast_layout(model.to(device).train())
        self.average = fast_layout(average.to(device))
        net = model.refinement
        mean = dict(net.mean.named_parameters())
        rest = [p for name, module in net.named_children() if name != "mean" for p in module.parameters()]
        groups = [{"params": rest, "scale": 1.0}, *({"params": [p], "scale": _MEAN_LR[k]} for k, p in mean.items())]
        self.opt = torch.optim.AdamW(groups, lr=recipe.lr, betas=(0.9, 0.99), weight_decay=1e-4)
        self.autocast = autocast(device)
        discriminator = fast_layout(PatchDiscriminator().to(device))
        self.adversary = Adversary(discriminator, recipe, _R1_EVERY, self.autocast)
        super().__init__(self.model, self.average, self.opt, recipe.ema, discriminator, self.adversary.opt)
        # Errors at eyes, brows and above all at the mouth count more; mean 1.
        self.features = losses.feature_map(model.frame.shape, SIZE)
        weight = 0.5 + self.features + recipe.mouth * losses.mouth_map(model.frame.shape, SIZE)
        self.weight = weight / weight.mean()

    def train_step(self) -> dict[str, float]:
        return self.learn(self.sampler.draw(self.recipe.batch))

    def learn(self, b: Batch) -> dict[str, float]:
        """One step on a batch: reconstruction, and after its last step the adversarial losses too."""
        for group in self.opt.param_groups:
            group["lr"] = self._lr() * group["scale"]
        output, parts = self._reconstruct(b)
        logged: dict[str, Tensor] = {}
        adversarial_step = self.step - self.recipe.steps
        if adversarial_step >= 0:
            logged = self.adversary.learn(output, b.target, b.shows, self.weight, self.step)
            if adversarial_step >= min(_CRITIC_FIRST, self.recipe.adversarial_steps // 4):
                parts |= self.adversary.teach(output, b.target, b.shows, self.weight)
        self.opt.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.model.refinement.parameters(), 1.0)
        self.opt.step()
        return {k: v.item() for k, v in (parts | logged).items()}

    def _lr(self) -> float:
        r = self.recipe
        if self.step >= r.steps:
            return r.adversarial_lr
        warm = min(1.0, (self.step + 1) / _WARM_UP)
        return r.lr * warm * (_LEAST_LR + (1 - _LEAST_LR) * 0.5 * (1 + math.cos(math.pi * self.step / r.steps)))

    def _reconstruct(self, b: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Output in the frame (B, 3, S, S), and the parts of the reconstruction loss."""
        r = self.recipe
        with torch.no_grad():
            seen, change = self.model.refinement_input(b.seen, self.model.coarse_change(b.seen, b.c, b.leaving))
        seen = seen.contiguous(memory_format=torch.channels_last)
        with self.autocast:
            edit = self.model.refinement(seen, change, b.c, b.leaving, b.placement)
        output = compose(b.crop, b.placement.frame.to_crop + channels_last(edit.displacement), edit)
        fade = max(_LEAST_GUIDE, 1 - self.step / (r.steps / 3)) if r.steps else _LEAST_GUIDE
        return output, {
            "reconstruction": losses.reconstruction(output, b.target, self.weight * b.weight),
            "guide": r.guide * fade * losses.guidance(edit, b.guide, b.guided),
            "smoothness": r.smoothness * losses.field_smoothness(edit),
            "economy": r.economy * losses.paint_economy(edit, self.features),
        }

    def validate(self) -> dict[str, float]:
        return validate(self.average, self.validation)

    def sheet(self) -> Image.Image:
        return sample_sheet(self.average, self.validation)

    def save(self, out: Path) -> None:
        """`reggan.safetensors`; the last before the adversarial phase is kept beside it, to compare that with."""
        header = self.header | {"steps": str(self.step)}
        save_model(self.average, out / "reggan.safetensors", header)
        if self.step == self.recipe.steps:
            save_model(self.average, out / "reconstruction.safetensors", header)


def train_refinement(
    model: RegGAN,
    recipe: RefinementRecipe,
    training: list[Subject],
    flows: Flows,
    validation: list[Subject],
    out: Path,
    device: torch.device,
    minutes: float = math.inf,
    header: dict[str, str] | None = None,
) -> dict[str, float]:
    """Train stage 2 of a model whose stage 1 is fitted; resumes what is in `out`.

    Args:
        flows: of the training people, see `initialise.load_flows`.
        minutes: when to stop before the last step.
        header: words for the header of the weights.

    Returns:
        the last validation's figures, and how many numbers the model has.
    """
    sampler = Sampler(PairSampler(training, device, recipe.restyle, recipe.expressive, recipe.occluded), flows, model)
    average = type(model)(model.config)
    trainer = RefinementTrainer(model, average, recipe, sampler, validation, device, header)
    return run(trainer, out, "stage 2", minutes) | {"numbers": count_numbers(trainer.average)}
