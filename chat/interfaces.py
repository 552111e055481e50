"""
The ports: what the core needs from the world, and what the world may rely on.

Implementations inherit them, so mypy checks their methods, and the contract is found here.
Each port has a contract suite in C{tests/} that runs for every implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from chat.vocabulary.events import Event, Line, Missed
from chat.vocabulary.limits import Pace
from chat.vocabulary.records import Account, Record, RoomRecord, Sanction
from chat.vocabulary.style import Style

if TYPE_CHECKING:
    # Renderings import this module and run without Twisted.
    from twisted.internet.defer import Deferred

RecordT = TypeVar("RecordT", Account, RoomRecord, Sanction)


class Outlet(Protocol):
    """
    Where the bytes for one session go.

    @ivar busy: whether so much waits to be read that what can wait should not be
        written.
    """

    __slots__ = ()

    busy: bool

    def write(self, data: bytes) -> None:
        """
        Take over C{data} for delivery, in the order of the calls.

        It never blocks, never raises and never calls back into the core before
        it returns, for it stands in the innermost loop of the service.  Bytes that cannot
        be delivered are dealt with in the outlet itself: after the first of them it delivers
        nothing but what L{writeLast} brings, so that no line follows upon a gap.

        @param data: whole lines, with their line ends.
        """

    def writeLast(self, data: bytes) -> None:
        """
        Take over the goodbye, after which nothing is written.  It is delivered even where
        lines before it cannot be.

        @param data: whole lines, with their line ends.
        """

    def join(self, fan: OutletGroup) -> None:
        """Get what is written to a group from now on, as by L{write}."""

    def leave(self, fan: OutletGroup) -> None:
        """Get it no longer."""


class DirectOutlet(Outlet, Protocol):
    """An outlet for which nothing waits, so that its bytes can go to the kernel at once."""

    __slots__ = ()

    def fellBehind(self, data: bytes, sent: int) -> None:
        """
        The kernel has not taken all of it.

        @param sent: how many bytes it has taken.
        """


class OutletGroup(Protocol):
    """
    Outlets that get the same bytes.  An outlet that joins enters itself in one of
    the two dictionaries.

    @ivar direct: outlets whose sockets are written to directly, by file
        descriptor.  An outlet for which this is no longer possible must leave
        the dictionary at once.
    @ivar others: outlets whose L{Outlet.write} is called, in this order.
    @ivar total: how many bytes have been written to each of C{direct}.
    """

    __slots__ = ()

    direct: dict[int, DirectOutlet]
    others: dict[Outlet, None]
    total: int


class Rendering(Protocol):
    """
    How events read.  One instance serves all sessions of the same style: an
    audience groups them by it and encodes once for each.

    The first traits say what a recipient needs to be told besides; users at a terminal
    need none of it.

    @ivar echoesOwn: whether the sender of a line hears it too, and so learns its
        id.
    @ivar listsPeople: whether L{Listed<chat.vocabulary.replies.Listed>} comes
        on entering a room and L{Changed<chat.vocabulary.events.Changed>} after
        that, so that the recipient can keep a list of the users in it.
    @ivar wantsReceipts: whether L{Stored<chat.vocabulary.replies.Stored>} comes
        when a line that was sent is on the disk.
    @ivar isProgram: whether the recipient is a program, whose next line is no answer to a
        question for a password: it sends a command for that.
    @ivar namesRecipient: whether what one recipient hears alone reads differently for
        each, so that L{answer} is asked instead of L{render}.
    @ivar elsewhere: how the events of a room read in which the user is but does
        not talk.
    @ivar ringing: how a line reads that calls the user by name; the same as this
        one unless a bell is wanted then.
    """

    echoesOwn: bool = False
    listsPeople: bool = False
    wantsReceipts: bool = False
    isProgram: bool = False
    namesRecipient: bool = False
    elsewhere: Rendering
    ringing: Rendering

    def render(self, event: Event) -> bytes:
        """
        @return: whole lines with their line ends, or C{b""} where this rendering
            is silent about the event.
        """
        ...

    def answer(self, event: Event, nick: str) -> bytes:
        """
        Render what one recipient hears alone.  Only a rendering that
        C{namesRecipient} is asked.

        @param nick: of the recipient; empty while there is none.
        """
        return self.render(event)


RenderingChoice = Callable[[Style], Rendering]
"""The same style gives the same instance."""


class Recorder(Protocol):
    """
    Keeps the lines that are said.
    """

    def append(self, event: Line) -> None:
        """
        Keep one line.  Lines of a room come in the order of their ids.

        It never raises and never waits, and nothing waits for it: whether a line
        has been kept is told to the L{HistoryObserver}.  A line with id 0 has no
        place in an order and is not kept.
        """


@dataclass(frozen=True, slots=True)
class Extract:
    """
    Lines of one room out of its history.

    @ivar lines: oldest first, without a double.
    @ivar more: whether there are further ones in the direction of the question:
        older than the first for L{History.recent}, newer than the last for the
        others.
    @ivar missed: what the question covers but cannot be read any more, in the
        order of the ids and before the lines they come before.
    """

    lines: tuple[Line, ...] = ()
    more: bool = False
    missed: tuple[Missed, ...] = ()


class HistoryObserver(Protocol):
    """
    Is told how storing goes.  All methods are called in the thread of the reactor, and
    never from within L{Recorder.append}.
    """

    def stored(self, room: str, id: int) -> None:
        """
        Every line of the room up to C{id} is on the disk, but for those that
        L{lost} was called for.  Called once for each room and batch.
        """

    def failing(self, reason: str) -> None:
        """Storing does not work at present: what is to be kept waits."""

    def recovered(self) -> None:
        """Storing works again, and everything that waited is stored."""

    def lost(self, count: int) -> None:
        """C{count} more lines could not wait and are not kept."""

    def damaged(self, count: int) -> None:
        """C{count} lines are left out of an answer, since they are damaged."""


class History(Recorder, Protocol):
    """
    A recorder that can be asked.

    An answer holds every line that was appended before the Deferred fires,
    stored or not yet, so a session that begins to listen in its callback misses no line
    and hears none twice.  Every Deferred here fails with
    L{chat.vocabulary.errors.HistoryUnavailable} when the answer takes too long or cannot be
    had, and with L{chat.vocabulary.errors.TryLater} when too many ask.
    """

    def recent(self, room: str, count: int) -> Deferred[Extract]:
        """
        The newest lines of a room.  It fires at once wherever it can.

        @param count: how many lines at most.
        """

    def after(self, room: str, id: int, count: int) -> Deferred[Extract]:
        """
        The first lines after C{id}.

        @param count: how many lines at most.
        """

    def since(self, room: str, at: datetime, count: int) -> Deferred[Extract]:
        """
        The first lines that were said at C{at} or later.

        @param count: how many lines at most.
        """

    def search(
        self, words: str, rooms: Sequence[str], nick: str, count: int
    ) -> Deferred[tuple[Line, ...]]:
        """
        The newest lines that hold every word, newest first.

        A word of a script that parts words by spaces is found as a whole word,
        or as the beginning of one if it ends with C{*}; case and width do not
        matter.  Chinese, Japanese and the like are found anywhere in a text.

        @param words: parted by spaces.
        @param rooms: where to look.
        @param nick: the nickname of the sender, in any spelling; empty for any.
        @param count: how many lines at most.
        @raise NothingToFind: when there is no letter or digit in C{words}.
        """

    def forget(self, room: str) -> None:
        """
        Forget what has been said in a room until now, for all users.  Its ids go on.
        """

    def forgetOthers(self, rooms: Collection[str]) -> None:
        """
        Forget what has been said in all rooms but these.
        """


class Ledger(Protocol):
    """
    Keeps records, which outlive a restart; see L{chat.vocabulary.records}.
    """

    def load(self, kind: type[RecordT]) -> Deferred[tuple[RecordT, ...]]:
        """
        Read again all records of a kind.

        @return: fires with them, in the order of their keys; fails with
            L{chat.vocabulary.errors.HistoryUnavailable}.
        """

    def put(self, record: Record) -> Deferred[None]:
        """
        Keep a record, in the place of the one with the same key.

        @return: fires when it is on the disk.  It waits while the disk fails, and never
            fails.  If the service ends before that, it never fires, and the log has what is lost.
        """

    def remove(self, record: Record) -> Deferred[None]:
        """
        Keep a record no longer.

        @return: as for L{put}.
        """


class Authenticator(Protocol):
    """
    Finds out whether a user owns an account.
    """

    def login(self, name: str, password: str, address: str, origin: str) -> Deferred[Account]:
        """
        @param name: of an account, in any spelling.
        @param address: from where the attempt comes, for the log.
        @param origin: the same for what is counted; see L{FrontDoor}.
        @return: fires with the account, perhaps after some waiting; fails with
            L{chat.vocabulary.errors.WrongPassword}, also when there is no such account, with
            L{chat.vocabulary.errors.TooManyAttempts}, or with L{chat.vocabulary.errors.TryLater}.
            It may be cancelled; an attempt that does not wait any more counts all the same.
        """

    def secretFor(self, password: str, origin: str, account: str = "") -> Deferred[str]:
        """
        @param origin: from where the password comes.
        @param account: the fold of the account whose password it will be, if there is one yet.
        @return: fires with what an L{Account} keeps of a password; fails with
            L{chat.vocabulary.errors.PasswordInvalid}, L{chat.vocabulary.errors.TryLater} or, for an
            account, with L{chat.vocabulary.errors.ChangingTooFast}.
        """


Arrived = Callable[[Event, object], None]
"""
Called by a backplane with every published event, in the one order on which all processes
agree, and with the origin that it was published with; L{None} for an event that another
process has published.
"""


class Backplane(Protocol):
    """
    The nicknames and the order of events, which several processes of one service would
    share.

    Claims are asynchronous, deliveries synchronous.
    """

    def connect(self, arrived: Arrived) -> None:
        """
        Say what to call for what arrives.  Called once, before anything is published.
        """

    def claim(self, fold: str) -> Deferred[None]:
        """
        Reserve a nickname.

        @param fold: from L{chat.vocabulary.names.fold}.
        @return: fires when it is ours; fails with L{chat.vocabulary.errors.NickTaken} when
            another user has it.
        """

    def release(self, fold: str) -> None:
        """
        Give a nickname back.  It can be claimed again at once.
        """

    def publish(self, event: Event, origin: object = None) -> None:
        """
        Hand an event to all processes.  A line gets its id here: the next one of its
        room.

        @param origin: returned with the event to the process that published it.
        """


class FrontDoor(Protocol):
    """
    The connection of a session, whatever it speaks, as the session knows it.

    @ivar address: where the connection comes from: an IP address, or another word
        where there is none; nothing while that is not known.
    @ivar origin: names what counts as one place, for what one place may do only so often:
        an IPv4 address, the /64 of an IPv6 address, C{unix:UID}, or a word that no other
        connection has.
    @ivar renderings: how events read there; L{None} where they read as the service
        has it.
    """

    address: str
    origin: str
    renderings: RenderingChoice | None = None

    @property
    def maxLine(self) -> int:
        """Bytes that a line from there may have, its end included; 0 for no limit."""
        return 0

    def named(self, pace: Pace) -> None:
        """
        There is a nickname from now on.

        @param pace: how fast its user sends lines, in all sessions.
        """

    def hold(self) -> None:
        """
        Ask for no more commands until L{release}, starting now.
        """

    def release(self) -> None:
        """
        Go on after L{hold}, in a later turn: the session is not called before
        this returns.
        """

    def close(self, grace: float | None = None) -> None:
        """
        Nothing more will be written: deliver what is on its way, then end the
        connection.

        @param grace: how many seconds the peer has to read it and to hang up;
            L{None} for what the front door thinks right.
        """
