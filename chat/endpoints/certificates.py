"""
Certificates that are read again while their ports stay open.

Twisted reads the files of an C{ssl:} endpoint once, when it parses the description, and hands
L{CertificateOptions} to the port for good.  Here the port asks for the newest options with each
connection, and reading the files again means to parse the same description once more.  Only public
interfaces of Twisted are needed: an endpoint calls C{listenSSL} of its reactor with the options it
has read, so it is made with an object in the place of the reactor.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.endpoints import quoteStringArgument, serverFromString
from twisted.internet.interfaces import (
    IListeningPort,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.internet.ssl import CertificateOptions
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from chat.endpoints.tls import TLSFactory
from chat.vocabulary.errors import CannotRead

InThread = Callable[[Callable[[str], CertificateOptions], str], Deferred[CertificateOptions]]
"""Calls a function with a text in a thread, like C{deferToThread}."""

_KIND = "ssl:"

# The separator of the arguments of a description, and the arguments in their order, as
# serverFromString has them.
_COLON = re.compile(r"(?<!\\):")
_ARGUMENTS = (
    *("kind", "port", "privateKey", "certKey", "sslmethod"),
    *("interface", "backlog", "extraCertChain", "dhParameters"),
)
_FILES = ("privateKey", "certKey", "extraCertChain", "dhParameters")
_DEFAULTS = {"privateKey": "server.pem"}


@implementer(IOpenSSLServerConnectionCreator)
class _NewestOptions:
    """
    Gives each connection of a port the options that were read last.

    @ivar options: there once the port is open.
    """

    options: CertificateOptions

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        return self.options.serverConnectionForTLS(tlsProtocol)


class _ListeningReactor:
    """
    Takes the place of the reactor of an endpoint, which listens with L{_NewestOptions}.
    """

    def __init__(self, reactor: Any, newest: _NewestOptions) -> None:
        """
        @param reactor: an C{IReactorTCP} and C{IReactorTime}.
        """
        self._reactor = reactor
        self._newest = newest

    def listenSSL(
        self,
        port: int,
        factory: IProtocolFactory,
        contextFactory: CertificateOptions,
        backlog: int = 50,
        interface: str = "",
    ) -> IListeningPort:
        """
        As C{IReactorSSL.listenSSL}.

        @raise CannotRead: when every connection would fail.
        """
        try:
            _check(contextFactory)
        except SSL.Error as error:
            raise CannotRead(reasonOf(error)) from error
        self._newest.options = contextFactory
        # Without a clock, Twisted takes the reactor of the process.
        secured = TLSFactory(self._newest, False, factory, self._reactor)
        opened: IListeningPort = self._reactor.listenTCP(port, secured, backlog, interface)
        return opened


class _ReadingReactor:
    """
    Takes the place of the reactor of an endpoint, and keeps the options that it has read.
    """

    options: CertificateOptions

    def listenSSL(
        self, port: int, factory: IProtocolFactory, contextFactory: CertificateOptions, **_: Any
    ) -> None:
        self.options = contextFactory


class Certificates:
    """
    The certificates of all ports.
    """

    def __init__(self, inThread: InThread) -> None:
        self._inThread = inThread
        # Each with the description that is parsed again.
        self._ports: list[tuple[str, _NewestOptions]] = []

    def endpoint(self, reactor: Any, description: str) -> IStreamServerEndpoint:
        """
        Make an endpoint, as L{serverFromString} does, whose certificate can be read again if it
        is of the kind C{ssl:}.  Relative paths stay what they are now, wherever the process goes.

        This waits for the disk.

        @raise Exception: as L{serverFromString} does; see L{reasonOf}.
        """
        endpoint: IStreamServerEndpoint
        if description.startswith("tls:"):
            _checkDirectory(description)
        if not description.startswith(_KIND):
            endpoint = serverFromString(reactor, description)
            return endpoint
        newest = _NewestOptions()
        endpoint = serverFromString(_ListeningReactor(reactor, newest), description)
        self._ports.append((_absolute(description), newest))
        return endpoint

    def readAgain(self) -> Deferred[None]:
        """
        Read all files again.  New connections get the new certificates; those that are there go on
        as they are.

        Call this again only when it has fired.

        @return: fails with L{CannotRead} when the files of a port cannot be used.  That port keeps
            its certificate; the others have their new ones.
        """
        reading = [
            Deferred.fromCoroutine(self._readPort(source, newest)) for source, newest in self._ports
        ]
        return gatherResults(reading).addCallback(_raiseAny)

    async def _readPort(self, source: str, newest: _NewestOptions) -> str | None:
        """
        @return: why its files cannot be used, if they cannot.
        """
        try:
            newest.options = await self._inThread(_read, source)
        except Exception as error:
            kind, port = source.split(":")[:2]
            return f"{kind}:{port}: {reasonOf(error)}"
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


def _read(source: str) -> CertificateOptions:
    """
    Read the files of an endpoint.  This waits for the disk.
    """
    reading = _ReadingReactor()
    serverFromString(reading, source).listen(Factory())
    _check(reading.options)
    return reading.options


def _check(options: CertificateOptions) -> None:
    """
    Hand the certificate to OpenSSL now rather than with the first connection: its key may be too
    small, for instance.

    @raise SSL.Error: when OpenSSL does not take it.
    """
    options.getContext()


def _checkDirectory(source: str) -> None:
    """
    Check that a C{tls:} endpoint has a certificate: Twisted does not look for it before the first
    connection.

    @raise CannotRead: when there is none that can be read.
    """
    _, directory, *_ = (*_COLON.split(source), "")
    path = re.sub(r"\\(.)", r"\1", directory.removeprefix("directory="))
    names = [name for name in os.listdir(path) if name.endswith(".pem")]
    if not names:
        raise CannotRead(f"no certificate in {path}")
    for name in names:
        with open(os.path.join(path, name), "rb") as file:
            file.read(1)


def _raiseAny(reasons: Sequence[str | None]) -> None:
    """
    @raise CannotRead: with all reasons, if there are any.
    """
    if any(reasons):
        raise CannotRead("; ".join(filter(None, reasons)))


def _absolute(source: str) -> str:
    """
    Name every argument of a description, and make the paths among them absolute.
    """
    arguments = dict(_DEFAULTS)
    position = iter(_ARGUMENTS)
    for argument in _COLON.split(source):
        name, equals, value = argument.partition("=")
        if equals:
            arguments[name] = value
        else:
            arguments[next(position)] = argument
    for name in arguments.keys() & _FILES:
        path = re.sub(r"\\(.)", r"\1", arguments[name])
        arguments[name] = quoteStringArgument(os.path.abspath(path))
    kind, port = arguments.pop("kind"), arguments.pop("port")
    return ":".join([kind, port, *(f"{name}={value}" for name, value in arguments.items())])
