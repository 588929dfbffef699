"""The pictures that the page offers to begin with."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock

from reggan.faces import read_image
from reggan.predictor import Predictor
from reggan.ui.browser_files import thumbnail
from reggan.ui.edit.visit import Visit


class Examples:
    """Faces are looked for when the first visitor takes a picture; of the first one at once."""

    def __init__(self, predictor: Predictor, files: Mapping[str, Path]) -> None:
        self._predictor, self._files = predictor, dict(files)
        self._begun: dict[str, Visit] = {}
        self._lock = Lock()  # a picture is read once, however many visitors ask for it
        if self._files:
            self.visit(self.first)

    def __len__(self) -> int:
        return len(self._files)

    @property
    def first(self) -> str:
        """The name of the one that the page begins with."""
        return next(iter(self._files))

    def visit(self, name: str | None) -> Visit:
        """Of the picture with this name; of the first, if there is none."""
        name = name if name in self._files else self.first
        with self._lock:
            if name not in self._begun:
                self._begun[name] = Visit.begin(self._predictor, self._files[name])
            return self._begun[name]

    def has(self, visit: Visit) -> bool:
        """Whether this is one of them, with nothing marked."""
        return visit in list(self._begun.values())

    @cached_property
    def thumbnails(self) -> dict[str, str]:
        """By name."""
        return {name: thumbnail(read_image(file)) for name, file in self._files.items()}
