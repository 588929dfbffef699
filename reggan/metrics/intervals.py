"""Mean with a 95 % interval: the percentile bootstrap (Efron and Tibshirani, 1993, chapter 13)."""

from typing import NamedTuple

import numpy as np

_RESAMPLES = 2000


class Interval(NamedTuple):
    mean: float
    low: float
    high: float
    measured: int  # how many values went in, nan left out


def mean_interval(values: np.ndarray, groups: np.ndarray | None = None, seed: int = 0) -> Interval:
    """Mean of the values and the interval that holds 95 % of the means of bootstrap resamples.

    Args:
        values: (N,) float; nan are left out, so report their number too.
        groups: (N,) labels, for instance the person each value belongs to. Images of one person are alike, so whole
            groups are resampled; without, single values are.
        seed: of the resampling.

    Returns:
        All nan with measured 0 when there is nothing to average.
    """
    values = np.asarray(values, np.float64)
    measured = ~np.isnan(values)
    if not measured.any():
        return Interval(np.nan, np.nan, np.nan, 0)
    labels = np.arange(len(values)) if groups is None else np.asarray(groups)
    values, labels = values[measured], labels[measured]
    _, index = np.unique(labels, return_inverse=True)
    totals, counts = np.bincount(index, values), np.bincount(index)  # (G,) each
    picks = np.random.default_rng(seed).integers(len(counts), size=(_RESAMPLES, len(counts)))
    means = totals[picks].sum(1) / counts[picks].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high), len(values))
