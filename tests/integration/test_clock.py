"""
The clock of the machine is set while the service runs: no session ends for that, and no timer
stands still.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from time import monotonic

import pytest

from tests.integration.robot import Robot
from tests.integration.steps import SteppedDaemon
from tests.integration.witnesses import Witnesses

# No thread writes: in libfaketime threads that read the clock hold each other up.
_QUIET = ["--database", ":memory:"]

_HOUR = 3600
_DAY = 24 * _HOUR


@pytest.mark.parametrize("seconds", [_HOUR, -_HOUR, _DAY, -_DAY])
def test_settingTheClockEndsNoSession(tmp_path: Path, seconds: int) -> None:
    with ExitStack() as stack:
        daemon = stack.enter_context(
            SteppedDaemon(tmp_path, *_QUIET, "--registration-timeout", "2")
        )
        witnesses = stack.enter_context(Witnesses(daemon))
        robot = stack.enter_context(Robot.join(daemon, "robot", "/join #other"))
        witnesses.expect("--> robot joined")
        echo = stack.enter_context(Robot.join(daemon, "echo", "/join #other"))
        witnesses.expect("--> echo joined")
        robot.ask()
        nobody = stack.enter_context(daemon.connect())
        nobody.catchUp()

        def said(text: str) -> datetime:
            robot.ask(text)
            [event] = (event for event in echo.ask() if event.get("room") == "#other")
            assert event["text"] == text
            return datetime.fromisoformat(event["at"])

        opened, before = monotonic(), said("before")
        daemon.step(seconds)
        # The time that users see has stepped, or this test would show nothing.
        assert abs((said("after") - before).total_seconds() - seconds) < 10
        # The time to choose a nickname is as long as before, neither over nor endless.
        assert (
            nobody.eof()[-1] == "!!! You did not choose a nickname in time (registration-timeout)"
        )
        assert 1 < monotonic() - opened < 8
        for each in robot, echo:
            each.peer.send("/quit")
            each.peer.eof()
        witnesses.expect("<-- robot left")
        witnesses.expect("<-- echo left")


def test_linesSinceATimeAreAllToldWhenTheClockWentBackAndForth(tmp_path: Path) -> None:
    with SteppedDaemon(tmp_path, *_QUIET) as daemon, Robot.join(daemon, "robot") as robot:
        for seconds in (0, -_HOUR, 0):
            daemon.step(seconds)
            robot.ask(f"at {seconds}")
        head, *lines = robot.ask("/history since 5m")
        assert [line["text"] for line in lines] == ["at 0", f"at {-_HOUR}", "at 0"]
        assert (head["count"], head["more"]) == (3, False)


@pytest.mark.parametrize("seconds", [_DAY, -_DAY])
def test_silenceIsCountedInElapsedSeconds(tmp_path: Path, seconds: int) -> None:
    with (
        SteppedDaemon(tmp_path, *_QUIET, "--idle-timeout", "2") as daemon,
        Witnesses(daemon) as witnesses,
        daemon.join("alice") as alice,
    ):
        witnesses.expect("--> alice joined")
        alice.catchUp()
        begun = monotonic()
        daemon.step(seconds)
        assert alice.eof()[-1] == "!!! You have been silent for too long (idle-timeout)"
        assert 1.5 < monotonic() - begun < 8
        witnesses.expect("<-- alice left #lobby: timed out")
