"""Where the repository and its example pictures are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
PHOTO = EXAMPLES / "photo_grace_hopper.jpg"
AVATAR = EXAMPLES / "avatar_3d.jpg"  # a rendered face
