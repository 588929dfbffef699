"""The options of the command line, and how they are read. Imports neither torch nor the model."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reggan.errors import InputError
from reggan.expressions import BASIC, NAMED, describe, relaxation, resolve
from reggan.output.provenance import SUFFIXES

_EDIT = """For every INPUT name.ext it writes OUT/name_<expression>.png, the whole picture, and per face
OUT/name_face<k>_<expression>_coarse.png and ..._refined.png. One JSON line per input goes to stdout."""


def parser() -> argparse.ArgumentParser:
    """The commands `edit`, `animate` and `sheet`."""
    top = argparse.ArgumentParser(prog="python -m reggan", description="Give faces new expressions.")
    commands = top.add_subparsers(dest="command", required=True)

    edit = commands.add_parser("edit", help="edit pictures", description=_EDIT)
    edit.add_argument("input", nargs="+", type=Path, help="pictures, or folders of them")
    _what(edit, "; repeatable")
    _where(edit)
    edit.add_argument("--format", choices=tuple(SUFFIXES), default="png", help="of the results, default png")
    edit.add_argument("--badge", action="store_true", help='write "AI-edited" into the corner of the whole picture')
    _common(edit, "folder for the results")

    animate = commands.add_parser("animate", help="a loop from neutral to an expression and back")
    animate.add_argument("input", type=Path, help="picture")
    _what(animate, "")
    _where(animate)
    animate.add_argument("--frames", type=int, default=16, help="of the loop, an even number, default 16")
    animate.add_argument("--size", type=int, default=640, help="pixels on the longer side, at most, default 640")
    animate.add_argument("--whole", action="store_true", help="the whole picture even if the face is small in it")
    _common(animate, "file to write: .webp, .gif or .mp4 (needs PyAV)")

    sheet = commands.add_parser("sheet", help="all six basic expressions of the largest face of each picture")
    sheet.add_argument("input", nargs="+", type=Path, help="pictures")
    sheet.add_argument("--compounds", action="store_true", help="CFEE's 15 compounds instead")
    sheet.add_argument("--coarse", action="store_true", help="with stage 1 above every result")
    sheet.add_argument("--strength", type=float, default=1.0, help="in [0, 1], default 1")
    _common(sheet, "picture to write: .png, .jpg or .webp")
    return top


def _what(command: argparse.ArgumentParser, more: str) -> None:
    names = f"one of: {', '.join(NAMED)}{more}"
    command.add_argument("-e", "--expression", action="append", default=[], help=names)
    mixture = f"a mixture, e.g. happy=0.7,surprised=0.6{more}"
    command.add_argument("--mix", action="append", default=[], help=mixture)
    command.add_argument("--strength", type=float, default=1.0, help="in [0, 1], default 1")


def _where(command: argparse.ArgumentParser) -> None:
    command.add_argument("--face", default="all", help="0 for the largest face, 1 for the next ...; default all")
    command.add_argument("--box", help="x0,y0,x1,y1 in pixels: a face that is not found by itself")
    marks = "x,y,x,y,x,y in pixels: eye, eye and mouth, of an animal or a toy too; chin and mouth corners may follow"
    command.add_argument("--marks", help=marks)


def _common(command: argparse.ArgumentParser, out: str) -> None:
    weights = "weights file, folder, or repository on the Hub; default: REGGAN_WEIGHTS, else those of the package"
    command.add_argument("--weights", type=Path, help=weights)
    command.add_argument("-o", "--out", type=Path, required=True, help=out)


@dataclass(frozen=True)
class Target:
    """A requested expression."""

    label: str  # in the file's name
    words: str
    c: np.ndarray  # (6,)
    relax: float  # how much of the expression already in the face is taken away


def targets(args: argparse.Namespace) -> list[Target]:
    """The expressions of `-e`, then those of `--mix`, each once.

    Raises:
        InputError: none is given, or one does not exist.
    """
    percent = f"{round(100 * args.strength)} %" if np.isfinite(args.strength) else ""
    found = []
    for text in args.expression:
        name = text.strip().lower()
        c = resolve(text, args.strength)
        relax = float(relaxation(c[None], args.strength)[0])
        found.append(Target(name.replace(" ", "_"), f"{name}, {percent}", c, relax))
    for text in args.mix:
        mixture = _mixture(text)
        label = "_".join(f"{name}{round(100 * value):03d}" for name, value in mixture.items())
        c = resolve(mixture, args.strength)
        found.append(Target(label, describe(c), c, float(relaxation(c[None])[0])))
    if not found:
        raise InputError("Say which expression: -e with one of {names}, or --mix.", names=", ".join(BASIC))
    return list({target.label: target for target in found}.values())


def face(args: argparse.Namespace) -> int | None:
    """The number given with `--face`; None for all faces."""
    if args.face == "all":
        return None
    if not args.face.isdecimal():
        raise InputError("--face is a number counted from 0, or all, not {face}.", face=repr(args.face))
    return int(args.face)


def box(args: argparse.Namespace) -> list[float] | None:
    """The four numbers given with `--box`, if any."""
    if not args.box:
        return None
    numbers = _numbers(args.box, "A box")
    if len(numbers) != 4:
        raise InputError("A box has four numbers: x0,y0,x1,y1.")
    return numbers


def _numbers(text: str, what: str) -> list[float]:
    try:
        return [float(v) for v in text.split(",")]
    except ValueError:
        raise InputError(
            "{what} must be numbers separated by commas, not {text}.", what=what, text=repr(text)
        ) from None


def _mixture(text: str) -> dict[str, float]:
    parts = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        parts[name.strip()] = _numbers(value, "The strengths of a mixture")[0]
    return parts
