"""Data engine: which of its folders may import which."""

import re

from tests.paths import ROOT

ENGINE = ROOT / "reggan" / "engine"
LAYERS = ("kit", "fit", "render", "vary", "styles")  # each may import from those before it
SHARED = {"pixels", "raster"}


def test_folders_import_only_from_earlier_ones() -> None:
    for k, layer in enumerate(LAYERS):
        allowed = SHARED | set(LAYERS[: k + 1])
        files = sorted((ENGINE / layer).glob("*.py"))
        assert files
        for path in files:
            imported = set(re.findall(r"from reggan\.engine\.(\w+)", path.read_text()))
            assert imported <= allowed, f"{layer}/{path.name} imports {imported - allowed}"


def test_pairs_and_what_all_folders_share_know_nothing_of_the_engine() -> None:
    for path in (*(ROOT / "reggan" / "pairs").glob("*.py"), *(ENGINE / f"{name}.py" for name in SHARED)):
        assert not re.search(r"(from|import) reggan\.engine", path.read_text()), path.name
