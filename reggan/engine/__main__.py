"""`python -m reggan.engine`: make paired training data.

facekit          register an ICT-FaceKit release; once
synthesise       photographs of neutral faces to pairs; run it again to go on where it stopped
sheet            how the engine works on one photograph, stage by stage
smile-shading    measure how skin changes its brightness in a smile: made reggan/engine/render/smile_shading.png
teeth            measure what teeth look like: made reggan/teeth/teeth.json
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from reggan.errors import InputError
from reggan.faces.align import SIZE


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m reggan.engine", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = p.add_subparsers(dest="command", required=True)

    kit = commands.add_parser("facekit", help="register an ICT-FaceKit release")
    kit.add_argument("--source", type=Path, required=True, help="its folder FaceXModel, with the OBJ files")
    kit.add_argument("-o", "--out", type=Path, required=True, help="face kit to write (.npz)")
    kit.add_argument("--sheet", type=Path, help="picture that shows where everything ended up")

    synth = commands.add_parser("synthesise", help="photographs of neutral faces to pairs")
    synth.add_argument("--photos", type=Path, required=True, help="folder of photographs, one per person")
    synth.add_argument("--pattern", default="*", help="which of its files, e.g. '*_neutral.jpg'")
    synth.add_argument("--facekit", type=Path, required=True)
    synth.add_argument("-o", "--out", type=Path, required=True, help="folder of pairs to write")
    synth.add_argument("--identities", type=Path, help="file of identities, one a line; only these")
    synth.add_argument("--without", type=Path, help="file of identities to leave out, of morphs too")
    synth.add_argument("--per-identity", type=int, default=24, help="targets for each (default 24)")
    synth.add_argument("--compounds", action="store_true", help="with CFEE's compound expressions")
    synth.add_argument("--varied", type=int, default=0, help="copies of each in other light, tone and pose")
    synth.add_argument("--morphs", type=int, default=0, help="people who do not exist, from random pairs")
    synth.add_argument("--styles", type=int, default=0, help="copies of each as painting, drawing, statue ...")
    synth.add_argument("--style-names", nargs="+", default=[], metavar="NAME", help="draw from these only")
    synth.add_argument("--without-styles", nargs="+", default=[], metavar="NAME", help="never draw these")
    synth.add_argument("--size", type=int, default=SIZE, help=f"side of the crops (default {SIZE})")
    synth.add_argument("--seed", type=int, default=0)
    synth.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)")

    sheet = commands.add_parser("sheet", help="the engine's stages on one photograph")
    sheet.add_argument("photo", type=Path)
    shown = sheet.add_mutually_exclusive_group()
    shown.add_argument("--styles", action="store_true", help="its styles instead of its stages")
    shown.add_argument("--variety", action="store_true", help="it in other light, tone and pose")
    shown.add_argument("--morph", type=Path, metavar="PHOTO", help="the same, and morphs into another person")
    sheet.add_argument("--facekit", type=Path, required=True)
    sheet.add_argument("-o", "--out", type=Path, required=True)

    smile = commands.add_parser("smile-shading", help="how skin changes its brightness in a smile")
    smile.add_argument("--photos", type=Path, required=True, help="folder of NAME_neutral.jpg and NAME_smiling.jpg")
    smile.add_argument("--facekit", type=Path, required=True)
    smile.add_argument("-o", "--out", type=Path, required=True, help="grey picture to write (.png)")

    teeth = commands.add_parser("teeth", help="what teeth look like")
    teeth.add_argument("--photos", type=Path, required=True, help="folder of NAME_neutral.jpg and NAME_smiling.jpg")
    teeth.add_argument("--facekit", type=Path, required=True)
    teeth.add_argument("--size", type=int, default=768, help="side of the crops that are measured (default 768)")
    teeth.add_argument("-o", "--out", type=Path, required=True, help="table to write (.json)")
    return p


def main(argv: list[str] | None = None) -> None:
    args = _parser().parse_args(argv)
    commands = {
        "facekit": _facekit,
        "synthesise": _synthesise,
        "sheet": _sheet,
        "smile-shading": _smile_shading,
        "teeth": _teeth,
    }
    commands[args.command](args)


def _facekit(args: argparse.Namespace) -> None:
    from reggan.engine.kit.register import register

    kit = register(args.source)
    kit.save(args.out)
    print(f"{args.out}: {len(kit.names)} blendshapes, {len(kit.skin.vertices)} vertices of skin.")
    if args.sheet:
        from reggan.engine.stage_sheets import facekit_sheet, save_sheet

        save_sheet(args.sheet, facekit_sheet(kit))


def _synthesise(args: argparse.Namespace) -> None:
    from reggan.engine.synthesise import SynthesisSettings, further_jobs, plain_jobs, synthesise
    from reggan.pairs.layout import read_list, write_table
    from reggan.pairs.photographs import find_photos, select

    if args.per_identity < 1 or args.workers < 1 or min(args.varied, args.morphs, args.styles) < 0:
        raise InputError("Numbers of pictures and processes must be positive.")
    styles = _style_names(args.style_names, args.without_styles)
    only = read_list(args.identities) if args.identities else None
    photos = select(find_photos(args.photos, args.pattern), only, read_list(args.without))
    if not photos:
        raise InputError("No photograph is left to work on.")
    settings = SynthesisSettings(
        facekit=args.facekit,
        out=args.out,
        per_identity=args.per_identity,
        compounds=args.compounds,
        styles=args.styles,
        style_names=styles,
        size=args.size,
        seed=args.seed,
    )
    made = thrown_out = total = 0
    refused: set[str] = set()
    for further in (False, True):  # what is refused as it is need not be tried in other light
        usable = {name: path for name, path in photos.items() if name not in refused}
        todo = further_jobs(usable, args.varied, args.morphs, args.seed) if further else plain_jobs(photos)
        if not todo:
            continue
        total += len(todo)
        for outcome in (bar := tqdm(synthesise(todo, settings, args.workers), total=len(todo), unit="identity")):
            made, thrown_out = made + outcome.made, thrown_out + outcome.thrown_out
            if outcome.refused:
                refused.add(outcome.name)
                bar.write(f"{outcome.name}: {outcome.refused}.")
    print(
        f"{made} pairs made, {thrown_out} thrown out because their landmarks were elsewhere, "
        f"{len(refused)} of {total} identities refused; {args.out} now holds {write_table(args.out)} pairs."
    )


def _style_names(only: list[str], without: list[str]) -> tuple[str, ...]:
    from reggan.engine.styles import STYLES

    if unknown := [name for name in only + without if name not in STYLES]:
        raise InputError("There is no style {name}; there are {styles}.", name=unknown[0], styles=", ".join(STYLES))
    left = tuple(name for name in only or STYLES if name not in without)
    if not left:
        raise InputError("No style is left to draw from.")
    return left


def _sheet(args: argparse.Namespace) -> None:
    from reggan.engine import stage_sheets
    from reggan.engine.fit.accept import accept
    from reggan.engine.kit.facekit import FaceKit
    from reggan.engine.kit.rig import prepare_rig
    from reggan.faces.images import read_image

    rig = prepare_rig(FaceKit.load(args.facekit))
    fitted = accept(read_image(args.photo), rig)
    if args.styles:
        sheet = stage_sheets.style_sheet(fitted)
    elif args.variety or args.morph:
        sheet = stage_sheets.variety_sheet(fitted, accept(read_image(args.morph), rig) if args.morph else None)
    else:
        sheet = stage_sheets.stage_sheet(fitted)
    stage_sheets.save_sheet(args.out, sheet)


def _smile_shading(args: argparse.Namespace) -> None:
    from PIL import Image

    from reggan.engine.render.smile_shading import CROP, smile_shading

    fits, people = _smiles(args, CROP)
    shading, used = smile_shading(fits)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(shading).save(args.out)
    print(f"{args.out}: {used} of {people} people smile widely enough.")


def _teeth(args: argparse.Namespace) -> None:
    from reggan.engine.render.tooth_measures import tooth_measures, written

    fits, people = _smiles(args, args.size)
    table, used = tooth_measures(fits)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(written(table), encoding="utf-8")
    print(f"{args.out}: {used} of {people} people show their teeth.")


def _smiles(args: argparse.Namespace, size: int) -> "tuple[tqdm[Any], int]":
    """Fits of neutral and smiling photographs of the same people in crops of `size`, with a bar; and their number."""
    from reggan.engine.kit.facekit import FaceKit
    from reggan.engine.kit.rig import prepare_rig
    from reggan.engine.render.smile_shading import find_smiles, fitted_pairs

    found = find_smiles(args.photos)
    fits = fitted_pairs(found, prepare_rig(FaceKit.load(args.facekit)), size)
    return tqdm(fits, total=len(found), unit="person"), len(found)


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
    except ModuleNotFoundError as error:
        if error.name not in {"numba", "scipy", "tomli"}:
            raise
        sys.exit(f"The data engine needs {error.name}: pip install 'reggan[data]'.")
    except FileNotFoundError as error:
        sys.exit(f"{error.filename} does not exist.")
