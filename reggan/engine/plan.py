"""Which expressions a person gets."""

from dataclasses import dataclass

import numpy as np

from reggan.expressions import BASIC, COMPOUND, NAMED


@dataclass(frozen=True)
class PlannedTarget:
    """One picture to make: its file name without suffix and its (6,) strengths."""

    name: str
    c: np.ndarray


def plan_targets(count: int, rng: np.random.Generator, compounds: bool = False) -> list[PlannedTarget]:
    """The six basics at full strength first, then rounds of weaker ones, compounds and mixtures of two or three.

    Args:
        count: how many; 24 gives every basic at three strengths and six compounds (if asked for).
        rng: draws strengths.
        compounds: with the 15 compounds of CFEE, parts at 0.5 to 0.8.
    """
    targets: dict[str, PlannedTarget] = {}

    def add(name: str, c: np.ndarray) -> None:
        if name not in targets and len(targets) < count:
            targets[name] = PlannedTarget(name, c.round(2))

    rounds = 0
    while len(targets) < count:
        low, high = ((1.0, 1.0), (0.30, 0.55), (0.60, 0.90), (0.15, 0.95))[min(rounds, 3)]
        for k, name in enumerate(BASIC):
            strength = round(float(rng.uniform(low, high)), 2)
            add(f"{name}_{round(100 * strength):03d}", strength * np.eye(len(BASIC))[k])
        if rounds >= 2:
            for name in rng.permutation(COMPOUND)[: 6 if compounds else 0]:
                shape = np.array(NAMED[str(name)]) / max(NAMED[str(name)])
                c = shape * rng.uniform(0.5, 0.8, len(BASIC))
                add(f"{str(name).replace(' ', '_')}_{round(100 * c.max()):03d}", c)
        if rounds >= 3:
            for _ in range(4):
                c = rng.dirichlet(np.full(len(BASIC), 0.5)) * rng.uniform(0.5, 1.2)
                add(f"mixture_{len(targets):03d}", np.where(c < 0.1, 0, np.minimum(c, 1)))
        rounds += 1
    return list(targets.values())
