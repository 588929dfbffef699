"""Where visitors' pictures lie while they are needed: one folder that only this process may read.

Gradio writes uploads and results to GRADIO_TEMP_DIR. Its own `delete_cache` forgets files that it does not track (the
part of an upload that was broken off) and stops for good once a client has named a folder as a file. So everything in
the private folder is deleted here by age, whoever wrote it, and the folder goes when the process ends. The folder of a
process that was killed goes when the next one starts, or within a minute where another one runs.
"""

import asyncio
import atexit
import contextlib
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from reggan.shutdown import exit_on_sigterm

if sys.platform != "win32":
    import fcntl

_PREFIX, _NEW = "reggan-private-", "reggan-new-"
_DEAD = 900.0  # seconds without a sign of life, after which a folder is abandoned where folders cannot be locked


def keep_seconds() -> float:
    """For how long files are kept: REGGAN_KEEP_SECONDS, else an hour."""
    try:
        return max(1.0, float(os.environ.get("REGGAN_KEEP_SECONDS", "")))
    except ValueError:
        return 3600.0


def use_private_folder() -> Path:
    """Make the folder, mode 0700, in GRADIO_TEMP_DIR or the system's temporary folder, and point Gradio to it.

    To be called before Gradio is imported. Folders that killed processes left behind are deleted. SIGTERM, by which a
    container is stopped, ends the process in order from now on, so that the folder goes then too.
    """
    parent = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir()).resolve()
    parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(parent)
    made = Path(tempfile.mkdtemp(prefix=_NEW, dir=parent))
    _lock(made)  # before it has the name by which others look for it
    folder = made.rename(parent / f"{_PREFIX}{secrets.token_hex(8)}")
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    atexit.register(_remove, folder, os.getpid())
    exit_on_sigterm()
    return folder


def remove_abandoned(parent: Path) -> None:
    """Delete the private folders in `parent` whose processes are dead."""
    for other in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if other.is_dir() and not other.is_symlink() and _abandoned(other):
                shutil.rmtree(other, ignore_errors=True)


def _lock(folder: Path) -> int | None:
    """Lock the folder as long as this process lives: the system unlocks it however that ends.

    Returns:
        what closes the lock; None if another process holds it.
    """
    if sys.platform == "win32":
        return -1
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _abandoned(folder: Path) -> bool:
    if sys.platform == "win32":
        return time.time() - folder.stat().st_mtime > _DEAD
    handle = _lock(folder)
    if handle is None:
        return False
    os.close(handle)
    return True


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # not a child that was forked
        shutil.rmtree(folder, ignore_errors=True)


def files_in(folder: Path) -> Iterator[Path]:
    """Every file below a folder; links are files, and are not followed."""
    for path, _, names in os.walk(folder):
        yield from (Path(path) / name for name in names)


class Sweeper:
    """Deletes a folder's files, except `spare`, when they have lain there unchanged for some time.

    Ages are counted from the first sweep that sees a file, by a clock that nobody can set: were the computer's put back
    by a day, files would otherwise stay a day longer.
    """

    def __init__(self, folder: Path, spare: frozenset[Path] = frozenset()) -> None:
        self.folder, self.spare = folder, spare
        self._seen: dict[tuple[Path, int], float] = {}  # path and time of its last change; when that was first seen

    def sweep(self, seconds: float, now: float) -> int:
        """Delete what was seen so many seconds ago or earlier, and empty folders; `now` is of `time.monotonic`.

        Returns:
            how many files were deleted.
        """
        seen: dict[tuple[Path, int], float] = {}
        deleted = 0
        for path, folders, names in os.walk(self.folder, topdown=False):
            for here in (Path(path) / name for name in (*names, *folders)):
                with contextlib.suppress(OSError):  # deleted by somebody else meanwhile, or a folder that is not empty
                    key = here, here.lstat().st_ctime_ns
                    seen[key] = self._seen.get(key, now)
                    if here in self.spare or now - seen[key] < seconds:
                        continue
                    if here.name in folders:
                        here.rmdir()
                    else:
                        here.unlink()
                        deleted += 1
        self._seen = seen
        return deleted


@contextlib.asynccontextmanager
async def sweeping(_: Any = None) -> AsyncIterator[None]:
    """While the server runs, files older than `keep_seconds` are deleted; when it ends, all of them.

    Spared are the files that are there already: nobody has visited yet, so that they are the page's own.
    """
    folder, seconds = Path(os.environ["GRADIO_TEMP_DIR"]), keep_seconds()
    sweeper, interval = Sweeper(folder, frozenset(files_in(folder))), min(60.0, seconds / 4)

    async def work() -> None:
        while True:
            with contextlib.suppress(OSError):
                os.utime(folder)  # a sign of life
            # A file may have come just after the last sweep.
            await asyncio.to_thread(sweeper.sweep, seconds - interval, time.monotonic())
            await asyncio.to_thread(remove_abandoned, folder.parent)
            await asyncio.sleep(interval)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        sweeper.sweep(0.0, time.monotonic())
