"""
Where the service is, and the endpoint that leads there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.endpoints import (
    HostnameEndpoint,
    UNIXClientEndpoint,
    wrapClientTLS,
)
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IStreamClientEndpoint
from zope.interface import directlyProvides, implementer, providedBy

CONNECT_WITHIN = 20.0
"""Seconds for each address to answer."""

# Seconds between the addresses of a name.  RFC 8305, section 8, allows as few
# as 0.1; localhost often has an address on which nothing listens.
_NEXT_ADDRESS_AFTER = 0.1


@dataclass(frozen=True, slots=True)
class Target:
    """
    Where to connect.

    @ivar host: name or address.
    @ivar port: TCP port.
    @ivar path: of a unix socket, instead of the two.
    @ivar tls: whether to speak TLS.
    @ivar insecure: whether to take any certificate.
    @ivar authority: a PEM file with the certificates to trust, instead of those
        that the system trusts.
    """

    host: str = "localhost"
    port: int = 8080
    path: str | None = None
    tls: bool = False
    insecure: bool = False
    authority: str | None = None

    def __str__(self) -> str:
        return self.path if self.path is not None else f"{self.host}:{self.port}"


def endpointFor(
    reactor: Any, target: Target, connecting: Callable[[str], None]
) -> IStreamClientEndpoint:
    """
    @param reactor: provides what L{HostnameEndpoint} or L{UNIXClientEndpoint}
        need.
    @param connecting: called with each address before it is tried.
    @return: the endpoint of a target.
    @raise ValueError: when there is no certificate in C{authority}, or it cannot
        be read, or C{host} cannot be the name of a host.
    """
    if target.path is not None:
        connecting(target.path)
        return UNIXClientEndpoint(reactor, target.path, timeout=CONNECT_WITHIN)
    endpoint = HostnameEndpoint(
        _TellingReactor(reactor, connecting),
        target.host,
        target.port,
        timeout=CONNECT_WITHIN,
        attemptDelay=_NEXT_ADDRESS_AFTER,
    )
    if not target.tls:
        return endpoint
    return wrapClientTLS(_securityOf(target), endpoint)


class _TellingReactor:
    """
    A reactor that tells where a L{HostnameEndpoint} connects to, because the
    endpoint itself tells nothing before it has succeeded or failed.
    """

    def __init__(self, reactor: Any, connecting: Callable[[str], None]) -> None:
        self._reactor = reactor
        self._connecting = connecting
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def connectTCP(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        self._connecting(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        return self._reactor.connectTCP(host, port, *args, **kwargs)


def _securityOf(target: Target) -> IOpenSSLClientConnectionCreator:
    # OpenSSL takes a while to load, and most connections do without.
    from twisted.internet.ssl import Certificate, optionsForClientTLS, trustRootFromCertificates

    if target.insecure:
        return _Unverified(target.host)
    if target.authority is None:
        return optionsForClientTLS(target.host)
    try:
        pem = Path(target.authority).read_bytes()
    except OSError as error:
        raise ValueError(str(error)) from error
    end = b"-----END CERTIFICATE-----"
    certificates = [Certificate.loadPEM(part + end) for part in pem.split(end)[:-1]]
    if not certificates:
        raise ValueError(f"no certificate in {target.authority}")
    return optionsForClientTLS(target.host, trustRootFromCertificates(certificates))


@implementer(IOpenSSLClientConnectionCreator)
class _Unverified:
    """
    TLS that keeps eavesdroppers out but does not know what it is connected to.
    """

    def __init__(self, host: str) -> None:
        self._host = host

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Any:
        from OpenSSL import SSL

        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_verify(SSL.VERIFY_NONE)
        connection = SSL.Connection(context, None)
        # RFC 6066, section 3: a server name is never an address.
        if not isIPAddress(self._host) and not isIPv6Address(self._host):
            connection.set_tlsext_host_name(self._host.encode("idna"))
        return connection
