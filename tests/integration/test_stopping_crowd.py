"""
The service is told to stop while a hundred users are there and a megabyte waits for them.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import pytest

from tests.integration.crowds import Crowd, Guest, addresses
from tests.integration.daemon import Daemon

_GOODBYE = "--- Goodbye: the service is shutting down."

_LINE = "x" * 900

# So much that the kernels are full, and about 60 KiB wait for each user that does not read.
_COUNT = 200


def _isIn(guest: Guest) -> bool:
    return any("/help " in line for line in guest.lines)


class _CrowdedScene:
    """
    A hundred users in a room where much has been said: ninety that read, and ten slow ones.
    """

    def __init__(self, stack: ExitStack, directory: Path) -> None:
        self.daemon = stack.enter_context(
            Daemon(directory, "--stall-timeout", "0", "--announce-limit", "1", "--replay", "0")
        )
        self.crowd = stack.enter_context(Crowd(self.daemon.port))
        self.quick = self.crowd.come(addresses(89), b"quick%d\r\n")
        self.slow = self.crowd.come(addresses(10), b"slow%d\r\n", receiveBuffer=4096)
        self.crowd.wait(_isIn)
        self.talker = stack.enter_context(self.daemon.join("talker"))
        for first in range(0, _COUNT, 20):
            self.talker.send(*(f"{first + number} {_LINE}" for number in range(20)))
            self.talker.catchUp()
        last = f"talker: {_COUNT - 1} "
        self.crowd.wait(
            lambda guest: any(line.startswith(last) for line in guest.lines[-2:]), self.quick
        )


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[_CrowdedScene]:
    """
    @return: the scene, when everything has been said.
    """
    with ExitStack() as stack:
        yield _CrowdedScene(stack, tmp_path)


def _hasHeardAll(guest: Guest) -> None:
    assert guest.end == "closed"
    assert guest.received.endswith(b"\r\n")
    assert guest.lines[-1] == _GOODBYE
    heard = [line for line in guest.lines if line.startswith("talker: ")]
    assert heard == [f"talker: {number} {_LINE}" for number in range(_COUNT)]


def test_allReadersHearEverything(scene: _CrowdedScene, tmp_path: Path) -> None:
    begun = monotonic()
    scene.daemon.process.terminate()
    scene.crowd.wait(lambda guest: guest.end)
    for guest in scene.crowd.guests:
        _hasHeardAll(guest)
    for guest in scene.crowd.guests:
        guest.connection.close()
    assert scene.talker.eof()[-1] == _GOODBYE
    scene.talker.close()
    assert scene.daemon.process.wait(10) in (0, -signal.SIGTERM)
    assert monotonic() - begun < 10
    # The next daemon gets the port at once.
    with Daemon(tmp_path / "next", port=scene.daemon.port) as daemon:
        daemon.join("alice").leave()


def test_stuckReadersDoNotDelayTheOthers(scene: _CrowdedScene) -> None:
    """
    Four of the slow ones stay stuck: the others hear everything, and in time.
    """
    begun = monotonic()
    scene.daemon.process.terminate()
    living = [*scene.quick, *scene.slow[4:]]
    scene.crowd.wait(lambda guest: guest.end, living)
    for guest in living:
        _hasHeardAll(guest)
        guest.connection.close()
    assert scene.talker.eof()[-1] == _GOODBYE
    scene.talker.close()
    assert scene.daemon.process.wait(12) in (0, -signal.SIGTERM)
    assert monotonic() - begun < 10.5


def test_secondSignalEndsAtOnce(scene: _CrowdedScene) -> None:
    """
    Slow readers do not matter then.
    """
    scene.daemon.process.terminate()
    assert scene.talker.eof()[-1] == _GOODBYE
    assert scene.daemon.process.poll() is None
    begun = monotonic()
    scene.daemon.process.terminate()
    assert scene.daemon.process.wait(10) in (0, -signal.SIGTERM)
    assert monotonic() - begun < 2
