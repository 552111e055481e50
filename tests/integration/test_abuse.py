"""
Peers that do not want to chat are closed within a second, and no user hears of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from time import monotonic

import pytest

from tests.integration.crowds import Crowd, Guest, addresses
from tests.integration.kernel import connections, eventually
from tests.integration.meters import MeteredDaemon
from tests.integration.witnesses import Witnesses

# Seconds that such a peer may stay, and those that a busy machine may add.
_SOON = 1.0
_BUSY = 1.0

_BODY = b"name=mallory&text=hello\r\n/nick mallory\r\nhello\r\n" * 20
_TLS = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(32)) + b"\x20" + bytes(range(200))
)

_STRANGERS = {
    "GET": b"GET / HTTP/1.1\r\nHost: chat\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n",
    "GET without an end": b"GET / HTTP/1.1\r\nHost: chat\r\n",
    "GET in pieces": b"GET /\0 HTTP/1.1\r\n",
    "long GET": b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\nHost: chat\r\n\r\n",
    "POST": b"POST /say HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(_BODY) + _BODY,
    "POST in chunks": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\4\0\0\0\0\0",
    "TLS": _TLS,
    "SSH": b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    "PROXY 1": b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\nmallory\r\nhello\r\n",
    "PROXY 2": (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\7\xc0\0\2\1\x12\x67\0\x50mallory\r\n"),
    "MQTT": b"\x10\x1a\0\4MQTT\4\2\0<\0\x0eclient-4711-ab",
    "RDP": b"\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0",
    "SMB": b"\0\0\0\x45\xffSMBr\0\0\0\0\x18\x01\x28" + bytes(50),
    "Postgres": b"\0\0\0\x08\x04\xd2\x16\x2f",
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeteredDaemon]:
    """
    A daemon for all tests of the module.
    """
    directory = tmp_path_factory.mktemp("abuse")
    with MeteredDaemon(directory, "--replay", "0", "--max-nameless", "0") as daemon:
        yield daemon


def _hasEnded(guest: Guest) -> bool:
    return bool(guest.end)


@pytest.mark.parametrize("name", _STRANGERS)
def test_strangerIsClosedInTime(daemon: MeteredDaemon, name: str) -> None:
    """
    Ten connections of a kind stay until the service closes them.
    """
    ended = daemon.meter("ends_total", reason="not-chat")
    with Crowd(daemon.port) as crowd, Witnesses(daemon):
        begun = monotonic()
        crowd.come(addresses(10), _STRANGERS[name])
        crowd.wait(_hasEnded)
        assert monotonic() - begun < _SOON + _BUSY
        for guest in crowd.guests:
            if guest.end == "closed":
                assert guest.code == "not-chat"
        eventually(lambda: len(connections(daemon)) == 2)
        assert daemon.meter("ends_total", reason="not-chat") - ended == 10


@pytest.mark.parametrize("size", [64, 256, 1024, 4096])
def test_randomBytesAreClosedInTime(daemon: MeteredDaemon, size: int) -> None:
    """
    There are twenty connections of each size, each with bytes of its own.
    """
    with Crowd(daemon.port) as crowd, Witnesses(daemon):
        for seed in range(20):
            data = random.Random(seed * 10_000 + size).randbytes(size)
            begun = monotonic()
            [guest] = crowd.come(["127.0.0.2"], data.replace(b"%", b"."))
            crowd.wait(_hasEnded, [guest])
            assert monotonic() - begun < _SOON + _BUSY, (seed, data)
        eventually(lambda: len(connections(daemon)) == 2)


def test_randomBytesOfAUserAreLinesOrNothing(daemon: MeteredDaemon) -> None:
    """
    A command that the bytes happen to make does no harm. The user may say anything, so the
    witnesses do not judge that.
    """
    # Everything behind IAC SB would be hidden.
    alphabet = bytes(set(range(255)) - {ord("%")})
    with Crowd(daemon.port) as crowd, Witnesses(daemon, allowed="^(?!(wilma|walter|!!!))"):
        for seed in range(10):
            data = bytes(random.Random(seed).choices(alphabet, k=4096))
            crowd.come(["127.0.0.2"], b"noise%d\r\n" + data + b"\r\n/quit\r\n")
        crowd.wait(_hasEnded)


def test_floodOfStrangersCostsALogLineEach(daemon: MeteredDaemon) -> None:
    """
    Seventy-five of all kinds come at a time: the memory stays as it was, and the log has one line
    for each.
    """

    def flood() -> None:
        with Crowd(daemon.port) as crowd:
            for data in _STRANGERS.values():
                crowd.come(addresses(5), data)
            crowd.wait(_hasEnded)

    with Witnesses(daemon):
        for _ in range(12):
            flood()
        eventually(lambda: daemon.meter("connections") == 2)
        memory, lines = daemon.memory, daemon.log.count("\n")
        for _ in range(10):
            flood()
        eventually(lambda: daemon.meter("connections") == 2)
        assert daemon.memory - memory < 2 * 1024 * 1024
        assert daemon.log.count("\n") - lines <= 10 * 5 * len(_STRANGERS)
    assert "Traceback" not in daemon.log
