"""From a folder of photographs to a folder of pairs: one identity after the other, in several processes."""

import functools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reggan.engine.fit.accept import accept, check_fit
from reggan.engine.fit.face_fit import Fit, fit_face
from reggan.engine.kit.facekit import FaceKit
from reggan.engine.kit.rig import Rig, prepare_rig
from reggan.engine.landmark_check import LIMIT, find_again, landmark_distance
from reggan.engine.plan import plan_targets
from reggan.engine.render.express import express, prepare_person
from reggan.engine.render.teeth import kind_number
from reggan.engine.styles import STYLES, styled_copies
from reggan.engine.vary.augment import varied
from reggan.engine.vary.morph import morph
from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.faces.align import SIZE
from reggan.faces.topology import INNER_LIPS
from reggan.pairs.layout import Sample, ToothPlaces, is_written, write_identity
from reggan.pairs.photographs import read_photo
from reggan.pairs.workers import Outcome, run_jobs

_ASYMMETRY = 0.05


@dataclass(frozen=True)
class SynthesisSettings:
    """What is to be made of every identity.

    Attributes:
        facekit: file made by `python -m reggan.engine facekit`.
        out: folder of pairs.
        per_identity: how many targets.
        compounds: with the 15 compounds of CFEE.
        styles: how many styled copies of every identity, each with a third of its targets.
        style_names: of `reggan.engine.styles.STYLES`, to draw from; all if empty.
        size: side of the crops.
        seed: of everything that is drawn by chance.
    """

    facekit: Path
    out: Path
    per_identity: int = 24
    compounds: bool = False
    styles: int = 0
    style_names: tuple[str, ...] = ()
    size: int = SIZE
    seed: int = 0


@dataclass(frozen=True)
class IdentityJob:
    """One identity to make.

    Attributes:
        name: of the identity.
        photos: one photograph, or two to morph.
        share: of the second photograph, in [0, 1].
        vary: whether to change light, tone and pose.
    """

    name: str
    photos: tuple[Path, ...]
    share: float = 0.0
    vary: bool = False


def plain_jobs(photos: dict[str, Path]) -> list[IdentityJob]:
    """Every photograph as it is."""
    return [IdentityJob(name, (path,)) for name, path in photos.items()]


def further_jobs(photos: dict[str, Path], varied_each: int, morphs: int, seed: int) -> list[IdentityJob]:
    """Every photograph varied, then morphs of random pairs at 35 to 65 %, every other one varied too."""
    todo = []
    for k in range(1, varied_each + 1):
        todo += [IdentityJob(f"{name}__varied_{k}", (path,), vary=True) for name, path in photos.items()]
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
            todo.append(IdentityJob(name, (photos[a], photos[b]), percent / 100, vary=bool(rng.random() < 0.5)))
    return todo


def synthesise(jobs: list[IdentityJob], settings: SynthesisSettings, workers: int) -> Iterator[Outcome]:
    """Outcomes in the order in which jobs finish; what is already in the folder is left as it is.

    Raises:
        InputError: the face kit cannot be read.
    """
    if not all(is_written(settings.out, job.name) for job in jobs):
        _load_rig(settings.facekit)  # a bad file is one mistake, not one per identity
    yield from run_jobs(jobs, functools.partial(_synthesise_identity, settings=settings), settings.out, workers)


def _synthesise_identity(job: IdentityJob, settings: SynthesisSettings) -> Outcome:
    """Make one identity and its styled copies."""
    rng = np.random.default_rng([settings.seed, zlib.crc32(job.name.encode())])
    try:
        fit = _fit_identity(job, _load_rig(settings.facekit), settings.size, rng)
    except InputError as reason:
        return Outcome(job.name, refused=str(reason))
    person = prepare_person(fit, float(rng.uniform(-_ASYMMETRY, _ASYMMETRY)))
    neutral, landmarks, kind = fit.photo.crop(), fit.photo.landmarks, kind_number(fit)
    samples: list[Sample] = []
    normals: list[NDArray[np.float32]] = []
    thrown_out = 0
    for target in plan_targets(settings.per_identity, rng, settings.compounds):
        result = express(person, target.c)
        found, distance = find_again(result.image, result.landmarks)
        if distance > LIMIT:
            thrown_out += 1
            continue
        teeth = None
        if result.teeth is not None:
            teeth = ToothPlaces(result.landmarks[list(INNER_LIPS)], result.teeth, kind)
        samples.append(Sample(target.name, target.c, result.image, found, result.flow, result.known, teeth))
        if settings.styles:
            normals.append(result.normals)
    if not samples:
        return Outcome(job.name, 0, thrown_out, "no sample passed the check of its landmarks")
    made = len(samples)
    if settings.styles:
        rest = express(person, np.zeros(len(BASIC))).normals
        names = settings.style_names or tuple(STYLES)
        for style, pictures, chosen in styled_copies(neutral, rest, samples, normals, names, settings.styles, rng):
            write_identity(settings.out, f"{job.name}__{style}", pictures, landmarks, chosen)
            made += len(chosen)
    write_identity(settings.out, job.name, neutral, landmarks, samples)
    return Outcome(job.name, made, thrown_out)


def _fit_identity(job: IdentityJob, rig: Rig, size: int, rng: np.random.Generator) -> Fit:
    """Accept the photographs, morph and vary them; `InputError` if the result is not a face any more."""
    people = [accept(read_photo(path), rig, size) for path in job.photos]
    fit = people[0]
    if len(people) == 2:
        fit = fit_face(rig, morph(people[0].photo, people[1].photo, job.share))
    if job.vary:
        fit = fit_face(rig, varied(fit, rng))
    if fit is not people[0]:
        check_fit(fit)
        if landmark_distance(fit.photo.crop(), fit.photo.landmarks) > LIMIT:
            raise InputError("its landmarks were not found again where they were put")
    return fit


@functools.lru_cache(maxsize=1)
def _load_rig(path: Path) -> Rig:
    return prepare_rig(FaceKit.load(path))
