"""How many votes a study needs, before it starts.

A pair of methods, A and B, is compared n times; the margin d is the share of answers that prefer A minus the share that
prefer B, and a share t of the answers are ties. The test is the two-sided sign test on the answers that are no ties.
The number of wins less losses has mean n d and variance n (1 - t - d^2), and n (1 - t) where there is no difference, so

    n = ((z_{1 - alpha/2} sqrt(1 - t) + z_power sqrt(1 - t - d^2)) / d)^2

(Connor, "Sample size for testing differences in proportions for the paired-sample design", Biometrics 43, 1987: the
sign test is McNemar's). Answers of one voter are alike; n is multiplied by the design effect (Kish, "Survey
Sampling", 1965, section 5.4).
"""

import math
from statistics import NormalDist

from reggan.errors import InputError

POWER, ALPHA, TIE_SHARE = 0.8, 0.05, 0.3
_Z = NormalDist()


def sample_size(
    margin: float,
    power: float = POWER,
    alpha: float = ALPHA,
    tie_share: float = TIE_SHARE,
    repeats: float = 1,
    correlation: float = 0,
) -> int:
    """Comparisons of one pair of methods, for one question, that find a preference margin with the given power.

    Args:
        margin: share that prefers one method minus share that prefers the other, above 0, at most 1 - tie_share.
        power: chance of finding it, above alpha and below 1.
        alpha: chance of finding a difference where there is none.
        tie_share: share of "both" and "neither", from 0 to below 1.
        repeats, correlation: of `design_effect`.
    """
    _check(margin, alpha, tie_share)
    if not alpha < power < 1:
        raise InputError("The power must lie between alpha ({alpha}) and 1.", alpha=f"{alpha:g}")
    decided = 1 - tie_share
    spread = _Z.inv_cdf(1 - alpha / 2) * math.sqrt(decided) + _Z.inv_cdf(power) * _deviation(margin, decided)
    return math.ceil((spread / margin) ** 2 * design_effect(repeats, correlation) - 1e-9)


def power_of(
    n: int,
    margin: float,
    alpha: float = ALPHA,
    tie_share: float = TIE_SHARE,
    repeats: float = 1,
    correlation: float = 0,
) -> float:
    """Chance that n comparisons of one pair find a margin: the inverse of `sample_size`."""
    _check(margin, alpha, tie_share)
    if n < 1:
        raise InputError("At least one comparison is needed.")
    decided, effective = 1 - tie_share, n / design_effect(repeats, correlation)
    surplus = margin * math.sqrt(effective) - _Z.inv_cdf(1 - alpha / 2) * math.sqrt(decided)
    deviation = _deviation(margin, decided)
    return float(surplus >= 0) if deviation == 0 else _Z.cdf(surplus / deviation)


def design_effect(repeats: float, correlation: float) -> float:
    """What n is multiplied by when answers come in groups: 1 + (repeats - 1) correlation.

    Args:
        repeats: answers about the same pair of methods by one voter (or about one item: take what groups more).
        correlation: intraclass correlation of such answers, 0 (as good as answers of different voters) to 1 (worth
            no more than one).
    """
    if repeats < 1:
        raise InputError("Every voter gives at least one answer.")
    if not 0 <= correlation <= 1:
        raise InputError("The correlation must lie between 0 and 1.")
    return 1 + (repeats - 1) * correlation


def describe(
    margin: float,
    power: float = POWER,
    alpha: float = ALPHA,
    tie_share: float = TIE_SHARE,
    methods: int = 2,
    repeats: float = 1,
    correlation: float = 0,
) -> str:
    """A study's size in words: comparisons per pair and in all, and voters."""
    n = sample_size(margin, power, alpha, tie_share, repeats, correlation)
    if methods < 2:
        raise InputError("A comparison needs at least two methods.")
    pairs = methods * (methods - 1) // 2
    lines = [
        f"{n} comparisons per pair of methods find a preference margin of {100 * margin:g} points "
        f"with a power of {100 * power:g} % (two-sided sign test, alpha {alpha:g}, {100 * tie_share:g} % ties)."
    ]
    if pairs > 1:
        lines.append(f"{methods} methods make {pairs} pairs: {n * pairs} comparisons in all.")
    if repeats > 1:
        lines.append(
            f"With {repeats:g} comparisons of each pair by one voter: {math.ceil(n / repeats)} voters "
            f"(design effect {design_effect(repeats, correlation):.2f} at a correlation of {correlation:g})."
        )
    return "\n".join(lines)


def _deviation(margin: float, decided: float) -> float:
    return math.sqrt(max(0.0, decided - margin**2))


def _check(margin: float, alpha: float, tie_share: float) -> None:
    if not 0 < alpha < 1:
        raise InputError("Alpha must lie between 0 and 1.")
    if not 0 <= tie_share < 1:
        raise InputError("The share of ties must be at least 0 and below 1.")
    if not 0 < margin <= 1 - tie_share + 1e-9:
        raise InputError(
            "The margin must be above 0 and, with this share of ties, at most {most}.", most=f"{1 - tie_share:g}"
        )
