"""The sizes that define a RegGAN, as a weights file states them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of both stages. All are our choice, since the paper does not publish its own.

    Attributes:
        grid: side of stage 1's grid.
        r: side of stage 1's window.
        widths: channels of stage 2 at 1/2, 1/4, 1/8 and 1/16 of the image's side.
        shading: side of stage 2's learned mean gain.
        shape: how many numbers describe the face's shape to stage 2; 0 for none.
    """

    grid: int = 128
    r: int = 3
    widths: tuple[int, ...] = (24, 64, 112, 160)
    shading: int = 192
    shape: int = 12

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))  # JSON has lists

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"widths": list(self.widths)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelConfig":
        """The inverse of `to_dict`. Other entries, for other programs, are ignored; a missing one is a `KeyError`."""
        return cls(**{f.name: values[f.name] for f in fields(cls)})
