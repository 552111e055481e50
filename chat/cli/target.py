"""
Where the service is, and the endpoint that leads there.
"""

from __future__ import annotations

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
from zope.interface import implementer

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
        if self.path is not None:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class AuthorityUnusable(Exception):
    """
    The file of C{Target.authority} cannot be read, or has no certificate in it.
    """


def endpointFor(reactor: Any, target: Target) -> IStreamClientEndpoint:
    """
    @param reactor: provides what L{HostnameEndpoint} or L{UNIXClientEndpoint}
        need.
    @return: the endpoint of a target.
    @raise AuthorityUnusable: see there.
    @raise ValueError: when C{host} cannot be the name of a host; the endpoint may also
        fail with it.
    """
    if target.path is not None:
        return UNIXClientEndpoint(reactor, target.path, timeout=CONNECT_WITHIN)
    endpoint = HostnameEndpoint(
        reactor,
        target.host,
        target.port,
        timeout=CONNECT_WITHIN,
        attemptDelay=_NEXT_ADDRESS_AFTER,
    )
    if not target.tls:
        return endpoint
    return wrapClientTLS(_securityOf(target), endpoint)


def _securityOf(target: Target) -> IOpenSSLClientConnectionCreator:
    # OpenSSL takes a while to load, and most connections do without.
    from OpenSSL import crypto
    from twisted.internet.ssl import Certificate, optionsForClientTLS, trustRootFromCertificates

    if target.insecure:
        return _Unverified(target.host)
    if target.authority is None:
        return optionsForClientTLS(target.host)
    end = b"-----END CERTIFICATE-----"
    try:
        parts = Path(target.authority).read_bytes().split(end)[:-1]
        certificates = [Certificate.loadPEM(part + end) for part in parts]
    except (OSError, ValueError, crypto.Error) as error:
        raise AuthorityUnusable from error
    if not certificates:
        raise AuthorityUnusable
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
