"""Many identities in several processes; one that fails does not stop the others."""

import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol, TypeVar

import cv2
import numpy as np

from reggan.pairs.layout import is_written


@dataclass(frozen=True)
class Outcome:
    """What became of an identity.

    Attributes:
        name: its name.
        made: pairs written.
        thrown_out: samples whose landmarks were not found again where they were put.
        refused: why there are no pairs; without the name, without a full stop.
        notes: the same for single pictures of it, with their names.
    """

    name: str
    made: int = 0
    thrown_out: int = 0
    refused: str = ""
    notes: tuple[str, ...] = ()


class Named(Protocol):
    @property
    def name(self) -> str: ...


J = TypeVar("J", bound=Named)


def run_jobs(jobs: list[J], work: Callable[[J], Outcome], out: Path, workers: int) -> Iterator[Outcome]:
    """Outcomes in the order in which jobs finish; identities that are already in the folder are left as they are.

    Args:
        jobs: one per identity.
        work: does one job and writes its identity to `out`; picklable.
        out: the folder of pairs.
        workers: processes; with one, this process does it all.
    """
    out.mkdir(parents=True, exist_ok=True)
    left = []
    for job in jobs:
        if is_written(out, job.name):
            yield Outcome(job.name)
        else:
            left.append(job)
    if workers <= 1:
        yield from (_guarded(job, work) for job in left)
    elif left:
        with ProcessPoolExecutor(workers, get_context("spawn"), _use_one_thread) as pool:
            running = [pool.submit(functools.partial(_guarded, work=work), job) for job in left]
            for done in as_completed(running):
                yield done.result()


def _use_one_thread() -> None:
    """In a worker: there are as many processes as cores."""
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def _guarded(job: J, work: Callable[[J], Outcome]) -> Outcome:
    try:
        return work(job)
    except (np.linalg.LinAlgError, cv2.error, ValueError) as error:
        return Outcome(job.name, refused=f"it could not be worked on ({type(error).__name__})")
