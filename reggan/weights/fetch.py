"""Weights from the Hugging Face Hub, all files at one commit: a JSON configuration and safetensors, nothing else.

On a network that is dead, the Hub's client tries again and again, for half a minute or for several. Here one short
question goes first, and the whole download may be given a time: what is not there by then goes on in the background,
for the next start.
"""

import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reggan.errors import InputError

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # before its first import: it asks for nothing but our files

CONFIG, WEIGHTS = "config.json", "model.safetensors"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FIRST_ANSWER = 3.0  # seconds that the Hub has for it
_NO_NAME = "There is no file or folder {repo}, and a repository on the Hub has a name like someone/reggan."


class Unreachable(Exception):
    """The Hub cannot be asked. `str(error)` says why, as the middle of a sentence."""


@dataclass(frozen=True)
class Snapshot:
    """A repository's two files in the cache."""

    folder: Path
    commit: str  # 40 hexadecimal digits
    unasked: str = ""  # why the Hub could not be asked whether there is something newer


@dataclass(frozen=True)
class Options:
    """As `huggingface_hub.hf_hub_download` has them."""

    token: str | bool | None = None
    cache_dir: str | Path | None = None
    force_download: bool = False
    local_files_only: bool = False


def fetch(
    repo: str, revision: str | None = None, seconds: float | None = None, options: Options | None = None
) -> Snapshot:
    """Bring a repository's configuration and weights into the cache, if they are not there yet.

    A whole commit hash that is in the cache costs no request; neither does anything else with `local_files_only` or
    HF_HUB_OFFLINE. A branch or tag is asked for, and if there is no answer taken as the cache remembers it.

    Args:
        repo: "owner/name".
        revision: branch, tag or commit; "main" if not given.
        seconds: how long to wait for all of it; for ever if not given.

    Raises:
        InputError: there is no such repository, revision or file.
        Unreachable: the Hub did not answer (in time), and the cache does not have it.
    """
    from huggingface_hub import constants

    options = options or Options()
    revision = revision or constants.DEFAULT_REVISION
    offline = options.local_files_only or constants.HF_HUB_OFFLINE
    if offline or (_COMMIT.fullmatch(revision) and not options.force_download):
        known = cached(repo, revision, options)
        if known is not None:
            return known
        if offline:
            raise Unreachable(f"the Hub may not be asked, and {repo} at {revision} is not in the cache")
    try:
        return _in_time(repo, revision, seconds, options)
    except Unreachable as error:
        known = cached(repo, revision, options)
        if known is None:
            raise
        return Snapshot(known.folder, known.commit, str(error))


def cached(repo: str, revision: str, options: Options) -> Snapshot | None:
    """What the cache has of a revision, if it has both files; asks nobody."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = [try_to_load_from_cache(repo, name, options.cache_dir, revision) for name in (CONFIG, WEIGHTS)]
    except HFValidationError:
        raise InputError(_NO_NAME, repo=repo) from None
    paths = [Path(path) for path in found if isinstance(path, str)]
    return Snapshot(paths[0].parent, paths[0].parent.name) if len(paths) == 2 else None


def _in_time(repo: str, revision: str, seconds: float | None, options: Options) -> Snapshot:
    """`_download`, given up on after some seconds: no setting of the client bounds a whole download."""
    done: list[Snapshot | Exception] = []

    def work() -> None:
        try:
            done.append(_download(repo, revision, options))
        except Exception as error:  # noqa: BLE001 - raised again below
            done.append(error)

    thread = threading.Thread(target=work, name="hub-download", daemon=True)
    thread.start()
    thread.join(seconds)
    if not done:
        raise Unreachable("the download takes too long")
    if isinstance(done[0], Exception):
        raise done[0]
    return done[0]


def _download(repo: str, revision: str, options: Options) -> Snapshot:
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import (
        EntryNotFoundError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    where: dict[str, Any] = {
        "cache_dir": options.cache_dir,
        "token": options.token,
        "force_download": options.force_download,
    }
    name = CONFIG
    try:
        url = hf_hub_url(repo, CONFIG, revision=revision)
        get_hf_file_metadata(url, token=options.token, timeout=_FIRST_ANSWER, retry_on_errors=False)
        config = Path(hf_hub_download(repo, CONFIG, revision=revision, **where))
        name, commit = WEIGHTS, config.parent.name
        hf_hub_download(repo, WEIGHTS, revision=commit, **where)
        return Snapshot(config.parent, commit)
    except HFValidationError:
        raise InputError(_NO_NAME, repo=repo) from None
    except RepositoryNotFoundError:
        raise InputError(
            "There is no repository {repo} on the Hub, or it is private and HF_TOKEN does not open it.", repo=repo
        ) from None
    except RevisionNotFoundError:
        raise InputError("The repository {repo} has no revision {revision}.", repo=repo, revision=revision) from None
    except LocalEntryNotFoundError:
        raise Unreachable("the connection broke") from None
    except EntryNotFoundError:
        raise InputError(
            "The repository {repo} has no file {name}, so there is no RegGAN in it.", repo=repo, name=name
        ) from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise InputError(
                "The Hub does not let you read {repo}; HF_TOKEN must be a token that may.", repo=repo
            ) from None
        raise Unreachable(f"the Hub answered with error {status}") from None
    except Exception as error:  # noqa: BLE001 - of several libraries: sockets, HTTP, the cache's disk
        raise Unreachable(_reason(error)) from error


def _reason(error: Exception) -> str:
    kind = type(error).__name__
    if "Timeout" in kind:
        return "it did not answer in time"
    if "Connect" in kind:
        return "there is no connection to it"
    return (str(error).splitlines() or [kind])[0].rstrip(".")
