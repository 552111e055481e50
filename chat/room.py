"""
Rooms and who is in them: who hears what.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import assert_never

from chat.audience import Audience, EndOfTurn, Recipient
from chat.events import Acted, Ending, Event, Joined, Left, Person, Renamed, RoomEvent, Said
from chat.names import fold


@dataclass(eq=False, slots=True)
class Member:
    """
    Somebody who has a nickname, and the recipients who hear what he hears: one
    for each of his sessions in this process, so none for somebody elsewhere.

    @ivar fold: of the nickname; see L{chat.names.fold}.
    @ivar rooms: those he has gone into and not left.  The room itself knows of it
        when the event arrives.
    @ivar active: when his last complete line came, in seconds of the Hub's clock.
    @ivar teller: who told him something last.
    """

    nick: str
    fold: str
    recipients: list[Recipient] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    active: float = 0.0
    teller: Member | None = None

    def hear(self, event: Event) -> None:
        """Tell him alone, in all his sessions."""
        for recipient in self.recipients:
            recipient.hear(event)

    def withdraw(self) -> None:
        """Let him hear no more, in any of his sessions."""
        for recipient in self.recipients:
            recipient.withdraw()
        self.recipients.clear()


class Room:
    """
    One room.

    @ivar name: with its C{#}.
    """

    def __init__(self, name: str, endOfTurn: EndOfTurn) -> None:
        self.name = name
        self._audience = Audience(endOfTurn)
        self._members: dict[str, Member] = {}

    def __len__(self) -> int:
        return len(self._members)

    @property
    def nicks(self) -> tuple[str, ...]:
        """The nicknames of everybody here, in the order of their coming."""
        return tuple(member.nick for member in self._members.values())

    def people(self, now: float) -> tuple[Person, ...]:
        """
        @param now: the time, in seconds of the Hub's clock.
        @return: everybody here, in the order of their coming.
        """
        return tuple(
            Person(member.nick, max(0, int(now - member.active)))
            for member in self._members.values()
        )

    def enter(self, member: Member, event: Joined) -> None:
        """
        Let a member in.  The others hear of it; he hears what comes after.
        """
        self._members[fold(event.nick)] = member
        self._audience.deliver(replace(event, count=len(self)))
        for recipient in member.recipients:
            if recipient.here is None:
                recipient.here = self._audience
            self._audience.add(recipient)

    def arrived(self, event: RoomEvent, author: Recipient | None) -> None:
        """
        Take in what happened here, and let everybody hear it.

        @param author: the recipient who caused the event, if he is in this
            process.
        """
        match event:
            case Said() | Acted():
                self._audience.deliver(event, author)
            case Left():
                member = self._members.pop(fold(event.nick))
                # When this process stops, each of its people is told so once, and
                # not of everybody else as well.
                isTold = event.reason is not Ending.SHUTDOWN or not member.recipients
                for recipient in member.recipients:
                    self._audience.remove(recipient)
                    if recipient.here is self._audience:
                        recipient.here = None
                if isTold:
                    self._audience.deliver(replace(event, count=len(self)))
            case Renamed():
                before, after = fold(event.nick), fold(event.name)
                # Built anew, for who is renamed keeps his place.
                self._members = {
                    after if key == before else key: member for key, member in self._members.items()
                }
                self._audience.deliver(event)
            case Joined():
                raise ValueError("a member enters by Room.enter")
            case _:  # pragma: no cover
                assert_never(event)
