"""The commands. Each returns the exit code, or raises `InputError` or `OSError` if it cannot even start."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from reggan.cli import arguments
from reggan.cli.arguments import Target
from reggan.errors import InputError
from reggan.expressions import BASIC, COMPOUND
from reggan.faces.images import picture_files
from reggan.output import provenance
from reggan.output.animation import FORMATS, WRONG_NAME, animate, save_animation
from reggan.output.badge import badge
from reggan.output.contact_sheet import expression_sheet, stack
from reggan.predictor import Marks, Predictor, read_marks


def edit(args: argparse.Namespace) -> int:
    """Edit pictures and print one JSON line for each; returns 1 if any of them failed."""
    wanted, face = arguments.targets(args), arguments.face(args)
    box, marks = arguments.box(args), read_marks(args.marks or "")
    predictor = Predictor.from_pretrained(args.weights)
    args.out.mkdir(parents=True, exist_ok=True)
    failures = 0
    paths = [path for given in args.input for path in (picture_files(given) if given.is_dir() else [given])]
    stems = _unique([path.stem for path in paths])
    inputs = zip(paths, stems, strict=True)
    for path, stem in tqdm(inputs, total=len(stems), unit="picture", disable=len(stems) < 2):
        try:
            row = edit_file(predictor, path, args.out / stem, wanted, face, box, marks, args.format, args.badge)
        except (InputError, OSError) as error:
            problem = str(error) if isinstance(error, InputError) else f"It cannot be written: {error.strerror}."
            failures += 1
            tqdm.write(f"{path}: {problem}", file=sys.stderr)
            row = {"input": str(path), "error": problem}
        print(json.dumps(row), flush=True)
    return 1 if failures else 0


def edit_file(
    predictor: Predictor,
    path: Path,
    out: Path,
    wanted: Sequence[Target],
    face: int | None,
    box: Sequence[float] | None,
    marks: Marks | None,
    format: str,
    marked: bool = False,
) -> dict[str, Any]:
    """Edit one picture and write files whose names begin with `out`; returns the JSON line's content.

    `marked`: whether to put a `badge` into the whole picture.
    """
    started = time.perf_counter()
    analysis = predictor.analyse(path, box, marks)
    found = time.perf_counter()
    c = np.stack([target.c for target in wanted])
    relax = np.array([target.relax for target in wanted], np.float32)
    results = predictor.edit_many(analysis, c, face, relax)
    edited = time.perf_counter()
    files = []
    for target, result in zip(wanted, results, strict=True):
        whole = badge(result.picture) if marked else result.picture
        images = {target.label: whole}
        for k, one in enumerate(result.faces):
            number = k if face is None else face
            images[f"face{number}_{target.label}_coarse"] = one.coarse
            images[f"face{number}_{target.label}_refined"] = one.refined
        for label, image in images.items():
            file = out.with_name(f"{out.name}_{label}{provenance.SUFFIXES[format][0]}")
            edits = result.edits if image is whole else ()
            provenance.save(image, file, predictor.metadata, target.words, edits=edits)
            files.append(str(file))
    seconds = {
        "analyse": round(found - started, 3),
        "edit": round(edited - found, 3),
        "write": round(time.perf_counter() - edited, 3),
    }
    faces = [
        {
            "box": [round(v, 1) for v in f.box],
            "present": {n: round(float(v), 2) for n, v in zip(BASIC, f.present, strict=True)},
        }
        for f in results[0].faces
    ]
    return {"input": str(path), "faces": faces, "seconds": seconds, "files": files}


def _unique(stems: Sequence[str]) -> list[str]:
    """Numbers repeated names, so that pictures from several folders do not overwrite each other: face, face_2, ..."""
    out: list[str] = []
    for stem in stems:
        candidate, number = stem, 1
        while candidate in out:
            number += 1
            candidate = f"{stem}_{number}"
        out.append(candidate)
    return out


def make_animation(args: argparse.Namespace) -> int:
    """Write the animated loop of one picture."""
    wanted, face = arguments.targets(args), arguments.face(args)
    box, marks = arguments.box(args), read_marks(args.marks or "")
    if len(wanted) != 1:
        raise InputError("An animation has one expression; use --mix to mix several.")
    if args.out.suffix.lower() not in FORMATS:
        raise InputError(WRONG_NAME, endings=", ".join(FORMATS), name=repr(args.out.name))
    if not 32 <= args.size <= 4096:
        raise InputError("The size of an animation lies between 32 and 4096 pixels, unlike {size}.", size=args.size)
    predictor = Predictor.from_pretrained(args.weights)
    analysis = predictor.analyse(args.input, box, marks)
    animation = animate(predictor, analysis, wanted[0].c, face, args.frames, args.size, not args.whole)
    save_animation(animation, args.out, predictor.metadata, wanted[0].words)
    return 0


def make_sheet(args: argparse.Namespace) -> int:
    """Write the sheets of all pictures, as one picture."""
    names = COMPOUND if args.compounds else BASIC
    predictor = Predictor.from_pretrained(args.weights)
    sheets = [
        expression_sheet(predictor, predictor.analyse(path), names, strength=args.strength, coarse=args.coarse)
        for path in args.input
    ]
    provenance.save(np.asarray(stack(sheets)), args.out, predictor.metadata, ", ".join(names))
    return 0
