"""`python -m reggan.baselines`: train rivals and ablations on the same pairs as RegGAN.

`rival` trains one other system, `ablation` RegGAN without one of its parts. `contest` trains all six rivals, as
published and in RegGAN's frame, and RegGAN for as long; `ablations` all ablations; both make a table. Everything can be
interrupted, or given `--minutes`, and goes on when it is started again. `stage1` prints a table of variants of stage 1.
`edit` lets a trained rival edit the aligned faces that `python -m reggan.votes gallery --crops` writes.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from reggan.baselines import NAMES, ablations, baseline, contest
from reggan.baselines.ablations import ABLATIONS, HEADER, PORTRAITS
from reggan.baselines.placement import ALIGNED, EYES, FRAME, InFrame
from reggan.baselines.rival_trainer import RivalRecipe, train_rival
from reggan.baselines.rows import Figures, Row, make_rows, write_table
from reggan.baselines.stage1_variants import compare
from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.faces import read_image
from reggan.faces.detect import find_upright
from reggan.faces.images import picture_files
from reggan.model.config import ModelConfig
from reggan.train.batches import PairSampler, Sampler
from reggan.train.initialise import Flows, load_flows, untrained
from reggan.train.options import Subjects, add_recipe, data_options, read_recipe, read_subjects, run_options
from reggan.train.recipe import RIDGE, RefinementRecipe
from reggan.train.refinement import RefinementTrainer, train_refinement
from reggan.train.regression import train_regression
from reggan.weights.files import load_model


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m reggan.baselines", description=__doc__)
    commands = p.add_subparsers(dest="command", required=True)
    common, running = data_options(), run_options()

    one = commands.add_parser("rival", parents=[common, running], help="another system on the same pairs")
    one.add_argument("name", choices=NAMES)
    one.add_argument("--aligned", choices=ALIGNED, default=EYES, help="by the eyes, as published, or in our frame")
    one.add_argument("--regression", type=Path, help="with --aligned frame: weights file of stage 1")
    add_recipe(one, RivalRecipe)

    two = commands.add_parser("ablation", parents=[common, running], help="RegGAN without one of its parts")
    two.add_argument("name", choices=ABLATIONS)
    two.add_argument("--regression", type=Path, required=True, help="weights file of stage 1")
    two.add_argument("--flow-cache", type=Path, help="file to keep the optical flow in; OUT/guidance.pt if not given")
    two.add_argument("--portraits", default="", help="pattern of the names that no-portraits leaves out: 'historic_*'")
    add_recipe(two, RefinementRecipe)

    three = commands.add_parser("contest", parents=[common, running], help="all rivals, and RegGAN for as long")
    three.add_argument("--rows", nargs="+", choices=contest.ROWS, default=list(contest.ROWS), metavar="ROW")
    three.add_argument("--steps", type=int, default=RivalRecipe.steps, help=f"at most, default {RivalRecipe.steps}")
    three.add_argument("--batch", type=int, default=RivalRecipe.batch, help=f"default {RivalRecipe.batch}")
    three.add_argument("--every", type=int, default=RivalRecipe.every, help=f"default {RivalRecipe.every}")

    four = commands.add_parser("ablations", parents=[common, running], help="all ablations, and a table")
    four.add_argument("--rows", nargs="+", choices=ablations.ROWS, default=list(ablations.ROWS), metavar="ROW")
    four.add_argument("--steps", type=int, default=2000, help="of each, both phases together; default 2000")
    four.add_argument("--batch", type=int, default=4, help="default 4")
    four.add_argument("--portraits", default="", help="as for ablation")

    commands.add_parser("stage1", parents=[common], help="stage 1's variants, a table")

    five = commands.add_parser("edit", help="a rival's results on aligned faces, for a gallery")
    five.add_argument("weights", type=Path, help="baseline.safetensors of a rival")
    five.add_argument("--crops", type=Path, required=True, help="folder of aligned faces")
    five.add_argument("-o", "--out", type=Path, required=True, help="folder for <face>_<expression>.png")
    return p


class _Work:
    """What the commands do, with the pairs in memory."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.training, self.validation = read_subjects(args)
        self.device = torch.device(args.device)
        self._flows: Flows | None = None

    def flows(self, cache: Path) -> Flows:
        """Optical flow of the training people; what one row has read serves the next."""
        if self._flows is None:
            self._flows = load_flows(self.training, cache)
        return self._flows

    def stage_1(self, file: Path) -> Figures:
        return train_regression(ModelConfig(), RIDGE, self.training, self.validation, file, self.device)

    def rival(self, args: argparse.Namespace) -> Figures:
        place = None
        if args.aligned == FRAME:
            if args.regression is None:
                raise InputError("--aligned frame needs --regression, a weights file of stage 1.")
            place, model = InFrame(), load_model(args.regression)[0]
            place.frame, place.neutral = model.frame, model.neutral
        recipe = read_recipe(args, RivalRecipe)
        people = self.training, self.validation
        return train_rival(args.name, recipe, *people, args.out, self.device, args.minutes, place)

    def ablation(self, args: argparse.Namespace) -> Figures:
        ablation, recipe = ABLATIONS[args.name], read_recipe(args, RefinementRecipe)
        if ablation.restyle is not None:
            recipe = replace(recipe, restyle=ablation.restyle)
        if ablation.expressive is not None:
            recipe = replace(recipe, expressive=ablation.expressive)
        training, flows = self._kept(args, self.flows(args.flow_cache or args.out / "guidance.pt"))
        torch.manual_seed(recipe.seed)
        model = untrained(load_model(args.regression)[0], training, flows, ablation.model, ablation.shape)
        where = args.out, self.device, args.minutes, {HEADER: args.name}
        return train_refinement(model, recipe, training, flows, self.validation, *where)

    def _kept(self, args: argparse.Namespace, flows: Flows) -> tuple[Subjects, Flows]:
        """The people that an ablation is trained on, and their flows."""
        pattern = ABLATIONS[args.name].without
        if pattern == PORTRAITS:
            pattern = args.portraits
        kept = [k for k, s in enumerate(self.training) if not (pattern and fnmatch(s.name, pattern))]
        if ABLATIONS[args.name].without and len(kept) in (0, len(self.training)):
            raise InputError("{name} leaves out nobody, or everybody; see --portraits.", name=args.name)
        return [self.training[k] for k in kept], Flows(*([part[k] for k in kept] for part in flows))

    def steps_within(self, seconds: float, args: argparse.Namespace) -> tuple[int, int]:
        """Steps of both phases of RegGAN's training that fit into so many seconds."""
        recipe = replace(read_recipe(args, RefinementRecipe), steps=4, adversarial_steps=4)
        flows = self.flows(args.flow_cache)
        model = untrained(load_model(args.regression)[0], self.training, flows)
        shares = recipe.restyle, recipe.expressive, recipe.occluded
        sampler = Sampler(PairSampler(self.training, self.device, *shares), flows, model)
        trainer = RefinementTrainer(model, type(model)(model.config), recipe, sampler, [], self.device)
        return contest.steps_within(seconds, trainer)


