"""Metrics that need a package or a download of their own: `pip install "reggan[metrics]"`.

A metric that cannot be had raises `NotAvailable` with the reason, which the report prints in that metric's cells.
Nothing else is put in its place.
"""

import hashlib
import http.client
import importlib
import os
import shutil
import tempfile
import urllib.request
from pathlib import Path
from types import ModuleType

_TIMEOUT = 10  # seconds

EXTRA = 'pip install "reggan[metrics]"'


class NotAvailable(Exception):
    """Why a metric could not be taken; one phrase."""


def package(name: str, install: str = EXTRA) -> ModuleType:
    """Import a package of the optional extra.

    Raises:
        NotAvailable: it is not installed, or does not load.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise NotAvailable(f"{error.name} is not installed ({install})") from None
    except Exception as error:  # a broken installation of a package that is not ours can raise anything
        raise NotAvailable(f"{name} does not load: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def unavailable(what: str, error: BaseException) -> NotAvailable:
    """The reason, from whatever a package raised."""
    return NotAvailable(f"{what}: {_first_line(error)}")


def download(url: str, sha256: str, name: str) -> Path:
    """A file from its own source, kept in the user's cache folder (`REGGAN_CACHE`, else `~/.cache/reggan`).

    Raises:
        NotAvailable: it cannot be downloaded, or is not the file that was expected.
    """
    folder = Path(os.environ.get("REGGAN_CACHE", Path.home() / ".cache" / "reggan"))
    path = folder / name
    if path.is_file() and _digest(path) == sha256:
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as fresh:
            part = Path(fresh) / name
            with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer, part.open("wb") as f:
                shutil.copyfileobj(answer, f)
            part.replace(path)
    except (OSError, http.client.HTTPException) as error:
        raise unavailable(f"{name} could not be downloaded", error) from error
    if _digest(path) != sha256:
        path.unlink()
        raise NotAvailable(f"{name} is not the file that was expected (checksum)")
    return path


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
