"""Which weights a predictor gets: those it is told, those of the environment, those of the package."""

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

_SECONDS = 3.5  # for the whole download; with loading the embedded weights instead, five

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """Weights on the disk, and how they came there."""

    path: Path  # a safetensors file, or a folder with config.json and model.safetensors
    name: str  # of the repository, file or folder; "" for the package's own
    commit: str = ""  # of the repository
    notice: str = ""  # one sentence for everybody who uses them, if they are not the ones that were asked for


def find(
    name: str | Path | None = None, revision: str | None = None, environ: Mapping[str, str] = os.environ
) -> Source:
    """The weights to load; a repository is downloaded if it has to be.

    Where the Hub does not answer, the answer is the package's own weights and a notice, after 3.5 seconds at most.

    Args:
        name: file, folder, "owner/name" or "owner/name@revision"; if not given, what REGGAN_WEIGHTS says.
        revision: of the repository: a commit, tag or branch, "main" if not given.

    Raises:
        InputError: there is no such file, folder, repository or revision, or the repository holds no RegGAN.
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
    repo, _, tagged = wanted.partition("@")
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
    return wanted.endswith(".safetensors") or wanted.startswith((".", "/", "~")) or wanted.count("/") != 1
