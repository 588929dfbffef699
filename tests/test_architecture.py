"""Which part of the package may use which, read from its source: imports in functions and for type checkers count."""

import ast
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

from tests.paths import ROOT

# From the bottom to the top: what a part imports. It stands above all of that, and imports nothing else.
LAYERS = {
    "errors": "",
    "shutdown": "",
    "expressions": "errors",
    "faces": "errors",
    "teeth": "",
    "folds": "",
    "model": "expressions faces folds teeth",
    "weights": "errors model",
    "analysis": "errors expressions faces model",
    "predictor": "analysis errors expressions faces model weights",
    "reggan": "errors expressions predictor",  # reggan/__init__.py, the interface for programs
    "output": "analysis errors expressions faces model predictor reggan",
    "publish": "errors expressions model output predictor reggan weights",
    "metrics": "errors faces",
    "pairs": "errors expressions faces",
    "engine": "errors expressions faces folds pairs teeth",
    "train": "errors expressions faces model output pairs weights",
    "baselines": "errors expressions faces model pairs train weights",
    "evaluate": "baselines errors expressions faces metrics model output pairs predictor weights",
    "votes": "errors expressions faces metrics predictor shutdown",
    "cli": "errors expressions faces output predictor",
    "ui": "analysis errors expressions faces model output predictor shutdown votes",
    "__main__": "cli errors",
    "app": "errors predictor ui votes",
}
# One module of a part that needs what the others must not use.
EXCEPTIONS = {
    ("reggan.ui.architecture", "weights"),  # when it is run, to draw the network of the embedded weights
}
# Libraries that one part, or a few, may know.
LIBRARIES = {
    "gradio": "ui",
    "starlette": "ui",
    "spaces": "ui",
    "mediapipe": "faces",
    "huggingface_hub": "publish votes weights",
    "numba": "engine",
    "scipy": "engine",
    "av": "output",
    "pyarrow": "votes",
}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in [ROOT / "app.py", *sorted((ROOT / "reggan").rglob("*.py"))]}
TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}


def imported(name: str) -> set[str]:
    """All that a module imports: modules of ours by their whole name, of others what stands behind `import`."""
    found = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{name}: imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in MODULES else node.module)
    return found - {name}


IMPORTS = {name: imported(name) for name in MODULES}


def part_of(module: str) -> str:
    first, *rest = module.split(".")
    return rest[0] if rest else first


def packages_of(module: str) -> list[str]:
    """reggan.engine.fit.accept: reggan, reggan.engine, reggan.engine.fit."""
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def test_no_module_imports_itself_in_a_circle() -> None:
    """Python also runs the `__init__` of every package on the way, except those that the importing module is in."""
    edges = {
        name: {
            needed
            for other in IMPORTS[name] & MODULES.keys()
            for needed in (other, *(p for p in packages_of(other) if p not in (name, *packages_of(name))))
        }
        for name in MODULES
    }
    TopologicalSorter(edges).prepare()  # raises CycleError, which says where


def test_each_part_imports_what_the_table_says_and_nothing_else() -> None:
    used = {
        (part_of(name), part_of(other))
        for name in MODULES
        for other in IMPORTS[name] & MODULES.keys()
        if part_of(name) != part_of(other) and (name, part_of(other)) not in EXCEPTIONS
    }
    allowed = {(part, other) for part, others in LAYERS.items() for other in others.split()}
    assert sorted(used - allowed) == [], "not allowed"
    assert sorted(allowed - used) == [], "no longer needed: the table can be stricter"
    needed = {(name, part_of(other)) for name in MODULES for other in IMPORTS[name] & MODULES.keys()}
    assert sorted(EXCEPTIONS - needed) == [], "no longer needed"


def test_the_table_is_in_layers() -> None:
    below: set[str] = set()
    for part, others in LAYERS.items():
        assert set(others.split()) <= below, part
        below.add(part)
    assert below == {part_of(name) for name in MODULES}


def test_libraries_stay_where_they_belong() -> None:
    used = {
        (library, part_of(name))
        for name in MODULES
        for library in {other.split(".")[0] for other in IMPORTS[name]} & LIBRARIES.keys()
    }
    assert used == {(library, part) for library, parts in LIBRARIES.items() for part in parts.split()}


def test_the_top_of_the_package_is_small() -> None:
    assert len(list((ROOT / "reggan").glob("*.py"))) <= 6


def test_no_two_modules_have_one_name() -> None:
    names = Counter(path.name for path in MODULES.values() if path.name not in ("__init__.py", "__main__.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_two_classes_have_one_name() -> None:
    classes = Counter(
        node.name
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in classes.items() if count > 1] == []
