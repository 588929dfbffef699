"""`python -m reggan.train regression|refinement`: train the two stages one after the other.

`compare` prints a table of stage 1's variants; `export` writes a run's weights with where they come from; `baseline`
trains another system on the same pairs; `ablations` trains all of those, and RegGAN without each of its parts.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from reggan import baselines
from reggan.baselines import ablations
from reggan.baselines import train as baseline_training
from reggan.errors import InputError
from reggan.model.refinement.attention import TYPES
from reggan.model.refinement.network import LEARNED
from reggan.model.reggan import SEES, SIZE, RegGAN
from reggan.pairs import layout
from reggan.train import initialise
from reggan.train.batches import PairSampler, Sampler
from reggan.train.refinement import Settings, Trainer, train
from reggan.train.regression import fit, validate
from reggan.train.stage1_variants import compare
from reggan.weights.files import load_model, save_model

Subjects = list[layout.Subject]


def _settings(parser: argparse.ArgumentParser, settings: type) -> None:
    """One option for each field of a dataclass with defaults."""
    for f in fields(settings):
        name = "--" + f.name.replace("_", "-")
        parser.add_argument(name, type=type(f.default), default=f.default, help=f"default {f.default}")


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m reggan.train", description=__doc__)
    stages = p.add_subparsers(dest="stage", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, required=True, help="folder of identities, see reggan/train/reading.py")
    common.add_argument("--validation", type=Path, help="file of identities that are never trained on")
    common.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")

    one = stages.add_parser("regression", parents=[common], help="stage 1, closed form")
    one.add_argument("-o", "--out", type=Path, required=True, help="weights file to write (.safetensors)")
    one.add_argument("--grid", type=int, default=128)
    one.add_argument("--r", type=int, default=3, help="side of the window")
    one.add_argument("--ridge", type=float, default=0.4, help="lambda")

    two = stages.add_parser("refinement", parents=[common], help="stage 2; run it again to resume")
    two.add_argument("--regression", type=Path, required=True, help="weights file of stage 1")
    two.add_argument("-o", "--out", type=Path, required=True, help="folder for checkpoints, log and sheets")
    two.add_argument("--warm-start", type=Path, help="weights file to start from instead of from nothing")
    two.add_argument("--guidance", type=Path, help="file to keep the optical flow in; OUT/initialise.pt if not given")
    two.add_argument("--minutes", type=float, default=float("inf"), help="stop after this time, resumable")
    two.add_argument("--residual-only", action="store_true", help="ablation: without displacement and paint")
    two.add_argument("--without", action="append", choices=TYPES, default=[], help="ablation: a type of attention")
    two.add_argument(
        "--sees", choices=SEES, default="both", help="ablation: what stage 2 is shown, see reggan/model/reggan.py"
    )
    two.add_argument(
        "--follow", type=Path, help="weights that tell the displacement, in the place of optical flow alone"
    )
    two.add_argument("--shape", type=int, default=12, help="numbers of the face's shape; 0 for the ablation")
    two.add_argument("--shading", type=int, default=192, help="side of the learned mean gain; 0 for the ablation")
    _settings(two, Settings)

    stages.add_parser("compare", parents=[common], help="stage 1's variants, a table")

    three = stages.add_parser("export", parents=[common], help="weights with their history, for the package")
    three.add_argument("--weights", type=Path, required=True, help="a run's reggan.safetensors")
    three.add_argument("--commit", default="", help="revision of the code that trained them")
    three.add_argument("--attribution", default="", help="sources and licences of the training photographs")
    three.add_argument("-o", "--out", type=Path, required=True)

    four = stages.add_parser(
        "baseline", parents=[common], help="another system on the same pairs, see reggan/baselines"
    )
    four.add_argument("name", choices=baselines.NAMES)
    four.add_argument("-o", "--out", type=Path, required=True, help="folder for checkpoints, log and sheets")
    four.add_argument("--minutes", type=float, default=float("inf"), help="stop after this time, resumable")
    _settings(four, baseline_training.Settings)

    five = stages.add_parser("ablations", parents=[common], help="all ablations and baselines, a table; resumable")
    five.add_argument("-o", "--out", type=Path, required=True, help="folder for all runs and the table")
    five.add_argument("--steps", type=int, default=2000, help="of each run, all phases together")
    five.add_argument("--batch", type=int, default=8)
    five.add_argument("--rows", nargs="+", choices=ablations.ROWS, default=list(ablations.ROWS), metavar="ROW")
    return p


def _subjects(args: argparse.Namespace) -> tuple[Subjects, Subjects]:
    held_out = layout.read_list(args.validation)
    training = layout.load(args.data, without=held_out)
    return training, layout.load(args.data, only=held_out) if held_out else training[:8]


def _regression(args: argparse.Namespace, training: Subjects, validation: Subjects) -> dict[str, float]:
    model = RegGAN(args.grid, args.r).to(args.device)
    fit(model, training, args.ridge)
    save_model(model, args.out)
    figures = {"all_strengths_mse": validate(model, validation, full_strength=False)["coarse_mse"]}
    figures |= validate(model, validation) | {"numbers": model.regression.weight.numel()}
    return {k: v for k, v in figures.items() if not k.startswith("refined")}


def _start(args: argparse.Namespace) -> RegGAN:
    """A model to train: the warm start's, or stage 1's with a new stage 2 as the options want it."""
    model, _ = load_model(args.warm_start or args.regression)
    if args.warm_start is None:
        stage1 = model
        attention = [kind for kind in TYPES if kind not in args.without]
        parts = {"moves": not args.residual_only, "attention": attention, "sees": args.sees}
        parts |= {"shading": args.shading, "shape": args.shape}
        model = RegGAN(**(stage1.config | parts))
        model.frame, model.regression = stage1.frame, stage1.regression
    return model


def _guide(model: RegGAN, training: Subjects, flows: list[Tensor]) -> None:
    """Fit the face's shape and equation (5) in closed form; what the network itself
    moves starts at nothing."""
    net = model.refinement
    net.shape.fit(torch.cat([model.frame(s.landmarks[None], SIZE).to_crop for s in training]))
    mean, by_shape = initialise.fit_displacement(training, flows, model.frame, net.shape)
    net.mean_displacement.data.copy_(mean / LEARNED)
    if len(by_shape):
        side = net.shape_displacement.shape[-1]
        fitted = F.interpolate(by_shape.flatten(0, 1), size=(side, side), mode="area")
        net.shape_displacement.data.copy_(fitted.reshape(net.shape_displacement.shape) / LEARNED)
    for parameter in net.head.parameters():
        parameter.data[:2] = 0


def _refinement(args: argparse.Namespace, training: Subjects, validation: Subjects) -> dict[str, float]:
    settings = Settings(**{f.name: getattr(args, f.name) for f in fields(Settings)})
    torch.manual_seed(settings.seed)
    model, average = _start(args).train(), _start(args)
    cache = args.guidance or args.out / "guidance.pt"
    if args.follow:
        teacher = load_model(args.follow)[0].to(args.device)
        flows = [initialise.follow(teacher, s) for s in tqdm(training, desc="displacement", unit="face")]
    elif cache.is_file():
        flows = torch.load(cache, weights_only=True)
    else:
        flows = [initialise.subject_flows(s) for s in tqdm(training, desc="optical flow", unit="face")]
        cache.parent.mkdir(parents=True, exist_ok=True)
        torch.save(flows, cache)
    if (args.follow or args.warm_start is None) and model.refinement.moves:
        _guide(model, training, flows)
    trainer = Trainer(model, average, settings, torch.device(args.device))
    sampler = Sampler(PairSampler(training, args.device, settings.restyle), flows, trainer.model.frame)
    return train(trainer, sampler, validation, args.out, args.minutes)


def _export(args: argparse.Namespace, training: Subjects, validation: Subjects) -> dict[str, str]:
    """Write weights whose header says what they were trained on and how far they got on people never seen."""
    model, metadata = load_model(args.weights)
    figures = validate(model.to(args.device), validation)
    history = {
        "steps": metadata.get("steps", ""),
        "commit": args.commit,
        "data": f"{len(training)} people, {sum(len(s.c) for s in training)} pairs",
        "attribution": args.attribution,
        "license": "Apache-2.0",
        "validation": json.dumps({"people": len(validation), **{k: round(v, 6) for k, v in figures.items()}}),
    }
    save_model(model, args.out, history)
    return history


def _baseline(args: argparse.Namespace, training: Subjects, validation: Subjects) -> dict[str, float]:
    settings = baseline_training.Settings(**{f.name: getattr(args, f.name) for f in fields(baseline_training.Settings)})
    device = torch.device(args.device)
    return baseline_training.train(args.name, settings, training, validation, args.out, device, args.minutes)


_COMMANDS: dict[str, Callable[..., dict]] = {
    "regression": _regression,
    "refinement": _refinement,
    "export": _export,
    "baseline": _baseline,
}


def _run(argv: list[str] | None, training: Subjects, validation: Subjects) -> dict:
    args = _parser().parse_args(argv)
    return _COMMANDS[args.stage](args, training, validation)


def main(argv: list[str] | None = None) -> None:
    args = _parser().parse_args(argv)
    training, validation = _subjects(args)
    if args.stage == "compare":
        print(compare(training, validation))
    elif args.stage == "ablations":
        run = partial(_run, training=training, validation=validation)
        print(ablations.ablations(args, run))
    else:
        print(json.dumps(_COMMANDS[args.stage](args, training, validation), indent=2))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
