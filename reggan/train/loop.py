"""The training loop of everything that is trained by gradient: log, learning curve, sample sheet, checkpoint, time
limit, average."""

import json
import math
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import torch
import torch.nn as nn
from PIL import Image
from tqdm import tqdm

from reggan.train.curve import write_curve

_SMOOTH = 0.98  # of the losses' running means in the log


class Trainer(ABC):
    """A model, its moving average and optimiser, the step, perhaps a critic with its own: what a checkpoint holds."""

    #: Steps of all phases together, and at which the loop stops to validate besides every `every`.
    steps: int
    every: int
    seed: int
    milestones: tuple[int, ...] = ()
    #: Steps without a lower validation error after which training ends; then the weights that are kept are the best.
    #: If infinite, they are the last.
    patience: float = math.inf
    #: Which of the validation's figures is that error.
    judged = "refined_ratio"

    def __init__(
        self,
        model: nn.Module,
        average: nn.Module,
        opt: torch.optim.Optimizer,
        decay: float,
        critic: nn.Module | None = None,
        critic_opt: torch.optim.Optimizer | None = None,
    ) -> None:
        average.load_state_dict(model.state_dict())
        average.eval().requires_grad_(False)
        self._parts: dict[str, Any] = {"model": model, "average": average, "opt": opt}
        if critic is not None:
            self._parts |= {"critic": critic, "critic_opt": critic_opt}
        self._decay = decay
        self.step = 0
        self.seconds = 0.0  # of training in all, over interruptions
        self.best: dict[str, float] = {}  # figures of the validation with the least error, and their step

    @abstractmethod
    def train_step(self) -> dict[str, float]:
        """Draw a batch, learn from it, and return the parts of the loss. Does not count the step."""

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Errors of the average on people kept out, `judged` among them."""

    @abstractmethod
    def sheet(self) -> Image.Image:
        """What the average does, to be looked at."""

    @abstractmethod
    def save(self, out: Path) -> None:
        """Write the average's weights into a folder."""

    def advance(self) -> dict[str, float]:
        """One step, and the average after it."""
        losses = self.train_step()
        decay = min(self._decay, (1 + self.step) / (10 + self.step))
        average, model = self._parts["average"], self._parts["model"]
        with torch.no_grad():
            for e, p in zip(average.parameters(), model.parameters(), strict=True):
                e.lerp_(p, 1 - decay)
        self.step += 1
        return losses

    def state(self) -> dict[str, Any]:
        parts = {name: part.state_dict() for name, part in self._parts.items()}
        own = {"step": self.step, "seconds": self.seconds, "best": self.best, "random": torch.get_rng_state()}
        return own | parts

    def restore(self, state: dict[str, Any]) -> None:
        self.step, self.seconds = state["step"], state.get("seconds", 0.0)
        self.best = state.get("best", {})
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        torch.set_rng_state(state["random"].cpu())

    def judge(self, figures: dict[str, float]) -> bool:
        """Take note of a validation; whether it is the best so far."""
        better = figures[self.judged] < self.best.get(self.judged, math.inf)
        if better:
            self.best = figures | {"step": self.step}
        return better

    @property
    def finished(self) -> bool:
        return self.step >= self.steps or self.step - self.best.get("step", self.step) >= self.patience


def run(trainer: Trainer, out: Path, name: str, minutes: float = math.inf) -> dict[str, float]:
    """Train until the last step, or until `minutes` have passed; resumes from `out/last.pt` if there is one.

    Writes `log.jsonl`, the learning curve (`curve.csv`, `curve.svg`), `sheet_<step>.png`, `last.pt` (to resume) and the
    average's weights to `out`.

    Args:
        name: of the run, for the progress bar.

    Returns:
        the last validation's figures; with `patience`, the best's. "seconds" are those of all training,
        "finished" is 1 if there is nothing left to do.
    """
    out.mkdir(parents=True, exist_ok=True)
    last = out / "last.pt"
    if last.is_file():
        trainer.restore(torch.load(last, map_location="cpu", weights_only=True))
    else:
        torch.manual_seed(trainer.seed)
    started, before = time.monotonic(), trainer.seconds
    running: dict[str, float] = {}
    figures: dict[str, float] = {}
    bar = tqdm(total=trainer.steps, initial=trainer.step, desc=name, unit="step", mininterval=5)
    while not trainer.finished:
        for part, loss in trainer.advance().items():
            running[part] = _SMOOTH * running.get(part, loss) + (1 - _SMOOTH) * loss
        bar.update()
        late = time.monotonic() - started > 60 * minutes
        if trainer.step % trainer.every == 0 or trainer.step in (*trainer.milestones, trainer.steps) or late:
            figures = trainer.validate()
            trainer.seconds = before + time.monotonic() - started
            line = {"step": trainer.step, "seconds": round(trainer.seconds)} | running | figures
            with (out / "log.jsonl").open("a") as f:
                f.write(json.dumps({k: round(v, 6) for k, v in line.items()}) + "\n")
            write_curve(out, trainer.judged)
            trainer.sheet().save(out / f"sheet_{trainer.step:06d}.png")
            if trainer.judge(figures) or trainer.patience == math.inf:
                trainer.save(out)
            torch.save(trainer.state(), last)
            bar.set_postfix(ratio=f"{figures[trainer.judged]:.3f}")
        if late:
            break
    bar.close()
    if trainer.patience < math.inf:
        figures = trainer.best
    figures = {"step": float(trainer.step)} | (figures or trainer.validate())
    return figures | {"seconds": trainer.seconds, "finished": float(trainer.finished)}
