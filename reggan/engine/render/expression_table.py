"""The expressions as data: blendshape weights and wrinkles per basic expression, from expressions.toml."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reggan.expressions import BASIC

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[import-not-found, no-redef]


@functools.lru_cache(maxsize=1)
def expression_table() -> Mapping[str, tuple[dict[str, float], dict[str, float]]]:
    """Per entry of expressions.toml: blendshape weights and wrinkles at strength 1."""
    table = {}
    for name, entry in read_toml("expressions.toml").items():
        wrinkles = entry.pop("wrinkles")
        table[name] = (entry, wrinkles)
    return table


def read_toml(name: str) -> dict[str, Any]:
    """A table beside this file."""
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def mixture(c: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
    """Blendshape weights and wrinkles of a strength vector.

    Args:
        c: (6,) strengths in the order of `reggan.expressions.BASIC`.
    """
    weights: dict[str, float] = {}
    wrinkles: dict[str, float] = {}
    for name, strength in zip(BASIC, c, strict=True):
        if strength:
            entry = expression_table()[name]
            for total, part in zip((weights, wrinkles), entry, strict=True):
                for key, value in part.items():
                    total[key] = total.get(key, 0.0) + float(strength) * value
    if "jawOpen" in weights:
        weights.setdefault("mouthRound", weights["jawOpen"])
    return weights, wrinkles
