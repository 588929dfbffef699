"""`python -m reggan.train regression|refinement`: train the two stages one after the other.

`compare` prints a table of stage 1's variants; `export` writes a run's weights with where they come from.
"""

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path

import torch
from tqdm import tqdm

from reggan import checkpoint
from reggan.errors import InputError
from reggan.model import RegGAN
from reggan.train import guidance, pairs
from reggan.train.batches import Sampler
from reggan.train.compare import compare
from reggan.train.refinement import Settings, Trainer, train
from reggan.train.regression import fit, validate


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m reggan.train", description=__doc__)
    stages = p.add_subparsers(dest="stage", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, required=True, help="folder of identities, see reggan/train/pairs.py")
    common.add_argument("--validation", type=Path, help="file of identities that are never trained on")
    common.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")

    one = stages.add_parser("regression", parents=[common], help="stage 1, closed form")
    one.add_argument("-o", "--out", type=Path, required=True, help="weights file to write (.safetensors)")
    one.add_argument("--grid", type=int, default=128)
    one.add_argument("--r", type=int, default=3, help="side of the window")
    one.add_argument("--ridge", type=float, default=0.4, help="lambda")
    one.add_argument("--residual-only", action="store_true", help="stage 2 without displacement (ablation)")

    stages.add_parser("compare", parents=[common], help="stage 1's variants, a table")

    three = stages.add_parser("export", parents=[common], help="weights with their history, for the package")
    three.add_argument("--weights", type=Path, required=True, help="a run's reggan.safetensors")
    three.add_argument("--commit", default="", help="revision of the code that trained them")
    three.add_argument("--attribution", default="", help="sources and licences of the training photographs")
    three.add_argument("-o", "--out", type=Path, required=True)

    two = stages.add_parser("refinement", parents=[common], help="stage 2; run it again to resume")
    two.add_argument("--regression", type=Path, required=True, help="weights file of stage 1")
    two.add_argument("-o", "--out", type=Path, required=True, help="folder for checkpoints, log and sheets")
    two.add_argument("--warm-start", type=Path, help="weights file to start from instead of from nothing")
    two.add_argument("--minutes", type=float, default=float("inf"), help="stop after this time, resumable")
    for f in fields(Settings):
        name = "--" + f.name.replace("_", "-")
        two.add_argument(name, type=type(f.default), default=f.default, help=f"default {f.default}")
    return p


def _subjects(args: argparse.Namespace) -> tuple[list[pairs.Subject], list[pairs.Subject]]:
    held_out = pairs.read_list(args.validation)
    training = pairs.load(args.data, without=held_out)
    return training, pairs.load(args.data, only=held_out) if held_out else training[:8]


def export(args: argparse.Namespace, training: list[pairs.Subject], validation: list[pairs.Subject]) -> None:
    """Write weights whose header says what they were trained on and how far they got on people never seen."""
    model, metadata = checkpoint.load(args.weights)
    figures = validate(model.to(args.device), validation)
    history = {
        "steps": metadata.get("steps", ""),
        "commit": args.commit,
        "data": f"{len(training)} people, {sum(len(s.c) for s in training)} pairs",
        "attribution": args.attribution,
        "license": "Apache-2.0",
        "validation": json.dumps({"people": len(validation), **{k: round(v, 6) for k, v in figures.items()}}),
    }
    checkpoint.save(model, args.out, history)
    print(json.dumps(history, indent=2))


def main(argv: list[str] | None = None) -> None:
    args = _parser().parse_args(argv)
    device = torch.device(args.device)
    training, validation = _subjects(args)
    if args.stage == "regression":
        model = RegGAN(args.grid, args.r, moves=not args.residual_only).to(device)
        fit(model, training, args.ridge)
        figures = validate(model, validation, full_strength=False)
        checkpoint.save(model, args.out)
        print(json.dumps({k: v for k, v in figures.items() if not k.startswith("refined")}))
        return

    if args.stage == "compare":
        print(compare(training, validation))
        return

    if args.stage == "export":
        export(args, training, validation)
        return

    settings = Settings(**{f.name: getattr(args, f.name) for f in fields(Settings)})
    start = args.warm_start or args.regression
    (model, _), (average, _) = checkpoint.load(start), checkpoint.load(start)
    model.train()
    cache = args.out / "guidance.pt"
    if cache.is_file():
        flows = torch.load(cache, weights_only=True)
    else:
        flows = [guidance.subject_flows(s) for s in tqdm(training, desc="optical flow", unit="face")]
        args.out.mkdir(parents=True, exist_ok=True)
        torch.save(flows, cache)
    if args.warm_start is None and model.refinement.moves:
        # mean_displacement is stored five times smaller than it acts, see RefinementNetwork.forward
        mean = guidance.mean_displacement(training, flows, model.frame.cpu())
        model.refinement.mean_displacement.data.copy_(mean / 0.2)
    trainer = Trainer(model, average, settings, device)
    sampler = Sampler(training, flows, trainer.model.frame, args.device)
    print(json.dumps(train(trainer, sampler, validation, args.out, args.minutes)))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
