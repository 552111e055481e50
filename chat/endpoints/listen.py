"""
Where to listen: what the operator writes becomes an endpoint, and an endpoint a port.

A description is what Twisted's C{serverFromString} takes, such as C{unix:/run/chat.sock}, or the
number of a TCP port.  Where it names no interface, it means all addresses, of IPv6 and of IPv4
(L{chat.endpoints.ports}).  C{haproxy:} before it says that a proxy connects there
(L{chat.endpoints.proxyprotocol}); its header comes first, before TLS.
"""

from __future__ import annotations

import os
import re
import socket
from typing import Any

from twisted.internet.address import IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.endpoints.accepted import readToTheEnd
from chat.endpoints.certificates import Certificates, reasonOf
from chat.endpoints.ports import PortReactor
from chat.endpoints.proxyprotocol import ProxiedEndpoint
from chat.vocabulary.errors import CannotStart

_log = Logger()

# What Twisted's parsers of descriptions raise, and what it means.
_WORDED = (
    (r"invalid literal for int\(\) with base 8: (.*)", r"\1 is not an octal number"),
    (r"invalid literal for int\(\) with base 10: (.*)", r"\1 is not a number"),
    (r".* missing \d+ required positional arguments?: (.*)", r"it needs the argument \1"),
    (r".* got an unexpected keyword argument (.*)", r"it takes no argument \1"),
    (r".* takes .* but .* given|.* got multiple values .*", "it has too many arguments"),
    (r"list index out of range", "the service manager has passed no socket with this index"),
    (r"module '.*' has no attribute '(?:AF_)?(.*)'", r"there is no '\1'"),
)

_PROXIED = "haproxy:"

# The endpoints that can be told a backlog.
_WITH_BACKLOG = ("tcp", "tcp6", "ssl", "tls", "unix")


def endpointFrom(
    description: str, reactor: Any, certificates: Certificates, backlog: int
) -> IStreamServerEndpoint:
    """
    Make an endpoint.  This waits for the disk if it has a certificate.

    @param description: as the operator wrote it.
    @param reactor: an C{IReactorTCP}, C{IReactorUNIX} and C{IReactorTime}.
    @param certificates: those that can be read again, with which this one will be.
    @param backlog: how many connections may wait to be accepted, unless the description says so;
        0 leaves it to the endpoint.
    @raise ValueError: when there is no such endpoint or its certificate cannot be used; the
        message is why, in one line for the operator.
    """
    plain = description.removeprefix(_PROXIED)
    full = f"tcp:{plain}" if plain.isdecimal() else plain
    if full.partition(":")[0] in _WITH_BACKLOG and ":backlog=" not in full and backlog:
        full += f":backlog={backlog}"

    def below(endpoint: IStreamServerEndpoint) -> IStreamServerEndpoint:
        return endpoint if plain == description else ProxiedEndpoint(endpoint, reactor)

    try:
        return certificates.endpoint(PortReactor(reactor), full, below)
    except KeyError as error:
        raise ValueError(f"the service manager has passed no socket called {error}") from None
    except Exception as error:
        raise ValueError(_worded(reasonOf(error))) from error


def _worded(reason: str) -> str:
    for pattern, meaning in _WORDED:
        if found := re.fullmatch(pattern, reason):
            return found.expand(meaning)
    return reason


def openPort(
    description: str, endpoint: IStreamServerEndpoint, factory: IProtocolFactory
) -> IListeningPort:
    """
    Listen, for connections that are read to their end (L{chat.endpoints.accepted}).

    @param description: of the endpoint, as the operator wrote it.
    @raise CannotStart: when the port cannot be opened.
    """
    # Endpoints open their ports at once, or fail at once.
    results: list[IListeningPort | Failure] = []
    maybeDeferred(endpoint.listen, factory).addBoth(results.append)
    [result] = results
    if isinstance(result, Failure):
        reason = getattr(result.value, "socketError", None) or result.value
        text = getattr(reason, "strerror", None) or str(reason)
        raise CannotStart(f"cannot listen on {description}: {text}") from result.value
    readToTheEnd(result)
    return result


def placeOf(port: IListeningPort) -> str:
    """
    Name where a port is, for the log.

    @return: such as C{port 8080 (IPv6 and IPv4)}, C{192.0.2.1:8080}, C{[2001:db8::1]:8080} or
        C{unix:/run/chat.sock}.
    """
    address: Any = port.getHost()
    match address:
        case UNIXAddress():
            # One without a file has a name that begins with chr(0) (unix(7)), as ss(8) shows it.
            name = os.fsdecode(address.name or b"").replace("\0", "@")
            return f"unix:{name}"
        case IPv6Address(host="::"):
            return f"port {address.port} ({'IPv6' if _isOfIPv6Only(port) else 'IPv6 and IPv4'})"
        case IPv6Address():
            return f"[{address.host}]:{address.port}"
        case _ if address.host == "0.0.0.0":
            return f"port {address.port} (IPv4)"
        case _:
            return f"{address.host}:{address.port}"


def _isOfIPv6Only(port: IListeningPort) -> bool:
    # A port in memory has none.
    listening: socket.socket | None = getattr(port, "socket", None)
    return listening is not None and bool(
        listening.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    )


def closePort(port: IListeningPort) -> Deferred[None]:
    """
    Listen no longer.

    @return: fires when the port is closed.  It never fails, so that whatever else there is to
        stop does stop; a fault, such as a file of a unix socket that cannot be removed, is logged.
    """

    address = placeOf(port)

    def failed(failure: Failure) -> None:
        _log.error(
            "the port at {address} was not closed cleanly: {reason}",
            event="port-not-closed",
            address=address,
            reason=failure.value,
        )

    closing: Deferred[Any] = maybeDeferred(port.stopListening)
    return closing.addErrback(failed)
