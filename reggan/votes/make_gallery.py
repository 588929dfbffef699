"""Make a gallery: the largest face of every picture, given every expression by every method.

All pictures are stored in one format at one size, without metadata, under random names, so that neither name, format
nor size tells a voter who made what.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from reggan.errors import InputError
from reggan.expressions import NAMED, resolve
from reggan.faces import read_image
from reggan.faces.images import picture_files
from reggan.votes.items import METHOD, SCHEMA, Gallery
from reggan.votes.records import IMAGE_CLASSES, INPUT, STRANGER

if TYPE_CHECKING:
    from reggan.predictor import Predictor

Picture = np.ndarray

CLEAR = ("happy", "surprised")  # nobody confuses them with an unchanged face
OWN = ("refined", "coarse", INPUT)
_SIDE = 256
# Pictures whose descriptors have a larger cosine may show one person; see `reggan.metrics.fss.ANCHORS`.
_ALIKE = 0.9


@dataclass(frozen=True)
class Plan:
    """What goes into a gallery."""

    images: Path  # folder of pictures; a sub-folder, or the beginning of a name, gives the class
    methods: Sequence[str]  # of OWN, or NAME=FOLDER
    expressions: Sequence[str]
    source: str  # where the pictures are from, and who agreed to what
    study: str
    jpeg: int | None = None  # quality; None: PNG


def parse_methods(given: Sequence[str]) -> dict[str, Path | None]:
    """["refined", "rival=folder"] to {"refined": None, "rival": Path("folder")}.

    Raises:
        InputError: an unknown method, a name that is taken, or no folder.
    """
    methods: dict[str, Path | None] = {}
    for text in given:
        name, equals, folder = text.partition("=")
        if not METHOD.fullmatch(name) or name == STRANGER or (name in OWN) == bool(equals):
            raise InputError(
                "A method is {names} or NAME=FOLDER with a name of its own, not {given}.",
                names=", ".join(OWN),
                given=repr(text),
            )
        if name in methods:
            raise InputError("The method {name} is named twice.", name=name)
        if equals and not Path(folder).is_dir():
            raise InputError("There is no folder {folder} with the results of {name}.", folder=repr(folder), name=name)
        methods[name] = Path(folder) if equals else None
    if not any(name != INPUT for name in methods):
        raise InputError("Name at least one method that changes something.")
    return methods


def pictures_in(folder: Path) -> list[tuple[Path, str]]:
    """Pictures with their classes, those in sub-folders too.

    Raises:
        InputError: there are none, or two have one name.
    """
    found = picture_files(folder)
    if not found:
        raise InputError("There are no pictures in {folder}.", folder=folder)
    stems = [path.stem for path in found]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice is not None:
        raise InputError("Two pictures are called {name}; items are named after pictures.", name=repr(twice))
    return [(path, _class_of(path.relative_to(folder))) for path in found]


def _class_of(path: Path) -> str:
    first = path.parts[0] if len(path.parts) > 1 else path.stem.split("_")[0]
    return first if first in IMAGE_CLASSES else "other"


def make_gallery(predictor: "Predictor", plan: Plan, out: Path, crops: Path | None = None) -> Gallery:
    """Write a gallery into the empty folder `out`, and the aligned faces into `crops`, for other systems to edit.

    Raises:
        InputError: a picture without a face, a result that is missing, or a folder that cannot be written.
    """
    methods = parse_methods(plan.methods)
    names = {name: label(name) for name in plan.expressions}
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise InputError(
                "The folder {folder} is not empty; a gallery is made anew in a folder of its own.", folder=out
            )
        faces = {path.stem: (_face(predictor, path), kind) for path, kind in pictures_in(plan.images)}
        _save_crops({stem: face.crop for stem, (face, _) in faces.items()}, crops)
        strangers = _strangers({stem: face.crop for stem, (face, _) in faces.items()})
        items = []
        for stem, (face, image_class) in faces.items():
            results = _results(predictor, face, stem, names, methods)
            shared = _save(face.crop, out, plan.jpeg)
            for expression, text in names.items():
                files = {m: shared if m == INPUT else _save(results[m][expression], out, plan.jpeg) for m in methods}
                stranger = strangers[stem]
                item: dict[str, Any] = {
                    "id": f"{stem}_{text}",
                    "expression": expression,
                    "image_class": image_class,
                    "input": shared,
                    "files": files,
                    "clear": expression in CLEAR,
                    "stranger": None if stranger is None else f"{stranger}_{text}",
                }
                items.append(item)
        content = {"schema": SCHEMA, "study": plan.study, "size": _SIDE, "source": plan.source}
        content |= {"methods": list(methods), "items": items}
        (out / "gallery.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError("The gallery cannot be written to {folder}: {why}.", folder=out, why=error.strerror) from None
    return Gallery.load(out)


def label(expression: str) -> str:
    """An expression's name as a part of file names."""
    if expression not in NAMED:
        raise InputError(
            "There is no expression called {name}; choose among: {names}.",
            name=repr(expression),
            names=", ".join(NAMED),
        )
    return expression.replace(" ", "_")


