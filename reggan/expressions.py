"""The expression vocabulary: names to strength vectors and back.

A target expression is a vector `c` in [0, 1]^6, one strength per basic expression. Compound expressions are
mixtures of two basics, in the terms of CFEE (Du, Tao and Martinez, "Compound facial expressions of emotion",
PNAS 2014). Any other mixture is allowed too.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from reggan.errors import InputError

#: Order of the six entries of every strength vector.
BASIC = ("happy", "sad", "fearful", "angry", "surprised", "disgusted")

#: The strength at which expressions look natural, by eye: above it they look posed.
NATURAL = 0.7

# CFEE's 15 compounds. The first twelve are named after their two parts. Appalled, hatred and awed are CFEE's own
# names: the paper gives appalled and hatred as disgust with anger, weighted differently, and awe as fear with
# surprise (its table 1 of prototypical action units). The unequal weights of those three are our choice.
_COMPOUND_PARTS: dict[str, dict[str, float]] = {
    "happily surprised": {"happy": 1.0, "surprised": 1.0},
    "happily disgusted": {"happy": 1.0, "disgusted": 1.0},
    "sadly fearful": {"sad": 1.0, "fearful": 1.0},
    "sadly angry": {"sad": 1.0, "angry": 1.0},
    "sadly surprised": {"sad": 1.0, "surprised": 1.0},
    "sadly disgusted": {"sad": 1.0, "disgusted": 1.0},
    "fearfully angry": {"fearful": 1.0, "angry": 1.0},
    "fearfully surprised": {"fearful": 1.0, "surprised": 1.0},
    "fearfully disgusted": {"fearful": 1.0, "disgusted": 1.0},
    "angrily surprised": {"angry": 1.0, "surprised": 1.0},
    "angrily disgusted": {"angry": 1.0, "disgusted": 1.0},
    "disgustedly surprised": {"disgusted": 1.0, "surprised": 1.0},
    "appalled": {"disgusted": 1.0, "angry": 0.5},
    "hatred": {"angry": 1.0, "disgusted": 0.6},
    "awed": {"surprised": 1.0, "fearful": 0.5},
}

# A compound at strength 1 is its parts at 0.65: two full expressions added up tear the face apart, and the
# training compounds have parts between 0.5 and 0.8. Our choice.
_COMPOUND_SCALE = 0.65


def _vector(parts: Mapping[str, float], scale: float = 1.0) -> tuple[float, ...]:
    return tuple(scale * parts.get(name, 0.0) for name in BASIC)


#: Every named expression at strength 1: neutral, the six basics, the 15 compounds.
NAMED: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {"neutral": _vector({})}
    | {name: _vector({name: 1.0}) for name in BASIC}
    | {name: _vector(parts, _COMPOUND_SCALE) for name, parts in _COMPOUND_PARTS.items()}
)

COMPOUND = tuple(_COMPOUND_PARTS)

Expression = str | Mapping[str, float] | Sequence[float] | np.ndarray


def resolve(expression: Expression, strength: float = 1.0) -> np.ndarray:
    """Turn a name, a mixture or a vector into the strength vector `c`.

    Args:
        expression: a name from `NAMED` (case, "_" and "-" do not matter), a mixture such as
            `{"happy": 0.7, "surprised": 0.6}`, or six numbers in the order of `BASIC`.
        strength: in [0, 1], multiplies the vector.

    Returns:
        (6,) float32 in [0, 1].

    Raises:
        InputError: unknown name, wrong length, or a number outside [0, 1].
    """
    if not np.isfinite(strength) or not 0.0 <= strength <= 1.0:
        raise InputError("Strength must be between 0 and 1, not {strength}.", strength=strength)
    if isinstance(expression, str):
        name = " ".join(expression.lower().replace("_", " ").replace("-", " ").split())
        if name not in NAMED:
            raise InputError(
                "There is no expression called {expression}; choose one of: {names}.",
                expression=repr(expression),
                names=", ".join(NAMED),
            )
        values: Sequence[float] | np.ndarray = NAMED[name]
    elif isinstance(expression, Mapping):
        unknown = sorted(set(expression) - set(BASIC))
        if unknown:
            raise InputError(
                "A mixture is made of {names}; {unknown} is not one of them.",
                names=", ".join(BASIC),
                unknown=repr(unknown[0]),
            )
        values = _vector(expression)
    else:
        values = expression
    c = np.asarray(values, np.float32)
    if c.shape != (len(BASIC),):
        raise InputError("An expression vector has {n} numbers, not shape {shape}.", n=len(BASIC), shape=c.shape)
    if not np.isfinite(c).all() or c.min() < 0.0 or c.max() > 1.0:
        raise InputError("Every number of an expression vector must be between 0 and 1.")
    return c * np.float32(strength)


def relaxation(c: np.ndarray, neutral: float = 0.0) -> np.ndarray:
    """How much of the expression that a face has already is taken away, so that a smiling sitter can be angry.

    Args:
        c: (N, 6) strengths of the new expressions; where they add up to `NATURAL`, all of the old one goes, because
            anger with a third of a laugh is a laugh.
        neutral: how much goes where there is no new one.

    Returns:
        (N,) float32 in [0, 1].
    """
    total = np.asarray(c, np.float32).sum(-1)
    return np.where(total > 0, np.minimum(total / NATURAL, 1), neutral).astype(np.float32)


def describe(c: np.ndarray) -> str:
    """Words for a strength vector, e.g. "70 % happy, 60 % surprised"; "neutral" for zeros."""
    parts = [f"{round(100 * float(v))} % {name}" for name, v in zip(BASIC, c, strict=True) if v > 0.005]
    return ", ".join(parts) or "neutral"
