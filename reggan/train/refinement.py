"""Stage 2's training: reconstruction, then adversarial, on top of the frozen stage 1."""

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from reggan.model.refinement.discriminator import PatchDiscriminator
from reggan.model.reggan import SIZE, RegGAN, channels_last, compose, fast_layout
from reggan.pairs.layout import Subject
from reggan.train import losses
from reggan.train.batches import Batch, Sampler
from reggan.train.regression import count_numbers, validate
from reggan.train.samples import sample_sheet
from reggan.weights.files import save_model


@dataclass(frozen=True)
class Settings:
    """All weights are our choice; what they were tried against is in docs/experiments.md."""

    steps: int = 8000  # reconstruction
    adversarial_steps: int = 2000
    batch: int = 12
    lr: float = 8e-4
    adversarial_lr: float = 2e-4
    discriminator_lr: float = 5e-4
    adversarial: float = 0.03
    feature_matching: float = 0.3
    r1: float = 2e-4  # of the slope of the sum of overlapping patches, so small; every 16 steps
    guide: float = 0.004  # per pixel of distance; fades over the first third
    smoothness: float = 0.004
    economy: float = 0.01
    mouth: float = 3.0  # extra weight of errors inside and at the lips
    ema: float = 0.998
    restyle: float = 1.0  # share of the batches that get another look; 0 for the ablation
    every: int = 500  # validation, sample sheet, checkpoint
    seed: int = 0


class Trainer:
    """Holds what a checkpoint holds: generator, its moving average, discriminator, optimisers, step."""

    def __init__(self, model: RegGAN, ema: RegGAN, s: Settings, device: torch.device) -> None:
        self.s, self.device = s, device
        self.model = fast_layout(model.to(device))
        self.ema = fast_layout(ema.to(device)).eval().requires_grad_(False)
        self.ema.load_state_dict(model.state_dict())
        self.critic = fast_layout(PatchDiscriminator().to(device))
        net = model.refinement
        means = [p for name, p in net.named_parameters() if name.startswith("mean_")]
        rest = [p for name, p in net.named_parameters() if not name.startswith("mean_")]
        self.opt = torch.optim.AdamW(
            [{"params": rest, "scale": 1.0}, {"params": means, "scale": 5.0}],
            lr=s.lr,
            betas=(0.9, 0.99),
            weight_decay=1e-4,
        )
        self.critic_opt = torch.optim.Adam(self.critic.parameters(), lr=s.discriminator_lr, betas=(0.0, 0.99))
        # Errors at eyes, brows and above all at the mouth count more; mean 1.
        self.features = losses.feature_map(model.frame.shape, SIZE)
        weight = 0.5 + self.features + s.mouth * losses.mouth_map(model.frame.shape, SIZE)
        self.weight = weight / weight.mean()
        self.step = 0

    # -- one step ------------------------------------------------------------------------------------------------

    def _lr(self) -> float:
        if self.step >= self.s.steps:
            return self.s.adversarial_lr
        warm = min(1.0, (self.step + 1) / 100)
        return self.s.lr * warm * (0.06 + 0.94 * 0.5 * (1 + math.cos(math.pi * self.step / self.s.steps)))

    def _generate(self, b: Batch) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Output in the frame, reconstruction loss with its regularisers, and its parts for the log."""
        with torch.no_grad():
            seen, change = self.model.shown(b.seen, self.model.coarse_change(b.seen, b.c))
        with torch.autocast(self.device.type, torch.bfloat16):
            edit = self.model.refinement(seen.contiguous(memory_format=torch.channels_last), change, b.c, b.frame)
        output = compose(b.crop, b.frame.to_crop + channels_last(edit.displacement), edit)
        fade = max(0.02, 1 - self.step / (self.s.steps / 3)) if self.s.steps else 0.02
        parts = {
            "reconstruction": losses.reconstruction(output, b.target, self.weight),
            "guide": self.s.guide * fade * losses.guidance(edit, b.guide),
            "smoothness": self.s.smoothness * losses.field_smoothness(edit),
            "economy": self.s.economy * losses.paint_economy(edit, self.features),
        }
        return output, torch.stack(list(parts.values())).sum(), parts

    def _train_critic(self, fake: Tensor, real: Tensor, c: Tensor) -> dict[str, Tensor]:
        """Relativistic loss (Jolicoeur-Martineau, ICLR 2019), each patch against the same patch of its own target, so
        that all they have in common cancels; R1 (Mescheder et al., ICML 2018) every 16 steps."""
        self.critic.requires_grad_(True)
        with torch.autocast(self.device.type, torch.bfloat16):
            scores, _ = self.critic(torch.cat([real, fake.detach()]), torch.cat([c, c]))
        on_real, on_fake = scores.float().chunk(2)
        loss = (self._patch_weight(on_real) * F.softplus(on_fake - on_real)).mean()
        self.critic_opt.zero_grad(set_to_none=True)
        loss.backward()
        if self.step % 16 == 0:
            image = real[:4].detach().requires_grad_(True)
            score, _ = self.critic(image, c[:4])
            (slope,) = torch.autograd.grad(score.sum(), image, create_graph=True)
            (16 * self.s.r1 * slope.square().sum((1, 2, 3)).mean() / score[0].numel()).backward()
        self.critic_opt.step()
        self.critic.requires_grad_(False)
        return {"critic": loss.detach(), "lead": (on_real - on_fake).mean().detach()}

    def _adversarial(self, fake: Tensor, real: Tensor, c: Tensor) -> dict[str, Tensor]:
        with torch.autocast(self.device.type, torch.bfloat16):
            score, on_fake = self.critic(fake, c)
            with torch.no_grad():
                real_score, on_real = self.critic(real, c)
        matching = torch.stack([F.l1_loss(a.float(), b.float()) for a, b in zip(on_fake, on_real, strict=True)]).mean()
        behind = F.softplus(real_score.float() - score.float())
        return {
            "adversarial": self.s.adversarial * (self._patch_weight(score) * behind).mean(),
            "matching": self.s.feature_matching * matching,
        }

    def _patch_weight(self, scores: Tensor) -> Tensor:
        """The weight of errors at the critic's patches: it too looks at eyes and mouth most. Mean 1."""
        return F.adaptive_avg_pool2d(self.weight, scores.shape[-2:])  # type: ignore[arg-type]

    def train_step(self, b: Batch) -> dict[str, float]:
        for group in self.opt.param_groups:
            group["lr"] = self._lr() * group["scale"]
        output, loss, parts = self._generate(b)
        if self.step >= self.s.steps:
            log = self._train_critic(output, b.target, b.c)
            if self.step >= self.s.steps + min(150, self.s.adversarial_steps // 4):  # the critic learns first
                extra = self._adversarial(output, b.target, b.c)
                loss = loss + extra["adversarial"] + extra["matching"]
                parts |= extra
            parts |= log
        self.opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.refinement.parameters(), 1.0)
        self.opt.step()
        decay = min(self.s.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for e, p in zip(self.ema.refinement.parameters(), self.model.refinement.parameters(), strict=True):
                e.lerp_(p, 1 - decay)
        self.step += 1
        return {k: v.item() for k, v in parts.items()}

    # -- checkpoints ---------------------------------------------------------------------------------------------

    def state(self) -> dict:
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "critic": self.critic.state_dict(),
            "opt": self.opt.state_dict(),
            "critic_opt": self.critic_opt.state_dict(),
            "random": torch.get_rng_state(),
        }

    def restore(self, path: Path) -> None:
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        self.ema.load_state_dict(state["ema"])
        self.critic.load_state_dict(state["critic"])
        self.opt.load_state_dict(state["opt"])
        self.critic_opt.load_state_dict(state["critic_opt"])
        torch.set_rng_state(state["random"].cpu())


