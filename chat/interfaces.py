"""
The ports: what the core needs from the world, and what the world may rely on.

They are structural types, so an adapter imports nothing to fit one.  Each has a
contract suite in C{tests/} that runs for every implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from chat.events import Event, Line


class Outlet(Protocol):
    """
    Where bytes for one participant go.
    """

    def write(self, data: bytes) -> None:
        """
        Take over C{data} for delivery, in the order of the calls.

        It never blocks, never raises and never calls back into the core before
        it returns, for it stands in the innermost loop of the service.  What it
        cannot deliver is its own affair.

        @param data: whole lines, with their line ends.
        """


class Rendering(Protocol):
    """
    How events read.  One instance serves all participants who chose the same:
    an audience groups them by it and encodes once for each.

    @ivar echoes: whether an author hears his own lines.  A person sees them on
        his terminal already; a program wants their ids.
    @ivar elsewhere: how the events of a room read in which the participant is
        but does not talk.
    """

    @property
    def echoes(self) -> bool: ...

    @property
    def elsewhere(self) -> Rendering: ...

    def render(self, event: Event) -> bytes:
        """
        @return: whole lines with their line ends, or C{b""} where this rendering
            is silent about the event.
        """


RenderingChoice = Callable[[str, str], Rendering]
"""Takes the name of a format and of a language; the same ones give the same instance."""


class Recorder(Protocol):
    """
    Something that keeps what is said.
    """

    def append(self, event: Line) -> Deferred[None] | None:
        """
        Keep one line.  Lines of a room come in the order of their ids.

        Delivery does not wait for it.

        @return: nothing where it is done already; else a Deferred that fires
            when the line is kept, and fails when it could not be.
        """


class History(Recorder, Protocol):
    """
    A recorder that can be asked.
    """

    def recent(self, room: str, count: int) -> Deferred[Sequence[Line]]:
        """
        @param count: how many lines at most.
        @return: fires with the newest lines of the room, oldest first.
        """


Arrived = Callable[["Event", object], None]
"""
What a backplane calls for every published event, in the one order all agree on:
the event, and the origin it was published with, or L{None} where it was
published by another process.
"""


class Backplane(Protocol):
    """
    What several processes of one service would share: the nicknames, and the
    order of events.

    Claims are asynchronous, deliveries synchronous.
    """

    def connect(self, arrived: Arrived) -> None:
        """
        Say who hears what arrives.  Called once, before anything is published.
        """

    def claim(self, fold: str) -> Deferred[None]:
        """
        Reserve a nickname.

        @param fold: from L{chat.names.fold}.
        @return: fires when it is ours, fails with L{chat.errors.NickTaken} when
            it is somebody's.
        """

    def release(self, fold: str) -> None:
        """
        Give a nickname back.  It can be claimed again at once.
        """

    def publish(self, event: Event, origin: object = None) -> None:
        """
        Hand an event to everybody.  A line gets its id here: the next one of its
        room.

        @param origin: returned with the event to the process that published it.
        """


class FrontDoor(Protocol):
    """
    What a session needs of the way in by which its participant came.
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
