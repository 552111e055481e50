"""
All connections of all front doors.

L{Connections} is the one register of what has been let in, by any door and in any stage.  It
holds admission, the limits for all connections together, the counters, the line in the log
for each connection, and the end of the service.  A L{DoorFactory} is the part that each door
has of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.internet.protocol import Protocol as BaseProtocol
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.delivery.slowreaders import SlowReaders
from chat.delivery.turnend import TurnEnd
from chat.protocols.admission import Admission
from chat.protocols.intake import TurnQueue
from chat.protocols.reading import UnreadConnections
from chat.protocols.refusing import Refusals
from chat.protocols.transports import hostOf, nameOf
from chat.session.session import Session
from chat.vocabulary.counters import Counters
from chat.vocabulary.endings import Ending
from chat.vocabulary.limits import Limits
from chat.vocabulary.times import utcNow

ABORT_TIMEOUT = 0.5
"""How many seconds connections that are aborted are waited for, at the most."""

NewSession = Callable[..., Session]
"""Makes a L{Session}; takes all its parameters but the server."""


class PendingTransport(Protocol):
    """
    A transport whose address is not known yet, such as one behind a proxy that has not sent
    its header.  It ends by itself when that takes too long.
    """

    def abort(self) -> None:
        """End it now."""


class Admitted:
    """
    A transport that has been let in, until its line in the log is written.

    A L{Connection<chat.protocols.connection.Connection>} is one.  A door with something to do
    before there is a session (an upgrade of HTTP, the authentication of SSH) has a protocol
    for that, which is one as well; then the connection takes its place (L{follow}).

    @ivar factory: of the door by which it came.
    @ivar peer: the far end, for the log.
    @ivar address: of the far end: an IP address, or C{unix}.
    @ivar quota: the origin under which L{chat.protocols.admission.Admission} counts it, or
        nothing.
    @ivar opened: when it was let in.
    @ivar began: the same, in seconds of a clock that never stands still.
    @ivar namedAfter: how many seconds later there was a nickname; L{None} without one.
    @ivar lines: how many messages came.
    @ivar bytesIn: how many bytes came.
    @ivar undone: about how many messages came that were never done, once it is over.
    @ivar unread: how many bytes the kernel had that were never read, once it is over.
    @ivar ending: why it is over, or why it would be if it were lost now.
    @ivar nick: the nickname at the end.
    @ivar refused: how many requests have been refused, once it is over.
    @ivar written: how many bytes have been written.
    @ivar waiting: how many of them wait for the peer.
    """

    factory: DoorFactory
    transport: Any = None
    peer = address = quota = ""
    opened: datetime
    began = 0.0
    namedAfter: float | None = None
    lines = bytesIn = undone = unread = refused = 0
    ending = Ending.CONNECTION_LOST
    nick = "-"

    @property
    def written(self) -> int:
        return 0

    @property
    def waiting(self) -> int:
        return 0

    def follow(self, stage: Admitted) -> None:
        """
        Take the place of an earlier stage of the same connection.
        """
        for name in ("peer", "address", "quota", "opened", "began", "lines", "bytesIn"):
            setattr(self, name, getattr(stage, name))
        self.factory.connections.replace(stage, self)

    def end(self, reason: Ending, grace: float | None = None) -> None:
        """
        End it, telling the peer why where that can be told.

        @param grace: seconds the peer has to read that and to hang up.
        """
        self.ending = reason
        self.abort()

    def abort(self) -> None:
        """
        End it now, whatever waits.
        """
        if self.transport is not None:
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The transport is no more, so the register lets go of it.
        """
        self.factory.connections.closed(self)


