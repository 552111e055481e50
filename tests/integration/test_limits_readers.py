"""
Recipients that do not keep up: slow ones are kept, stuck ones are given up, and other users notice
nothing.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.integration.crowds import Crowd, Guest, addresses
from tests.integration.daemon import Daemon
from tests.integration.doors import Certificate, Doors
from tests.integration.kernel import connections, eventually, otherEnd
from tests.integration.meters import MeteredDaemon
from tests.integration.peer import Peer
from tests.integration.witnesses import Witnesses

# Bytes that the kernels of a narrow peer and of the service keep: twice what they are asked for.
_KERNELS = 2 * 65536 + 16384

_LINE = "x" * 900


def _say(daemon: Daemon, size: int) -> None:
    """
    A user comes, says so many bytes, and leaves.
    """
    with daemon.join("talker") as talker:
        for _ in range(size // (len(_LINE) * 20)):
            talker.send(*[_LINE] * 20)
            talker.catchUp()
        talker.leave()


def _narrow(crowd: Crowd, count: int) -> list[Guest]:
    """
    @return: so many users in the room that have read their welcome, and read nothing from now on.
    """
    guests = crowd.come(addresses(count), b"stuck%d\r\n", receiveBuffer=4096)
    crowd.wait(lambda guest: any("/help " in line for line in guest.lines), guests)
    return guests


def _stored(daemon: MeteredDaemon) -> None:
    """
    Wait until nothing waits for the disk, and takes memory meanwhile.
    """
    eventually(lambda: daemon.meter("history_waiting") == 0)


def _witnesses(daemon: Daemon) -> Witnesses:
    passers = r"^(-->|<--) (talker|slow|silent|steady|passing\d) |^--> stuck\d"
    return Witnesses(daemon, allowed=f"{passers}|^talker: {_LINE}")


def test_hardLimitDisconnects(tmp_path: Path) -> None:
    """
    Each of twenty has more waiting than it may.
    """
    with (
        MeteredDaemon(tmp_path, "--max-waiting", "128K", "--stall-timeout", "0") as daemon,
        Crowd(daemon.port) as crowd,
        _witnesses(daemon) as witnesses,
    ):
        # Lines are kept in memory as well, up to a bound.
        _say(daemon, 4_000_000)
        _stored(daemon)
        before = daemon.memory
        guests = _narrow(crowd, 20)
        _say(daemon, 128 * 1024 + _KERNELS + 200_000)
        for number in range(20):
            witnesses.expect(f"<-- stuck{number} left #lobby: connection too slow")
        _stored(daemon)
        assert daemon.memory - before < 20 * 128 * 1024 + 4 * 1024 * 1024
        assert daemon.meter("too_slow_total", limit="waiting") == 20
        assert daemon.meter("participants") == 2
        # It is the last line that they read, if they ever do.
        crowd.wait(lambda guest: guest.end, guests)
        assert {guest.code for guest in guests if guest.end == "closed"} <= {"too-slow"}
        eventually(lambda: len(connections(daemon)) == 2)
        assert daemon.meter("ends_total", reason="too-slow") == 20


def test_stalledConnectionIsGivenUp(tmp_path: Path) -> None:
    """
    Little waits, and nothing of it is taken, while no user says anything more.
    """
    with (
        MeteredDaemon(tmp_path, "--stall-timeout", "1") as daemon,
        Crowd(daemon.port) as crowd,
        _witnesses(daemon) as witnesses,
    ):
        _narrow(crowd, 5)
        with daemon.join("silent") as silent:
            _say(daemon, _KERNELS + 60_000)
            begun = monotonic()
            for number in range(5):
                witnesses.expect(f"<-- stuck{number} left #lobby: connection too slow")
            assert monotonic() - begun < 5
            eventually(lambda: len(connections(daemon)) == 3)
            assert daemon.meter("too_slow_total", limit="stall") == 5
            # The limit does not concern silent users that read.
            silent.catchUp()
            silent.leave()


def test_slowReaderMissesNothing(tmp_path: Path) -> None:
    """
    It takes a little now and then, however long that takes.
    """
    with (
        MeteredDaemon(tmp_path, "--stall-timeout", "1") as daemon,
        _witnesses(daemon),
        daemon.connectNarrow() as slow,
    ):
        slow.join("slow")
        _say(daemon, _KERNELS + 60_000)
        received = b""
        until = monotonic() + 4
        while monotonic() < until:
            received += slow.connection.recv(1024)
            sleep(0.1)
        assert daemon.meter("too_slow_total", limit="stall") == 0
        slow.send("/quit")
        slow.connection.setblocking(True)
        while data := slow.connection.recv(65536):
            received += data
        lines = received.decode().split("\r\n")
        assert lines[-2:] == ["--- Goodbye.", ""]
        said = (_KERNELS + 60_000) // (len(_LINE) * 20) * 20
        assert lines.count(f"talker: {_LINE}") == said


def test_limitOfAllConnectionsTogether(tmp_path: Path) -> None:
    """
    None has too much waiting, but all of them together have.
    """
    options = ["--max-waiting-all", "1M", "--stall-timeout", "0"]
    with (
        MeteredDaemon(tmp_path, *options) as daemon,
        Crowd(daemon.port) as crowd,
        _witnesses(daemon) as witnesses,
    ):
        _narrow(crowd, 20)
        _say(daemon, _KERNELS + 150_000)
        gone = int(daemon.meter("too_slow_total", limit="all"))
        # Enough of them are given up, and not all.
        assert 8 <= gone <= 19
        assert daemon.meter("participants") == 2 + 20 - gone
        for _ in range(gone):
            witnesses.expect("left #lobby: connection too slow")
        assert daemon.meter("too_slow_total", limit="waiting") == 0


def test_softLimitHoldsAnswersAndPresenceBack(tmp_path: Path) -> None:
    """
    While much waits for a recipient, its commands wait too, and it is told of all who came and left
    at once when it has caught up.
    """
    with (
        MeteredDaemon(tmp_path, "--stall-timeout", "0") as daemon,
        _witnesses(daemon),
        daemon.connectNarrow() as slow,
    ):
        slow.join("slow")
        _say(daemon, _KERNELS + 100_000)
        slow.send(*(f"/ping {number}" for number in range(100)))
        eventually(lambda: daemon.meter("delays_total", limit="waiting"))
        for number in range(10):
            with daemon.join(f"passing{number}") as passing:
                passing.leave()
        steady = daemon.join("steady")
        heard: list[str] = []
        while "--- PONG 99" not in heard:
            heard.append(slow.line())
        slow.leave()
        steady.leave()
    assert [line for line in heard if "PONG" in line] == [f"--- PONG {n}" for n in range(100)]
    told = [line for line in heard if "passing" in line or "steady" in line]
    # It may be told in parts, if the recipient catches up before the last one comes.
    assert 1 <= len(told) <= 4
    assert all(line.startswith("--- While you lagged, ") for line in told)
    assert any("steady joined" in line for line in told)


def test_quittingWithoutReadingFreesTheNickname(tmp_path: Path) -> None:
    """
    The connection never reads the goodbye, and does not stay for ever.
    """
    with (
        MeteredDaemon(tmp_path, "--stall-timeout", "3", "--soft-waiting", "0") as daemon,
        _witnesses(daemon) as witnesses,
        daemon.connectNarrow() as stuck,
    ):
        stuck.join("stuck")
        witnesses.expect("--> stuck joined")
        _say(daemon, _KERNELS + 30_000)
        stuck.connection.sendall(b"/quit\r\n")
        witnesses.expect("<-- stuck left #lobby: quit")
        with daemon.join("stuck") as another:
            eventually(lambda: len(connections(daemon)) == 3, within=8)
            witnesses.expect("--> stuck joined")
            another.leave()
        witnesses.expect("<-- stuck left #lobby: input closed")


def test_stuckConnectionsDoNotDelayTheStop(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--stall-timeout", "0") as daemon, Crowd(daemon.port) as crowd:
        _narrow(crowd, 50)
        _say(daemon, _KERNELS + 30_000)
        daemon.process.terminate()
        assert daemon.process.wait(10) in (0, -signal.SIGTERM)


_WAYS: dict[str, Callable[[Doors], Peer]] = {
    "tcp": Doors.connect,
    "tls": Doors.connectTLS,
    "proxied": Doors.connectProxied,
}


@pytest.mark.parametrize("way", _WAYS)
def test_defaultSocketOptions(tmp_path: Path, certificate: Certificate, way: str) -> None:
    """
    The kernel has them.
    """
    with Doors(tmp_path, certificate) as doors, _WAYS[way](doors) as peer:
        peer.expect("Choose a nickname")
        with otherEnd(doors, peer.connection) as other:
            # The kernel counts its own bookkeeping as well.
            assert other.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * 65536
            assert other.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            for option, value in (
                (socket.TCP_NODELAY, 1),
                (socket.TCP_KEEPIDLE, 60),
                (socket.TCP_KEEPINTVL, 15),
                (socket.TCP_KEEPCNT, 4),
                (socket.TCP_USER_TIMEOUT, 60_000),
            ):
                assert other.getsockopt(socket.IPPROTO_TCP, option) == value
