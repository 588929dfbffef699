"""Pictures that outlive a reload of the page: the browser remembers a number, the server what it stands for.

The number lies in the storage of one browser tab and ends with it. Here it is forgotten soon after the session has
ended, if no reload has asked for it by then, and in any case after an hour without a change.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from reggan.ui.edit.visit import Visit

_TOKEN = re.compile(r"[0-9a-f]{32}")
_RELOAD = 120.0  # seconds within which a page that was left comes back
_MOST = 256  # visits; a picture may take 150 MB


@dataclass(frozen=True)
class _Entry:
    visit: Visit
    session: str
    until: float


class KeptVisits:
    """Visits by their token, for all visitors. Threads may share it."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, visit: Visit | None, token: str, session: str) -> None:
        """Remember a session's visit, in place of what the token stood for before."""
        if visit is None or not _TOKEN.fullmatch(token):
            return
        self._forget_old()
        with self._lock:
            self._entries[token] = _Entry(visit, session, self._clock() + self._seconds)
            self._entries.move_to_end(token)
            while len(self._entries) > _MOST:
                self._entries.popitem(last=False)

    def find(self, token: str) -> Visit | None:
        """What the token stands for; None if it is unknown, or too old."""
        self._forget_old()
        with self._lock:
            entry = self._entries.get(token)
        return None if entry is None else entry.visit

    def leave(self, session: str) -> None:
        """The session has ended: its picture waits for a reload, and no longer."""
        soon = self._clock() + _RELOAD
        with self._lock:
            for token, entry in self._entries.items():
                if entry.session == session:
                    self._entries[token] = replace(entry, until=min(entry.until, soon))
        timer = threading.Timer(_RELOAD, self._forget_old)
        timer.daemon = True
        timer.start()

    def _forget_old(self) -> None:
        with self._lock:
            now = self._clock()
            for token in [token for token, entry in self._entries.items() if entry.until <= now]:
                del self._entries[token]
