"""Cluster bootstrap over voters: whole voters are resampled, with all their votes.

One voter's votes are alike, so intervals from single votes would be too narrow (Efron and Tibshirani, 1993, chapter 8;
Cameron, Gelbach and Miller, 2008). The plain percentile interval is too narrow with few voters, by the factor that
separates t from normal quantiles and n - 1 from n; its percentiles are moved outwards accordingly (Hesterberg, "What
teachers should know about the bootstrap", The American Statistician 69, 2015, expanded percentile interval).
"""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

RESAMPLES = 1000
MIN_VOTERS = 6  # with five, even a unanimous answer is no evidence at 5 %: 2 / 2^5 = 0.06
FEW_VOTERS = 20  # below, intervals are given with a warning
_NORMAL = NormalDist()


class Estimate(NamedTuple):
    """A number with its 95 % interval; nan for what is not known."""

    value: float
    low: float
    high: float


UNKNOWN = Estimate(math.nan, math.nan, math.nan)


def resample(voters: int, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """How often each voter is drawn in each resample: (resamples, voters) float64, rows sum to voters."""
    draws = np.random.default_rng(seed).multinomial(voters, np.full(voters, 1 / voters), size=resamples)
    return draws.astype(np.float64)


def interval(samples: np.ndarray, voters: int) -> tuple[float, float]:
    """95 % interval of a number from its resamples.

    Args:
        samples: (B,) float, nan where a resample held nothing to measure.
        voters: how many there were to resample.

    Returns:
        nan twice with fewer than `MIN_VOTERS` voters.
    """
    samples = samples[~np.isnan(samples)]
    if voters < MIN_VOTERS or len(samples) == 0:
        return math.nan, math.nan
    tail = 100 * _tail(voters)
    low, high = np.percentile(samples, [tail, 100 - tail])
    return float(low), float(high)


def estimate(value: float, samples: np.ndarray, voters: int, low: float = 0, high: float = 1) -> Estimate:
    """Value and 95 % interval of a mean of answers that lie between `low` and `high`.

    Where all voters agree, resamples do too, and say nothing of the voters who were not asked. With k unanimous voters,
    at most 1 - 0.025^(1/k) of all voters answer otherwise (Clopper and Pearson, 1934), all of them at the far end.
    """
    if math.isnan(value) or voters < MIN_VOTERS:
        return Estimate(value, math.nan, math.nan)
    bounds = interval(samples, voters)
    if bounds[1] - bounds[0] > 1e-9:
        return Estimate(value, *bounds)
    others = 1 - 0.025 ** (1 / voters)
    return Estimate(value, value + others * (low - value), value + others * (high - value))


def ranks(samples: np.ndarray, voters: int) -> list[int | None]:
    """Rank of each method: 1 + the number of methods that are better, with a 95 % interval of the difference above 0.

    Args:
        samples: (B, M) of what methods are ranked by, nan where a resample held nothing of a method.
        voters: below `MIN_VOTERS` nobody is ranked.
    """
    count = samples.shape[1]
    if voters < MIN_VOTERS:
        return [None] * count
    lows = [[interval(samples[:, b] - samples[:, m], voters)[0] for b in range(count)] for m in range(count)]
    return [1 + sum(low > 0 for low in row) for row in lows]


def caution(voters: int) -> list[str]:
    """A sentence about intervals from few voters, if there are few."""
    if voters < MIN_VOTERS:
        return [f"No intervals and ranks: they need at least {MIN_VOTERS} voters."]
    if voters < FEW_VOTERS:
        return [f"With fewer than {FEW_VOTERS} voters the intervals are rough."]
    return []


def _tail(voters: int) -> float:
    """Share of resamples to leave out at either end."""
    return _NORMAL.cdf(-math.sqrt(voters / (voters - 1)) * _t975(voters - 1))


def _t975(df: int) -> float:
    """97.5 % quantile of Student's t (Abramowitz and Stegun, 26.7.5), within 0.01 for 5 degrees of freedom or more."""
    z = _NORMAL.inv_cdf(0.975)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / df ** (power + 1) for power, term in enumerate(terms))
