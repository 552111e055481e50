"""Tests of C{make run}, and of the end of C{make test}."""

from __future__ import annotations

import subprocess

import pytest

from tests.conftest import missing
from tests.support.pages import ROOT
from tests.support.programs import requireProgram


def test_theServiceMayBeGivenMoreOptions() -> None:
    command = [requireProgram("make"), "--no-print-directory", "--dry-run", "run"]
    more = ["PORT=9000", "ARGS=--operator alice --name 'the pub'"]
    shown = subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, check=True)
    *_, last = shown.stdout.splitlines()
    assert last.endswith(" tcpchat --port 9000 --operator alice --name 'the pub'")


def _skipped(name: str, reason: str) -> pytest.TestReport:
    path = f"tests/integration/{name}.py"
    about = "programs.py", 40, f"Skipped: {reason}"
    return pytest.TestReport(f"{path}::test_it", (path, 1, "test_it"), {}, "skipped", about, "call")


def test_theEndTellsWhatWasMissingForWhat() -> None:
    nc, strace = "nc is missing: apt install nc", "strace is missing: apt install strace"
    reports = [_skipped("test_b", strace), _skipped("test_b", nc), _skipped("test_a", nc)]
    assert list(missing(reports)) == [
        "2 skipped, nc is missing: apt install nc (for test_a.py, test_b.py)",
        "1 skipped, strace is missing: apt install strace (for test_b.py)",
    ]
