"""
The fan-out: one event to all recipients in a room.

An L{Audience} groups its recipients by rendering.  An event is encoded once for
each group and kept; at the end of the reactor turn, what has come in is joined
and every recipient gets it in one write.  However many events share a turn,
they cost one C{send} per recipient.

A few recipients do not get the same as the others.  The sender of a line does not
hear it, unless the rendering wants the echo.  Users do not hear the users that they
ignore.  A recipient that is called by name may want a bell with the line.  One that
came in the middle of a turn hears only what came after, and one that is told
something alone must have heard before what came before.  These stand I{apart}: the
group keeps the pieces that each of them gets, and joins them for it alone.

The innermost loop is in L{chat.delivery.fanout}.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from chat.delivery.fanout import Fan
from chat.interfaces import Outlet, Rendering
from chat.vocabulary.events import Acted, Event, RoomEvent, Said
from chat.vocabulary.mentions import isNamedIn

FLUSH_SIZE = 64 * 1024
"""
How many bytes may come together in one turn before they are written without
waiting for its end: well below what an outlet may hold.
"""

EndOfTurn = Callable[[Callable[[], int]], object]
"""
Calls a function once, when all events of this reactor turn have come in.  The
function returns how many lines it has delivered.
"""


class Recipient:
    """
    One outlet, the rendering that was chosen for it, and the rooms it listens to.

    @ivar nick: the nickname by which it is called.
    @ivar here: the audience of the room in which its user talks.
    """

    __slots__ = ("_audiences", "here", "nick", "outlet", "rendering")

    def __init__(self, outlet: Outlet, rendering: Rendering, nick: str = "") -> None:
        self.outlet = outlet
        self.rendering = rendering
        self.nick = nick
        self.here: Audience | None = None
        self._audiences: list[Audience] = []

    @property
    def isListening(self) -> bool:
        """Whether it hears any room."""
        return bool(self._audiences)

    def hear(self, event: Event) -> None:
        """
        Tell this recipient alone, after all that its rooms have heard so far.
        """
        self.hearAll((event,), self.rendering)

    def hearAll(self, events: Iterable[Event], rendering: Rendering) -> None:
        """
        Tell this recipient alone several things, in one write.

        @param rendering: its own, or the one for other rooms than L{here}.
        """
        if rendering.namesRecipient:
            lines = [rendering.answer(event, self.nick) for event in events]
        else:
            lines = [rendering.render(event) for event in events]
        self.take(b"".join(lines))

    def hearLast(self, event: Event) -> None:
        """
        Tell this recipient goodbye, when it hears no room any more, even where it has missed
        something before.
        """
        rendering = self.rendering
        if rendering.namesRecipient:
            self.outlet.writeLast(rendering.answer(event, self.nick))
        else:
            self.outlet.writeLast(rendering.render(event))

    def take(self, data: bytes) -> None:
        """
        Write what is for this recipient alone, after all that its rooms have heard
        so far.

        @param data: whole lines, in its rendering.
        """
        if data:
            for audience in self._audiences:
                audience.catchUp(self)
            self.outlet.write(data)

    def talkIn(self, audience: Audience | None) -> None:
        """
        Make an audience, in which this recipient is already, the one where its user
        talks.

        @param audience: L{None} for nowhere.
        """
        if audience is not self.here:
            changing = [each for each in self._audiences if each in (audience, self.here)]
            for each in changing:
                each.remove(self)
            self.here = audience
            for each in changing:
                each.add(self)

    def withdraw(self) -> None:
        """
        Hear no more of any room.
        """
        for audience in tuple(self._audiences):
            audience.remove(self)
        self.here = None

    def choose(self, rendering: Rendering) -> None:
        """
        Render differently from now on.
        """
        audiences = tuple(self._audiences)
        for audience in audiences:
            audience.remove(self)
        self.rendering = rendering
        for audience in audiences:
            audience.add(self)


class _Group:
    """The recipients of one audience that share a rendering."""

    __slots__ = ("apart", "fan", "pending", "recipients", "rendering", "size")

    def __init__(self, rendering: Rendering) -> None:
        self.rendering = rendering
        self.recipients: set[Recipient] = set()
        self.fan = Fan()
        # The recipients that stand apart, with the pending pieces that they get.
        self.apart: dict[Recipient, list[bytes]] = {}
        self.pending: list[bytes] = []
        self.size = 0

    def deliver(self, event: RoomEvent, without: set[Recipient]) -> None:
        piece = self.rendering.render(event)
        if not piece:
            return
        apart = self.apart
        for recipient in without:
            if recipient in self.recipients and recipient not in apart:
                apart[recipient] = self.pending.copy()
        for recipient, share in apart.items():
            if recipient not in without:
                share.append(piece)
        self.pending.append(piece)
        self.size += len(piece)

    def catchUp(self, recipient: Recipient) -> int:
        if not self.pending:
            return 0
        share = self.apart.get(recipient, self.pending)
        if share:
            recipient.outlet.write(b"".join(share))
        self.apart[recipient] = []
        return len(share)

    def flush(self) -> int:
        if not self.pending:
            return 0
        fan, pieces, apart = self.fan, self.pending, self.apart
        count = len(pieces) * (len(self.recipients) - len(apart))
        # The few that stand apart step aside, so that none of the others has to be asked.
        for recipient, share in apart.items():
            recipient.outlet.leave(fan)
            if share:
                recipient.outlet.write(b"".join(share))
                count += len(share)
        fan.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        for recipient in apart:
            recipient.outlet.join(fan)
        apart.clear()
        pieces.clear()
        self.size = 0
        return count


class Audience:
    """
    The recipients that hear what happens in a room.
    """

    def __init__(self, endOfTurn: EndOfTurn) -> None:
        """
        @param endOfTurn: called with L{flush} in every turn that has something
            to write.
        """
        self._endOfTurn = endOfTurn
        self._groups: dict[Rendering, _Group] = {}
        # The recipients that want a bell when they are called.
        self._ringing: set[Recipient] = set()
        self._scheduled = False
        # How many lines were delivered before the end of the turn.
        self._early = 0

    def __contains__(self, recipient: Recipient) -> bool:
        return self in recipient._audiences

    def add(self, recipient: Recipient) -> None:
        """
        Let a recipient hear what is delivered from now on.
        """
        rendering = self._renderingOf(recipient)
        group = self._groups.get(rendering)
        if group is None:
            group = self._groups[rendering] = _Group(rendering)
        group.recipients.add(recipient)
        recipient.outlet.join(group.fan)
        if group.pending:
            group.apart[recipient] = []
        if rendering.ringing is not rendering:
            self._ringing.add(recipient)
        recipient._audiences.append(self)

    def remove(self, recipient: Recipient) -> None:
        """
        Let a recipient hear what has been delivered so far, and no more.
        """
        self.catchUp(recipient)
        rendering = self._renderingOf(recipient)
        group = self._groups[rendering]
        group.recipients.discard(recipient)
        recipient.outlet.leave(group.fan)
        group.apart.pop(recipient, None)
        if not group.recipients:
            del self._groups[rendering]
        self._ringing.discard(recipient)
        recipient._audiences.remove(self)

    def catchUp(self, recipient: Recipient) -> None:
        """
        Write to one recipient, now, what has been delivered so far.
        """
        self._early += self._groups[self._renderingOf(recipient)].catchUp(recipient)

    def deliver(
        self,
        event: RoomEvent,
        sender: Recipient | None = None,
        deaf: Collection[Recipient] = (),
    ) -> None:
        """
        Let all recipients hear an event, at the end of the turn.

        @param sender: does not hear it, unless its rendering C{echoesOwn}.
        @param deaf: recipients that do not hear it either.
        """
        without = set(deaf)
        if sender is not None and not sender.rendering.echoesOwn:
            without.add(sender)
        if self._ringing and isinstance(event, (Said, Acted)):
            without.update(self._ring(event, without))
        full = False
        for group in self._groups.values():
            group.deliver(event, without)
            full = full or group.size >= FLUSH_SIZE
        if full:
            self._early += sum(map(_Group.flush, tuple(self._groups.values())))
        if not self._scheduled and self._groups:
            self._scheduled = True
            self._endOfTurn(self.flush)

    def deliverTo(self, recipient: Recipient, event: RoomEvent) -> None:
        """
        Let one recipient hear an event, now: another one than the others hear.
        """
        recipient.take(self._renderingOf(recipient).render(event))

    def _ring(self, line: Said | Acted, without: Collection[Recipient]) -> list[Recipient]:
        """
        Write a line at once, with a bell, to the recipients that it calls.

        @return: these recipients, which need not hear it once more.
        """
        called = [
            recipient
            for recipient in self._ringing
            if recipient not in without and isNamedIn(line.text, recipient.nick)
        ]
        for recipient in called:
            self.catchUp(recipient)
            recipient.outlet.write(self._renderingOf(recipient).ringing.render(line))
        self._early += len(called)
        return called

    def flush(self) -> int:
        """
        Write what is pending to all recipients.

        @return: how many lines have been delivered since the last call.
        """
        self._scheduled = False
        early, self._early = self._early, 0
        return early + sum(map(_Group.flush, tuple(self._groups.values())))

    def _renderingOf(self, recipient: Recipient) -> Rendering:
        if recipient.here is self:
            return recipient.rendering
        return recipient.rendering.elsewhere