class DoorFactory(ServerFactory):
    """
    The factory of one front door.

    @cvar door: the name of the door, in the log and in the metrics.
    @cvar stageTimeout: how many seconds C{protocol} may take until a connection has followed
        it; L{None} where it is the connection itself.
    @ivar connections: the register that all doors share.
    @ivar newSession: makes the session of a connection.
    """

    door = ""
    stageTimeout: float | None = None
    noisy = False

    def __init__(self, connections: Connections, newSession: NewSession) -> None:
        self.connections = connections
        self.newSession = newSession
        connections.counters.doors[self.door] += 0
        self._refusals: dict[Ending, bytes] = {}

    def refusalOf(self, reason: Ending) -> bytes:
        """
        @return: what a peer that may not come in is told, in the words of this door.
        """
        raise NotImplementedError

    def buildProtocol(self, addr: IAddress | None) -> BaseProtocol:
        """
        @return: a protocol for one connection; for one that may not come in, one that says
            so.
        """
        address = hostOf(addr)
        admission = self.connections.admission
        quota = admission.originOf(address)
        refusal = admission.enter(quota)
        if refusal is not None:
            if refusal not in self._refusals:
                self._refusals[refusal] = self.refusalOf(refusal)
            return self.connections.refusals.refused(refusal, self._refusals[refusal])
        protocol: Any = super().buildProtocol(addr)
        protocol.peer, protocol.address, protocol.quota = nameOf(addr), address, quota
        self.connections.enter(protocol, self.stageTimeout)
        return protocol  # type: ignore[no-any-return]

    def turnedAway(self, reason: str) -> None:
        """
        Count a connection that has been turned away elsewhere.

        @param reason: a code.
        """
        self.connections.refusals.count(reason)

    def expect(self, transport: PendingTransport) -> None:
        """
        Register a transport whose address is not known yet, until L{came}.
        """
        self.connections.expected.add(transport)

    def came(self, transport: PendingTransport) -> None:
        """
        Remove a transport whose address is known now, or which is gone.
        """
        self.connections.expected.discard(transport)


