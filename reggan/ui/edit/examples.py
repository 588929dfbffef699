"""The pictures that the page offers to begin with."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock

from reggan.faces import read_image
from reggan.predictor import Predictor
from reggan.ui.browser_files import thumbnail
from reggan.ui.edit.visit import Look, Visit
from reggan.ui.edit.wishes import Wish, Wishes

_RESULTS = 8  # that are kept; of some MB each


class Examples:
    """Faces are looked for when the first visitor takes a picture. The first one is there from the beginning, and what
    the page begins with is made of it: that warms up the detector and both stages."""

    def __init__(self, predictor: Predictor, files: Mapping[str, Path]) -> None:
        self._predictor, self._files = predictor, dict(files)
        self._begun: dict[str, Visit] = {}
        self._lock = Lock()  # a picture is read once, however many visitors ask for it
        self._looks = lru_cache(_RESULTS)(self._look)
        if self._files:
            visit = self.visit(self.first)
            if visit.count:
                begun = Wishes.begin(visit.key, visit.count)
                self.look(visit, begun.faces, begun.on)

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

    def look(self, visit: Visit, wishes: Mapping[int, Wish], on: int | None) -> Look:
        """As `visit.look`; of one of them what was made last is kept, because every visitor begins with it."""
        if not self.has(visit):
            return visit.look(self._predictor, wishes, on)
        return self._looks(visit, tuple(wishes.items()), on)

    def _look(self, visit: Visit, wishes: tuple[tuple[int, Wish], ...], on: int | None) -> Look:
        return visit.look(self._predictor, dict(wishes), on)

    @cached_property
    def thumbnails(self) -> dict[str, str]:
        """By name."""
        return {name: thumbnail(read_image(file)) for name, file in self._files.items()}
