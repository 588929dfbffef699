"""RegGAN without each of its parts, and the baselines, one after the other on equal numbers of pairs.

Every row is one command of `python -m reggan.train`, run here in turn; a row that has left its `figures.json` is not
run again, one that was interrupted resumes. The errors are those of training's own validation (aligned crop, full
strength, people kept out): no metric network takes part.
"""

import argparse
import json
import shlex
from collections.abc import Callable
from pathlib import Path

#: Row of the table: (what it is, command, options). The most telling come first.
ROWS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "stage-1": ("stage 1 alone", "regression", ()),
    "full": ("RegGAN", "refinement", ()),
    "residual-only": ("without displacement and paint: residual only", "refinement", ("--residual-only",)),
    "no-stage-1": ("stage 2 without stage 1", "refinement", ("--sees", "input")),
    "no-attention": (
        "without attention",
        "refinement",
        ("--without", "shared", "--without", "channelwise", "--without", "skip"),
    ),
    "no-shape": ("without the shape of the face", "refinement", ("--shape", "0")),
    "no-shading": ("without shading that travels with the skin", "refinement", ("--shading", "0")),
    "no-styles": ("without style augmentation", "refinement", ("--restyle", "0")),
    "us-gan": ("US-GAN, our re-implementation", "baseline", ()),
    "pix2pix": ("pix2pix, half as wide, our re-implementation", "baseline", ("--width", "32")),
    "masked-regression": ("masked regression, our re-implementation", "baseline", ()),
    "sargan": ("SARGAN, our re-implementation", "baseline", ()),
    "star-gan": ("StarGAN, our re-implementation", "baseline", ()),
    "no-adversarial": ("without adversarial training", "refinement", ()),
    "coarse-only": ("stage 2 sees the coarse image only", "refinement", ("--sees", "coarse")),
    "no-skip": ("without attention on skip connections", "refinement", ("--without", "skip")),
    "no-shared": ("without shared attention", "refinement", ("--without", "shared")),
    "no-channelwise": ("without channelwise attention", "refinement", ("--without", "channelwise")),
}

#: Rows that are solved in closed form from all pairs.
SOLVED = ("stage-1", "masked-regression")


def command(row: str, args: argparse.Namespace) -> list[str]:
    """The arguments of `python -m reggan.train` that make a row."""
    _, stage, options = ROWS[row]
    out, common = args.out / row, ["--data", str(args.data), "--device", args.device]
    if args.validation:
        common += ["--validation", str(args.validation)]
    if stage == "regression":
        return [stage, *common, "-o", str(args.out / "stage1.safetensors")]
    every = ["--batch", str(args.batch), "--every", str(max(1, args.steps // 2)), "-o", str(out)]
    if stage == "baseline":
        return [stage, row, *common, *every, *options, "--steps", str(args.steps)]
    adversarial = 0 if row == "no-adversarial" else args.steps // 8
    return [
        *(stage, *common, *every, *options),
        *("--regression", str(args.out / "stage1.safetensors"), "--guidance", str(args.out / "guidance.pt")),
        *("--steps", str(args.steps - adversarial), "--adversarial-steps", str(adversarial)),
    ]


def ablations(args: argparse.Namespace, run: Callable[[list[str]], dict]) -> str:
    """Run the rows asked for that are not finished, with `run`; write `table.md` and `table.json` after each."""
    args.out.mkdir(parents=True, exist_ok=True)
    table = ""
    for row in args.rows:
        done = args.out / row / "figures.json"
        if not done.is_file():
            arguments = command(row, args)
            figures = run(arguments)
            done.parent.mkdir(exist_ok=True)
            record: dict[str, object] = {"row": row, "what": ROWS[row][0], "samples": None}
            if row not in SOLVED:
                record["samples"] = args.steps * args.batch
            record["command"] = "python -m reggan.train " + shlex.join(arguments)
            done.write_text(json.dumps(record | figures, indent=2) + "\n")
        table = _write_table(args.out)
    return table


def _write_table(out: Path) -> str:
    """Collect every finished row, whichever call made it."""
    finished = [out / row / "figures.json" for row in ROWS]
    records = [json.loads(path.read_text()) for path in finished if path.is_file()]
    lines = ["| what | numbers | pairs seen | MSE | L1 / input's | at 128 x 128 | command |", "|" + 7 * " --- |"]
    for r in records:
        kind = "refined" if "refined_mse" in r else "coarse"
        size = f"{r['numbers'] / 1e6:.2f} M"
        errors = f"{r[f'{kind}_mse']:.5f} | {r[f'{kind}_ratio']:.3f} | {r[f'{kind}_ratio_128']:.3f}"
        lines.append(f"| {r['what']} | {size} | {r['samples'] or 'all, solved'} | {errors} | `{r['command']}` |")
    (out / "table.json").write_text(json.dumps(records, indent=2) + "\n")
    (out / "table.md").write_text("\n".join(lines) + "\n")
    return "\n".join(lines)
