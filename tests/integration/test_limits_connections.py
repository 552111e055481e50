"""
How many connections there may be, and how often they may come: one that is refused is told why in
one line, and costs the others nothing.
"""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from time import monotonic

import pytest

from tests.integration.crowds import Crowd, Guest, addresses
from tests.integration.daemon import RELAXED, TWISTD, Daemon, freePort
from tests.integration.kernel import connections, eventually
from tests.integration.meters import MeteredDaemon
from tests.integration.peer import Peer
from tests.integration.witnesses import Witnesses

# No other limits, so that each test shows one.
_ANYBODY = [
    *("--max-per-address", "0", "--connect-rate", "0", "--max-nameless", "0"),
    *("--max-connections", "0"),
]


def _isGreeted(guest: Guest) -> bool:
    return any("Choose a nickname" in line for line in guest.lines)


def _isRefused(guest: Guest) -> bool:
    return guest.end == "closed" and bool(guest.code)


def _isKnown(guest: Guest) -> bool:
    return _isGreeted(guest) or _isRefused(guest)


def _codes(guests: list[Guest]) -> list[str]:
    """
    @return: the code that each was told; each was told one line at the most.
    """
    refused = [guest for guest in guests if _isRefused(guest)]
    assert all(len(guest.lines) == 1 for guest in refused), [each.lines for each in refused]
    return [guest.code for guest in refused]


def test_tooManyConnectionsAreRefused(tmp_path: Path) -> None:
    with (
        MeteredDaemon(tmp_path, *_ANYBODY, "--max-connections", "12") as daemon,
        Witnesses(daemon) as witnesses,
        Crowd(daemon.port) as crowd,
    ):
        crowd.come(addresses(30))
        crowd.wait(_isKnown)
        assert _codes(crowd.guests) == ["service-full"] * 20
        assert daemon.meter("refusals_total", code="service-full") == 20
        assert daemon.meter("connections") == 12
        # Nothing of the refused ones is left, and the others stay.
        eventually(lambda: set(connections(daemon).values()) == {"established"})
        assert len(connections(daemon)) == 12
        next(guest for guest in crowd.guests if not guest.end).connection.close()
        eventually(lambda: len(connections(daemon)) == 11)
        [guest] = crowd.come(["127.0.0.77"], b"late\r\n")
        witnesses.expect("--> late joined")
        guest.connection.close()
        witnesses.expect("<-- late left")


def test_descriptorsLimitTheConnectionsByDefault(tmp_path: Path) -> None:
    """
    By default there may be as many as the descriptors allow, less those that the service needs.
    """
    port = freePort()
    options = ["--port", f"tcp:{port}:interface=127.0.0.1", *RELAXED, "--max-nameless", "0"]
    shell = ["sh", "-c", 'ulimit -n 160 && exec "$@"', "sh"]
    command = [*shell, TWISTD, "--nodaemon", "--pidfile=", "tcpchat", *options]
    with (
        Daemon(tmp_path, command=command, port=port) as daemon,
        Witnesses(daemon),
        Crowd(port) as crowd,
    ):
        crowd.come(addresses(50))
        crowd.wait(_isKnown)
        assert _codes(crowd.guests) == ["service-full"] * 20


def test_tooManyNamelessConnectionsAreRefused(tmp_path: Path) -> None:
    with (
        MeteredDaemon(tmp_path, *_ANYBODY, "--max-nameless", "5") as daemon,
        Witnesses(daemon, allowed="(-->|<--) guest") as _,
        Crowd(daemon.port) as crowd,
    ):
        first = crowd.come(addresses(15))
        crowd.wait(_isKnown)
        assert _codes(crowd.guests) == ["too-many-nameless"] * 10
        assert daemon.meter("refusals_total", code="too-many-nameless") == 10
        assert daemon.meter("nameless") == 5
        # A connection with a nickname no longer counts, and makes room.
        inside = [guest for guest in first if not guest.end]
        for number, guest in enumerate(inside):
            guest.write(b"guest%d\r\n" % number)
        crowd.wait(lambda guest: any("/help " in line for line in guest.lines), inside)
        assert daemon.meter("nameless") == 0
        second = crowd.come(addresses(15))
        crowd.wait(_isKnown, second)
        assert _codes(second) == ["too-many-nameless"] * 10


def test_tooManyConnectionsOfAnAddressAreRefused(tmp_path: Path) -> None:
    """
    The default holds on loopback like everywhere.
    """
    options = [*_ANYBODY, "--max-per-address", "16"]
    with (
        MeteredDaemon(tmp_path, *options) as daemon,
        Witnesses(daemon),
        Crowd(daemon.port) as crowd,
    ):
        many = crowd.come(["127.0.0.9"] * 40)
        others = crowd.come(addresses(100))
        crowd.wait(_isKnown)
        assert _codes(many) == ["too-many-connections"] * 24
        # One of the guests is at that address.
        assert _codes(others) == ["too-many-connections"]
        assert daemon.meter("refusals_total", code="too-many-connections") == 25
        # A connection that ends makes room for a new one.
        next(guest for guest in many if not guest.end).connection.close()
        eventually(lambda: len(connections(daemon)) == 16 + 99 + 2 - 1)
        again = crowd.come(["127.0.0.9"] * 2)
        crowd.wait(_isKnown, again)
        assert _codes(again) == ["too-many-connections"]


