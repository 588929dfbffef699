"""Faces that visitors give to a study, one tick of a box for each.

Visitors are asked only if whoever runs the study names a folder (REGGAN_VOTES_DONATIONS). Nothing in it is shown to
anybody until it has been looked through and made into a gallery: `python -m reggan.votes gallery --images FOLDER`.
"""

import contextlib
import json
import re
import secrets
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from PIL import Image

from reggan.errors import InputError

_NUMBER = re.compile(r"[0-9a-f]{16}")


def donate(folder: Path, crop: np.ndarray, consent: str) -> str:
    """Keep one face.

    Args:
        crop: (256, 256, 3) uint8, the aligned face; the rest of the picture is not kept.
        consent: the words that the giver agreed to, kept beside the face.

    Returns:
        the number under which the face is kept, and can be taken back.

    Raises:
        InputError: the folder cannot be written to.
    """
    number = secrets.token_hex(8)
    record = {"number": number, "given": datetime.now(timezone.utc).isoformat(timespec="seconds"), "consent": consent}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.json").write_text(
            json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        Image.fromarray(crop).save(folder / f"{number}.png")
    except OSError:
        with contextlib.suppress(OSError):
            withdraw(folder, number)  # half of it would be nobody's
        raise InputError("The picture could not be kept for the study.") from None
    return number


def withdraw(folder: Path, number: str) -> bool:
    """Delete a face that was given. Returns whether there was one."""
    if not _NUMBER.fullmatch(number):
        return False
    found = (folder / f"{number}.png").exists()
    for suffix in (".png", ".json"):
        (folder / f"{number}{suffix}").unlink(missing_ok=True)
    return found
