"""From a folder of photographs to a folder of pairs: one identity after the other, in several processes."""

import functools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.accept import admit, check_fit
from reggan.engine.fit.fit import Fit, fit
from reggan.engine.kit.facekit import FaceKit
from reggan.engine.kit.rig import Rig, rig
from reggan.engine.landmark_check import LIMIT, refound_error
from reggan.engine.plan import Target, plan
from reggan.engine.render.express import act, actor
from reggan.engine.styles import STYLES, styled_copies
from reggan.engine.vary.augment import varied
from reggan.engine.vary.morph import morph
from reggan.errors import InputError
from reggan.faces.align import SIZE
from reggan.pairs.layout import Sample, is_written, write_identity
from reggan.pairs.photographs import read_picture
from reggan.pairs.workers import Outcome, work_off

_ASYMMETRY = 0.05


@dataclass(frozen=True)
class Settings:
    """What is to be made of every identity.

    Attributes:
        facekit: file made by `python -m reggan.engine facekit`.
        out: folder of pairs.
        per_identity: how many targets.
        compounds: with the 15 compounds of CFEE.
        open_anger: share of angry targets with bared teeth.
        styles: how many styled copies of every identity, each with a third of its targets.
        style_names: of `reggan.data.styles.STYLES`, to draw from; all if empty.
        size: side of the crops.
        seed: of everything that is drawn by chance.
    """

    facekit: Path
    out: Path
    per_identity: int = 24
    compounds: bool = False
    open_anger: float = 0.1
    styles: int = 0
    style_names: tuple[str, ...] = ()
    size: int = SIZE
    seed: int = 0


@dataclass(frozen=True)
class Job:
    """One identity to make: its name, one photograph, or two and the second's share, and whether to vary it."""

    name: str
    photos: tuple[Path, ...]
    share: float = 0.0
    vary: bool = False


def plain_jobs(photos: dict[str, Path]) -> list[Job]:
    """Every photograph as it is."""
    return [Job(name, (path,)) for name, path in photos.items()]


def further_jobs(photos: dict[str, Path], varied_each: int, morphs: int, seed: int) -> list[Job]:
    """Every photograph varied, then morphs of random pairs at 35 to 65 %, every other one varied too."""
    todo = []
    for k in range(1, varied_each + 1):
        todo += [Job(f"{name}__varied_{k}", (path,), vary=True) for name, path in photos.items()]
    rng = np.random.default_rng(seed)
    names = list(photos)
    taken: set[str] = set()
    for _ in range(20 * morphs if len(names) > 1 else 0):
        if len(taken) == morphs:
            break
        a, b = (names[int(k)] for k in rng.choice(len(names), 2, replace=False))
        percent = int(rng.integers(35, 66))
        name = f"{a}__{b}_{percent}"
        if name not in taken:
            taken.add(name)
            todo.append(Job(name, (photos[a], photos[b]), percent / 100, vary=bool(rng.random() < 0.5)))
    return todo


def make(job: Job, model: Rig, settings: Settings) -> Outcome:
    """Make one identity and its styled copies."""
    rng = np.random.default_rng([settings.seed, zlib.crc32(job.name.encode())])
    try:
        person = _person(job, model, settings.size, rng)
    except InputError as reason:
        return Outcome(job.name, refused=str(reason))
    cast = actor(person, float(rng.uniform(-_ASYMMETRY, _ASYMMETRY)))
    neutral = person.photo.crop()
    samples: list[Sample] = []
    normals: list[NDArray[np.float32]] = []
    thrown_out = 0
    targets: list[Target] = plan(settings.per_identity, rng, settings.compounds, settings.open_anger)
    for target in targets:
        result = act(cast, target.c, target.open_anger)
        if refound_error(result.image, result.landmarks) > LIMIT:
            thrown_out += 1
            continue
        samples.append(Sample(target.name, target.c, result.image, result.flow, result.known))
        if settings.styles:
            normals.append(result.normals)
    if not samples:
        return Outcome(job.name, 0, thrown_out, "no sample passed the check of its landmarks")
    made = len(samples)
    if settings.styles:
        rest = act(cast, np.zeros(6)).normals
        names = settings.style_names or tuple(STYLES)
        for style, pictures, chosen in styled_copies(neutral, rest, samples, normals, names, settings.styles, rng):
            write_identity(settings.out, f"{job.name}__{style}", pictures, person.photo.landmarks, chosen)
            made += len(chosen)
    write_identity(settings.out, job.name, neutral, person.photo.landmarks, samples)
    return Outcome(job.name, made, thrown_out)


def run(todo: list[Job], settings: Settings, workers: int) -> Iterator[Outcome]:
    """Outcomes in the order in which jobs finish; what is already in the folder is left as it is.

    Raises:
        InputError: the face kit cannot be read.
    """
    settings.out.mkdir(parents=True, exist_ok=True)
    left = []
    for job in todo:
        if is_written(settings.out, job.name):
            yield Outcome(job.name)
        else:
            left.append(job)
    if left:
        _model(settings.facekit)  # a bad file is one mistake, not one per identity
    yield from work_off(left, functools.partial(_make, settings=settings), workers)


def _make(job: Job, settings: Settings) -> Outcome:
    return make(job, _model(settings.facekit), settings)


def _person(job: Job, model: Rig, size: int, rng: np.random.Generator) -> Fit:
    people = [admit(read_picture(path), model, size) for path in job.photos]
    person = people[0]
    if len(people) == 2:
        person = fit(model, morph(people[0].photo, people[1].photo, job.share))
    if job.vary:
        person = fit(model, varied(person, rng))
    if person is not people[0]:
        check_fit(person)
        if refound_error(person.photo.crop(), person.photo.landmarks) > LIMIT:
            raise InputError("its landmarks were not found again where they were put")
    return person


@functools.lru_cache(maxsize=1)
def _model(path: Path) -> Rig:
    return rig(FaceKit.load(path))
