"""The vocabulary."""

import numpy as np
import pytest

from reggan import BASIC, COMPOUND, NAMED, InputError, resolve
from reggan.expressions import describe


def test_order_and_size() -> None:
    assert BASIC == ("happy", "sad", "fearful", "angry", "surprised", "disgusted")
    assert len(COMPOUND) == 15
    assert len(NAMED) == 22


@pytest.mark.parametrize("k", range(6))
def test_basic_is_a_unit_vector(k: int) -> None:
    assert resolve(BASIC[k]).tolist() == np.eye(6)[k].tolist()


def test_neutral_is_zero() -> None:
    assert not resolve("neutral").any()


def test_compound_mixes_its_two_parts() -> None:
    c = resolve("happily surprised")
    assert set(np.flatnonzero(c)) == {0, 4}
    assert c[0] == c[4] > 0.5


def test_spelling_does_not_matter() -> None:
    want = resolve("sadly angry").tolist()
    assert all(resolve(s).tolist() == want for s in ("Sadly Angry", "sadly_angry", " sadly-angry "))


def test_strength_scales() -> None:
    np.testing.assert_allclose(resolve({"happy": 0.8, "sad": 0.2}, 0.5), [0.4, 0.1, 0, 0, 0, 0], rtol=1e-6)


def test_vector_passes_through() -> None:
    c = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    np.testing.assert_allclose(resolve(c), c, rtol=1e-6)


@pytest.mark.parametrize(
    ("expression", "strength", "words"),
    [
        ("smug", 1.0, "no expression called"),
        ({"joy": 1.0}, 1.0, "'joy' is not one"),
        ({"happy": 1.5}, 1.0, "between 0 and 1"),
        ([0.0] * 5, 1.0, "6 numbers"),
        ([float("nan")] * 6, 1.0, "between 0 and 1"),
        ("happy", 1.2, "Strength"),
        ("happy", float("nan"), "Strength"),
    ],
)
def test_nonsense_is_one_sentence(expression: object, strength: float, words: str) -> None:
    with pytest.raises(InputError, match=words):
        resolve(expression, strength)  # type: ignore[arg-type]


def test_describe() -> None:
    assert describe(resolve({"happy": 0.7, "surprised": 0.6})) == "70 % happy, 60 % surprised"
    assert describe(resolve("neutral")) == "neutral"
