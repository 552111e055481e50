"""
All connections of the line protocol, for those who make them, end them and count
them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.logger import Logger

from chat.delivery.slowreaders import Readers
from chat.delivery.turnend import TurnEnd
from chat.interfaces import FrontDoor, Outlet
from chat.protocols.admission import Admission
from chat.protocols.ghosts import Ghosts
from chat.protocols.life import Life
from chat.protocols.line import LineProtocol
from chat.protocols.refusing import Refusals
from chat.protocols.spreading import Spread
from chat.protocols.transports import hostOf, nameOf
from chat.session.session import Session
from chat.vocabulary.counters import Counters
from chat.vocabulary.events import Ending
from chat.vocabulary.limits import Limits
from chat.vocabulary.times import utcNow

NewSession = Callable[[FrontDoor, Outlet], Session]


class LineFactory(ServerFactory):
    """
    All connections of the line protocol.

    @ivar newSession: makes the session of a connection.
    @ivar clock: for every timer of theirs.
    @ivar turnEnd: for what they do at the end of a turn.
    @ivar limits: what holds for them.
    @ivar lines: how often a line of one of them is done.
    @ivar counters: what they have done; see also L{counted}.
    @ivar admission: who may connect.
    @ivar readers: for whom something waits.
    @ivar spread: does their lines, when they are many at once.
    @ivar crossings: the same for their coming and going, and for what they say before
        they have a nickname, so that no line waits for thousands who come in or hang up.
    @ivar ghosts: those that are not read from.
    """

    noisy = False
    _log = Logger()

    def __init__(
        self,
        newSession: NewSession,
        clock: IReactorTime,
        turnEnd: TurnEnd,
        limits: Limits,
        counters: Counters,
        wordsFor: Callable[[Ending], bytes],
    ) -> None:
        """
        @param wordsFor: the line for somebody who may not come in, and why.
        """
        self.newSession = newSession
        self.clock = clock
        self.turnEnd = turnEnd
        self.limits = limits
        self.lines = limits.lines
        self.counters = counters
        self.admission = Admission(limits, clock.seconds)
        self.readers = Readers(clock, limits)
        self.spread = Spread(clock, turnEnd)
        self.crossings = Spread(clock, turnEnd)
        self.ghosts = Ghosts(clock)
        self._refusals = Refusals(clock, counters, wordsFor)
        self._connections: set[LineProtocol] = set()
        self._allClosed: list[Deferred[None]] = []
        # Why and how, once it has begun.
        self._ending: tuple[Ending, float] | None = None

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """
        @return: a protocol for one connection; for one that may not come in, one
            that says so.
        """
        address = hostOf(addr)
        origin = self.admission.originOf(address)
        refusal = self.admission.enter(origin)
        if refusal is not None:
            return self._refusals.refused(refusal)
        life = Life(nameOf(addr), address, origin, utcNow(), self.clock.seconds())
        return LineProtocol(self, life)

    def turnedAway(self, reason: str) -> None:
        """
        Somebody has been turned away elsewhere.

        @param reason: a code.
        """
        self._refusals.count(reason)

    def opened(self, connection: LineProtocol) -> None:
        """A connection has been made."""
        self.counters.connections += 1
        self._connections.add(connection)
        if self._ending is not None:
            # It came too late.
            self.clock.callLater(0, connection.end, *self._ending)

    def lost(self, connection: LineProtocol) -> None:
        """A connection that had been let in was lost before it was made."""
        self.admission.leave(connection.life.origin, False)
        self._lookWhoIsHere()

    def named(self, connection: LineProtocol) -> None:
        """There is a nickname for it."""
        if connection.life.named is None:
            connection.life.named = self.clock.seconds() - connection.life.began
            self.admission.named()

    def closed(self, connection: LineProtocol) -> None:
        """A connection is no more."""
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        life = connection.life
        self.admission.leave(life.origin, life.named is not None)
        self._count(self.counters, connection)
        self.counters.endings[connection.session.participant.reason] += 1
        self._tell(connection)
        self._lookWhoIsHere()

    def counted(self) -> Counters:
        """
        @return: what has been counted until now, with what is counted for each
            connection that is open.
        """
        counters = replace(self.counters)
        for connection in self._connections:
            self._count(counters, connection)
        return counters

    def waiting(self) -> list[int]:
        """
        @return: for each connection, how many bytes wait for its reader.
        """
        return [connection.outlet.waiting for connection in self._connections]

    def endAll(self, reason: Ending, grace: float) -> Deferred[None]:
        """
        End every session, telling each peer why.

        @param grace: seconds a peer has to read it and to hang up.
        @return: fires when every connection is closed.
        """
        self._refusals.stop()
        self._ending = (reason, grace)
        for connection in tuple(self._connections):
            connection.end(reason, grace)
        if not self.admission.connections:
            return succeed(None)
        deferred: Deferred[None] = Deferred()
        self._allClosed.append(deferred)
        return deferred

    def abortAll(self) -> None:
        """
        End every connection now.
        """
        for connection in tuple(self._connections):
            connection.abort()

    def _lookWhoIsHere(self) -> None:
        if not self.admission.connections:
            waiting, self._allClosed = self._allClosed, []
            for deferred in waiting:
                deferred.callback(None)

    @staticmethod
    def _count(counters: Counters, connection: LineProtocol) -> None:
        counters.lines += connection.life.lines
        counters.bytesIn += connection.life.bytesIn
        counters.bytesOut += connection.outlet.written

    def _tell(self, connection: LineProtocol) -> None:
        """The one line that the log has of a connection."""
        life, participant = connection.life, connection.session.participant
        self._log.info(
            "closed {peer} {nick} {reason}: opened {opened}, named {named}, {seconds} s, "
            "{lines} lines, {refused} refused, {bytesIn} B in, {bytesOut} B out",
            peer=life.peer,
            nick=participant.nick or "-",
            reason=participant.reason,
            opened=life.opened.isoformat(timespec="seconds"),
            named="-" if life.named is None else round(life.named, 3),
            seconds=round(self.clock.seconds() - life.began, 3),
            lines=life.lines,
            refused=connection.session.refused,
            bytesIn=life.bytesIn,
            bytesOut=connection.outlet.written,
        )
