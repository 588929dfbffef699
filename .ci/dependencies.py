"""A report on everything that `requirements.txt` brings: licences, known vulnerabilities, whether it still installs.

    python .ci/dependencies.py                # Markdown to stdout; exit 1 for a licence that the core may not have
    python .ci/dependencies.py --audit        # with pip-audit, which asks PyPI; without a network it says so
    python .ci/dependencies.py --weekly       # exit 1 also if the pinned set no longer installs, or has a known hole

Licences are read from the installed packages' own metadata, without a network.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
AUDIT_SECONDS, INSTALL_SECONDS = 180, 1800

_VENDOR = ("nvidia-", "cuda-")
# Words of a licence's name, the first that fits decides.
_KINDS = {
    "not allowed": r"non.?commercial|\bNC\b|CC-BY-NC|academic|research only|AGPL|Affero|(?<!L)(?<!Lesser )GPL|"
    r"(?<!Lesser )General Public|SSPL|BUSL|Commons Clause",
    "vendor": r"NVIDIA",
    "weak copyleft": r"MPL|Mozilla|LGPL|Lesser|EPL",
    "permissive": r"MIT|BSD|Apache|ISC\b|ISCL|PSF|Python Software|HPND|Zlib|BSL-1|Unlicense|CC0|0BSD|public domain",
}


def licence(about: Any) -> str:
    """What a package's metadata say: the SPDX expression, else the classifiers, else the free text's first line."""
    classifiers = [c.split(" :: ")[-1] for c in about.get_all("Classifier", []) if c.startswith("License ::")]
    named = [c for c in classifiers if c != "DFSG approved"]
    text = next(iter((about.get("License") or "").strip().splitlines()), "")
    return about.get("License-Expression") or ", ".join(named) or text[:80] or "unknown"


def kind(name: str) -> str:
    """A key of `_KINDS`, or "unknown": the worst of "A AND B", the best of "A OR B"."""
    order = ["permissive", "weak copyleft", "vendor", "not allowed", "unknown"]
    together = re.split(r"\bAND\b(?![^(]*\))", name)  # those outside brackets
    best = [min((_kind(part) for part in re.split(r"\bOR\b", choice)), key=order.index) for choice in together]
    return max(best, key=order.index)


def _kind(name: str) -> str:
    return next((kind for kind, words in _KINDS.items() if re.search(words, name, re.IGNORECASE)), "unknown")


def closure(requirements: Iterable[str]) -> dict[str, metadata.Distribution | None]:
    """The packages and all that they need here, by canonical name; None for what is not installed."""
    found: dict[str, metadata.Distribution | None] = {}
    waiting = [Requirement(line) for line in requirements]
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        try:
            found[name] = package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            found[name] = None
            continue
        for extra in {"", *wanted.extras}:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            needs = [Requirement(line) for line in package.requires or []]
            waiting += [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]
    return found


def licences(requirements: Iterable[str]) -> list[tuple[str, str, str, str]]:
    """Name, version, licence and kind of each package, by name."""
    rows = []
    for name, package in sorted(closure(requirements).items()):
        if package is None:
            rows.append((name, "not installed", "unknown", "unknown"))
        else:
            said = licence(package.metadata)
            # torch brings CUDA's libraries on Linux, which may be used and passed on, but are nobody's to change.
            rows.append((name, package.version, said, "vendor" if name.startswith(_VENDOR) else kind(said)))
    return rows


def _answer(command: list[str], name: str, seconds: int) -> "subprocess.CompletedProcess[str] | str":
    """What a program says; or "not available: " and why it says nothing."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"not available: no answer within {seconds} seconds"
    except OSError:
        return f"not available: {name} cannot be started"


def audit(requirements: Path, command: Iterable[str] = (sys.executable, "-m", "pip_audit")) -> str:
    """What pip-audit finds, as Markdown; or "not available: " and why. Never raises for want of a network."""
    options = ["--requirement", str(requirements), "--no-deps", "--disable-pip", "--format", "json"]
    options += ["--progress-spinner", "off", "--timeout", "10"]
    done = _answer([*command, *options], "pip-audit", AUDIT_SECONDS)
    if isinstance(done, str):
        return done
    if "No module named" in done.stderr:
        return "not available: pip-audit is not installed"
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return "not available: it cannot reach its database"
    looked_at = [one for one in packages if "skip_reason" not in one]
    if not looked_at:  # pip-audit calls this "no known vulnerabilities"
        return "not available: not one package was found in its database"
    lines = [
        f"- {one['name']} {one['version']}: {bad['id']}, fixed in {', '.join(bad['fix_versions']) or 'no release'}"
        for one in looked_at
        for bad in one["vulns"]
    ]
    head = f"{len(looked_at)} of {len(packages)} packages were looked up, {len(lines)} vulnerabilities are known."
    return "\n".join([head, *lines])


def dry_run(files: Iterable[Path], command: Iterable[str] = (sys.executable, "-m", "pip")) -> str:
    """Whether pip finds all that is pinned, and that it fits together, as a sentence; nothing is installed.

    "It installs", "It does not install: " and why, or "not available: " and why.
    """
    options = ["install", "--dry-run", "--ignore-installed", "--no-input", "--disable-pip-version-check", "--quiet"]
    options += [part for file in files for part in ("--requirement", str(file))]
    done = _answer([*command, *options], "pip", INSTALL_SECONDS)
    if isinstance(done, str):
        return done
    if done.returncode == 0:
        return "It installs."
    if re.search(r"NewConnectionError|Temporary failure in name resolution|Network is unreachable", done.stderr):
        return "not available: the package index cannot be reached"
    reasons = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    return f"It does not install: {' '.join(line[7:] for line in reasons) or done.stderr.strip()[-300:]}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requirements", type=Path, default=ROOT / "requirements.txt")
    parser.add_argument("--audit", action="store_true", help="ask pip-audit too")
    parser.add_argument("--weekly", action="store_true", help="ask pip and pip-audit, and fail for what they find")
    args = parser.parse_args(arguments)
    wanted = [line for line in args.requirements.read_text().splitlines() if line.strip()]
    rows = licences(wanted)
    print(f"## Licences of {len(rows)} packages\n\n| package | version | licence | kind |\n| --- | --- | --- | --- |")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    bad = any(kind in ("not allowed", "unknown") for *_, kind in rows)
    if args.audit or args.weekly:
        holes = audit(args.requirements)
        print(f"\n## Known vulnerabilities\n\n{holes}")
        bad |= args.weekly and "\n- " in holes
    if args.weekly:
        installs = dry_run([args.requirements, ROOT / "tests" / "requirements.txt"])
        print(f"\n## The pinned set\n\n{installs}")
        bad |= installs.startswith("It does not")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
