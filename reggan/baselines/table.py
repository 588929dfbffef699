"""The table of all other systems and ablations, trained in turn on equal numbers of pairs.

A row whose `figures.json` exists is not trained again, and one that was interrupted is resumed. Errors are those of
validation during training (aligned crop, full strength, people kept out); no metric network is involved.
"""

import argparse
import json
import shlex
from collections.abc import Callable
from pathlib import Path

from reggan.baselines.ablations import ABLATIONS

#: The other systems: their names in the table, and their options.
RIVALS: dict[str, tuple[str, tuple[str, ...]]] = {
    "us-gan": ("US-GAN, our re-implementation", ()),
    "pix2pix": ("pix2pix, half as wide, our re-implementation", ("--width", "32")),
    "masked-regression": ("masked regression, our re-implementation", ()),
    "sargan": ("SARGAN, our re-implementation", ()),
    "star-gan": ("StarGAN, our re-implementation", ()),
}
STAGE_1 = "stage-1"
#: Rows of the table, the most important first.
ROWS = (
    *(STAGE_1, "full", "residual-only", "no-stage-1", "no-attention", "no-shape", "no-shading", "no-styles"),
    *RIVALS,
    *("no-adversarial", "coarse-only", "no-skip", "no-shared", "no-channelwise"),
)
#: Rows solved in closed form, from all pairs.
SOLVED = (STAGE_1, "masked-regression")


def what(row: str) -> str:
    """What a row is called in the table."""
    if row == STAGE_1:
        return "stage 1 alone"
    return RIVALS[row][0] if row in RIVALS else ABLATIONS[row].what


def command(row: str, args: argparse.Namespace) -> list[str]:
    """The arguments with which `python -m reggan.baselines` (for stage 1, `python -m reggan.train`) makes a row.

    `args` are the options of the table.
    """
    common = ["--data", str(args.data), "--device", args.device]
    if args.validation:
        common += ["--validation", str(args.validation)]
    stage1 = str(args.out / "stage1.safetensors")
    if row == STAGE_1:
        return ["regression", *common, "-o", stage1]
    run = ["--batch", str(args.batch), "--every", str(max(1, args.steps // 2)), "-o", str(args.out / row)]
    if row in RIVALS:
        return ["rival", row, *common, *run, *RIVALS[row][1], "--steps", str(args.steps)]
    adversarial = args.steps // 8 if ABLATIONS[row].adversarial else 0
    steps = ["--steps", str(args.steps - adversarial), "--adversarial-steps", str(adversarial)]
    flow = ["--regression", stage1, "--flow-cache", str(args.out / "guidance.pt")]
    return ["ablation", row, *common, *run, *flow, *steps]


def make_table(args: argparse.Namespace, run: Callable[[list[str]], dict], run_stage1: Callable[[Path], dict]) -> str:
    """Make the requested rows that are not finished; write `table.md` and `table.json` after each.

    Args:
        args: the options of the table.
        run: makes a row from its arguments.
        run_stage1: fits stage 1 and writes it to the path.
    """
    args.out.mkdir(parents=True, exist_ok=True)
    table = ""
    for row in args.rows:
        done = args.out / row / "figures.json"
        if not done.is_file():
            arguments = command(row, args)
            figures = run_stage1(args.out / "stage1.safetensors") if row == STAGE_1 else run(arguments)
            done.parent.mkdir(exist_ok=True)
            samples = None if row in SOLVED else args.steps * args.batch
            record: dict[str, object] = {"row": row, "what": what(row), "samples": samples}
            module = "reggan.train" if row == STAGE_1 else "reggan.baselines"
            record["command"] = f"python -m {module} {shlex.join(arguments)}"
            done.write_text(json.dumps(record | figures, indent=2) + "\n")
        table = _write_table(args.out)
    return table


def _write_table(out: Path) -> str:
    """Collect all finished rows, including those of earlier calls."""
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
