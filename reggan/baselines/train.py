"""Training of the baselines on the same pairs as RegGAN, with the same changes of look; resumable."""

import json
import math
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from reggan.baselines import baseline
from reggan.baselines.baseline import FILE, Baseline, resize
from reggan.baselines.masked_regression import MaskedRegression
from reggan.baselines.trainer import Settings, Trainer
from reggan.expressions import BASIC
from reggan.pairs.layout import Subject
from reggan.predictor import to_uint8
from reggan.train.batches import PairSampler, degrade
from reggan.train.regression import Errors
from reggan.train.samples import sheet


@torch.inference_mode()
def validate(one: Baseline, subjects: list[Subject], device: torch.device) -> dict[str, float]:
    """Errors in the aligned crop at full strength, as `reggan.train.regression.validate` has them."""
    errors = Errors()
    for s in subjects:
        keep = s.c.amax(1) == 1
        x = s.neutral[None].to(device).float() / 255
        refined = one.edit(x.expand(int(keep.sum()), -1, -1, -1), s.c[keep].to(device))
        errors.add(s.targets[keep].to(device).float() / 255, input=x, refined=refined)
    return errors.figures() | {"numbers": one.parameters_count}


@torch.inference_mode()
def sample_sheet(one: Baseline, subjects: list[Subject], device: torch.device) -> Image.Image:
    """Two rows per person: what the baseline makes, and the target."""

    def rows(s: Subject) -> list[list[np.ndarray]]:
        x = (s.neutral[None].to(device).float() / 255).expand(len(BASIC), -1, -1, -1)
        return [list(to_uint8(one.edit(x, torch.eye(len(BASIC), device=device))))]

    return sheet(subjects, rows)


def train(
    name: str,
    s: Settings,
    training: list[Subject],
    validation: list[Subject],
    out: Path,
    device: torch.device,
    minutes: float = math.inf,
) -> dict[str, float]:
    """Train until the last step, or until `minutes` have passed; resumes from `out/last.pt` if there is one.

    Writes `log.jsonl`, `sheet_<step>.png`, `last.pt` and `baseline.safetensors` (moving average) to `out`.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(s.seed)
    header = {"settings": json.dumps(asdict(s))}
    if name == "masked-regression":
        module = MaskedRegression()
        module.fit(training, s.ridge)
        baseline.save(name, module, out / FILE, header)
        one = Baseline(name, module.to(device))
        sample_sheet(one, validation, device).save(out / "sheet.png")
        return validate(one, validation, device)
    trainer, sampler = Trainer(name, s, device), PairSampler(training, device)
    one, last = Baseline(name, trainer.ema), out / "last.pt"
    if last.is_file():
        trainer.restore(last)
    started = time.monotonic()
    figures: dict[str, float] = {}
    running: dict[str, float] = {}
    bar = tqdm(total=s.steps, initial=trainer.step, desc=name, unit="step", mininterval=5)
    while trainer.step < s.steps:
        batch = sampler.draw(s.batch)
        x, y = batch.pair.split(3, 1)
        size = trainer.model.size
        parts = trainer.train_step(resize(degrade(x), size), resize(y, size), batch.c)
        for k, v in parts.items():
            running[k] = v if k not in running else 0.98 * running[k] + 0.02 * v
        bar.update()
        late = time.monotonic() - started > 60 * minutes
        if trainer.step % s.every == 0 or trainer.step == s.steps or late:
            figures = validate(one, validation, device)
            line = {"step": trainer.step, "seconds": round(time.monotonic() - started)} | running | figures
            with (out / "log.jsonl").open("a") as f:
                f.write(json.dumps({k: round(v, 6) for k, v in line.items()}) + "\n")
            sample_sheet(one, validation, device).save(out / f"sheet_{trainer.step:06d}.png")
            torch.save(trainer.state(), last)
            baseline.save(name, trainer.ema, out / FILE, header | {"steps": str(trainer.step)})
            bar.set_postfix(ratio=f"{figures['refined_ratio']:.3f}", l1=f"{running['l1']:.3f}")
        if late:
            break
    bar.close()
    return figures or validate(one, validation, device)
