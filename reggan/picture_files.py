"""Which files of a folder are pictures."""

from pathlib import Path

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


def picture_files(folder: Path, pattern: str = "**/*") -> list[Path]:
    """Files that match `pattern` and are called as pictures are, sorted; by default those in sub-folders too."""
    return sorted(path for path in folder.glob(pattern) if path.suffix.lower() in _SUFFIXES)
