"""Recorded expressions: which picture shows whom, and what.

CFEE (Du, Tao and Martinez, PNAS 2014): EE_SSS_NNNN.jpg, EE the expression, 01 = neutral, SSS the subject.
KDEF (Lundqvist, Flykt and Oehman, 1998, kdef.se): AF01ANS.JPG = series, sex, number, expression, angle (S = straight).
Folders: DIR/<expression>/<subject>.jpg, one of the folders called neutral.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from reggan.errors import InputError
from reggan.expressions import NAMED, resolve
from reggan.faces.images import picture_files

#: 01 is published; the others are in the order of the paper's figure 1. `--codes` replaces them.
CFEE_CODES: Mapping[str, str] = {f"{k:02d}": name for k, name in enumerate(NAMED, 1)}

_KDEF_CODES = {
    "NE": "neutral",
    "HA": "happy",
    "SA": "sad",
    "AF": "fearful",
    "AN": "angry",
    "SU": "surprised",
    "DI": "disgusted",
}
_SYNONYMS = {
    "happiness": "happy",
    "joy": "happy",
    "sadness": "sad",
    "fear": "fearful",
    "afraid": "fearful",
    "anger": "angry",
    "surprise": "surprised",
    "disgust": "disgusted",
}


@dataclass(frozen=True)
class Recording:
    """One series of photographs of one subject in the same light.

    Attributes:
        name: of the identity.
        subject: the same for all series of a person, who must not be in training and validation both.
        pictures: by expression, a name of `NAMED`.
    """

    name: str
    subject: str
    pictures: dict[str, Path] = field(default_factory=dict)

    def targets(self) -> dict[str, tuple[Path, np.ndarray]]:
        """By file name without suffix: the picture and its (6,) strengths, taken to be full."""
        return {
            f"{name.replace(' ', '_')}_{round(100 * float(resolve(name).max())):03d}": (path, resolve(name))
            for name, path in sorted(self.pictures.items())
            if name != "neutral"
        }


def cfee(folder: Path, codes: Mapping[str, str] = CFEE_CODES) -> list[Recording]:
    """CFEE as published; of several pictures of one expression the first counts."""
    found = []
    for path in _pictures(folder):
        if match := re.fullmatch(r"(\d{2})_(\w+?)_(\d+)", path.stem):
            if match[1] not in codes:
                raise InputError("{name}: there is no expression {code}.", name=path.name, code=match[1])
            found.append((f"cfee_{match[2]}", f"cfee_{match[2]}", codes[match[1]], path))
    return _gathered(found, folder, "EE_SSS_NNNN.jpg")


def kdef(folder: Path) -> list[Recording]:
    """KDEF and sets named like it; straight views only."""
    found = []
    for path in _pictures(folder):
        match = re.fullmatch(r"([A-Z])([FM]\d{2})([A-Z]{2})S", path.stem.upper())
        if match and match[3] in _KDEF_CODES:
            found.append((f"kdef_{match[2]}{match[1]}", f"kdef_{match[2]}", _KDEF_CODES[match[3]], path))
    return _gathered(found, folder, "AF01ANS.JPG")


def folders(folder: Path) -> list[Recording]:
    """A folder per expression, in it a picture per subject; "anna_happy.jpg" in happy/ is anna's too."""
    found = []
    for path in _pictures(folder):
        label = " ".join(path.parent.name.lower().replace("_", " ").replace("-", " ").split())
        name = _SYNONYMS.get(label, label)
        if name in NAMED:
            words = "|".join(re.escape(w) for w in {path.parent.name.lower(), name, name.replace(" ", "_")})
            subject = re.sub(rf"[_.\- ]+({words})$|^({words})[_.\- ]+", "", path.stem, flags=re.IGNORECASE)
            found.append((subject, subject, name, path))
    return _gathered(found, folder, "<expression>/<subject>.jpg")


def read_codes(path: Path) -> dict[str, str]:
    """Lines of a code and an expression, e.g. "02 happy".

    Raises:
        InputError: an unknown expression, or no neutral.
    """
    codes = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            code, _, name = line.strip().partition(" ")
            resolve(name)
            codes[code] = " ".join(name.lower().replace("_", " ").split())
    if "neutral" not in codes.values():
        raise InputError("{name} does not say which code is neutral.", name=path.name)
    return codes


def split(recordings: list[Recording], share: float, seed: int) -> list[str]:
    """Names of the identities for validation: `share` of the subjects, at least one, with all their series."""
    subjects = sorted({r.subject for r in recordings})
    count = min(max(round(share * len(subjects)), 1), len(subjects) - 1) if share > 0 else 0
    chosen = set(np.random.default_rng(seed).permutation(subjects)[:count].tolist())
    return sorted(r.name for r in recordings if r.subject in chosen)


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError("The folder {folder} does not exist.", folder=folder)
    return picture_files(folder)


def _gathered(found: Iterable[tuple[str, str, str, Path]], folder: Path, pattern: str) -> list[Recording]:
    recordings: dict[str, Recording] = {}
    for name, subject, expression, path in found:
        recordings.setdefault(name, Recording(name, subject)).pictures.setdefault(expression, path)
    if not recordings:
        raise InputError("There are no pictures in {folder} that are called {pattern}.", folder=folder, pattern=pattern)
    return list(recordings.values())
