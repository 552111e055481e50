"""Tests for L{chat.endpoints.listen}."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory
from twisted.internet.testing import MemoryReactorClock

from chat.endpoints.certificates import Certificates
from chat.endpoints.listen import endpointFrom, openPort, placeOf
from chat.endpoints.proxyprotocol import ProxiedFactory
from chat.vocabulary.errors import CannotStart
from tests.support.doubles import FixedEndpoint

# Endpoints from their descriptions.


def endpoint(description: str, reactor: MemoryReactorClock, backlog: int = 1024) -> Any:
    return endpointFrom(
        description, reactor, Certificates(lambda read, source: Deferred()), backlog
    )


@pytest.fixture
def inMemory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ports are those of the reactor, not of the machine."""
    monkeypatch.setattr("chat.endpoints.listen.PortReactor", lambda reactor: reactor)


@pytest.mark.parametrize(
    ("description", "number", "backlog", "interface"),
    [
        ("8080", 8080, 1024, ""),
        ("tcp:8081:interface=127.0.0.1", 8081, 1024, "127.0.0.1"),
        ("tcp:8082:backlog=7", 8082, 7, ""),
        ("haproxy:8083", 8083, 1024, ""),
        ("haproxy:tcp:8084:interface=127.0.0.1", 8084, 1024, "127.0.0.1"),
    ],
)
@pytest.mark.usefixtures("inMemory")
def test_aPortMayBeANumberOrAnEndpoint(
    description: str, number: int, backlog: int, interface: str
) -> None:
    reactor = MemoryReactorClock()
    made, factory = endpoint(description, reactor), ServerFactory()
    made.listen(factory)
    [opened] = reactor.tcpServers
    assert (opened[0], *opened[2:]) == (number, backlog, interface)
    isProxied = isinstance(opened[1], ProxiedFactory)
    assert isProxied is description.startswith("haproxy:")


@pytest.mark.usefixtures("inMemory")
def test_withoutABacklogItIsLeftToTheEndpoint() -> None:
    reactor = MemoryReactorClock()
    endpoint("8080", reactor, 0).listen(ServerFactory())
    assert reactor.tcpServers[0][2] == 50


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("", ""),
        ("nonsense:1", "Unknown endpoint type: 'nonsense'"),
        ("tcp:many", "'many' is not a number"),
        ("tcp:1:2:3:4:5", "it has too many arguments"),
        ("tcp:1:foo=2", "it takes no argument 'foo'"),
        ("unix:chat.sock:mode=999", "'999' is not an octal number"),
        ("systemd:name=chat", "it needs the argument 'domain'"),
        ("systemd:domain=INET:index=7", "the service manager has passed no socket with this index"),
        ("ssl:1:sslmethod=FOO", "there is no 'FOO'"),
        ("haproxy:nonsense:1", "Unknown endpoint type: 'nonsense'"),
        ("systemd:domain=INET:name=chat", "the service manager has passed no socket called 'chat'"),
        ("ssl:1:privateKey=/nonexistent/key", "No such file or directory (/nonexistent/key)"),
    ],
)
def test_aDescriptionOfNoEndpointIsAValueErrorOfOneLine(
    monkeypatch: pytest.MonkeyPatch, description: str, reason: str
) -> None:
    monkeypatch.delenv("LISTEN_FDS", raising=False)
    with pytest.raises(ValueError, match=r"^.*$") as raised:
        endpoint(description, MemoryReactorClock())
    assert reason in str(raised.value)


# Their ports.


def opened(result: object) -> Any:
    fixed: Any = FixedEndpoint(result)
    return openPort("8080", fixed, ServerFactory())


def test_thePortIsReturned() -> None:
    port = object()
    assert opened(port) is port


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            CannotListenError("", 8080, OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))),
            "Address already in use",
        ),
        (OSError(errno.EACCES, "Permission denied"), "Permission denied"),
        (ValueError("no such interface"), "no such interface"),
        (OverflowError("port must be 0-65535"), "port must be 0-65535"),
        (KeyError("chat"), "'chat'"),
    ],
)
def test_whyItCannotBeOpened(error: Exception, reason: str) -> None:
    with pytest.raises(CannotStart) as raised:
        opened(error)
    assert str(raised.value) == f"cannot listen on 8080: {reason}"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        (IPv4Address("TCP", "0.0.0.0", 8080), "port 8080 (IPv4)"),
        (IPv4Address("TCP", "192.0.2.1", 8080), "192.0.2.1:8080"),
        (IPv6Address("TCP", "::", 8080), "port 8080 (IPv6 and IPv4)"),
        (IPv6Address("TCP", "2001:db8::1", 8080), "[2001:db8::1]:8080"),
        (UNIXAddress("/run/chat.sock"), "unix:/run/chat.sock"),
        (UNIXAddress("\0chat"), "unix:@chat"),
        (UNIXAddress(None), "unix:"),
    ],
)
def test_theLogTellsWhereAPortIs(address: IAddress, place: str) -> None:
    class Port:
        def getHost(self) -> IAddress:
            return address

    port: Any = Port()
    assert placeOf(port) == place
