"""
What the service knows of one participant, and what it may use to serve him.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from chat.audience import Recipient
from chat.deadlines import Deadlines
from chat.events import Ending
from chat.hub import Hub
from chat.interfaces import FrontDoor, RenderingChoice
from chat.languages import SOURCE_LANGUAGE
from chat.room import Member

FORMATS = ("text", "json")
"""The names of the renderings, the default first."""


@dataclass(frozen=True)
class Settings:
    """
    What the operator of the service chose.

    @ivar name: of the service, in its greeting.
    @ivar version: of the software.
    @ivar motd: message of the day; each of its lines is a notice.
    @ivar language: in which a session begins.
    @ivar registrationTimeout: seconds to take a nickname in, 0 for no limit.
    @ivar idleTimeout: seconds without a line, 0 for no limit.
    @ivar listenAfterFIN: whether one who has closed his side stays as a listener.
    """

    name: str = "tcpchat"
    version: str = ""
    motd: str = ""
    language: str = SOURCE_LANGUAGE
    registrationTimeout: float = 60.0
    idleTimeout: float = 1800.0
    listenAfterFIN: bool = False


@dataclass
class Participant:
    """
    All that a session knows of its participant: plain values, to be written
    down and read back.
    """

    language: str
    format: str = FORMATS[0]
    nick: str = ""
    room: str = ""
    reason: str = ""

    def toMapping(self) -> dict[str, Any]:
        """@return: what C{Participant(**mapping)} reads back."""
        return asdict(self)


@dataclass
class Core:
    """
    One participant at work: what the states of L{chat.lifecycle} and the
    answers of L{chat.requests} work on.
    """

    hub: Hub
    door: FrontDoor
    recipient: Recipient
    renderings: RenderingChoice
    settings: Settings
    deadlines: Deadlines
    participant: Participant
    member: Member | None = None

    def leave(self, reason: Ending, text: str = "") -> None:
        """
        Stop every clock and leave all rooms; the nickname is free.

        @param text: what the participant gave as a reason.
        """
        self.deadlines.stop()
        self.participant.reason = reason
        member, self.member = self.member, None
        if member is not None:
            self.hub.leave(member, reason, text)

    def chooseRendering(self) -> None:
        """
        Write to the participant as he has chosen, from the next event on.
        """
        participant = self.participant
        self.recipient.choose(self.renderings(participant.format, participant.language))
