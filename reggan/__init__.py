"""RegGAN: gives any face a new expression."""

from typing import TYPE_CHECKING

from reggan.errors import InputError
from reggan.expressions import BASIC, COMPOUND, NAMED, resolve

if TYPE_CHECKING:
    from reggan.predictor import Predictor, Result

__version__ = "0.1.0"
__all__ = ["BASIC", "COMPOUND", "NAMED", "InputError", "Predictor", "Result", "resolve"]


def __getattr__(name: str) -> object:
    """Load torch and the model only when they are asked for: `import reggan` stays quick."""
    if name in ("Predictor", "Result"):
        from reggan import predictor

        return getattr(predictor, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
