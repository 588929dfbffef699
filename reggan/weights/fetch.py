"""Weights from the Hugging Face Hub, all files at one commit: a JSON configuration and safetensors, nothing else.

Without a working network, the Hub's client retries for half a minute or for several. So one short request is sent
first, and the whole download may be given a time limit: whatever is missing by then continues to download in the
background, for the next start.
"""

import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reggan.errors import InputError

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # before its first import: it should request only our files

CONFIG, WEIGHTS = "config.json", "model.safetensors"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FIRST_ANSWER = 3.0  # seconds that the Hub has to answer the first request
_NO_NAME = "There is no file or folder {repo}, and a repository on the Hub has a name like someone/reggan."


class Unreachable(Exception):
    """The Hub cannot be reached. `str(error)` says why, in words that fit the middle of a sentence."""


@dataclass(frozen=True)
class Snapshot:
    """A repository's two files in the cache."""

    folder: Path
    commit: str  # 40 hexadecimal digits
    unasked: str = ""  # why the Hub could not be asked for a newer commit


@dataclass(frozen=True)
class Options:
    """Options of `huggingface_hub.hf_hub_download`."""

    token: str | bool | None = None
    cache_dir: str | Path | None = None
    force_download: bool = False
    local_files_only: bool = False


def fetch(
    repo: str, revision: str | None = None, seconds: float | None = None, options: Options | None = None
) -> Snapshot:
    """Download a repository's configuration and weights to the cache, if they are not there yet.

    No request is made for a full commit hash that is in the cache, nor for anything with `local_files_only` or
    HF_HUB_OFFLINE. A branch or tag is looked up on the Hub; without an answer, the commit known to the cache is used.

    Args:
        repo: "owner/name".
        revision: branch, tag or commit; "main" if not given.
        seconds: how long to wait for the whole download; without limit if not given.

    Raises:
        InputError: the repository, revision or file does not exist.
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
    """A revision from the cache, if both files are there; makes no request."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = [try_to_load_from_cache(repo, name, options.cache_dir, revision) for name in (CONFIG, WEIGHTS)]
    except HFValidationError:
        raise InputError(_NO_NAME, repo=repo) from None
    paths = [Path(path) for path in found if isinstance(path, str)]
    return Snapshot(paths[0].parent, paths[0].parent.name) if len(paths) == 2 else None


def _in_time(repo: str, revision: str, seconds: float | None, options: Options) -> Snapshot:
    """`_download` with a time limit in seconds: the client has no setting for one."""
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


def token_origin(options: Options, environ: Mapping[str, str] = os.environ) -> str:
    """Where the token comes from that the Hub's client sends: a variable, a file, or "the argument"; "" for none."""
    from huggingface_hub import constants, get_token

    if isinstance(options.token, str):
        return "the argument"
    if options.token is False or (options.token is None and constants.HF_HUB_DISABLE_IMPLICIT_TOKEN):
        return ""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if environ.get(name, "").strip():
            return name
    return constants.HF_TOKEN_PATH if get_token() else ""


class _Refused(Exception):
    """The Hub does not open the repository to who asks. `hidden`: it does not even say that there is one."""

    def __init__(self, hidden: bool) -> None:
        super().__init__(hidden)
        self.hidden = hidden


def _download(repo: str, revision: str, options: Options) -> Snapshot:
    """Both files; with a token that the Hub refuses, for instance an expired login, once more without it."""
    try:
        return _files(repo, revision, options)
    except _Refused as refused:
        origin, hidden = token_origin(options), refused.hidden
    if origin:
        try:
            return _files(repo, revision, replace(options, token=False))
        except _Refused as refused:
            hidden = refused.hidden
    raise _not_opened(repo, origin, hidden)


def _not_opened(repo: str, origin: str, hidden: bool) -> InputError:
    if hidden and origin:
        return InputError(
            "There is no repository {repo} on the Hub, or it is private and the token from {origin} does not open it.",
            repo=repo,
            origin=origin,
        )
    if hidden:
        return InputError(
            "There is no repository {repo} on the Hub, or it is private and needs a token in HF_TOKEN.", repo=repo
        )
    if origin:
        return InputError(
            "The Hub does not let you read {repo} with the token from {origin}.", repo=repo, origin=origin
        )
    return InputError("The Hub does not let you read {repo} without a token in HF_TOKEN.", repo=repo)


def _files(repo: str, revision: str, options: Options) -> Snapshot:
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
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
    except RepositoryNotFoundError as error:
        raise _Refused(hidden=not isinstance(error, GatedRepoError)) from None
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
            raise _Refused(hidden=False) from None
        raise Unreachable(f"the Hub answered with error {status}") from None
    except Exception as error:  # noqa: BLE001 - errors of sockets, HTTP, the disk, from several libraries
        raise Unreachable(_reason(error)) from error


def _reason(error: Exception) -> str:
    kind = type(error).__name__
    if "Timeout" in kind:
        return "it did not answer in time"
    if "Connect" in kind:
        return "there is no connection to it"
    return (str(error).splitlines() or [kind])[0].rstrip(".")
