"""
The peer vanishes: its cable is pulled, so that no FIN, no RST and no acknowledgement comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.integration.kernel import eventually, openFiles
from tests.integration.wires import Wire, WiredDaemon
from tests.integration.witnesses import Witnesses

# A peer is given up within three seconds if nothing is on its way, and within two otherwise.
_SHORT = ["--keepalive", "1/1/2", "--user-timeout", "2", "--stall-timeout", "20"]


@pytest.fixture
def wire() -> Iterator[Wire]:
    """
    A cable for one test.
    """
    with Wire() as wire:
        yield wire


def test_keepaliveFindsAVanishedPeer(tmp_path: Path, wire: Wire) -> None:
    """
    Nothing is written to it.
    """
    with WiredDaemon(tmp_path, wire, *_SHORT) as daemon, Witnesses(daemon) as witnesses:
        files = openFiles(daemon)
        with daemon.connectFar() as alice, daemon.connectFar() as nobody:
            alice.send("alice", "/join #attic", "/leave #lobby", "/ping in")
            alice.expect("PONG in")
            nobody.expect("Choose a nickname")
            witnesses.expect("--> alice joined #lobby")
            witnesses.expect("<-- alice left #lobby")
            begun = monotonic()
            wire.cut()
            eventually(lambda: openFiles(daemon) == files)
            assert monotonic() - begun < 6
        with daemon.join("alice") as another:
            witnesses.expect("--> alice joined")
            another.leave()
        witnesses.expect("<-- alice left")


def test_linesFindAVanishedPeer(tmp_path: Path, wire: Wire) -> None:
    """
    The room goes on talking.
    """
    with WiredDaemon(tmp_path, wire, *_SHORT) as daemon, Witnesses(daemon) as witnesses:
        files = openFiles(daemon)
        with daemon.connectFar() as alice:
            alice.join("alice")
            witnesses.expect("--> alice joined")
            begun = monotonic()
            wire.cut()
            witnesses.expect("<-- alice left #lobby: connection lost")
            assert 1 < monotonic() - begun < 6
            assert openFiles(daemon) == files


def test_stuckPeerVanishes(tmp_path: Path, wire: Wire) -> None:
    """
    It reads nothing before, so that much waits.
    """
    with WiredDaemon(tmp_path, wire, *_SHORT) as daemon, Witnesses(daemon) as witnesses:
        files = openFiles(daemon)
        with daemon.connectFar(receiveBuffer=4096) as alice:
            alice.join("alice")
            witnesses.expect("--> alice joined")
            alice.connection.sendall(b"/help\r\n" * 500)
            wire.cut()
            witnesses.expect("<-- alice left #lobby: connection lost")
            eventually(lambda: openFiles(daemon) == files)


def test_leavingPeerVanishes(tmp_path: Path, wire: Wire) -> None:
    """
    It says goodbye, and vanishes before it has the answer.
    """
    with WiredDaemon(tmp_path, wire, *_SHORT) as daemon, Witnesses(daemon) as witnesses:
        files = openFiles(daemon)
        with daemon.connectFar() as alice:
            alice.join("alice")
            witnesses.expect("--> alice joined")
            alice.send("/quit")
            wire.cut()
            witnesses.expect("<-- alice left #lobby: quit")
            eventually(lambda: openFiles(daemon) == files)


def test_mendedCableCostsNothing(tmp_path: Path, wire: Wire) -> None:
    with (
        WiredDaemon(tmp_path, wire, "--user-timeout", "30") as daemon,
        Witnesses(daemon, allowed="alice") as witnesses,
        daemon.connectFar() as alice,
    ):
        alice.join("alice")
        wire.cut()
        alice.send("while the cable is cut")
        with daemon.join("bob") as bob:
            witnesses.expect("--> bob joined")
            bob.send("hello there")
            witnesses.expect("bob: hello there")
            wire.mend()
            alice.expect("bob: hello there")
            bob.expect("alice: while the cable is cut")
            bob.leave()
        witnesses.expect("<-- bob left")
        alice.leave()
