"""
An audience whose turns a test ends by hand.
"""

from __future__ import annotations

from twisted.internet.task import Clock

from chat.delivery.audience import Audience, Recipient
from chat.vocabulary.events import Said
from tests.support.doubles import RecordingOutlet, ReprRendering, endOfTurn
from tests.support.hubs import AT


def said(text: str, room: str = "#lobby") -> Said:
    return Said(room, 1, AT, "alice", text)


class Stage:
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
        @return: Somebody who has not come in yet, and what will have been written to him.
        """
        outlet = RecordingOutlet()
        recipient = Recipient(outlet, rendering or self.rendering, name)
        recipient.here = self.audience
        return recipient, outlet.writes

    def listener(
        self, rendering: ReprRendering | None = None, name: str = ""
    ) -> tuple[Recipient, list[bytes]]:
        """
        @return: The same, and he is in.
        """
        recipient, writes = self.recipient(rendering, name)
        self.audience.add(recipient)
        return recipient, writes

    def say(self, text: str, author: Recipient | None = None, *deaf: Recipient) -> bytes:
        """
        @return: How it reads in the rendering of the stage.
        """
        event = said(text)
        self.audience.deliver(event, author, deaf)
        return f"{event!r}\r\n".encode()

    def endTurn(self) -> None:
        self.clock.advance(0)
