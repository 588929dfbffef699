"""Whole pairs in another style: paintings, drawings, statues, characters, old photographs, other light."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from reggan.engine.styles.drawing import charcoal, engraving, pencil
from reggan.engine.styles.paint import fresco, oil, pastel
from reggan.engine.styles.photographic import coloured_light, low_light, old_photograph, sepia
from reggan.engine.styles.relief import bronze, marble, sandstone, terracotta
from reggan.engine.styles.shots import Pictures, Shots
from reggan.engine.styles.toon import avatar, cartoon
from reggan.pairs.layout import Sample

Float = NDArray[np.float32]
Style = Callable[[Shots, np.random.Generator], Pictures]

STYLES: dict[str, Style] = {
    style.__name__: style
    for style in (
        *(oil, pastel, fresco, pencil, charcoal, engraving, marble, bronze, terracotta, sandstone),
        *(cartoon, avatar, sepia, old_photograph, low_light, coloured_light),
    )
}


def styled_copies(
    neutral: Pictures,
    rest: Float,
    samples: list[Sample],
    normals: list[Float],
    names: Sequence[str],
    count: int,
    rng: np.random.Generator,
) -> Iterator[tuple[str, Pictures, list[Sample]]]:
    """One identity in some styles, drawn without repetition, each with a random third of its samples.

    Args:
        neutral: (S, S, 3) uint8, `rest` its normals (S, S, 3).
        samples, normals: what was made of it, displacement included, and the normals of each.
        names: of the styles to draw from.
        count: how many styles.

    Yields:
        The style's name, the neutral in it, and the samples in it; displacement stays what it was.
    """
    for name in rng.permutation(sorted(names))[:count]:
        order = sorted(rng.permutation(len(samples))[: max(1, len(samples) // 3)].tolist())
        chosen = [samples[k] for k in order]
        moved = [np.zeros((2, 1, 1)) if sample.flow is None else sample.flow for sample in chosen]
        shots = Shots(
            np.stack([neutral, *(sample.image for sample in chosen)]),
            np.stack([rest, *(normals[k] for k in order)]),
            np.stack([np.zeros_like(moved[0]), *moved]).astype(np.float32),
        )
        styled = STYLES[str(name)](shots, rng)
        pictures = zip(chosen, styled[1:], strict=True)
        yield str(name), styled[0], [dataclasses.replace(sample, image=picture) for sample, picture in pictures]
