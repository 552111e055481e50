"""
The daemons that tests talk to.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.integration.daemon import Daemon
from tests.integration.doors import Certificate, Doors
from tests.integration.peer import Peer

Join = Callable[[str], Peer]
"""
The type of the fixture C{join}.
"""


class StartDaemon(Protocol):
    """
    The type of the fixture C{startDaemon}.
    """

    def __call__(self, *options: str) -> Daemon: ...


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """
    A daemon for all tests of a module; nothing of an earlier test is replayed.
    """
    with Daemon(tmp_path_factory.mktemp("daemon"), "--replay", "0") as daemon:
        yield daemon


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """
    A certificate of this machine.
    """
    return Certificate.make(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Iterator[Doors]:
    """
    A daemon with every kind of way in, for all tests of a module.
    """
    with Doors(tmp_path_factory.mktemp("doors"), certificate, "--replay", "0") as doors:
        yield doors


@pytest.fixture
def join(daemon: Daemon) -> Iterator[Join]:
    """
    A function that gives a user of L{daemon} by nickname; all have left when the next test begins.
    """
    peers: list[Peer] = []

    def join(nick: str) -> Peer:
        peers.append(daemon.join(nick))
        return peers[-1]

    yield join
    for peer in peers:
        peer.leave()


@pytest.fixture
def startDaemon(tmp_path: Path) -> Iterator[StartDaemon]:
    """
    A function that starts a daemon with some options; it is stopped when the test ends.
    """
    with ExitStack() as stack:
        # Each daemon has a directory of its own.
        names = (f"daemon-{number}" for number in range(1000))

        def start(*options: str) -> Daemon:
            return stack.enter_context(Daemon(tmp_path / next(names), *options))

        yield start
