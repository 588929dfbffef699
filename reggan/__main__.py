"""`python -m reggan edit INPUT... -e happy -o OUT`: edit pictures from the command line.

`python -m reggan sheet INPUT... -o SHEET.png` puts every basic expression of each picture's largest face on one sheet.

For every INPUT `name.ext` it writes `OUT/name_<expression>.png`, the whole picture, and per face
`OUT/name_face<k>_<expression>_coarse.png` and `..._refined.png`. One JSON line per input goes to stdout.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reggan.errors import InputError
from reggan.expressions import BASIC, COMPOUND, NAMED, resolve

if TYPE_CHECKING:
    from reggan.predictor import Predictor


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reggan", description="Give faces new expressions.")
    commands = parser.add_subparsers(dest="command", required=True)
    edit = commands.add_parser("edit", help="edit pictures", description=__doc__)
    edit.add_argument("input", nargs="+", type=Path, help="pictures")
    edit.add_argument("-e", "--expression", action="append", default=[], help=f"one of: {', '.join(NAMED)}; repeatable")
    edit.add_argument("--mix", action="append", default=[], help="a mixture, e.g. happy=0.7,surprised=0.6; repeatable")
    edit.add_argument("--strength", type=float, default=1.0, help="in [0, 1], default 1")
    edit.add_argument("--face", default="all", help="0 for the largest face, 1 for the next ...; default all")
    edit.add_argument("--box", help="x0,y0,x1,y1 in pixels: a face that is not found by itself")
    edit.add_argument("--weights", type=Path, help="weights file; default: those of the package")
    edit.add_argument("-o", "--out", type=Path, required=True, help="folder for the results")
    _sheet_parser(commands)
    return parser


def _sheet_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sheet = commands.add_parser("sheet", help="all six basic expressions of the largest face of each picture")
    sheet.add_argument("input", nargs="+", type=Path, help="pictures")
    sheet.add_argument("--compounds", action="store_true", help="CFEE's 15 compounds instead")
    sheet.add_argument("--coarse", action="store_true", help="with the rows of stage 1")
    sheet.add_argument("--strength", type=float, default=1.0, help="in [0, 1], default 1")
    sheet.add_argument("--weights", type=Path, help="weights file; default: those of the package")
    sheet.add_argument("-o", "--out", type=Path, required=True, help="picture to write")


def _numbers(text: str, what: str) -> list[float]:
    try:
        return [float(v) for v in text.split(",")]
    except ValueError:
        raise InputError(f"{what} must be numbers separated by commas, not {text!r}.") from None


def _mixture(text: str) -> dict[str, float]:
    parts = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        parts[name.strip()] = _numbers(value, "The strengths of a mixture")[0]
    return parts


def targets(args: argparse.Namespace) -> dict[str, np.ndarray]:
    """File name part to strength vector (6,), in the order asked for."""
    out = {name.strip().lower().replace(" ", "_"): resolve(name, args.strength) for name in args.expression}
    for text in args.mix:
        mixture = _mixture(text)
        label = "_".join(f"{n}{round(100 * v):03d}" for n, v in mixture.items())
        out[label] = resolve(mixture, args.strength)
    if not out:
        raise InputError(f"Say which expression: -e with one of {', '.join(BASIC)}, or --mix.")
    return out


def edit_file(predictor: "Predictor", path: Path, wanted: dict[str, np.ndarray], args: argparse.Namespace) -> dict:
    """Edit one picture and write the files; returns the JSON line's content."""
    from PIL import Image

    started = time.perf_counter()
    box = _numbers(args.box, "A box") if args.box else None
    if box is not None and len(box) != 4:
        raise InputError("A box has four numbers: x0,y0,x1,y1.")
    analysis = predictor.analyse(path, box)
    found = time.perf_counter()
    face = None if args.face == "all" else int(args.face)
    results = predictor.edit_many(analysis, np.stack(list(wanted.values())), face)
    edited = time.perf_counter()
    files = []
    for label, result in zip(wanted, results, strict=True):
        images = {f"{path.stem}_{label}.png": result.image}
        for k, one in enumerate(result.faces):
            number = k if face is None else face
            images[f"{path.stem}_face{number}_{label}_coarse.png"] = one.coarse
            images[f"{path.stem}_face{number}_{label}_refined.png"] = one.refined
        for name, image in images.items():
            Image.fromarray(image).save(args.out / name, compress_level=3)
            files.append(str(args.out / name))
    seconds = {
        "analyse": round(found - started, 3),
        "edit": round(edited - found, 3),
        "write": round(time.perf_counter() - edited, 3),
    }
    faces = [{"box": [round(v, 1) for v in f.box]} for f in results[0].faces]
    return {"input": str(path), "faces": faces, "seconds": seconds, "files": files}


def write_sheet(args: argparse.Namespace) -> int:
    """The `sheet` command."""
    from reggan.predictor import Predictor
    from reggan.sheet import expression_rows, grid

    try:
        predictor = Predictor.from_pretrained(args.weights)
        names = COMPOUND if args.compounds else BASIC
        rows = []
        for path in args.input:
            rows += expression_rows(predictor, predictor.analyse(path), names, args.coarse, args.strength)
        grid(rows).save(args.out, quality=92)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"The sheet cannot be written to {args.out}: {error}.", file=sys.stderr)
        return 2
    return 0


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code: 0 only if every input worked."""
    args = _parser().parse_args(argv)
    if args.command == "sheet":
        return write_sheet(args)
    try:
        wanted = targets(args)
        if args.face != "all" and not args.face.isdecimal():
            raise InputError(f"--face is a number counted from 0, or all, not {args.face!r}.")
        from tqdm import tqdm

        from reggan.predictor import Predictor

        predictor = Predictor.from_pretrained(args.weights)
        args.out.mkdir(parents=True, exist_ok=True)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"The folder {args.out} cannot be written: {error.strerror}.", file=sys.stderr)
        return 2
    failures = 0
    for path in tqdm(args.input, unit="picture", disable=len(args.input) < 2):
        try:
            print(json.dumps(edit_file(predictor, path, wanted, args)), flush=True)
        except InputError as error:
            failures += 1
            tqdm.write(f"{path}: {error}", file=sys.stderr)
            print(json.dumps({"input": str(path), "error": str(error)}), flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