def train(
    trainer: Trainer, sampler: Sampler, validation: list[Subject], out: Path, minutes: float = math.inf
) -> dict[str, float]:
    """Run until the last step, or until `minutes` have passed; resumes from `out/last.pt` if there is one.

    Writes `log.jsonl`, `sheet_<step>.png`, `last.pt` (to resume) and `reggan.safetensors` (moving average) to `out`.
    """
    out.mkdir(parents=True, exist_ok=True)
    last, s = out / "last.pt", trainer.s
    if last.is_file():
        trainer.restore(last)
    else:
        torch.manual_seed(s.seed)
    started, total = time.monotonic(), s.steps + s.adversarial_steps
    running: dict[str, float] = {}
    figures: dict[str, float] = {}
    bar = tqdm(total=total, initial=trainer.step, desc="stage 2", unit="step", mininterval=5)
    while trainer.step < total:
        parts = trainer.train_step(sampler.draw(s.batch))
        for k, v in parts.items():
            running[k] = v if k not in running else 0.98 * running[k] + 0.02 * v
        bar.update()
        late = time.monotonic() - started > 60 * minutes
        if trainer.step % s.every == 0 or trainer.step in (s.steps, total) or late:
            figures = validate(trainer.ema, validation)
            line = {"step": trainer.step, "seconds": round(time.monotonic() - started)} | running | figures
            with (out / "log.jsonl").open("a") as f:
                f.write(json.dumps({k: round(v, 6) for k, v in line.items()}) + "\n")
            sample_sheet(trainer.ema, validation).save(out / f"sheet_{trainer.step:06d}.png")
            torch.save(trainer.state(), last)
            save_model(trainer.ema, out / "reggan.safetensors", {"steps": str(trainer.step)})
            if trainer.step == s.steps:  # kept to compare the adversarial phase with
                save_model(trainer.ema, out / "reconstruction.safetensors", {"steps": str(trainer.step)})
            bar.set_postfix(ratio=f"{figures['refined_ratio']:.3f}", loss=f"{running['reconstruction']:.4f}")
        if late:
            break
    bar.close()
    return (figures or validate(trainer.ema, validation)) | {"numbers": count_numbers(trainer.ema)}
