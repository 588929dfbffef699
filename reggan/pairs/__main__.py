"""`python -m reggan.pairs`: recorded expressions as paired training data, with a split by subject.

cfee       the Compound Facial Expressions of Emotion, EE_SSS_NNNN.jpg
kdef       the Karolinska Directed Emotional Faces, AF01ANS.JPG
folders    <expression>/<subject>.jpg, one of the folders called neutral
smiles     NAME_smiling.jpg, real smiles of identities that are there already, strength unknown

Run it again to go on where it stopped.
"""

import argparse
import os
import sys
from pathlib import Path

from tqdm import tqdm

from reggan.errors import InputError
from reggan.faces.align import SIZE
from reggan.pairs import recorded
from reggan.pairs.importer import import_recordings, import_smiles
from reggan.pairs.layout import is_written, write_table


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m reggan.pairs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sets = p.add_subparsers(dest="set", required=True)
    for name, files in (
        ("cfee", "EE_SSS_NNNN.jpg"),
        ("kdef", "AF01ANS.JPG"),
        ("folders", "<expression>/<subject>.jpg"),
    ):
        taken = sets.add_parser(name, help=files)
        taken.add_argument("--source", type=Path, required=True)
        taken.add_argument("-o", "--out", type=Path, required=True, help="folder of pairs to write")
        taken.add_argument("--validation-share", type=float, default=0.1, help="of the subjects (default 0.1)")
        taken.add_argument("--size", type=int, default=SIZE, help=f"side of the crops (default {SIZE})")
        taken.add_argument("--seed", type=int, default=0, help="of the split")
        taken.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)")
        if name == "cfee":
            taken.add_argument("--codes", type=Path, help='lines such as "02 happy" in place of the paper\'s order')
    smiles = sets.add_parser("smiles", help="NAME_smiling.jpg, for the identities of a folder of pairs")
    smiles.add_argument("--source", type=Path, required=True)
    smiles.add_argument("-o", "--out", type=Path, required=True, help="the folder of pairs")
    smiles.add_argument("--size", type=int, default=SIZE, help=f"side of the crops (default {SIZE})")
    return p


def _smiles(args: argparse.Namespace) -> None:
    outcomes = list(tqdm(import_smiles(args.source, args.out, args.size), unit="smile"))
    for outcome in outcomes:
        if outcome.refused:
            print(f"{outcome.name}: {outcome.refused}.")
    print(f"{sum(o.made for o in outcomes)} people of {args.out} have a real smile now.")


def main(argv: list[str] | None = None) -> None:
    args = _parser().parse_args(argv)
    if args.set == "smiles":
        _smiles(args)
        return
    if args.workers < 1 or not 0 <= args.validation_share < 1:
        raise InputError("Processes must be at least 1, the share for validation at least 0 and below 1.")
    if args.set == "cfee":
        codes = recorded.read_codes(args.codes) if args.codes else recorded.CFEE_CODES
        recordings = recorded.cfee(args.source, codes)
    else:
        recordings = {"kdef": recorded.kdef, "folders": recorded.folders}[args.set](args.source)
    made = refused = left_out = 0
    outcomes = import_recordings(recordings, args.out, args.workers, args.size)
    for outcome in (bar := tqdm(outcomes, total=len(recordings), unit="identity")):
        made, refused, left_out = made + outcome.made, refused + bool(outcome.refused), left_out + len(outcome.notes)
        for note in (*outcome.notes, *([f"{outcome.name}: {outcome.refused}"] if outcome.refused else [])):
            bar.write(f"{note}.")
    kept = [r for r in recordings if is_written(args.out, r.name)]
    names = recorded.split(kept, args.validation_share, args.seed)
    (args.out / "validation.txt").write_text("".join(f"{name}\n" for name in names))
    print(
        f"{made} pairs made, {left_out} pictures left out, {refused} of {len(recordings)} identities refused; "
        f"{args.out} now holds {write_table(args.out)} pairs, {len(names)} identities are for validation."
    )


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
    except FileNotFoundError as error:
        sys.exit(f"{error.filename} does not exist.")