class Connections:
    """
    The register of all connections.

    @ivar clock: for every timer of theirs.
    @ivar turnEnd: calls what they do at the end of a turn.
    @ivar limits: what holds for them.
    @ivar lines: how often a message of one user is done.
    @ivar counters: what they have done; see also L{counted}.
    @ivar admission: says which connections may come in.
    @ivar refusals: the connections that may not.
    @ivar slowReaders: the outlets in which something waits.
    @ivar lineQueue: for messages of users.
    @ivar doorQueue: for connections that come and go, and for their messages until there is
        a nickname, so that no line waits for thousands that come in or hang up.
    @ivar unread: the connections that are not read from.
    @ivar expected: transports whose addresses are not known yet, so that no limit of an
        address holds for them.
    @ivar ending: why all of them end, and with how many seconds of grace, once the service
        has begun to stop.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        turnEnd: TurnEnd,
        limits: Limits,
        counters: Counters,
        elapsed: Callable[[], float],
    ) -> None:
        """
        @param elapsed: seconds for the log, which go on while the process stands still.
        """
        self.clock = clock
        self.turnEnd = turnEnd
        self.limits = limits
        self.lines = limits.lines
        self.counters = counters
        self.admission = Admission(limits, clock.seconds)
        self._elapsed = elapsed
        self.refusals = Refusals(clock, counters)
        self.slowReaders = SlowReaders(clock, limits)
        self.lineQueue = TurnQueue(clock, turnEnd)
        self.doorQueue = TurnQueue(clock, turnEnd)
        self.unread = UnreadConnections(clock)
        self.ending: tuple[Ending, float] | None = None
        # Each with the timer of its deadline, if it is a stage with one.
        self._register: dict[Admitted, IDelayedCall | None] = {}
        self.expected: set[PendingTransport] = set()
        self._allClosed: list[Deferred[None]] = []
        self._aborting: IDelayedCall | None = None

    def __iter__(self) -> Iterator[Admitted]:
        return iter(self._register)

    def enter(self, admitted: Admitted, seconds: float | None = None) -> None:
        """
        Add a transport that has been let in.

        @param seconds: how long it may take until a connection has followed it.
        """
        admitted.opened = utcNow()
        admitted.began = self._elapsed()
        self.counters.connections += 1
        self.counters.doors[admitted.factory.door] += 1
        self._register[admitted] = (
            None
            if seconds is None
            else self.clock.callLater(seconds, admitted.end, Ending.REGISTRATION_TIMEOUT)
        )

    def replace(self, stage: Admitted, successor: Admitted) -> None:
        """
        Put the next stage of a connection in the place of one.
        """
        self._discard(stage)
        self._register[successor] = None

    def named(self, admitted: Admitted) -> None:
        """
        Note that a connection has a nickname now.
        """
        if admitted.namedAfter is None:
            admitted.namedAfter = self._elapsed() - admitted.began
            self.admission.named()

    def closed(self, admitted: Admitted) -> None:
        """
        Remove a connection that is over, count what it has done, and log it.
        """
        if admitted not in self._register:
            return
        self._discard(admitted)
        self.admission.leave(admitted.quota, admitted.namedAfter is not None)
        self._count(self.counters, admitted)
        self.counters.endings[admitted.ending] += 1
        self._tell(admitted)
        if not self._register:
            self._fire()

    def counted(self) -> Counters:
        """
        @return: what has been counted until now, with what is counted for each connection
            that is open.
        """
        counters = replace(self.counters)
        for each in self._register:
            self._count(counters, each)
        return counters

    def doors(self) -> Counter[str]:
        """
        @return: how many connections are open, by the door they came by.
        """
        doors = Counter(dict.fromkeys(self.counters.doors, 0))
        doors.update(each.factory.door for each in self._register)
        return doors

    def waiting(self) -> list[int]:
        """
        @return: for each connection, how many bytes wait for its peer.
        """
        return [each.waiting for each in self._register]

    def endAll(self, reason: Ending, grace: float) -> Deferred[None]:
        """
        End every connection, telling each peer why.

        @param grace: seconds a peer has to read it and to hang up.
        @return: fires when every connection is closed; after L{abortAll} in any case.
        """
        self.refusals.stop()
        self.ending = (reason, grace)
        for transport in tuple(self.expected):
            transport.abort()
        for admitted in tuple(self._register):
            admitted.end(reason, grace)
        if not self._register:
            return succeed(None)
        deferred: Deferred[None] = Deferred()
        self._allClosed.append(deferred)
        return deferred

    def abortAll(self) -> None:
        """
        End every connection now, and wait for none any more.
        """
        for transport in tuple(self.expected):
            transport.abort()
        for admitted in tuple(self._register):
            admitted.abort()
        if self._register and self._aborting is None:
            self._aborting = self.clock.callLater(ABORT_TIMEOUT, self._giveUp)

    def _giveUp(self) -> None:
        self._aborting = None
        self._log.warn(
            "{count} connections could not be closed",
            event="connections-not-closed",
            count=len(self._register),
        )
        self._fire()

    def _fire(self) -> None:
        if self._aborting is not None:
            self._aborting.cancel()
            self._aborting = None
        waiting, self._allClosed = self._allClosed, []
        for deferred in waiting:
            deferred.callback(None)

    def _discard(self, admitted: Admitted) -> None:
        timer = self._register.pop(admitted)
        if timer is not None and timer.active():
            timer.cancel()

    @staticmethod
    def _count(counters: Counters, admitted: Admitted) -> None:
        counters.lines += admitted.lines
        counters.bytesIn += admitted.bytesIn
        counters.undone += admitted.undone
        counters.unread += admitted.unread
        counters.bytesOut += admitted.written

    def _tell(self, admitted: Admitted) -> None:
        """Write the one line that the log has of a connection."""
        named = admitted.namedAfter
        self._log.info(
            "closed {peer} {nick} {reason}: opened {opened}, named {named}, {seconds} s, "
            "{lines} lines, {undone} undone, {refused} refused, {bytesIn} B in, {unread} B unread, "
            "{bytesOut} B out",
            event="connection-closed",
            door=admitted.factory.door,
            peer=admitted.peer,
            nick=admitted.nick,
            reason=admitted.ending,
            opened=admitted.opened.isoformat(timespec="seconds"),
            named="-" if named is None else round(named, 3),
            seconds=round(self._elapsed() - admitted.began, 3),
            lines=admitted.lines,
            undone=admitted.undone,
            refused=admitted.refused,
            bytesIn=admitted.bytesIn,
            unread=admitted.unread,
            bytesOut=admitted.written,
        )
