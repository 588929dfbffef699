"""`python -m reggan.train regression|refinement|rest|mouth|folds|export`: train the two stages one after the other.

`regression` solves in closed form what a face does already and stage 1, `refinement` trains stage 2 on top of both (run
it again to resume), `rest` solves anew for a face at rest, by where its skin was, with the model's own results among
the faces, `mouth` adds the mouth's detail, learned from pairs of 768 x 768, `folds` measures in them how deep skin
folds, `export` writes a run's weights with where they come from. Rivals and ablations: `python -m reggan.baselines`.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.model.config import ModelConfig
from reggan.model.mouth_detail import MouthDetail
from reggan.pairs import layout
from reggan.train.fold_fit import fit_folds
from reggan.train.initialise import load_flows, untrained
from reggan.train.loop import run
from reggan.train.mouth_fit import errors_of_geometry, fit_geometry, read_drawn
from reggan.train.mouth_trainer import MouthTrainer
from reggan.train.mouths import load_mouths
from reggan.train.neutral_fit import changed, errors_of_neutral, fit_move, observe, observe_skin
from reggan.train.options import add_recipe, data_options, read_recipe, read_subjects, run_options
from reggan.train.recipe import RIDGE, MouthRecipe, RefinementRecipe
from reggan.train.refinement import train_refinement
from reggan.train.regression import train_regression
from reggan.train.validate import validate
from reggan.weights.files import load_model, save_model

_SHOWN = 16  # mouths to validate on where no people are kept out


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m reggan.train", description=__doc__)
    stages = p.add_subparsers(dest="stage", required=True)
    common, sizes = data_options(), ModelConfig()

    one = stages.add_parser("regression", parents=[common], help="stage 1, closed form")
    one.add_argument("-o", "--out", type=Path, required=True, help="weights file to write (.safetensors)")
    one.add_argument("--grid", type=int, default=sizes.grid, help=f"default {sizes.grid}")
    one.add_argument("--r", type=int, default=sizes.r, help=f"side of the window, default {sizes.r}")
    one.add_argument("--ridge", type=float, default=RIDGE, help=f"lambda, default {RIDGE}")

    two = stages.add_parser("refinement", parents=[common, run_options()], help="stage 2; run it again to resume")
    start = two.add_mutually_exclusive_group(required=True)
    start.add_argument("--regression", type=Path, help="weights file of stage 1; stage 2 starts from nothing")
    start.add_argument("--warm-start", type=Path, help="weights file of both stages to go on from")
    add_recipe(two, RefinementRecipe)

    rest = stages.add_parser("rest", parents=[common], help="where a face would be at rest, closed form")
    detail = stages.add_parser("mouth", parents=[common, run_options()], help="detail of the mouth; resumes likewise")
    detail.add_argument("--weights", type=Path, required=True, help="weights file of both stages to add it to")
    add_recipe(detail, MouthRecipe)

    folds = stages.add_parser("folds", parents=[common], help="how deep forehead and nose fold, closed form")
    for solved in (rest, folds):
        solved.add_argument("--weights", type=Path, required=True, help="weights file of both stages to add it to")
        solved.add_argument("-o", "--out", type=Path, required=True, help="weights file to write (.safetensors)")

    three = stages.add_parser("export", parents=[common], help="weights with their history, for the package")
    three.add_argument("--weights", type=Path, required=True, help="a run's reggan.safetensors")
    three.add_argument("--commit", default="", help="revision of the code that trained them")
    three.add_argument("--attribution", default="", help="sources and licences of the training photographs")
    three.add_argument("-o", "--out", type=Path, required=True)
    return p


def _header(metadata: dict[str, str]) -> dict[str, str]:
    """What a weights file is told about the one that it was made from."""
    return {k: v for k, v in metadata.items() if k not in ("sha256", "config")}


def _regression(args: argparse.Namespace) -> dict[str, float]:
    training, validation = read_subjects(args)
    config = replace(ModelConfig(), grid=args.grid, r=args.r)
    return train_regression(config, args.ridge, training, validation, args.out, torch.device(args.device))


def _refinement(args: argparse.Namespace) -> dict[str, float]:
    training, validation = read_subjects(args)
    recipe, device = read_recipe(args, RefinementRecipe), torch.device(args.device)
    torch.manual_seed(recipe.seed)
    flows = load_flows(training, args.out / "guidance.pt")
    if args.warm_start:
        model = load_model(args.warm_start)[0]
    else:
        model = untrained(load_model(args.regression)[0], training, flows)
    return train_refinement(model, recipe, training, flows, validation, args.out, device, args.minutes)


def _rest(args: argparse.Namespace) -> dict[str, float]:
    training, validation = read_subjects(args)
    model, metadata = load_model(args.weights)
    at_rest_or_smiling = [o for o in observe(training) if o.c is None or not o.c.any()]
    skin = observe_skin(model, changed(model, training, args.device), args.device)
    fit_move(model.neutral.cpu(), at_rest_or_smiling + skin)
    save_model(model, args.out, _header(metadata))
    skin = observe_skin(model, changed(model, validation, args.device), args.device)
    return errors_of_neutral(model.neutral.cpu(), observe(validation)) | {
        f"skin_{name}": value for name, value in errors_of_neutral(model.neutral, skin).items()
    }


def _mouth(args: argparse.Namespace) -> dict[str, float]:
    recipe, device = read_recipe(args, MouthRecipe), torch.device(args.device)
    torch.manual_seed(recipe.seed)
    held_out = layout.read_list(args.validation)
    model, metadata = load_model(args.weights)
    fit_geometry(model.mouth.geometry, read_drawn(args.data, without=held_out))
    errors = errors_of_geometry(model.mouth.geometry, read_drawn(args.data, only=held_out)) if held_out else {}
    training = load_mouths(model, args.data, without=held_out)
    validation = load_mouths(model, args.data, only=held_out) if held_out else training[:_SHOWN]
    header = _header(metadata)
    trainer = MouthTrainer(model.requires_grad_(True), MouthDetail(), recipe, training, validation, device, header)
    return errors | run(trainer, args.out, "mouth", args.minutes)


def _folds(args: argparse.Namespace) -> dict[str, float]:
    model, metadata = load_model(args.weights)
    fit_folds(model.to(args.device), args.data, without=layout.read_list(args.validation))
    save_model(model, args.out, _header(metadata))
    return dict(zip(BASIC, model.folds.depth.tolist(), strict=True))


def _export(args: argparse.Namespace) -> dict[str, str]:
    """Write weights whose header says what they were trained on and how far they got on people never seen."""
    training, validation = read_subjects(args)
    model, metadata = load_model(args.weights)
    figures = validate(model.to(args.device), validation)
    history = {
        "steps": metadata.get("steps", ""),
        "commit": args.commit,
        "data": f"{len(training)} faces, {sum(len(s.c) for s in training)} pairs",
        "attribution": args.attribution,
        "license": "Apache-2.0",
        "validation": json.dumps({"people": len(validation), **{k: round(v, 6) for k, v in figures.items()}}),
    }
    save_model(model, args.out, history)
    return history


_COMMANDS: dict[str, Callable[[argparse.Namespace], dict]] = {
    "regression": _regression,
    "refinement": _refinement,
    "rest": _rest,
    "mouth": _mouth,
    "folds": _folds,
    "export": _export,
}


def main(argv: list[str] | None = None) -> None:
    args = _parser().parse_args(argv)
    print(json.dumps(_COMMANDS[args.stage](args), indent=2))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
