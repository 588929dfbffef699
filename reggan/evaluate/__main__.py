"""The command `python -m reggan.evaluate`; the package's docstring, which `--help` prints, explains it."""

import argparse
import shlex
import sys
from pathlib import Path

import reggan.evaluate as package
from reggan.errors import InputError
from reggan.evaluate import again
from reggan.evaluate.closeups import measure_close_ups, table
from reggan.evaluate.face_sets import load_images, load_pairs, styled
from reggan.evaluate.methods import DEFAULT, parse
from reggan.metrics.styles import STYLES
from reggan.pairs.layout import read_list
from reggan.predictor import Predictor


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m reggan.evaluate",
        description=package.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pairs", type=Path, help="folder with one folder per person")
    what.add_argument("--images", type=Path, help="folder of pictures, a sub-folder per class")
    what.add_argument("--close-ups", type=Path, help="folder of pairs of 768 x 768: mouth and skin, by REGGAN_WEIGHTS")
    what.add_argument("--again", type=Path, help="folder of pictures: five times happy and neutral, by REGGAN_WEIGHTS")
    parser.add_argument("--identities", type=Path, help="with --pairs, --close-ups: text file, one person a line")
    parser.add_argument("--styles", action="store_true", help="with --pairs: also on the faces turned into art")
    parser.add_argument("--methods", default=",".join(DEFAULT), help=f"default {','.join(DEFAULT)}")
    parser.add_argument("--quality", action="store_true", help="also BRISQUE, QualiCLIP, FID, KID")
    parser.add_argument("--cost", action="store_true", help="also parameters, operations, time, memory")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the report")
    options = parser.parse_args(arguments)
    try:
        if options.close_ups:
            people = read_list(options.identities)
            found = measure_close_ups(Predictor.from_pretrained(), options.close_ups, sorted(people))
            options.out.mkdir(parents=True, exist_ok=True)
            (options.out / "close_ups.md").write_text(table(found) + "\n")
            print(table(found))
            return
        if options.again:
            print(again.report(Predictor.from_pretrained(), options.again, options.out))
            return
        if options.images:
            classes, left_out = load_images(options.images)
        else:
            if options.identities is None or not options.identities.is_file():
                raise InputError("With --pairs, --identities must be a file that lists people.")
            classes, left_out = [load_pairs(options.pairs, options.identities.read_text().split())], []
            classes += [styled(classes[0], name) for name in STYLES] if options.styles else []
        command = "python -m reggan.evaluate " + shlex.join(sys.argv[1:] if arguments is None else arguments)
        methods = parse(options.methods)
        package.evaluate(classes, methods, options.out, options.quality, options.cost, command, left_out)
    except InputError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