def _contest(args: argparse.Namespace, work: _Work) -> str:
    common, stage1 = _common(args), args.out / "stage1.safetensors"

    def row(name: str) -> Row:
        title = contest.what(name)
        if name == contest.STAGE_1:
            command = ["reggan.train", "regression", *common, "-o", str(stage1)]
            return Row(name, title, command, lambda _: work.stage_1(stage1))
        every = ["--every", str(args.every), "-o", str(args.out / name)]
        if name in contest.RIVALS:
            system, aligned = contest.RIVALS[name]
            frame = [] if aligned == EYES else ["--aligned", aligned, "--regression", str(stage1)]
            sizes = ["--steps", str(args.steps), "--batch", str(args.batch)]
            return _row(name, title, ["rival", system, *frame, *common, *sizes, *every], work.rival)
        flow = ["--regression", str(stage1), "--flow-cache", str(args.out / "guidance.pt")]
        command = ["ablation", "full", *common, *flow, *every]
        plan = args.out / name / "steps.json"  # measured once: an interrupted run goes on as it began
        if not plan.is_file():
            seconds = contest.equal_wall_clock(args.out)
            if not seconds:
                raise InputError("RegGAN's time is that of the quickest rival, and none has been trained yet.")
            plan.parent.mkdir(parents=True, exist_ok=True)
            plan.write_text(json.dumps(work.steps_within(seconds, _parser().parse_args(command))) + "\n")
        steps, adversarial = json.loads(plan.read_text())
        command += ["--steps", str(steps), "--adversarial-steps", str(adversarial)]
        return _row(name, title, command, work.ablation)

    make_rows(args.rows, row, args.out, args.minutes)
    contest.write_curves(args.out)
    return f"{write_table(args.out, contest.ROWS)}\n\n--methods {contest.methods(args.out)}"


