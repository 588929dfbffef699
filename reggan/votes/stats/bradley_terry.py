"""Strengths from paired comparisons with ties: Davidson's extension of the Bradley-Terry model.

With strengths a and b on the log scale and a tie parameter v,

    P(A preferred) : P(tie) : P(B preferred) = exp(a) : v exp((a + b) / 2) : exp(b)

(Davidson, "On extending the Bradley-Terry model to accommodate ties in paired comparison experiments", JASA 65, 1970;
Bradley and Terry, Biometrika 39, 1952, is the case v = 0). Fitted by penalised maximum likelihood: a normal prior with
mean 0 and variance 1 / `PRECISION` on every strength and on log v keeps a method that never lost finite. It weighs
less than half a comparison per method.
"""

from typing import NamedTuple

import numpy as np

PRECISION = 0.1
_STEPS = 100
_TOLERANCE = 1e-9


class Strengths(NamedTuple):
    strength: np.ndarray  # (..., M) log scale, mean 0
    log_tie: np.ndarray  # (...,) log v; -inf where there are no ties


def fit(wins: np.ndarray, ties: np.ndarray, precision: float = PRECISION) -> Strengths:
    """Strengths for one table of counts, or for many at once.

    Newton's method with steps of at most 1 in any parameter, which tames the overshooting that a lopsided table brings.

    Args:
        wins: (..., M, M), how often row was preferred over column.
        ties: (..., M, M), symmetric.
        precision: of the prior; above 0.
    """
    wins, ties = np.asarray(wins, np.float64), np.asarray(ties, np.float64)
    batch, size = wins.shape[:-2], wins.shape[-1]
    wins, ties = wins.reshape(-1, size, size), ties.reshape(-1, size, size)
    tied = ties.sum((1, 2)) > 0
    parameters = np.zeros((len(wins), size + 1))  # strengths, then log v
    for _ in range(_STEPS):
        gradient, curvature = _derivatives(wins, ties, tied, parameters, precision)
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        largest = np.abs(step).max(1, keepdims=True)
        parameters += step / np.maximum(1, largest)
        if largest.max(initial=0) < _TOLERANCE:
            break
    strength = parameters[:, :size] - parameters[:, :size].mean(1, keepdims=True)
    log_tie = np.where(tied, parameters[:, size], -np.inf)
    return Strengths(strength.reshape(*batch, size), log_tie.reshape(batch))


def probabilities(strength: np.ndarray, log_tie: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chances that row is preferred over column, and of a tie, (..., M, M) each."""
    half = (strength[..., :, None] - strength[..., None, :]) / 2
    tie = np.broadcast_to(log_tie[..., None, None], half.shape)
    largest = np.maximum(np.abs(half), tie)
    up, level, down = (np.exp(x - largest) for x in (half, tie, -half))
    total = up + level + down
    return up / total, level / total


def groups(compared: np.ndarray) -> list[list[int]]:
    """Methods that comparisons connect with each other, directly or through others.

    Args:
        compared: (M, M) bool or counts, symmetric.
    """
    left, found = set(range(len(compared))), []
    while left:
        reached, edge = set(), {min(left)}
        while edge:
            reached |= edge
            edge = {int(j) for i in edge for j in np.flatnonzero(compared[i])} - reached
        found.append(sorted(reached))
        left -= reached
    return found


def _derivatives(
    wins: np.ndarray, ties: np.ndarray, tied: np.ndarray, parameters: np.ndarray, precision: float
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient (B, M + 1) and negative Hessian (B, M + 1, M + 1) of the penalised log likelihood.

    Per pair it is that of three classes with logits d / 2, log v and -d / 2, where d is the difference of strengths.
    """
    size = wins.shape[-1]
    strength, log_tie = parameters[:, :size], np.where(tied, parameters[:, size], -np.inf)
    up, level = probabilities(strength, log_tie)
    down = up.swapaxes(1, 2)
    total = wins + wins.swapaxes(1, 2) + ties

    surplus = (wins - wins.swapaxes(1, 2) - total * (up - down)) / 2  # of the row, by the pair's difference
    gradient = np.zeros_like(parameters)
    gradient[:, :size] = surplus.sum(2)
    gradient[:, size] = (ties - total * level).sum((1, 2)) / 2

    difference = total * (up + down - (up - down) ** 2) / 4
    cross = -(total * (up - down) * level / 2).sum(2)
    curvature = np.zeros((*parameters.shape, size + 1))
    curvature[:, :size, :size] = -difference
    diagonal = np.arange(size)
    curvature[:, diagonal, diagonal] += difference.sum(2)
    curvature[:, :size, size] = curvature[:, size, :size] = cross
    curvature[:, size, size] = (total * level * (1 - level)).sum((1, 2)) / 2

    gradient -= precision * parameters
    curvature[:, np.arange(size + 1), np.arange(size + 1)] += precision
    return gradient, curvature
