"""
The lines of one connection, done as far as it is their turn.

Of what has been read, only so many bytes are looked at, and only so many lines
done, in one turn of the reactor; the rest waits for the next one, so that others
come in between.  Where many connections want something, each does one line and
goes to the end of the queue (L{chat.protocols.spreading}).  Beyond that, lines are
done at a rate.  Whoever reads from the transport stops meanwhile (L{Source.waits}),
so what waits here is bounded by one read.
"""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.delivery.turnend import TurnEnd
from chat.interfaces import Outlet
from chat.protocols.framing import Broken, LineFramer, countOf
from chat.protocols.spreading import Spread
from chat.protocols.telnet import IAC
from chat.vocabulary.counters import Counters
from chat.vocabulary.limits import UNLIMITED, Limits, Pace, Rate

COMMANDS = 64
"""How many telnet commands cost as much as a line."""


class Setting(Protocol):
    """
    What all connections share.

    @ivar lines: how often a line of one participant is done.
    @ivar crossings: does their coming and going, and the lines until they are in.
    """

    limits: Limits
    lines: Rate
    crossings: Spread
    counters: Counters
    clock: IReactorTime
    turnEnd: TurnEnd


class Source(Protocol):
    """
    The connection from which the lines come.

    @ivar isReady: whether it takes lines at present.
    @ivar outlet: what waits for its peer, who should not ask for more while it is
        busy.
    """

    isReady: bool

    @property
    def outlet(self) -> Outlet: ...

    def decoded(self, data: bytes) -> bytes:
        """
        @param data: bytes as they came.
        @return: the text in them.
        """

    def frameReceived(self, frame: bytes | Broken) -> None:
        """A line is to be done."""

    def allDone(self) -> None:
        """Everything that has been read is done."""

    def waits(self) -> None:
        """Something has been read that is not done."""

    def tooFast(self) -> None:
        """More of that than may wait."""


class Turns:
    """
    The lines of one connection.

    @ivar pace: how fast they come; that of the participant, once it is known who
        he is.
    @ivar spread: in which queue they stand: with those who come and go, until it is
        set to that of those who are in.
    """

    __slots__ = (
        "_framer",
        "_isEnding",
        "_isLast",
        "_isPending",
        "_isWaiting",
        "_next",
        "_raw",
        "_setting",
        "_source",
        "_timer",
        "pace",
        "spread",
    )

    def __init__(self, source: Source, setting: Setting) -> None:
        self._source = source
        self._setting = setting
        self._framer = _framer(setting.limits)
        # Read, and not looked at.
        self._raw = b""
        # Whose turn has not come.
        self._next: bytes | Broken | None = None
        self.pace = Pace()
        self.spread = setting.crossings
        self._isLast = False
        self._isEnding = False
        # Whether a turn is being taken, or is to be.
        self._isPending = False
        # For a later turn.
        self._isWaiting = False
        self._timer: IDelayedCall | None = None

    @property
    def rest(self) -> bytes:
        """
        What has come of a line that has no end yet, when everything else is done.
        """
        return self._framer.rest

    def receive(self, data: bytes) -> None:
        """
        Take in what has been read, and work.
        """
        self._raw += data
        self.work()

    def end(self, isWhole: bool) -> None:
        """
        No more will come.

        @param isWhole: whether what has no line end is a line.
        """
        self._isLast = True
        self._isEnding = self._isEnding or isWhole

    def stop(self) -> None:
        """
        Let go of what is not done.
        """
        self._raw = b""
        self._isWaiting = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def work(self) -> None:
        """
        Do what is there, as far as it is its turn.
        """
        if not self._isPending:
            self._isPending = True
            isLeaving = self._isLast and not self._raw
            spread = self._setting.crossings if isLeaving else self.spread
            if not spread.do(self._work):
                self._source.waits()

    def workLater(self, seconds: float = 0.0) -> None:
        """
        Work in a later turn, unless that will be so anyway.
        """
        if self._isWaiting:
            return
        self._isWaiting = True
        if seconds:
            self._timer = self._setting.clock.callLater(seconds, self._timeCame)
        else:
            self._setting.turnEnd(self._timeCame)

    def _timeCame(self) -> None:
        self._timer = None
        if self._isWaiting:
            self._isWaiting = False
            self.work()

    def _work(self) -> None:
        try:
            self._takeTurn()
        finally:
            self._isPending = False

    def _takeTurn(self) -> None:
        source = self._source
        lines, size = self._setting.limits.turnLines, self._setting.limits.turnBytes
        framer = self._framer
        while source.isReady:
            if source.outlet.busy:
                self._count("waiting")
                break
            frame = framer.next() if self._next is None else self._next
            if frame is None and not self._raw:
                if self._isEnding and framer.end():
                    continue
                source.allDone()
                return
            self._next = frame
            if frame is None and size > 0:
                piece = self._piece(size)
                if piece.count(IAC) >= COMMANDS and not self._isItsTime():
                    break
                size -= len(piece)
                self._raw = self._raw[len(piece) :]
                framer.receive(source.decoded(piece))
            elif frame is not None and lines > 0:
                if not self._isItsTime():
                    break
                self._next = None
                lines = 0 if self.spread.isCrowded else lines - 1
                source.frameReceived(frame)
            else:
                self._count("turn")
                self.workLater()
                break
        source.waits()

    def _piece(self, size: float) -> bytes:
        """
        What to look at next of what has been read.

        @param size: how many bytes, at the most.  There are no more telnet commands
            in them than cost as much as a line.
        """
        piece = self._raw if len(self._raw) <= size else self._raw[: int(size)]
        if piece.count(IAC) <= COMMANDS:
            return piece
        end = 0
        for _ in range(COMMANDS):
            end = piece.index(IAC, end) + 1
        return piece[:end]

    def _isItsTime(self) -> bool:
        """
        Whether the rate allows one more line now; otherwise it is done later, or
        never, where too many wait already.
        """
        rate = self._setting.lines
        now = self._setting.clock.seconds()
        wait = rate.wait(self.pace.mark, now)
        if not wait:
            self.pace.mark = rate.spend(self.pace.mark, now)
            return True
        waiting = 1 + self._framer.count + countOf(self._raw) + self._raw.count(IAC) // COMMANDS
        if waiting * rate.interval > self._setting.limits.maxBehind:
            self._source.tooFast()
        else:
            self._count("line-rate")
            self.workLater(wait)
        return False

    def _count(self, limit: str) -> None:
        self._setting.counters.delays[limit] += 1


def _framer(limits: Limits) -> LineFramer:
    if limits.maxLine == UNLIMITED:
        return LineFramer(limits.maxLine, limits.maxUnended)
    # A line that may come must be able to come.
    return LineFramer(limits.maxLine, max(limits.maxLine, limits.maxUnended))
