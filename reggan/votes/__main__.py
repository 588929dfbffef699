"""`python -m reggan.votes`: make a gallery, export votes, report on them, plan a study, forget a voter.

python -m reggan.votes gallery --images faces/ --source "Own photographs, all agreed in writing" -o gallery/
python -m reggan.votes gallery --images faces/ --methods refined,rival=results/ --source rights.txt -o gallery/
python -m reggan.votes export votes.db -o votes.csv
python -m reggan.votes report votes.db -o report/           # --all: hasty votes and failed checks too
python -m reggan.votes power --margin 0.1
python -m reggan.votes forget votes.db 0123456789abcdef
"""

import argparse
import sys
from pathlib import Path

from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.votes.records import Vote


def _parser() -> argparse.ArgumentParser:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m reggan.votes", description=__doc__, formatter_class=formatter)
    commands = parser.add_subparsers(dest="command", required=True)

    gallery = commands.add_parser("gallery", help="make the pictures that are rated")
    gallery.add_argument(
        "--images", type=Path, required=True, help="folder; sub-folders photo, statue ... give the class"
    )
    gallery.add_argument("--methods", default="refined,coarse,input", help="refined, coarse, input, NAME=FOLDER")
    gallery.add_argument("--expressions", default=",".join(BASIC), help="with commas; default: the six basic ones")
    gallery.add_argument("--source", required=True, help="where the pictures are from, who agreed: text or file")
    gallery.add_argument("--study", help="name of the study; default: that of the folder of pictures")
    gallery.add_argument("--jpeg", type=int, metavar="QUALITY", help="JPEG instead of PNG, for a small gallery")
    gallery.add_argument("--crops", type=Path, help="write the aligned faces here, for other systems to edit")
    gallery.add_argument("--weights", type=Path, help="weights file; default: those of the package")
    gallery.add_argument("-o", "--out", type=Path, required=True, help="folder for the gallery, empty or new")

    export = commands.add_parser("export", help="write the votes to a .csv or .parquet file")
    export.add_argument("db", type=Path, help="database of votes")
    export.add_argument("--study", help="only this study")
    export.add_argument("-o", "--out", type=Path, required=True, help="file to write")

    report = commands.add_parser("report", help="tables and figures with intervals")
    report.add_argument("db", type=Path, help="database of votes")
    report.add_argument("--study", help="only this study")
    report.add_argument("--threshold", type=int, default=0, help="report nothing below so many votes")
    report.add_argument(
        "--all", action="store_true", help="with hasty votes and those of voters who failed the attention checks"
    )
    report.add_argument("-o", "--out", type=Path, required=True, help="folder for the report")

    power = commands.add_parser("power", help="how many votes per pair of methods a study needs")
    power.add_argument("--margin", type=float, required=True, help="preference margin to be found, e.g. 0.1")
    power.add_argument("--power", type=float, default=0.8, help="chance of seeing it, default 0.8")
    power.add_argument("--alpha", type=float, default=0.05, help="chance of a false alarm, default 0.05")
    power.add_argument("--tie-share", type=float, default=0.3, help="share of both and neither, default 0.3")
    power.add_argument("--methods", type=int, default=2, help="how many are compared, default 2")
    power.add_argument("--repeats", type=float, default=1, help="answers of one voter about the same pair, default 1")
    power.add_argument("--correlation", type=float, default=0, help="of one voter's answers, default 0")

    forget = commands.add_parser("forget", help="delete everything of one voter, in the dataset too where one is set")
    forget.add_argument("db", type=Path, help="database of votes")
    forget.add_argument("voter", help="the pseudonym that the rating tab shows")
    return parser


def _gallery(args: argparse.Namespace) -> str:
    from reggan.predictor import Predictor
    from reggan.votes.make_gallery import Plan, make_gallery, parse_methods

    if args.jpeg is not None and not 50 <= args.jpeg <= 100:
        raise InputError("The quality of JPEG is a number from 50 to 100.")
    methods, expressions = (
        [part.strip() for part in text.split(",") if part.strip()] for text in (args.methods, args.expressions)
    )
    parse_methods(methods)  # a mistake is reported before the weights are loaded
    source = Path(args.source)
    statement = source.read_text(encoding="utf-8") if len(args.source) < 256 and source.is_file() else args.source
    study = args.study or args.images.resolve().name
    plan = Plan(args.images, methods, expressions, statement.strip(), study, args.jpeg)
    gallery = make_gallery(Predictor.from_pretrained(args.weights), plan, args.out, args.crops)
    checks = sum(item.clear + (item.stranger is not None) for item in gallery.items.values())
    return f"{len(gallery.items)} items, {len(gallery.pairs)} pairs, {checks} attention checks in {args.out}."


def _votes(args: argparse.Namespace) -> list[Vote]:
    from reggan.votes.store import Store

    if not args.db.is_file():
        raise InputError("There is no database {file}.", file=args.db)
    return Store(args.db).votes(args.study)


def _export(args: argparse.Namespace) -> str:
    from reggan.votes.export import export

    votes = _votes(args)
    export(votes, args.out)
    return f"{len(votes)} votes in {args.out}."


def _report(args: argparse.Namespace) -> str:
    from reggan.votes.study_report import write_report

    votes = _votes(args)
    write_report(votes, args.out, args.threshold, args.all)
    return f"Report on {len(votes)} votes in {args.out}."


def _power(args: argparse.Namespace) -> str:
    from reggan.votes.power import describe

    study = (args.methods, args.repeats, args.correlation)
    return describe(args.margin, args.power, args.alpha, args.tie_share, *study)


def _forget(args: argparse.Namespace) -> str:
    from reggan.votes.settings import VotingSettings
    from reggan.votes.store import Store

    if not args.db.is_file():
        raise InputError("There is no database {file}.", file=args.db)
    voter, settings = args.voter.strip(), VotingSettings.from_environment()
    done = f"{Store(args.db).forget(voter)} ballots of voter {voter} deleted"
    if settings.dataset:
        from reggan.votes.hub import forget_on_hub

        return f"{done}, and {forget_on_hub(voter, settings)} in the dataset {settings.dataset}."
    return f"{done}."


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code."""
    args = _parser().parse_args(argv)
    commands = {"gallery": _gallery, "export": _export, "report": _report, "power": _power, "forget": _forget}
    try:
        print(commands[args.command](args))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
