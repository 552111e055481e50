"""
The clock of the machine is set while the service runs: nobody is thrown out, and no timer stands
still.
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

# Without a thread that writes: in libfaketime threads that look at the clock hold each other up.
_QUIET = ["--database", ":memory:"]

_HOUR = 3600
_DAY = 24 * _HOUR


@pytest.mark.parametrize("seconds", [_HOUR, -_HOUR, _DAY, -_DAY])
def test_steps(tmp_path: Path, seconds: int) -> None:
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
        # The time that people see has stepped, or this would show nothing.
        assert abs((said("after") - before).total_seconds() - seconds) < 10
        # The limit for a nickname is as long as it was, neither over nor out of reach.
        assert nobody.eof()[-1] == "!!! no nickname in time (registration-timeout)"
        assert 1 < monotonic() - opened < 8
        for each in robot, echo:
            each.peer.send("/quit")
            each.peer.eof()
        witnesses.expect("<-- robot left")
        witnesses.expect("<-- echo left")


@pytest.mark.parametrize("seconds", [_DAY, -_DAY])
def test_idleAllTheSame(tmp_path: Path, seconds: int) -> None:
    """
    The limit for silence is counted in seconds that have passed.
    """
    with (
        SteppedDaemon(tmp_path, *_QUIET, "--idle-timeout", "2") as daemon,
        Witnesses(daemon) as witnesses,
        daemon.join("alice") as alice,
    ):
        witnesses.expect("--> alice joined")
        alice.catchUp()
        begun = monotonic()
        daemon.step(seconds)
        assert alice.eof()[-1] == "!!! you have been silent for too long (idle-timeout)"
        assert 1.5 < monotonic() - begun < 8
        witnesses.expect("<-- alice left #lobby: timed out")