def _ablations(args: argparse.Namespace, work: _Work) -> str:
    common, stage1 = _common(args), args.out / "stage1.safetensors"
    if not stage1.is_file():
        work.stage_1(stage1)

    def row(name: str) -> Row:
        adversarial = args.steps // 8 if ABLATIONS[name].adversarial else 0
        command = ["ablation", name, *common, "--regression", str(stage1), "--batch", str(args.batch)]
        command += ["--steps", str(args.steps - adversarial), "--adversarial-steps", str(adversarial)]
        command += ["--flow-cache", str(args.out / "guidance.pt"), "-o", str(args.out / name)]
        command += ["--portraits", args.portraits] if ABLATIONS[name].without == PORTRAITS else []
        return _row(name, ABLATIONS[name].what, command, work.ablation)

    make_rows(args.rows, row, args.out, args.minutes)
    return write_table(args.out, ablations.ROWS)


def _edit(weights: Path, crops: Path, out: Path) -> str:
    """Every basic expression at strength 1 for every face of a folder."""
    one, paths = baseline.load(weights), picture_files(crops)
    out.mkdir(parents=True, exist_ok=True)
    for path in paths:
        crop = read_image(path)
        face = find_upright(crop)
        if face is None:
            raise InputError("No face was found in {name}.", name=path.name)
        same, points = np.repeat(crop[None], len(BASIC), 0), np.repeat(face.landmarks[None], len(BASIC), 0)
        images = one.edit_crops(same, points, np.eye(len(BASIC), dtype=np.float32))
        for name, image in zip(BASIC, images, strict=True):
            Image.fromarray(image).save(out / f"{path.stem}_{name}.png")
    return f"{len(paths)} faces, {len(BASIC)} expressions each in {out}."


def _common(args: argparse.Namespace) -> list[str]:
    """The options about the pairs, for a row's command."""
    people = ["--validation", str(args.validation)] if args.validation else []
    return ["--data", str(args.data), "--device", args.device, *people]


def _row(name: str, title: str, command: list[str], make: Callable[[argparse.Namespace], Figures]) -> Row:
    def within(minutes: float) -> Figures:
        return make(_parser().parse_args([*command, "--minutes", str(minutes)]))

    return Row(name, title, ["reggan.baselines", *command], within)


def main(argv: list[str] | None = None) -> None:
    args = _parser().parse_args(argv)
    if args.command == "edit":
        print(_edit(args.weights, args.crops, args.out))
        return
    work = _Work(args)
    if args.command == "stage1":
        print(compare(work.training, work.validation))
    elif args.command == "contest":
        print(_contest(args, work))
    elif args.command == "ablations":
        print(_ablations(args, work))
    else:
        print(json.dumps(work.rival(args) if args.command == "rival" else work.ablation(args), indent=2))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
