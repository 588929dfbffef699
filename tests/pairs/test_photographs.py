"""Which photographs of a folder are used."""

from pathlib import Path

import pytest

from reggan.errors import InputError
from reggan.pairs.photographs import find_photos, select


def test_photographs_are_found_and_selected(tmp_path: Path) -> None:
    for name in ("a_neutral.jpg", "b.png", "b_smiling.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert set(find_photos(tmp_path)) == {"a", "b", "b_smiling"}
    assert set(find_photos(tmp_path, "*_neutral.jpg")) == {"a"}
    photos = find_photos(tmp_path)
    assert set(select(photos, None, {"b"})) == {"a"}  # no other picture of b slips through
    assert set(select(photos, {"a", "b"}, set())) == {"a", "b"}
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(InputError, match="both be called a"):
        find_photos(tmp_path)
    with pytest.raises(InputError, match="no pictures"):
        find_photos(tmp_path, "*.gif")
    with pytest.raises(InputError, match="does not exist"):
        find_photos(tmp_path / "none")
