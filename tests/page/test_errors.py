"""Every sentence that tells a visitor what is wrong is a template with a translation, found by reading the source."""

import ast
import string
from collections import deque
from dataclasses import dataclass

from reggan.expressions import BASIC, NAMED
from reggan.ui.words import _FOLDER, _GRADIO, TABLES
from reggan.votes.records import IMAGE_CLASSES, QUESTIONS
from tests.test_architecture import IMPORTS, TREES

#: What the page imports but no visitor can set off: its errors end the start of the server, in the operator's terminal,
#: or are for who calls the package from Python. They are English, like those of the command line's own modules.
NOT_FOR_VISITORS = {
    "reggan.ui.api": "for programs, which are answered in English",
    "reggan.votes.hub": "the token is missing: when the server starts",
    "reggan.votes.items": "the gallery is loaded when the server starts",
    "reggan.votes.settings": "environment variables, read when the server starts",
    "reggan.votes.study_report": "the page takes tables from it; writing a report is a command",
    "reggan.weights.fetch": "weights are loaded when the server starts",
    "reggan.weights.files": "weights are loaded when the server starts",
    "reggan.weights.source": "weights are loaded when the server starts",
}


@dataclass(frozen=True)
class Raised:
    """One `InputError(...)` in the source."""

    where: str  # module:line
    template: str | None  # None: not a literal, nor a constant of its module or of one it imports from
    values: frozenset[str]


def reached_by_the_page() -> list[str]:
    """Every module of the package that the page imports, or that these import in turn, within functions too."""
    seen: set[str] = set()
    waiting = deque(name for name in TREES if name.startswith("reggan.ui"))
    while waiting:
        name = waiting.popleft()
        if name in TREES and name not in seen:
            seen.add(name)
            waiting.extend(IMPORTS[name])
    return sorted(seen)


def own_constants(module: str) -> dict[str, str]:
    """Strings that are given names at the top of a module."""
    return {
        target.id: node.value.value
        for node in TREES[module].body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def constants(module: str) -> dict[str, str]:
    """Its own, and those it imports from other modules of the package."""
    found = own_constants(module)
    for node in TREES[module].body:
        if isinstance(node, ast.ImportFrom) and node.module in TREES:
            theirs = own_constants(node.module)
            found |= {alias.asname or alias.name: theirs[alias.name] for alias in node.names if alias.name in theirs}
    return found


def errors(module: str) -> list[Raised]:
    """Every call of `InputError` in a module."""
    named, out = constants(module), []
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "InputError":
            first = node.args[0] if len(node.args) == 1 else None
            template = None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                template = first.value
            elif isinstance(first, ast.Name):
                template = named.get(first.id)
            values = frozenset(keyword.arg or "**" for keyword in node.keywords)
            out.append(Raised(f"{module}:{node.lineno}", template, values))
    return out


def blanks(text: str) -> set[str]:
    """The names within {}; a conversion or a format, {n:.1f}, shows as a part of the name."""
    return {
        name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
        for _, name, form, conversion in string.Formatter().parse(text)
        if name is not None
    }


ERRORS = {module: errors(module) for module in reached_by_the_page() if module != "reggan.errors"}
FOR_VISITORS = [one for module, found in ERRORS.items() if module not in NOT_FOR_VISITORS for one in found]


def test_the_exceptions_are_needed() -> None:
    assert sorted(module for module in NOT_FOR_VISITORS if not ERRORS.get(module)) == []
    modules = {one.where.split(":")[0] for one in FOR_VISITORS}
    assert {"reggan.faces.images", "reggan.predictor", "reggan.output.archive", "reggan.votes.store"} <= modules


def test_errors_are_templates_whose_blanks_are_all_filled_in() -> None:
    found = [one for some in ERRORS.values() for one in some]
    assert len(found) > 80
    assert [one.where for one in found if one.template is None] == []
    assert [one.where for one in found if one.template is not None and blanks(one.template) != one.values] == []


def test_a_visitor_reads_every_error_in_german_and_spanish() -> None:
    for one in FOR_VISITORS:
        assert one.template is not None, one.where
        for language in ("de", "es"):
            assert one.template in TABLES[language], f"{one.where}: {one.template!r} is not in {language}.json"
            translation = TABLES[language][one.template]
            assert blanks(translation) == blanks(one.template), f"{one.where}: {language}: {translation!r}"


def test_no_translation_is_left_over() -> None:
    """Each key is an error for visitors, a text in the page's own code, or made of a name."""
    templates = {one.template for one in FOR_VISITORS}
    code = {
        node.value
        for module, tree in TREES.items()
        if module.startswith("reggan.ui") or module == "reggan.predictor"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    names = {name.capitalize() for name in NAMED} | {
        f"{kind} {name}" for kind in ("%", "already") for name in (*BASIC, "neutral")
    }
    names |= {f"{kind} {name}" for kind in ("example", "failure") for name in code}
    names |= {f"class {name}" for name in IMAGE_CLASSES} | {question.capitalize() for question in QUESTIONS}
    names |= {path.name.split(".")[0] for path in _FOLDER.glob("*.md")}
    assert sorted(set(TABLES["de"]) - templates - code - names - set(_GRADIO)) == []
