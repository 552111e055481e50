"""
How much of what a connection sends is done, and when.

A codec turns bytes into messages without doing any I/O of its own
(U{https://sans-io.readthedocs.io}): an L{Intake} hands it what has been read and pulls
the messages out of it, one at a time.  Of what has been read, only so many bytes are
looked at, and only so many messages done, in one turn of the reactor; the rest waits for
the next turn, so that other connections come in between.  Where many connections want
something at once, each does one message and goes to the end of a queue (L{TurnQueue}).
Beyond that, messages are done at a rate.  The transport is not read from meanwhile: the
kernel makes the peer wait, and what waits here is bounded by one read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.delivery.turnend import TurnEnd
from chat.interfaces import Outlet
from chat.protocols.reading import ReadSide, UnreadConnections
from chat.vocabulary.counters import Counters
from chat.vocabulary.limits import Limits, Pace, Rate

BUDGET = 0.01
"""How many seconds of a turn a L{TurnQueue} takes at most."""


class Aside:
    """
    A value of a codec that is no message, such as an answer of the protocol itself.  No
    limit counts it, so a codec returns few of them for many bytes.
    """

    __slots__ = ()


TOLL: Final = object()
"""
A codec returns this for bytes that hold no message and cost as much as one.  It is not
passed on.
"""


class DoorCodec(Protocol):
    """
    Bytes in, messages out.  A codec does no I/O and calls nothing back.
    """

    __slots__ = ()

    def receive(self, data: bytes) -> None:
        """
        Take in what has been read, after L{next} has returned L{None}.
        """

    def next(self) -> object:
        """
        @return: the next message, an L{Aside}, L{TOLL}, or L{None} where more bytes are
            needed.
        """

    def end(self) -> bool:
        """
        Make a message of what has no end, as no more bytes will come.

        @return: whether L{next} may return something now; by default not.
        """
        return False

    @property
    def waiting(self) -> int:
        """About how many messages L{next} has not come to."""

    def weigh(self, data: bytes) -> int:
        """
        @return: about how many messages are in bytes that have not been taken in.
        """


class TurnQueue:
    """
    Calls functions in the order in which they are given: at once while that takes little
    of a turn, and otherwise in one of the next turns.

    When thousands of peers come, speak or hang up in the same moment, the reactor hears of
    all of them in one turn, and without this all other connections would wait for seconds.

    @ivar waiting: the functions left for later turns.
    """

    def __init__(self, clock: IReactorTime, turnEnd: TurnEnd) -> None:
        self._clock = clock
        self._turnEnd = turnEnd
        self.waiting: deque[Callable[[], None]] = deque()
        # When the budget of this turn is used up; L{None} before anything is asked for.
        self._until: float | None = None

    def do(self, act: Callable[[], None]) -> bool:
        """
        @param act: is called once.
        @return: whether it has been called; otherwise it will be in a later turn.
        """
        now = self._clock.seconds()
        if self._until is None:
            self._until = now + BUDGET
            self._turnEnd(self._nextTurn)
        if self.waiting or now >= self._until:
            self.waiting.append(act)
            return False
        act()
        return True

    def _nextTurn(self) -> None:
        self._until = None
        if not self.waiting:
            return
        self._until = self._clock.seconds() + BUDGET
        self._turnEnd(self._nextTurn)
        while self.waiting and self._clock.seconds() < self._until:
            self.waiting.popleft()()


class Setting(Protocol):
    """
    The register of all connections, as far as an intake needs it.

    @ivar lines: how often a message of one user is done.
    @ivar lineQueue: for messages of users.
    @ivar doorQueue: for connections that come and go, and for their messages until there
        is a nickname.
    @ivar unread: watches connections that are not read from.
    """

    limits: Limits
    lines: Rate
    lineQueue: TurnQueue
    doorQueue: TurnQueue
    unread: UnreadConnections
    counters: Counters
    clock: IReactorTime
    turnEnd: TurnEnd


class MessageReceiver(Protocol):
    """
    The connection whose messages are to be done.

    @ivar outlet: no more messages are done while it is busy.
    @ivar lines: how many messages have come.
    """

    lines: int

    @property
    def outlet(self) -> Outlet: ...

    def received(self, value: Any) -> None:
        """Do a message or an L{Aside}."""

    def allDone(self) -> None:
        """The input has ended, and all of it is done."""

    def tooFast(self) -> None:
        """More messages have come than may wait for the rate."""


class Intake(ReadSide):
    """
    The input of one connection.

    @ivar isReady: whether messages are done at present.
    @ivar undone: about how many messages have come that were never done.
    @ivar pace: how fast they come: that of the user, once there is a nickname.
    """

    __slots__ = (
        "_codec",
        "_held",
        "_isEnding",
        "_isLast",
        "_isPending",
        "_isStopped",
        "_isWaiting",
        "_queue",
        "_raw",
        "_receiver",
        "_setting",
        "_timer",
        "isReady",
        "pace",
        "undone",
    )

    def __init__(
        self, transport: Any, codec: DoorCodec, receiver: MessageReceiver, setting: Setting
    ) -> None:
        """
        @param transport: a transport of Twisted's, which is read from.
        """
        super().__init__(transport, setting.unread)
        self._codec = codec
        self._receiver = receiver
        self._setting = setting
        self._queue = setting.doorQueue
        self.pace = Pace()
        self.isReady = True
        self.undone = 0
        # Read, and not handed to the codec.
        self._raw = b""
        # A message whose time has not come.
        self._held: object = None
        self._isLast = False
        self._isEnding = False
        self._isStopped = False
        # Whether a turn is being taken, or is to be.
        self._isPending = False
        # Whether there is work for a later turn.
        self._isWaiting = False
        self._timer: IDelayedCall | None = None

    def named(self, pace: Pace) -> None:
        """
        Note that there is a nickname.

        @param pace: how fast messages of all sessions of the user come.
        """
        pace.mark = max(pace.mark, self.pace.mark)
        self.pace = pace
        self._queue = self._setting.lineQueue

    def receive(self, data: bytes = b"") -> None:
        """
        Take in what has been read, and do as much of it as this turn allows.
        """
        if self._isStopped:
            self.undone += self._codec.weigh(data)
            return
        if data:
            self._raw += data
        if not self._isPending:
            self._isPending = True
            isLeaving = self._isLast and not self._raw
            queue = self._setting.doorQueue if isLeaving else self._queue
            if not queue.do(self._takeTurn):
                self.pause()

    def workLater(self, seconds: float = 0.0) -> None:
        """
        Go on in a later turn, unless that is planned already.

        @param seconds: how much later, at least.
        """
        if self._isWaiting:
            return
        self._isWaiting = True
        if seconds:
            self._timer = self._setting.clock.callLater(seconds, self._timeCame)
        else:
            self._setting.turnEnd(self._timeCame)

    def hold(self) -> None:
        """
        Do no more messages until L{release}.
        """
        self.isReady = False

    def release(self) -> None:
        """
        Go on in a later turn.
        """
        self.isReady = not self._isStopped
        self.workLater()

    def finish(self, isWhole: bool) -> None:
        """
        Do what is left, as no more will come.

        @param isWhole: whether what has no end is a message.
        """
        self._isLast = True
        self._isEnding = self._isEnding or isWhole
        self.receive()

    def stop(self) -> None:
        """
        Drop what is not done and what still comes.
        """
        self.isReady = False
        if not self._isStopped:
            self._isStopped = True
            self.undone = self._waiting if self._held is None else 1 + self._waiting
        self._raw = b""
        self._isWaiting = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _timeCame(self) -> None:
        self._timer = None
        if self._isWaiting:
            self._isWaiting = False
            self.receive()

    def _takeTurn(self) -> None:
        receiver, codec, limits = self._receiver, self._codec, self._setting.limits
        lines, size = limits.turnLines, limits.turnBytes
        try:
            while self.isReady:
                if receiver.outlet.busy:
                    self._count("waiting")
                    break
                value = codec.next() if self._held is None else self._held
                if value is None:
                    if self._raw and size > 0:
                        piece = self._raw if len(self._raw) <= size else self._raw[: int(size)]
                        self._raw = self._raw[len(piece) :]
                        size -= len(piece)
                        codec.receive(piece)
                    elif self._raw:
                        self._putOff()
                        break
                    elif not (self._isEnding and codec.end()):
                        if self.hasEnded:
                            receiver.allDone()
                        elif self._isPaused:
                            self.resume()
                        return
                elif isinstance(value, Aside):
                    receiver.received(value)
                elif lines <= 0:
                    self._held = value
                    self._putOff()
                    break
                elif not self._isItsTime():
                    self._held = value
                    break
                else:
                    self._held = None
                    lines = 0 if self._queue.waiting else lines - 1
                    if value is not TOLL:
                        receiver.lines += 1
                        receiver.received(value)
            if not self._isStopped:
                self.pause()
        finally:
            self._isPending = False

    def _putOff(self) -> None:
        """
        Leave the rest for the next turn.
        """
        self._count("turn")
        self.workLater()

    def _isItsTime(self) -> bool:
        """
        Whether the rate allows one more message now.  Otherwise it is done later, or never
        where too many wait already.
        """
        # As Rate.wait and Rate.spend have it, without two calls for every line.
        burst, interval = self._setting.lines
        if not interval:
            return True
        pace, now = self.pace, self._setting.clock.seconds()
        if pace.mark - now <= (burst - 1) * interval:
            pace.mark = (pace.mark if pace.mark > now else now) + interval
            return True
        if (1 + self._waiting) * interval > self._setting.limits.maxBehind:
            self._receiver.tooFast()
        else:
            self._count("line-rate")
            self.workLater(self._setting.lines.wait(pace.mark, now))
        return False

    @property
    def _waiting(self) -> int:
        """About how many messages have been read, without the one whose time has not come."""
        return self._codec.waiting + self._codec.weigh(self._raw)

    def _count(self, limit: str) -> None:
        self._setting.counters.delays[limit] += 1
