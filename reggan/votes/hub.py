"""A second copy of the votes: an append-only Hugging Face dataset, private unless told otherwise.

The database is authoritative; this is only a copy. Each process writes one file of its own, one ballot a line,
`votes/<start>-<random>.jsonl`, which `CommitScheduler` uploads when it has grown. At the start the files of all earlier
processes are merged into the database, so that a Space without a disk of its own loses nothing when it restarts. Only a
process that is killed loses what it has not uploaded, the last two minutes, and only where its database is lost too.
"""

import atexit
import json
import logging
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitScheduler, HfApi
from huggingface_hub.errors import RepositoryNotFoundError

from reggan.errors import InputError
from reggan.shutdown import exit_on_sigterm
from reggan.votes.records import Ballot
from reggan.votes.settings import VotingSettings
from reggan.votes.store import Store, iso

SCHEMA = 1
_FOLDER = "votes"
_MINUTES = 2.0  # between uploads; the Hub allows about 128 commits an hour
_RETRY_SECONDS = 60.0

_log = logging.getLogger(__name__)


def to_line(ballot: Ballot) -> str:
    """A ballot as one line of JSON, without the line break."""
    return json.dumps({"schema": SCHEMA, **ballot._asdict()}, ensure_ascii=False)


def from_lines(lines: Iterable[str]) -> Iterator[Ballot]:
    """Ballots of a file; lines that are not ballots (cut off, or of a newer schema) are skipped."""
    for line in lines:
        try:
            content = json.loads(line)
            if content.pop("schema") == SCHEMA:
                yield Ballot(**content)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


class Mirror(CommitScheduler):
    """Uploads ballots that the Hub does not have. Made by `connect`."""

    def __init__(self, store: Store, settings: VotingSettings, known: set[str], every: float = _MINUTES) -> None:
        self._store = store
        self._known = known  # tokens of ballots that are in the dataset
        self._forgotten: set[str] = set()
        self._row = 0
        folder = Path(tempfile.mkdtemp(prefix="reggan-votes-"))
        self._file = folder / f"{iso(time.time()).replace(':', '')}-{uuid.uuid4().hex[:8]}.jsonl"
        atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after the last upload, which is registered later
        try:
            super().__init__(
                repo_id=settings.dataset,
                repo_type="dataset",
                folder_path=folder,
                path_in_repo=_FOLDER,
                every=every,
                private=not settings.public,
                token=settings.token,
            )
        except BaseException:  # the Hub is out of reach; the next try has a folder of its own
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def push_to_hub(self):  # type: ignore[no-untyped-def]  # as the scheduler declares it
        """Called by the scheduler, every few minutes and when the process ends."""
        self._write()
        return super().push_to_hub()

    def _write(self) -> None:
        rows = self._store.ballots(after=self._row)
        lines = [to_line(ballot) + "\n" for _, ballot in rows if ballot.token not in self._known]
        if rows:
            self._row = rows[-1][0]
            self._known = set()  # all of these are in rows that were read just now
        with self.lock:
            if lines:
                with self._file.open("a", encoding="utf-8") as file:
                    file.writelines(lines)
            forgotten = set(self._store.forgotten())
            if forgotten != self._forgotten and self._file.exists():
                kept = without(forgotten, self._file.read_text(encoding="utf-8").splitlines())
                self._file.write_text("".join(line + "\n" for line in kept), encoding="utf-8")
            self._forgotten = forgotten


def without(voters: set[str], lines: Iterable[str]) -> list[str]:
    """The lines that are not ballots of these voters."""
    return [line for line in lines if all(ballot.voter not in voters for ballot in from_lines([line]))]


def connect(store: Store, settings: VotingSettings, every: float = _MINUTES) -> Mirror:
    """Merge the dataset's ballots into the database, then start uploading new ones.

    Args:
        every: minutes between uploads.

    Raises:
        Exception: whatever the Hub's client raises, as the Hub is out of reach or the token may not write.
    """
    known: set[str] = set()
    for lines in _files(HfApi(token=settings.token), settings.dataset).values():
        ballots = list(from_lines(lines))
        store.merge(ballots)
        known.update(ballot.token for ballot in ballots)
    return Mirror(store, settings, known, every)


def _files(api: HfApi, dataset: str) -> dict[str, list[str]]:
    """Name to lines of the dataset's files of votes; empty where there is no dataset yet."""
    try:
        names = api.list_repo_files(dataset, repo_type="dataset")
    except RepositoryNotFoundError:
        return {}
    wanted = [name for name in names if name.startswith(f"{_FOLDER}/") and name.endswith(".jsonl")]
    with tempfile.TemporaryDirectory() as folder:
        paths = {n: api.hf_hub_download(dataset, n, repo_type="dataset", local_dir=folder) for n in wanted}
        return {n: Path(path).read_text(encoding="utf-8").splitlines() for n, path in paths.items()}


def start_mirror(store: Store, settings: VotingSettings) -> threading.Thread:
    """Run `connect` in the background, again and again until it works: the page does not wait for the Hub.

    From now on SIGTERM, which stops a Space, ends the process with a last upload.

    Raises:
        InputError: there is no token.
    """
    if not settings.token:
        raise InputError("REGGAN_VOTES_DATASET needs HF_TOKEN, a token that may write the dataset.")

    def work() -> None:
        while True:
            try:
                connect(store, settings)
                return
            except Exception as error:  # noqa: BLE001 - of several libraries, and voting must go on
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                _log.warning("Votes are not copied to the Hub yet, next try in a minute: %s", reason)
                time.sleep(_RETRY_SECONDS)

    exit_on_sigterm()
    thread = threading.Thread(target=work, name="votes-to-hub", daemon=True)
    thread.start()
    return thread


def forget_on_hub(voter: str, settings: VotingSettings) -> int:
    """Take one voter's ballots out of the dataset's files, in one commit, and squash the history behind it.

    A process that runs on the same database cleans its own file by itself; one on another database brings it back.

    Returns:
        how many ballots there were.
    """
    api = HfApi(token=settings.token)
    operations, removed = [], 0
    for name, lines in _files(api, settings.dataset).items():
        kept = without({voter}, lines)
        if len(kept) < len(lines):
            removed += len(lines) - len(kept)
            data = "".join(line + "\n" for line in kept).encode()
            operations.append(CommitOperationAdd(path_in_repo=name, path_or_fileobj=data))
    if operations:
        api.create_commit(settings.dataset, operations, repo_type="dataset", commit_message="A voter has withdrawn")
        api.super_squash_history(settings.dataset, repo_type="dataset")
    return removed