def test_connectingTooFastIsRefused(tmp_path: Path) -> None:
    """
    The default is sixty a minute, and one more for each second.
    """
    options = [*_ANYBODY, "--connect-rate", "60"]
    with (
        MeteredDaemon(tmp_path, *options) as daemon,
        Witnesses(daemon),
        Crowd(daemon.port) as crowd,
    ):
        begun = monotonic()
        for _ in range(8):
            ten = crowd.come(["127.0.0.9"] * 10)
            crowd.wait(_isKnown, ten)
            for guest in ten:
                guest.connection.close()
        codes = _codes(crowd.guests)
        assert set(codes) == {"connecting-too-fast"}
        earned = int(monotonic() - begun) + 1
        assert 20 - earned <= len(codes) <= 20
        assert daemon.meter("refusals_total", code="connecting-too-fast") == len(codes)
        [other] = crowd.come(["127.0.0.10"])
        crowd.wait(_isGreeted, [other])

        def mayCome() -> bool:
            [guest] = crowd.come(["127.0.0.9"])
            crowd.wait(_isKnown, [guest])
            return _isGreeted(guest)

        eventually(mayCome)


def test_trustedAddressesAreNotLimited(tmp_path: Path) -> None:
    options = ["--max-per-address", "1", "--connect-rate", "1", "--trust", "127.0.0.8/31"]
    with (
        Daemon(tmp_path, *_ANYBODY, *options, "--trust", "::1") as daemon,
        Crowd(daemon.port) as crowd,
    ):
        trusted = crowd.come(["127.0.0.8", "127.0.0.9"] * 30)
        others = crowd.come(["127.0.0.10"] * 30)
        crowd.wait(_isKnown)
        assert _codes(trusted) == []
        assert len(_codes(others)) == 29


@pytest.mark.parametrize(
    ("same", "other"),
    [
        (["198.51.100.7"], "198.51.100.8"),
        (["2001:db8:0:1::1", "2001:db8:0:1:ffff::2"], "2001:db8:0:2::1"),
    ],
)
def test_limitsHoldForAddressesBehindAProxy(tmp_path: Path, same: list[str], other: str) -> None:
    """
    All connections of the proxy come from one address; the addresses in its headers count, and an
    IPv6 network of 64 bits counts as one of them.
    """
    proxied = freePort()

    def connect(address: str) -> Peer:
        family, own = ("TCP6", "2001:db8::1") if ":" in address else ("TCP4", "192.0.2.1")
        peer = Peer(socket.create_connection(("127.0.0.1", proxied), 10.0))
        peer.sendBytes(f"PROXY {family} {address} {own} 4711 80\r\n".encode())
        return peer

    endpoint = f"haproxy:tcp:{proxied}:interface=127.0.0.1"
    options = [*_ANYBODY, "--port", endpoint, "--max-per-address", "3"]
    with Daemon(tmp_path, *options) as daemon, Witnesses(daemon):
        people = [connect((same * 3)[number]) for number in range(3)]
        for peer in people:
            peer.expect("Choose a nickname")
        for address in same:
            with connect(address) as refused:
                [line] = refused.eof()
                assert line.endswith("(too-many-connections)")
        with connect(other) as welcome:
            welcome.expect("Choose a nickname")
        for peer in people:
            peer.close()


def test_backlogHoldsAThousandConnections(tmp_path: Path) -> None:
    """
    They come while the service is busy with something else: all are connected, and greeted when it
    has time.
    """
    with (
        Daemon(tmp_path, *_ANYBODY) as daemon,
        Crowd(daemon.port) as crowd,
    ):
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            crowd.come(addresses(1000))
        finally:
            daemon.process.send_signal(signal.SIGCONT)
        crowd.wait(_isGreeted)


def test_refusingIsCheap(tmp_path: Path) -> None:
    """
    Five thousand are refused: neither the memory nor the log grows, and other users notice nothing.
    """
    options = [*_ANYBODY, "--connect-rate", "60", "--max-per-address", "16"]
    with (
        MeteredDaemon(tmp_path, *options) as daemon,
        Witnesses(daemon),
    ):

        def storm(count: int) -> None:
            for _ in range(count):
                with Crowd(daemon.port) as crowd:
                    crowd.come(["127.0.0.9"] * 100)
                    crowd.wait(lambda guest: guest.end)

        with Crowd(daemon.port) as crowd:
            crowd.come(["127.0.0.9"] * 16)
            crowd.wait(_isKnown)
            storm(10)
            memory, log = daemon.memory, len(daemon.log)
            storm(40)
            assert daemon.memory - memory < 1024 * 1024
            assert len(daemon.log) - log < 4000
            assert (
                sum(
                    daemon.meter("refusals_total", code=code)
                    for code in ("connecting-too-fast", "too-many-connections")
                )
                >= 4900
            )
