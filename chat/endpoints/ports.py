"""
The listening sockets: those of all addresses, those that we were lent, and our own unix sockets.

Twisted listens on IPv4 where no address is named.  But C{localhost} means C{::1} first on many
systems.  L{_EveryAddressPort} is one socket for both: a peer that comes by IPv4 has an
I{IPv4-mapped} address there (RFC 3493, section 3.7), which L{chat.vocabulary.addresses} takes for
the IPv4 address that it is.

A service manager that hands a listening socket over (C{sd_listen_fds(3)}) keeps it open, and gives
it to the next process as well.  Of a unix socket it has chosen the file, its mode and its owner.
Twisted takes such a unix socket for one of its own: it sets the mode, which only the owner may, and
the backlog, and in the end it shuts the socket down and removes the file.  After that nobody can
connect, whoever listens.  L{_LentUNIXPort} does none of this.

A unix socket of our own leaves its file behind when the process is killed, and nobody can listen
there until that is removed.  Twisted tells by the number of the process that made the file whether
it still runs, but after a restart of the machine, or in a container, another process may have that
number; it may even be our own.  L{_OwnUNIXPort} asks the socket: if nobody listens there, the
connection is refused.  So it is as well where another process is about to listen, so those that
start at the same time take turns, by a lock on the directory (C{flock(2)}), which leaves no file.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from time import sleep
from typing import Any

from twisted.internet import tcp, unix
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.python.failure import Failure
from zope.interface import directlyProvides, providedBy

# No IPv6 in the kernel, or none for this process; no address of IPv6.
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


class PortReactor:
    """
    Takes the place of the reactor of an endpoint.  Its ports are L{_EveryAddressPort},
    L{_OwnUNIXPort} and L{_LentUNIXPort}; for the rest it is the reactor that it wraps.
    """

    def __init__(self, reactor: Any) -> None:
        """
        @param reactor: an C{IReactorFDSet} and C{IReactorSocket}.
        """
        self._reactor = reactor
        directlyProvides(self, *providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def listenTCP(
        self, port: int, factory: IProtocolFactory, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        """
        As C{IReactorTCP.listenTCP}.

        @param interface: if none is named, all addresses, of IPv6 and of IPv4; those of IPv4 where
            there is no IPv6.
        """
        if not interface:
            every = _EveryAddressPort(port, factory, backlog, "::", self._reactor)
            try:
                every.startListening()
                return every
            except CannotListenError as error:
                if error.socketError.errno not in _NO_IPV6:
                    raise
        opened: IListeningPort = self._reactor.listenTCP(port, factory, backlog, interface)
        return opened

    def listenUNIX(
        self,
        address: str,
        factory: IProtocolFactory,
        backlog: int = 50,
        mode: int = 0o666,
        wantPID: bool = False,
    ) -> IListeningPort:
        """
        As C{IReactorUNIX.listenUNIX}.

        @param wantPID: is not looked at: no lock is needed to replace what a crash has left.
        """
        port = _OwnUNIXPort(os.fsencode(address), factory, backlog, mode, self._reactor)
        port.startListening()
        return port

    def adoptStreamPort(
        self, fileDescriptor: int, addressFamily: int, factory: IProtocolFactory
    ) -> IListeningPort:
        """
        As C{IReactorSocket.adoptStreamPort}.

        @param addressFamily: is not looked at: the socket knows it.
        @raise OSError: when it does not listen, as a socket for datagrams or one connection.
        """
        lent = socket.socket(fileno=os.dup(fileDescriptor))
        if not lent.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            lent.close()
            raise OSError("the socket is not listening")
        if lent.family != socket.AF_UNIX:
            # Twisted's ports of TCP leave it as it is.
            with lent:
                adopted: IListeningPort = self._reactor.adoptStreamPort(
                    fileDescriptor, lent.family, factory
                )
            return adopted
        port = _LentUNIXPort(lent, factory, self._reactor)
        port.startListening()
        return port


class _EveryAddressPort(tcp.Port):
    """
    A TCP port of IPv6 that takes IPv4 as well, whatever the system would choose
    (C{net.ipv6.bindv6only}).
    """

    def createInternetSocket(self) -> socket.socket:
        created: socket.socket = super().createInternetSocket()
        created.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        return created


class _OwnUNIXPort(unix.Port):
    """
    A unix socket whose file goes with it.
    """

    # The device and the number of its file.
    _file: tuple[int, int] | None = None

    def startListening(self) -> None:
        path = self._bindPath
        with _turnIn(os.path.dirname(path) or b"."):
            if _fileAt(path) is not None:
                if not _isLeft(path):
                    number = errno.EADDRINUSE if _isSocket(path) else errno.EEXIST
                    reason = OSError(number, os.strerror(number))
                    raise CannotListenError(None, path, reason)
                os.unlink(path)
            super().startListening()
            self._file = _fileAt(path)

    def connectionLost(self, reason: Failure) -> None:
        # By now the name may be that of the socket of somebody else.
        try:
            if self._file is not None and _fileAt(self._bindPath) == self._file:
                os.unlink(self._bindPath)
        finally:
            tcp.Port.connectionLost(self, reason)


class _LentUNIXPort(unix.Port):
    """
    A unix socket that listens already, and goes on when this port is closed.
    """

    _shouldShutdown = False

    def __init__(self, lent: socket.socket, factory: IProtocolFactory, reactor: Any) -> None:
        """
        @param lent: is closed with this port.
        """
        super().__init__(lent.getsockname(), factory, reactor=reactor)
        self._lent = lent

    def startListening(self) -> None:
        # As tcp.Port does it with a socket that it adopts.
        tcp._reservedFD.reserve()
        factory: Any = self.factory
        factory.doStart()
        self.connected = True
        self.socket = self._lent
        self.fileno = self._lent.fileno  # type: ignore[method-assign]
        self.numberAccepts = 100
        self.startReading()

    def connectionLost(self, reason: Failure) -> None:
        tcp.Port.connectionLost(self, reason)


@contextmanager
def _turnIn(directory: bytes) -> Iterator[None]:
    """
    Wait until no other process opens a port in this directory, which takes it a millisecond.  A
    lock that lasts for a second is of another kind, and may last for ever; it is not looked at.
    """
    try:
        number = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        # It cannot be read, or is not there.
        yield
        return
    try:
        for _ in range(100):
            # Held by another, or not to be had, as in directories of NFS.
            with suppress(OSError):
                flock(number, LOCK_EX | LOCK_NB)
                break
            # Nothing is served yet.
            sleep(0.01)
        yield
    finally:
        os.close(number)


def _fileAt(path: bytes) -> tuple[int, int] | None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _isSocket(path: bytes) -> bool:
    return stat.S_ISSOCK(os.lstat(path).st_mode)


def _isLeft(path: bytes) -> bool:
    """
    @return: whether this is a socket at which nobody listens any more.
    """
    try:
        if not _isSocket(path):
            return False
        with closing(socket.socket(socket.AF_UNIX)) as probe:
            # Where many wait to be accepted, this would wait as well.
            probe.setblocking(False)
            probe.connect(path)
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False
