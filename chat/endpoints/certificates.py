"""
Certificates that are read again while their ports stay open.

Twisted has endpoints of the kinds C{ssl:} and C{tls:}, too. What they make of the files does not do
for a service: of a file with a chain they send the first certificate only; OpenSSL asks at the
terminal for the pass phrase of a key; and C{tls:} reads its directory again, in the thread of the
reactor, whenever a client asks for a host that it does not know. Here the files are read by
L{chat.endpoints.pem}, and each connection gets the newest of what has been read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.endpoints import TCP4ServerEndpoint, serverFromString
from twisted.internet.interfaces import (
    IListeningPort,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from twisted.internet.ssl import CertificateOptions, DiffieHellmanParameters
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.filepath import FilePath
from zope.interface import implementer

from chat.endpoints.pem import Identity, identitiesIn, identityIn
from chat.endpoints.tls import TLSFactory
from chat.vocabulary.errors import CannotRead
from chat.vocabulary.times import utcNow


@dataclass(frozen=True)
class Shown:
    """
    What a port shows of itself.

    @ivar options: Those of a connection.
    @ivar doubts: Lines for the log, about why clients may not trust it.
    """

    options: CertificateOptions
    doubts: Sequence[str]


Read = Callable[[], Shown]
"""
Reads the files of a port. This waits for the disk.

