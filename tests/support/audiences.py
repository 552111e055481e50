"""
An audience, and recipients in it.
"""

from __future__ import annotations

from twisted.internet.task import Clock

from chat.delivery.audience import Audience, Recipient
from chat.vocabulary.events import Said
from tests.support.doubles import RecordingOutlet, ReprRendering, endOfTurn
from tests.support.hubs import AT


def said(text: str, room: str = "#lobby") -> Said:
    return Said(room, 1, AT, "alice", text)


class AudienceStage:
    """
    An audience whose turns a test ends by hand.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.audience = Audience(endOfTurn(self.clock))
        self.rendering = ReprRendering()

    def recipient(
        self, rendering: ReprRendering | None = None, name: str = ""
    ) -> tuple[Recipient, list[bytes]]:
        """
        @return: A recipient that is not in the audience yet, and what is written to it.
        """
        outlet = RecordingOutlet()
        recipient = Recipient(outlet, rendering or self.rendering, name)
        recipient.here = self.audience
        return recipient, outlet.writes

    def listener(
        self, rendering: ReprRendering | None = None, name: str = ""
    ) -> tuple[Recipient, list[bytes]]:
        """
        @return: A recipient in the audience, and what is written to it.
        """
        recipient, writes = self.recipient(rendering, name)
        self.audience.add(recipient)
        return recipient, writes

    def say(self, text: str, sender: Recipient | None = None, *deaf: Recipient) -> bytes:
        """
        @return: The line as the rendering of the stage encodes it.
        """
        event = said(text)
        self.audience.deliver(event, sender, deaf)
        return f"{event!r}\r\n".encode()

    def endTurn(self) -> None:
        self.clock.advance(0)
