"""
A hub and the people in its lobby, for tests.
"""

from __future__ import annotations

from datetime import UTC, datetime

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chat.audience import Recipient
from chat.events import Ending
from chat.hub import LOBBY, Hub
from chat.interfaces import Backplane, Recorder
from chat.room import Member
from tests.doubles import RecordingOutlet, ReprRendering, endOfTurn

AT = datetime(2026, 11, 21, tzinfo=UTC)
RENDERING = ReprRendering(echoes=True)


class Stage:
    """
    A hub, and the people in its lobby.
    """

    def __init__(
        self, backplane: Backplane, *recorders: Recorder, clock: Clock | None = None
    ) -> None:
        self.clock = clock or Clock()
        self.hub = Hub(
            backplane, endOfTurn(self.clock), self.clock.seconds, recorders, now=lambda: AT
        )
        self.outlets: dict[str, RecordingOutlet] = {}
        self.members: dict[str, Member] = {}

    def claim(self, nick: str) -> Deferred[Member]:
        """
        @return: From the hub; whoever gets the nickname joins the lobby.
        """
        outlet = RecordingOutlet()

        def join(member: Member) -> Member:
            self.outlets[nick], self.members[nick] = outlet, member
            self.hub.join(member, LOBBY)
            return member

        return self.hub.claim(nick, Recipient(outlet, RENDERING)).addCallback(join)

    def enter(self, *nicks: str) -> None:
        for nick in nicks:
            now(self.claim(nick))
        for nick in self.outlets:
            self.heard(nick)

    def heard(self, nick: str) -> list[str]:
        """
        @return: What somebody has heard since the last time.
        """
        self.clock.advance(0)
        return self.outlets[nick].take()

    def author(self, nick: str) -> Recipient:
        return self.members[nick].recipients[0]

    def say(self, nick: str, text: str) -> None:
        self.hub.say(self.members[nick], LOBBY, text, self.author(nick))

    def tell(self, nick: str, to: str, text: str) -> None:
        self.hub.tell(self.members[nick], to, text, self.author(nick))

    def reply(self, nick: str, text: str) -> None:
        self.hub.reply(self.members[nick], text, self.author(nick))

    def leave(self, nick: str) -> None:
        self.hub.leave(self.members[nick], Ending.QUIT)

    def rename(self, nick: str, name: str) -> Deferred[Member]:
        return self.hub.rename(self.members[nick], name)


def now(decided: Deferred[Member]) -> Member:
    """
    @return: What a claim has been answered with.
    """
    results: list[Member] = []
    decided.addCallback(results.append)
    [member] = results
    return member


def refusal(decided: Deferred[Member]) -> BaseException:
    """
    @return: What a claim has been refused with.
    """
    failures: list[Failure] = []
    decided.addErrback(failures.append)  # type: ignore[call-overload]
    [failure] = failures
    return failure.value
