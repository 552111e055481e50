"""
Those who have a nickname.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from chat.core.participant import Participant
from chat.delivery.audience import Recipient
from chat.vocabulary.endings import Ending
from chat.vocabulary.events import Event
from chat.vocabulary.limits import Pace


@dataclass(eq=False, slots=True, weakref_slot=True)
class Seat:
    """
    One session of a member, as the rest of the service sees it.

    @ivar end: ends the session; told why, a detail of that, and who wants it.
    @ivar address: from where it comes; it may be known only some time after the
        beginning.
    @ivar since: when it came.
    @ivar active: when its last complete line came, in seconds of the Hub's clock.
    """

    recipient: Recipient
    participant: Participant
    end: Callable[[Ending, str, str], None]
    address: Callable[[], str]
    since: datetime
    active: float = 0.0


@dataclass(eq=False, slots=True, weakref_slot=True)
class Member:
    """
    Somebody who has a nickname.

    @ivar fold: of the nickname; see L{chat.vocabulary.names.fold}.
    @ivar seats: his sessions in this process, so none for somebody elsewhere.  A
        guest has one; who has an account may have several, and all of them hear
        what he hears.
    @ivar account: the fold of his account, or nothing.
    @ivar rooms: those he has gone into and not left.  The room itself knows of it
        when the event arrives.
    @ivar active: when his last complete line came, in seconds of the Hub's clock.
    @ivar teller: who told him something last.
    @ivar away: why he is away; L{None} while he is not.
    @ivar ignored: the folds of those he does not listen to.
    @ivar pace: how fast he sends lines.
    @ivar renamedMark: how often he has changed his nickname; see L{chat.vocabulary.limits.Rate}.
    @ivar joinedMark: how often he has gone into rooms.
    """

    nick: str
    fold: str
    seats: list[Seat] = field(default_factory=list)
    account: str = ""
    rooms: list[str] = field(default_factory=list)
    active: float = 0.0
    teller: Member | None = None
    away: str | None = None
    ignored: set[str] = field(default_factory=set)
    pace: Pace = field(default_factory=Pace)
    renamedMark: float = 0.0
    joinedMark: float = 0.0

    @property
    def recipients(self) -> Iterator[Recipient]:
        """Those who hear what he hears."""
        return (seat.recipient for seat in self.seats)

    def hear(self, event: Event) -> None:
        """Tell him alone, in all his sessions."""
        for recipient in self.recipients:
            recipient.hear(event)

    def called(self, nick: str, fold: str) -> None:
        """Note that he has another nickname."""
        self.nick, self.fold = nick, fold
        for seat in self.seats:
            seat.participant.nick = seat.recipient.name = nick

    def withdraw(self) -> None:
        """Let him hear no more, in any of his sessions."""
        for recipient in self.recipients:
            recipient.withdraw()
        self.seats.clear()