def _face(predictor: "Predictor", path: Path) -> Any:
    analysis = predictor.analyse(path)
    if not analysis.faces:
        raise InputError(
            "No face was found in {name}; take it out of the folder, or choose a clearer picture.", name=path.name
        )
    return analysis.faces[0]


def _results(
    predictor: "Predictor", face: Any, stem: str, names: Mapping[str, str], methods: Mapping[str, Path | None]
) -> dict[str, dict[str, Picture]]:
    """Method to expression to (256, 256, 3) uint8."""
    c = np.stack([resolve(expression) for expression in names])
    crops, landmarks = (np.repeat(array[None], len(c), 0) for array in (face.crop, face.landmarks))
    own = dict(zip(("coarse", "refined"), predictor.edit_crops(crops, landmarks, c), strict=True))
    results: dict[str, dict[str, Picture]] = {}
    for method, folder in methods.items():
        if folder is not None:
            results[method] = {expression: _read(folder, f"{stem}_{text}") for expression, text in names.items()}
        elif method in own:
            results[method] = dict(zip(names, own[method], strict=True))
    return results


def _read(folder: Path, name: str) -> Picture:
    """Another system's result, brought to our size."""
    path = next((p for p in (folder / f"{name}{suffix}" for suffix in (".png", ".jpg", ".jpeg")) if p.is_file()), None)
    if path is None:
        raise InputError(
            "{folder} has no {name}.png; every method needs a result for every face and expression.",
            folder=folder,
            name=name,
        )
    image = read_image(path)
    if image.shape[0] != image.shape[1]:
        height, width = image.shape[:2]
        raise InputError(
            "{name} in {folder} has {width} x {height} pixels; results are square, like the faces.",
            name=path.name,
            folder=folder,
            width=width,
            height=height,
        )
    return np.asarray(Image.fromarray(image).resize((_SIDE, _SIDE), Image.Resampling.LANCZOS))


def _strangers(crops: Mapping[str, Picture]) -> dict[str, str | None]:
    """Each picture to the one whose face is least like it; None where all are too much alike."""
    from reggan.metrics.fss import embed

    stems = list(crops)
    descriptors = embed(np.stack(list(crops.values())))
    alike = descriptors @ descriptors.T
    nearest = alike.argmin(1)
    return {s: stems[n] if row[n] < _ALIKE else None for s, n, row in zip(stems, nearest, alike, strict=True)}


def _save(image: Picture, folder: Path, jpeg: int | None) -> str:
    """Write the bare pixels under a random name."""
    name = f"{secrets.token_hex(8)}.{'png' if jpeg is None else 'jpg'}"
    if jpeg is None:
        Image.fromarray(image).save(folder / name, optimize=True)
    else:
        Image.fromarray(image).save(folder / name, quality=jpeg, subsampling=0, optimize=True)
    return name


def _save_crops(crops: Mapping[str, Picture], folder: Path | None) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for stem, crop in crops.items():
        Image.fromarray(crop).save(folder / f"{stem}.png")
