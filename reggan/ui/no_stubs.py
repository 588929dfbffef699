"""Gradio without the stub files that it writes for editors.

With every start Gradio parses all of its components and writes a `.pyi` file beside each, and beside ours: a third of
its import, and files in folders that are the reader's own or read-only. It has no switch for that.
"""

import importlib.machinery
import sys
import types
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder

_MODULE, _WRITER = "gradio.component_meta", "create_or_modify_pyi"


def _silence(module: types.ModuleType) -> None:
    setattr(module, _WRITER, lambda *_: None)


class _Quiet(Loader):
    """Loads the module as it is, and has its writer do nothing."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        self.loader.exec_module(module)
        _silence(module)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != _MODULE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Quiet(spec.loader)
        return spec


def write_no_stubs() -> None:
    """Before gradio is imported, or from now on."""
    if _MODULE in sys.modules:
        _silence(sys.modules[_MODULE])
    else:
        sys.meta_path.insert(0, _Finder())
