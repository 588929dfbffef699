"""All expressions of one face side by side: made once, to look at, to choose from, and to keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reggan.expressions import BASIC, COMPOUND
from reggan.output import provenance
from reggan.output.contact_sheet import expression_rows, lay_out_sheet
from reggan.predictor import Predictor
from reggan.ui.browser_files import new_path, served, write_png
from reggan.ui.edit.visit import Visit
from reggan.ui.words import say

NAMES: dict[str, tuple[str, ...]] = {"basic": BASIC, "all": (*BASIC, *COMPOUND)}


# eq=False: see `Visit`.
@dataclass(frozen=True, eq=False)
class EveryExpression:
    """What has been made so far of one face of one picture at one strength."""

    picture: str = ""  # `Visit.key`
    face: int = 0
    strength: float = 0.0
    tiles: Mapping[str, tuple[NDArray[np.uint8], Path]] = field(default_factory=dict)  # "input" and expressions
    shown: tuple[Any, ...] = ()  # what the page shows of it

    def of(self, picture: str, face: int, strength: float) -> "EveryExpression":
        """The same, or an empty one if it is about something else."""
        same = (self.picture, self.face, self.strength) == (picture, face, strength)
        return self if same else EveryExpression(picture, face, strength)

    def with_names(self, predictor: Predictor, visit: Visit, names: Sequence[str]) -> "EveryExpression":
        """With these expressions; only those that are missing are made.

        Raises:
            InputError: there is no such face or expression.
        """
        missing = [name for name in names if name not in self.tiles]
        if not missing:
            return self
        (row,) = expression_rows(predictor, visit.analysis, missing, False, self.strength, self.face)
        said = provenance.save_options("png", predictor.metadata, f"{len(missing)} expressions")
        made = {
            name: (image, write_png(image, new_path("view.png"), {} if name == "input" else said))
            for name, image in zip(("input", *missing), row, strict=True)
        }
        return replace(self, tiles={**made, **self.tiles})

    def value(self, names: Sequence[str], language: str) -> dict[str, Any]:
        """The value of the widget `tiles`."""
        tiles = [
            {
                "name": "" if name == "input" else name,
                "picture": served(self.tiles[name][1]),
                "title": say(name.capitalize(), language),
            }
            for name in ("input", *names)
        ]
        return {"label": say("All expressions", language), "tiles": tiles}

    def save(self, predictor: Predictor, names: Sequence[str], file_name: str) -> Path:
        """The sheet as a file, from the pixels that were looked at."""
        path = new_path(file_name)
        row = [self.tiles[name][0] for name in ("input", *names)]
        words = f"{len(names)} expressions, {round(100 * self.strength)} %"
        sheet = lay_out_sheet([row], names, self.strength)
        provenance.save(np.asarray(sheet.convert("RGB")), path, predictor.metadata, words)
        return path
