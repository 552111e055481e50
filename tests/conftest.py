"""
Settings of every test.
"""

import os
import resource
import signal
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# No property depends on speed, and machines may be busy.
settings.register_profile("tcpchat", deadline=None)
settings.load_profile("tcpchat")

# In the background of a shell without job control SIGINT is ignored, and what the tests start would
# inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A login mostly has 1024 files, and some tests open more connections.
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(_soft, min(_hard, 4096)), _hard))

_inCI = bool(os.environ.get("CI"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """
    In CI nothing may be missing: a skipped test fails, with the reason for the skip.
    """
    report = yield
    # An expected failure reports as skipped too.
    if _inCI and report.skipped and not hasattr(report, "wasxfail"):
        _failInstead(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """
    The same for a module that is skipped as a whole.
    """
    report = yield
    if _inCI and report.skipped:
        _failInstead(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """
    Tell at the end what was missing for which tests, and what else C{.ci/run} has run, or could not
    run.
    """
    for line in missing(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(line)
    for line in os.environ.get("CI_NOTES", "").splitlines():
        terminalreporter.write_line(line)


def missing(skipped: Iterable[pytest.TestReport | pytest.CollectReport]) -> Iterator[str]:
    """
    @return: a line for each reason to skip tests, with how many it were and of which files.
    """
    files = defaultdict[str, Counter[str]](Counter)
    for report in skipped:
        if isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            files[reason][Path(report.nodeid.partition("::")[0]).name] += 1
    for reason, names in sorted(files.items()):
        yield f"{names.total()} skipped, {reason} (for {', '.join(sorted(names))})"


def _failInstead(report: pytest.TestReport | pytest.CollectReport) -> None:
    assert isinstance(report.longrepr, tuple)
    path, line, reason = report.longrepr
    report.outcome = "failed"
    report.longrepr = f"{path}:{line}: {reason} (nothing may be skipped in CI)"
