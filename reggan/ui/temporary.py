"""Where visitors' pictures lie while they are needed: one folder that only this process may read.

Gradio writes uploads and results to GRADIO_TEMP_DIR. Its own `delete_cache` forgets files that it does not track (the
part of an upload that was broken off) and stops for good once a client has named a folder as a file. So everything in
the private folder is deleted here by age, whoever wrote it, and the folder goes when the process ends.
"""

import asyncio
import atexit
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from reggan.shutdown import exit_on_sigterm

_PREFIX = "reggan-private-"
_DEAD = 900.0  # seconds without a sign of life, after which another process's folder is cleaned up


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
    parent = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
    parent.mkdir(parents=True, exist_ok=True)
    for other in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            status = other.lstat()
            if not other.is_symlink() and time.time() - status.st_mtime > _DEAD:
                shutil.rmtree(other, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent)).resolve()
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    atexit.register(_remove, folder, os.getpid())
    exit_on_sigterm()
    return folder


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # not a child that was forked
        shutil.rmtree(folder, ignore_errors=True)


def files_in(folder: Path) -> Iterator[Path]:
    """Every file below a folder; links are files, and are not followed."""
    for path, _, names in os.walk(folder):
        yield from (Path(path) / name for name in names)


def sweep(folder: Path, seconds: float, spare: frozenset[Path] = frozenset()) -> int:
    """Delete files, except `spare`, and empty folders that have not changed for so many seconds.

    Returns:
        how many files were deleted.
    """
    before, deleted = time.time() - seconds, 0
    for path, folders, names in os.walk(folder, topdown=False):
        here = Path(path)
        for name in names:
            with contextlib.suppress(OSError):  # deleted by somebody else meanwhile
                file = here / name
                if file not in spare and file.lstat().st_ctime <= before:
                    file.unlink()
                    deleted += 1
        for name in folders:
            with contextlib.suppress(OSError):  # not empty
                if (here / name).lstat().st_ctime <= before - 1 or not seconds:
                    (here / name).rmdir()
    return deleted


@contextlib.asynccontextmanager
async def sweeping(_: Any = None) -> AsyncIterator[None]:
    """While the server runs, files older than `keep_seconds` are deleted; when it ends, all of them.

    Spared are the files that are there already: nobody has visited yet, so that they are the page's own.
    """
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    own, seconds = frozenset(files_in(folder)), keep_seconds()

    async def work() -> None:
        while True:
            await asyncio.sleep(min(60.0, seconds / 4))
            with contextlib.suppress(OSError):
                os.utime(folder)  # a sign of life
            await asyncio.to_thread(sweep, folder, seconds, own)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        sweep(folder, 0.0, own)
