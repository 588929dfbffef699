"""`python -m reggan.baselines`: train rivals and ablations on the same pairs as RegGAN.

`rival` trains one other system, `ablation` RegGAN without one of its parts, `table` all of them, one after the other;
each of them can be resumed. `stage1` prints a table of variants of stage 1.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

from reggan.baselines import NAMES, table
from reggan.baselines.ablations import ABLATIONS, HEADER
from reggan.baselines.rival_trainer import RivalRecipe, train_rival
from reggan.baselines.stage1_variants import compare
from reggan.errors import InputError
from reggan.model.config import ModelConfig
from reggan.train.initialise import load_flows, untrained
from reggan.train.options import Subjects, add_recipe, data_options, read_recipe, read_subjects, run_options
from reggan.train.recipe import RIDGE, RefinementRecipe
from reggan.train.refinement import train_refinement
from reggan.train.regression import train_regression
from reggan.weights.files import load_model


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m reggan.baselines", description=__doc__)
    commands = p.add_subparsers(dest="command", required=True)
    common, running = data_options(), run_options()

    one = commands.add_parser("rival", parents=[common, running], help="another system on the same pairs")
    one.add_argument("name", choices=NAMES)
    add_recipe(one, RivalRecipe)

    two = commands.add_parser("ablation", parents=[common, running], help="RegGAN without one of its parts")
    two.add_argument("name", choices=ABLATIONS)
    two.add_argument("--regression", type=Path, required=True, help="weights file of stage 1")
    two.add_argument("--flow-cache", type=Path, help="file to keep the optical flow in; OUT/guidance.pt if not given")
    add_recipe(two, RefinementRecipe)

    three = commands.add_parser("table", parents=[common], help="all of them, and a table")
    three.add_argument("-o", "--out", type=Path, required=True, help="folder for all runs and the table")
    three.add_argument("--steps", type=int, default=2000, help="of each run, all phases together")
    three.add_argument("--batch", type=int, default=8)
    three.add_argument("--rows", nargs="+", choices=table.ROWS, default=list(table.ROWS), metavar="ROW")

    commands.add_parser("stage1", parents=[common], help="stage 1's variants, a table")
    return p


def _rival(args: argparse.Namespace, training: Subjects, validation: Subjects) -> dict[str, float]:
    recipe, device = read_recipe(args, RivalRecipe), torch.device(args.device)
    return train_rival(args.name, recipe, training, validation, args.out, device, args.minutes)


def _ablation(args: argparse.Namespace, training: Subjects, validation: Subjects) -> dict[str, float]:
    ablation, recipe = ABLATIONS[args.name], read_recipe(args, RefinementRecipe)
    if ablation.restyle is not None:
        recipe = replace(recipe, restyle=ablation.restyle)
    torch.manual_seed(recipe.seed)
    flows = load_flows(training, args.flow_cache or args.out / "guidance.pt")
    model = untrained(load_model(args.regression)[0], training, flows, ablation.model, ablation.shape)
    where = args.out, torch.device(args.device), args.minutes, {HEADER: args.name}
    return train_refinement(model, recipe, training, flows, validation, *where)


def main(argv: list[str] | None = None) -> None:
    args = _parser().parse_args(argv)
    training, validation = read_subjects(args)
    work = {"rival": _rival, "ablation": _ablation}

    def run(arguments: list[str]) -> dict[str, float]:
        """Make a row of the table from the pairs already in memory."""
        row = _parser().parse_args(arguments)
        return work[row.command](row, training, validation)

    def run_stage1(out: Path) -> dict[str, float]:
        return train_regression(ModelConfig(), RIDGE, training, validation, out, torch.device(args.device))

    if args.command == "stage1":
        print(compare(training, validation))
    elif args.command == "table":
        print(table.make_table(args, run, run_stage1))
    else:
        print(json.dumps(work[args.command](args, training, validation), indent=2))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
