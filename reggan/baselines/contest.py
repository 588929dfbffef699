"""The contest: six other systems and RegGAN on the same pairs, each as published and in RegGAN's frame.

Every network is trained until its error on people kept out has not fallen for so many steps, or to its last step.
RegGAN, the last row, gets no more wall clock than the quickest of the trained networks, on the same machine.
"""

import json
import time
from pathlib import Path

from reggan.baselines.baseline import FILE, NAMES
from reggan.baselines.placement import ALIGNED, EYES
from reggan.baselines.rival_trainer import SOLVED
from reggan.baselines.rows import records
from reggan.train.curve import curve_of, draw
from reggan.train.refinement import RefinementTrainer

STAGE_1, REGGAN = "stage-1", "reggan"
TITLES = {
    "us-gan": "US-GAN",
    "sargan": "SARGAN",
    "star-gan": "StarGAN",
    "pix2pix": "pix2pix",
    "masked-regression": "masked regression",
    "lsrf": "LSRF",
}
#: Row to the system and how its faces are aligned; the quick ones first.
RIVALS = {
    name if aligned == EYES else f"{name}-in-{aligned}": (name, aligned)
    for aligned in ALIGNED
    for name in sorted(NAMES, key=lambda n: n not in SOLVED)
}
ROWS = (STAGE_1, *RIVALS, REGGAN)
_ADVERSARIAL = 0.2  # share of RegGAN's steps, as in its recipe


def what(row: str) -> str:
    """What a row is called."""
    if row not in RIVALS:
        return {STAGE_1: "RegGAN, stage 1 alone", REGGAN: "RegGAN, at equal wall clock"}[row]
    name, aligned = RIVALS[row]
    return f"{TITLES[name]}, our re-implementation, " + ("aligned by the eyes" if aligned == EYES else "in our frame")


def equal_wall_clock(out: Path) -> float:
    """Seconds that RegGAN may train: those of the quickest of the trained rivals that are finished; 0 without one."""
    trained = [r["seconds"] for r in records(out, list(RIVALS)) if RIVALS[r["row"]][0] not in SOLVED]
    return min(trained, default=0.0)


def steps_within(seconds: float, trainer: RefinementTrainer) -> tuple[int, int]:
    """How many steps of both phases fit into so many seconds, from a few steps of a trainer with a short recipe."""
    each = []
    for phase in (trainer.recipe.steps, trainer.recipe.adversarial_steps):
        trainer.advance()  # the first step of a phase allocates
        started = time.monotonic()
        for _ in range(phase - 1):
            trainer.advance()
        each.append((time.monotonic() - started) / (phase - 1))
    steps = seconds / ((1 - _ADVERSARIAL) * each[0] + _ADVERSARIAL * each[1])
    return max(1, round((1 - _ADVERSARIAL) * steps)), max(1, round(_ADVERSARIAL * steps))


def write_curves(out: Path) -> None:
    """`curves.svg`, all learning curves, and `curves.json`, the numbers in it."""
    runs = {what(row): out / row for row in ROWS}
    curves = {name: curve_of(run, "refined_ratio_128") for name, run in runs.items()}
    short = {name.replace(", our re-implementation", ""): points for name, points in curves.items() if points}
    (out / "curves.svg").write_text(draw(short, "L1 at 128 x 128 / unchanged input's"))
    (out / "curves.json").write_text(json.dumps(short) + "\n")


def methods(out: Path) -> str:
    """`--methods` of `python -m reggan.evaluate` for all that is finished."""
    done = [r["row"] for r in records(out, ROWS)]
    files = [f"{row}={out / row / (FILE if row in RIVALS else 'reggan.safetensors')}" for row in done if row != STAGE_1]
    return ",".join(["input", "coarse", "refined", *files, "target"])
