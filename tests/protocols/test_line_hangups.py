"""
Tests for L{chat.protocols.line}: peers that hang up without having read everything, while the
kernel has lines of theirs that have not been read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from twisted.internet.error import ConnectionLost
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from chat.protocols.reading import INTERVAL
from chat.vocabulary.events import Ending
from chat.vocabulary.limits import UNLIMITED, Limits
from tests.support.doubles import HandPeer
from tests.support.secure import SecurePeer
from tests.support.service import Service

# Twisted hands its own certificates to OpenSSL in a way that is out of date.
pytestmark = pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")

BURST = int(Limits.lineBurst)

LINES = [f"line {number}" for number in range(BURST + 20)]
"""More than are done at once, so their connection is not read from for a while."""

LEFT = "<-- bob left #lobby: connection lost (1 here)"


class Hangups(Service):
    """
    A service that alice listens to.
    """

    def __init__(self, **limits: Any) -> None:
        super().__init__(limits=Limits(sendBuffer=4096, **limits))
        self.alice = self.connect("alice")

    def plain(self) -> HandPeer:
        bob = self.connect("bob")
        # The whole burst is there again.
        self.reactor.turn(60)
        self.heard(self.alice)
        self.say(bob, *LINES)
        self.reactor.turn()
        bob.send(b"unread\r\n" * 2 + b"half")
        return bob

    def secure(self) -> HandPeer:
        bob = SecurePeer(self.reactor, self.factory).shake()
        bob.say("bob")
        bob.heard()
        self.reactor.turn(60)
        self.heard(self.alice)
        bob.say(*LINES)
        self.reactor.turn()
        bob.say("unread")
        bob.say("unread")
        return bob.peer

    def noticed(self) -> None:
        """
        Write to bob, who is not there any more.
        """
        self.say(self.alice, "are you there?")
        self.reactor.turn()
        self.reactor.turn()

    def watched(self) -> None:
        """
        Wait until connections that are not read from are looked at.
        """
        self.reactor.turn(INTERVAL)

    def heardLater(self) -> list[str]:
        """
        @return: what alice hears within a minute.
        """
        heard: list[str] = []
        for _ in range(60):
            self.reactor.turn(1)
            heard += self.heard(self.alice)
        return heard

    def assertOver(self) -> None:
        self.alice.finish()
        for _ in range(4):
            self.reactor.turn()
        assert len(self.hub.nicknames) == 0
        assert self.connections.admission.connections == 0
        assert not self.reactor.isReading
        assert not self.reactor.isWriting
        assert self.reactor.getDelayedCalls() == []


@pytest.fixture
def service() -> Iterator[Hangups]:
    with closing(Hangups()) as service:
        yield service


@pytest.mark.parametrize("way", [Hangups.plain, Hangups.secure])
@pytest.mark.parametrize("notice", [Hangups.noticed, Hangups.watched])
def test_linesThatTheKernelHasAreDone(
    service: Hangups, way: Callable[[Hangups], HandPeer], notice: Callable[[Hangups], None]
) -> None:
    """However it is noticed that their sender has gone.  The last one may be half of a line."""
    way(service).close()
    notice(service)
    said = [f"bob: {line}" for line in (*LINES, "unread", "unread")]
    assert service.heardLater() == [*said, LEFT]
    service.assertOver()


@pytest.mark.parametrize("notice", [Hangups.noticed, Hangups.watched])
def test_aLineWithoutAnEndIsSaidWhereFINCameBeforeTheReset(
    service: Hangups, notice: Callable[[Hangups], None]
) -> None:
    bob = service.plain()
    bob.finish()
    bob.close()
    notice(service)
    said = [f"bob: {line}" for line in (*LINES, "unread", "unread", "half")]
    assert service.heardLater() == [*said, "<-- bob left #lobby: input closed (1 here)"]
    service.assertOver()


@pytest.mark.parametrize("isNotified", [False, True])
def test_aLineWithoutAnEndIsSaidWhereCloseNotifyCameBeforeTheReset(
    service: Hangups, isNotified: bool
) -> None:
    bob = SecurePeer(service.reactor, service.factory).shake()
    bob.say("bob")
    bob.heard()
    service.say(service.alice, "this is never read")
    service.reactor.turn()
    service.reactor.turn()
    service.heard(service.alice)
    bob.say("hello", end="")
    if isNotified:
        bob.notify()
    bob.peer.close()
    how = "input closed" if isNotified else "connection lost"
    said = ["bob: hello"] if isNotified else []
    assert service.heardLater() == [*said, f"<-- bob left #lobby: {how} (1 here)"]
    service.assertOver()


def test_linesThatTheKernelHasAreDoneThoughTheReactorSaysThatTheConnectionIsLost(
    service: Hangups,
) -> None:
    """As that of epoll does at a hang-up, without trying to write."""
    bob = service.plain()
    bob.close()
    bob.transport.connectionLost(Failure(ConnectionLost()))
    assert service.heardLater()[-2:] == ["bob: unread", LEFT]
    service.assertOver()


def test_aPeerThatHasGoneIsNotTooSlow(service: Hangups) -> None:
    """And what is written costs next to nothing."""
    bob = service.plain()
    bob.close()
    service.noticed()
    for _ in range(20):
        service.say(service.alice, "x" * 1000)
        service.reactor.turn(0.5)
        service.heard(service.alice)
        assert service.connections.waiting() == [0, 0]
        assert not service.reactor.isWriting
    assert service.heardLater()[-1] == LEFT


@pytest.mark.parametrize("isSecure", [False, True])
def test_answersThatPileUpDoNotStopTheLinesOfAPeerThatHasGone(isSecure: bool) -> None:
    with closing(Hangups(lineRate=UNLIMITED, softWaiting=8192)) as service:
        if isSecure:
            secure = SecurePeer(service.reactor, service.factory).shake()
            secure.say("bob")
            say, peer = secure.say, secure.peer
        else:
            peer = service.connect("bob")
            say = lambda *lines: service.say(peer, *lines)  # noqa: E731
        service.heard(service.alice)
        say(*["/help"] * 20)
        for _ in range(4):
            service.reactor.turn()
        assert service.connections.counters.delays["waiting"]
        say("last words")
        peer.close()
        assert service.heard(service.alice) == ["bob: last words", LEFT]
        service.assertOver()


def test_aUserWhoIsPutOutSaysNoMore(service: Hangups) -> None:
    """What they had sent is read and counted."""
    service.plain().close()
    service.noticed()
    with capturedLogs() as events:
        [bob] = [each for each in service.hub.nicknames.users if each.nick == "bob"]
        for session in tuple(bob.sessions):
            session.end(Ending.KICKED)
        for _ in range(4):
            service.reactor.turn()
    [event] = events
    assert (event["nick"], event["reason"], event["lines"]) == ("bob", "kicked", 1 + BURST)
    assert event["undone"] == len(LINES) - BURST + 2
    assert event["unread"] == 0


def test_whatIsNotReadIsCounted(service: Hangups) -> None:
    """Where the service has no time for it."""
    service.plain()
    with capturedLogs() as events:
        service.connections.endAll(Ending.SHUTDOWN, 5)
        service.connections.abortAll()
        for _ in range(4):
            service.reactor.turn()
    [event] = [event for event in events if event["nick"] == "bob"]
    assert event["undone"] == len(LINES) - BURST
    assert event["unread"] == len(b"unread\r\n" * 2 + b"half")
    counters = service.connections.counters
    assert (counters.undone, counters.unread) == (event["undone"], event["unread"])
