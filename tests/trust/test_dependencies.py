"""The report on licences and vulnerabilities, and what the core may not have."""

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

_spec = importlib.util.spec_from_file_location("dependencies", ROOT / ".ci" / "dependencies.py")
assert _spec is not None and _spec.loader is not None
report = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(report)


@pytest.mark.parametrize(
    "name, kind",
    [
        ("MIT", "permissive"),
        ("Apache-2.0 OR BSD-3-Clause", "permissive"),
        ("3-Clause BSD License", "permissive"),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", "weak copyleft"),
        ("GNU Lesser General Public License v3 (LGPLv3)", "weak copyleft"),
        ("GPL-3.0-or-later", "not allowed"),
        ("GPL-3.0-or-later OR MIT", "permissive"),
        ("MIT AND GPL-2.0", "not allowed"),
        ("GNU Affero General Public License v3", "not allowed"),
        ("CC-BY-NC-4.0", "not allowed"),
        ("Creative Commons Attribution-NonCommercial", "not allowed"),
        ("PolyForm Noncommercial 1.0", "not allowed"),
        ("LicenseRef-NVIDIA-Proprietary", "vendor"),
        ("see the file", "unknown"),
        ("unknown", "unknown"),
    ],
)
def test_kinds_of_licences(name: str, kind: str) -> None:
    assert report.kind(name) == kind


def test_everything_that_the_core_needs_may_be_used_commercially() -> None:
    rows = report.licences((ROOT / "requirements.txt").read_text().split())
    names = {row[0] for row in rows}
    assert {"gradio", "torch", "mediapipe", "numpy", "starlette", "matplotlib"} <= names, "and what they need in turn"
    assert [row for row in rows if row[3] in ("not allowed", "unknown")] == []


def test_another_licence_fails_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("no-such-package==1.0\npillow==1.0\n")
    assert report.main(["--requirements", str(wanted)]) == 1
    assert "| no-such-package | not installed | unknown | unknown |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "answer, said",
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', "1 of 1 packages were looked up, 0 vuln"),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}]}',
            "- a 1: CVE-1, fixed in 2",
        ),
        ('{"dependencies": [{"name": "a", "skip_reason": "not found"}]}', "not available: not one package"),
        ("", "not available: it cannot reach its database"),
    ],
)
def test_what_pip_audit_says_is_passed_on_and_silence_is_no_praise(answer: str, said: str) -> None:
    stand_in = [sys.executable, "-c", f"print({answer!r})"]
    assert said in report.audit(ROOT / "requirements.txt", stand_in)


def test_pip_audit_may_be_missing() -> None:
    missing = [sys.executable, "-m", "no_such_module"]
    assert report.audit(ROOT / "requirements.txt", missing) == "not available: pip-audit is not installed"
    assert report.audit(ROOT / "requirements.txt", ["/no/such/program"]) == "not available: pip-audit cannot be started"


@pytest.mark.parametrize(
    "error, code, said",
    [
        ("", 0, "It installs."),
        ("ERROR: No matching distribution found for gone==1.0", 1, "It does not install: No matching distribution"),
        ("WARNING: Retrying: NewConnectionError\nERROR: No matching distribution", 1, "not available: the package"),
    ],
)
def test_whether_the_pinned_set_still_installs(error: str, code: int, said: str) -> None:
    stand_in = [sys.executable, "-c", f"import sys; sys.stderr.write({error!r}); sys.exit({code})"]
    assert report.dry_run([ROOT / "requirements.txt"], stand_in).startswith(said)
    assert report.dry_run([ROOT / "requirements.txt"], ["/no/such/program"]) == "not available: pip cannot be started"


def test_pip_itself_says_that_a_pin_contradicts_another(tmp_path: Path) -> None:
    """Without an index: two versions of one package fit together nowhere."""
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("--no-index\nregan-one==1.0\nregan-one==2.0\n")
    assert report.dry_run([wanted]).startswith("It does not install: ")


@pytest.mark.parametrize(
    "holes, installs, code",
    [
        ("90 of 90 packages were looked up, 0 vulnerabilities are known.", "It installs.", 0),
        ("1 of 1 packages were looked up, 1 are known.\n- a 1: CVE-1, fixed in 2", "It installs.", 1),
        ("not available: it cannot reach its database", "It does not install: a", 1),
        ("not available: it cannot reach its database", "not available: the package index cannot be reached", 0),
    ],
)
def test_the_weekly_check_fails_for_what_is_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], holes: str, installs: str, code: int
) -> None:
    monkeypatch.setattr(report, "audit", lambda _: holes)
    monkeypatch.setattr(report, "dry_run", lambda _: installs)
    assert report.main(["--weekly"]) == code
    assert holes in capsys.readouterr().out
    assert report.main(["--audit"]) == 0, "each change is checked for licences alone"
