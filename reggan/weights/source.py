"""Which weights a predictor gets: those given, else those that the environment names, else the package's own."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reggan.errors import InputError
from reggan.weights.fetch import Unreachable, fetch

#: The weights that come with the package.
EMBEDDED = Path(__file__).resolve().with_name("reggan.safetensors")
#: Environment variable with a file, a folder, or a repository on the Hub: "someone/reggan", "someone/reggan@revision".
VARIABLE = "REGGAN_WEIGHTS"

_SECONDS = 3.5  # for the whole download; five, if the embedded weights are loaded after all

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """Weights on disk, and where they came from."""

    path: Path  # a safetensors file, or a folder with config.json and model.safetensors
    name: str  # of the repository, file or folder; "" for the package's own
    commit: str = ""  # of the repository
    notice: str = ""  # one sentence for everyone who uses them, if they are not the requested ones


def find(
    name: str | Path | None = None, revision: str | None = None, environ: Mapping[str, str] = os.environ
) -> Source:
    """The weights to load; a repository is downloaded if necessary.

    If the Hub does not answer within 3.5 seconds, the package's own weights are returned, with a notice.

    Args:
        name: file, folder, "owner/name" or "owner/name@revision"; by default the value of REGGAN_WEIGHTS.
        revision: of the repository: a commit, tag or branch, "main" if not given.

    Raises:
        InputError: the file, folder, repository or revision does not exist, or the repository holds no RegGAN.
    """
    wanted = str(name or environ.get(VARIABLE, "").strip())
    if not wanted:
        if revision:
            raise InputError("A revision needs the name of a repository on the Hub.")
        return Source(EMBEDDED, "")
    path = Path(wanted).expanduser()
    if path.exists() or _is_path(wanted):
        if revision:
            raise InputError(
                "A revision belongs to a repository on the Hub, and {name} is a file or folder.", name=wanted
            )
        if not path.exists():
            raise InputError("There is no weights file at {path}.", path=wanted)
        return Source(path, path.name)
    repo, tagged = _repository(wanted)
    try:
        snapshot = fetch(repo, revision or tagged or None, _SECONDS)
    except Unreachable as error:
        notice = f"The weights of {repo} could not be loaded from the Hub ({error}); these are RegGAN's own."
        _log.warning(notice)
        return Source(EMBEDDED, "", notice=notice)
    notice = ""
    if snapshot.unasked:
        notice = f"The Hub could not be asked for {repo} ({snapshot.unasked}); this is commit {snapshot.commit[:7]}."
        _log.warning(notice)
    return Source(snapshot.folder, repo, snapshot.commit, notice)


def _is_path(wanted: str) -> bool:
    return (
        wanted.endswith(".safetensors") or wanted.startswith((".", "/", "~")) or _repository(wanted)[0].count("/") != 1
    )


def _repository(wanted: str) -> tuple[str, str]:
    """Name and revision: all that follows the first @, slashes too, as in "refs/pr/1"."""
    repo, _, revision = wanted.partition("@")
    return repo, revision
