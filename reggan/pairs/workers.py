"""One identity after the other, in several processes; none that breaks may stop the others."""

import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Protocol, TypeVar

import cv2
import numpy as np


@dataclass(frozen=True)
class Outcome:
    """What became of an identity.

    Attributes:
        name: its name.
        made: pairs written.
        thrown_out: samples that did not pass the check.
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


def work_off(jobs: list[J], work: Callable[[J], Outcome], workers: int) -> Iterator[Outcome]:
    """Outcomes in the order in which jobs finish.

    Args:
        jobs: what is to be done.
        work: does one; picklable.
        workers: processes; with one, this process does it all.
    """
    if workers <= 1:
        yield from (_guarded(job, work) for job in jobs)
    elif jobs:
        with ProcessPoolExecutor(workers, get_context("spawn"), _start) as pool:
            running = [pool.submit(functools.partial(_guarded, work=work), job) for job in jobs]
            for done in as_completed(running):
                yield done.result()


def _start() -> None:
    """One thread per process: there are as many processes as cores."""
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def _guarded(job: J, work: Callable[[J], Outcome]) -> Outcome:
    try:
        return work(job)
    except (np.linalg.LinAlgError, cv2.error, ValueError) as error:
        return Outcome(job.name, refused=f"it could not be worked on ({type(error).__name__})")