@raise Exception: See L{reasonOf}.
"""

Below = Callable[[IStreamServerEndpoint], IStreamServerEndpoint]
"""Makes an endpoint of another one."""

InThread = Callable[[Read], Deferred[Shown]]
"""Calls a function in a thread, as C{deferToThread} does."""


@implementer(IStreamServerEndpoint)
class _SecureEndpoint:
    """
    Listens on a TCP port, and speaks TLS there.
    """

    def __init__(self, reactor: Any, endpoint: IStreamServerEndpoint, newest: _Newest) -> None:
        self._reactor = reactor
        self._endpoint = endpoint
        self._newest = newest

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        # Without a clock, Twisted takes the reactor of the process.
        secured = TLSFactory(self._newest, False, factory, self._reactor)
        opened: Deferred[IListeningPort] = self._endpoint.listen(secured)
        return opened


@implementer(IOpenSSLServerConnectionCreator)
class _Newest:
    """
    Gives each connection of a port what was read last.

    @ivar name: Of the port, for the operator.
    """

    _log = Logger()

    def __init__(self, name: str, read: Read) -> None:
        self.name = name
        self.read = read
        self.show(read())

    def show(self, shown: Shown) -> None:
        """
        Give this to the connections that are to come.
        """
        self._options = shown.options
        for doubt in shown.doubts:
            self._log.warn(
                "{doubt}; clients may not trust it", event="certificate-doubtful", doubt=doubt
            )

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        return self._options.serverConnectionForTLS(tlsProtocol)


class Certificates:
    """
    The certificates of all ports.
    """

    def __init__(self, inThread: InThread) -> None:
        self._inThread = inThread
        self._ports: list[_Newest] = []

    def endpoint(
        self, reactor: Any, description: str, below: Below = lambda endpoint: endpoint
    ) -> IStreamServerEndpoint:
        """
        Make an endpoint, as L{serverFromString} does. The files of the kinds C{ssl:} and C{tls:}
        can be read again. Relative paths stay what they are now, wherever the process goes.

        This waits for the disk.

        @param below: Adds to an endpoint what comes before TLS.
        @raise Exception: As L{serverFromString} does; see L{reasonOf}.
        """
        kind, *arguments = _split(description)
        if kind not in _KINDS:
            return below(serverFromString(reactor, description))
        place, read = _KINDS[kind](**_named(kind, arguments))
        newest = _Newest(f"{kind}:{place.port}", read)
        self._ports.append(newest)
        tcp = TCP4ServerEndpoint(reactor, place.port, place.backlog, place.interface)
        return _SecureEndpoint(reactor, below(tcp), newest)

    def readAgain(self) -> Deferred[None]:
        """
        Read all files again.  New connections get the new certificates; those that are there go on
        as they are.

        Call this again only when it has fired.

        @return: fails with L{CannotRead} when the files of a port cannot be used.  That port keeps
            its certificate; the others have their new ones.
        """
        reading = [Deferred.fromCoroutine(self._readPort(port)) for port in self._ports]
        return gatherResults(reading).addCallback(_raiseAny)

    async def _readPort(self, port: _Newest) -> str | None:
        """
        @return: why its files cannot be used, if they cannot.
        """
        try:
            port.show(await self._inThread(port.read))
        except Exception as error:
            return f"{port.name}: {reasonOf(error)}"
        return None


def reasonOf(error: BaseException) -> str:
    """
    @param error: from L{Certificates.endpoint}.
    @return: why a certificate or an endpoint cannot be used, in one line for the operator.
    """
    match error:
        case SSL.Error() | crypto.Error():
            details = "; ".join(str(detail[-1]) for entry in error.args for detail in entry)
            return f"its certificate or private key cannot be used ({details})"
        case OSError(strerror=str(strerror), filename=filename):
            return f"{strerror} ({filename})" if filename else strerror
        case CancelledError():
            return "not read in time"
        case _:
            return " ".join(str(error).split()).rstrip(".") or type(error).__name__


# The kinds of endpoints.


@dataclass(frozen=True)
class _Place:
    """Where a port is."""

    port: int
    interface: str
    backlog: int


def _ssl(
    port: str,
    privateKey: str = "server.pem",
    certKey: str | None = None,
    sslmethod: str | None = None,
    interface: str = "",
    backlog: str = "50",
    extraCertChain: str | None = None,
    dhParameters: str | None = None,
) -> tuple[_Place, Read]:
    """
    A port with one certificate. The arguments are those of Twisted, in the same order.
    """
    key = os.path.abspath(privateKey)
    own = key if certKey is None else os.path.abspath(certKey)
    chain = extraCertChain and os.path.abspath(extraCertChain)
    parameters = dhParameters and os.path.abspath(dhParameters)
    method = {} if sslmethod is None else {"method": getattr(SSL, sslmethod)}

    def read() -> Shown:
        identity = identityIn(key, own, chain)
        more = dict(method)
        if parameters is not None:
            more["dhParameters"] = DiffieHellmanParameters.fromFile(FilePath(parameters))
        return Shown(_optionsOf(identity, more), tuple(identity.doubts(utcNow())))

    return _Place(int(port), interface, int(backlog)), read


def _tls(
    path: str, port: str = "443", backlog: str = "50", interface: str = ""
) -> tuple[_Place, Read]:
    """
    A port with a certificate for each host. The arguments are those of Twisted, in the same order.
    """
    directory = os.path.abspath(path)

    def read() -> Shown:
        identities, doubts = identitiesIn(directory)
        options = [_optionsOf(each, {}) for each in identities]
        hosts = {
            name: each.getContext()
            for identity, each in zip(identities, options, strict=True)
            for name in identity.names()
        }
        first = _optionsOf(identities[0], {"contextForServerName": lambda name: _of(hosts, name)})
        now = utcNow()
        return Shown(first, (*doubts, *(each for one in identities for each in one.doubts(now))))

    return _Place(int(port), interface, int(backlog)), read


_KINDS: Mapping[str, Callable[..., tuple[_Place, Read]]] = {"ssl": _ssl, "tls": _tls}


def _optionsOf(identity: Identity, more: Mapping[str, Any]) -> CertificateOptions:
    """
    @raise SSL.Error: When OpenSSL does not take it: its key may be too small, for instance. The
        first connection would find out.
    """
    # OpenSSL has a type for fewer kinds of keys, and says so of the others.
    key: Any = identity.key
    own, *others = map(crypto.X509.from_cryptography, identity.chain)
    options = CertificateOptions(
        privateKey=crypto.PKey.from_cryptography_key(key),
        certificate=own,
        extraCertChain=others,
        **more,
    )
    options.getContext()
    return options


def _of(hosts: Mapping[str, SSL.Context], name: bytes | None) -> SSL.Context | None:
    """
    @param name: That a client asks for (RFC 6066, section 3).
    @return: L{None} for the certificate that is shown to others.
    """
    if name is None:
        return None
    host = name.decode("ascii", "replace").lower()
    return hosts.get(host) or hosts.get(f"*.{host.partition('.')[2]}")


# Descriptions, as serverFromString has them: a backslash before a separator makes it a character.

_PART = re.compile(r"((?:[^\\:]|\\.)*):")
_NAMED = re.compile(r"(\w+)=(.*)", re.DOTALL)


def _split(description: str) -> list[str]:
    return _PART.findall(f"{description}:")


def _named(kind: str, arguments: Sequence[str]) -> dict[str, str]:
    """
    @raise ValueError: When there is no such argument, or one is missing.
    """
    named: dict[str, str] = {}
    known = list(signature(_KINDS[kind]).parameters)
    positions = iter(known)
    for argument in arguments:
        match = _NAMED.fullmatch(argument)
        name, value = match.groups() if match else (next(positions, argument), argument)
        if name not in known:
            raise ValueError(f"{kind}: takes no argument {name}")
        # The first one holds: after what the operator wrote comes what the service adds.
        named.setdefault(name, re.sub(r"\\(.)", r"\1", value))
    if known[0] not in named:
        raise ValueError(f"{kind}: needs the argument {known[0]}")
    return named


def _raiseAny(reasons: Sequence[str | None]) -> None:
    """
    @raise CannotRead: with all reasons, if there are any.
    """
    if any(reasons):
        raise CannotRead("; ".join(filter(None, reasons)))
