"""
Sessions whose participants say lines, for tests.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from twisted.internet.task import Clock

from chat.interfaces import Backplane
from chat.session.session import Session
from chat.vocabulary.style import Style
from tests.support.doubles import TRAITS, RecordingDoor, RecordingOutlet, ReprRendering
from tests.support.servers import newServer


@cache
def renderingFor(style: Style) -> ReprRendering:
    """
    @return: One that shows before each event what was chosen, unless it is the default.
    """
    name = "" if style == Style() else f"{style.format} {style.language} "
    return ReprRendering(name, *TRAITS if style.format == "json" else ())


class Stage:
    """
    A hub, with settings for its sessions.
    """

    def __init__(self, backplane: Backplane | None = None, **settings: Any) -> None:
        """
        @param settings: As for L{newServer}.
        """
        self.clock = Clock()
        self.server = newServer(self.clock, backplane, renderings=renderingFor, **settings)
        self.hub = self.server.hub

    def visitor(self, *lines: str) -> Visitor:
        """
        @return: Somebody new, who has said these lines and heard what came of it.
        """
        visitor = Visitor(self)
        visitor.session.opened()
        visitor.says(*lines)
        visitor.heard()
        return visitor


class Visitor:
    """
    A session, and what it has written and asked for.
    """

    def __init__(self, stage: Stage) -> None:
        self._clock = stage.clock
        self._outlet = RecordingOutlet()
        self.door = RecordingDoor()
        self.session = Session(stage.server, self.door, self._outlet)

    def says(self, *lines: str) -> Visitor:
        for line in lines:
            self.session.lineReceived(line)
        return self

    def heard(self) -> list[str]:
        """
        @return: What has been written since the last time.
        """
        self._clock.advance(0)
        return self._outlet.take()


def events(*expected: object) -> list[str]:
    return [repr(event) for event in expected]
