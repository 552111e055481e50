"""Tests for L{chat.protocols.line}: what goes wrong inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from twisted.logger import capturedLogs

from chat.core.room import Room
from chat.interfaces import Rendering
from chat.rendering import renderingFor
from chat.session.context import Context
from chat.vocabulary.events import Event, Said
from chat.vocabulary.style import Style
from tests.support.doubles import HandPeer
from tests.support.service import Service

SECRET = "a bug that no user may see"


@pytest.fixture
def service() -> Iterator[Service]:
    with closing(Service()) as service:
        yield service


@contextmanager
def oneFault(service: Service) -> Iterator[None]:
    """
    Meanwhile one thing goes wrong, and is logged once, with its traceback.
    """
    before = service.server.counters.faults
    with capturedLogs() as events:
        yield
    [failure] = [event["log_failure"] for event in events if "log_failure" in event]
    assert failure.getErrorMessage() == SECRET
    assert "Traceback" in failure.getTraceback()
    assert service.server.counters.faults == before + 1


def fail(*_: object, **__: object) -> Any:
    raise RuntimeError(SECRET)


def assertEnded(service: Service, peer: HandPeer, lines: list[str]) -> None:
    """
    The user was told that something is wrong and nothing else, and leaves nothing.
    """
    assert SECRET not in "".join(lines)
    assert lines[-1] == "!!! Something went wrong here; it has been logged (internal-error)"
    assert peer.isEnded
    peer.finish()
    service.heard(peer)
    assert service.server.counters.endings == {"internal-error": 1}


def assertWell(service: Service, *peers: HandPeer) -> None:
    """
    The other users can talk to each other, and no one else is there.
    """
    assert service.connections.admission.connections == len(peers)
    for peer in peers:
        service.heard(peer)
    service.say(peers[0], "are you there?")
    for peer in peers[1:]:
        [line] = service.heard(peer)
        assert line.endswith(": are you there?")


def test_inACommand(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob, carol = (service.connect(nick) for nick in ("alice", "bob", "carol"))
    service.heard(alice)
    with oneFault(service):
        with monkeypatch.context() as broken:
            broken.setattr(Room, "listTo", fail)
            service.say(bob, "/who", "nobody hears this")
            lines = service.heard(bob)
        assert len(service.heard(alice)) == 1
    assertEnded(service, bob, lines)
    assertWell(service, alice, carol)


def test_beforeThereIsANickname(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = service.connect("alice")
    other = service.connect()
    with oneFault(service), monkeypatch.context() as broken:
        broken.setattr(service.hub.nicknames, "claim", fail)
        service.say(other, "bob")
        lines = service.heard(other)
    assertEnded(service, other, lines)
    assertWell(service, alice)


def test_whereSomethingIsWaitedFor(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob, carol = (service.connect(nick) for nick in ("alice", "bob", "carol"))
    service.heard(bob)
    with oneFault(service), monkeypatch.context() as broken:
        broken.setattr(service.hub, "join", fail)
        service.say(bob, "/join #dev")
        lines = service.heard(bob)
    assertEnded(service, bob, lines)
    assertWell(service, alice, carol)


def test_onTheWayIn(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a nickname already, of which the room has not heard."""
    alice = service.connect("alice")
    other = service.connect()
    with oneFault(service), monkeypatch.context() as broken:
        broken.setattr(service.hub, "join", fail)
        service.say(other, "bob")
        lines = service.heard(other)
    assertEnded(service, other, lines)
    assert len(service.hub.nicknames) == 1
    assertWell(service, alice, service.connect("bob"))


def test_inTheGreeting(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = service.connect("alice")
    with oneFault(service), monkeypatch.context() as broken:
        broken.setattr("chat.session.session.tellMotd", fail)
        other = service.reactor.connect(service.factory.buildProtocol(None))
        lines = service.heard(other)
    assertEnded(service, other, lines)
    assertWell(service, alice)


class BrokenRendering(Rendering):
    """
    A rendering that cannot tell what is said.
    """

    def __init__(self) -> None:
        self.elsewhere = self.ringing = self

    def render(self, event: Event) -> bytes:
        return fail() if isinstance(event, Said) else renderingFor(Style()).render(event)


def test_inARendering() -> None:
    rendering = BrokenRendering()
    with closing(Service(renderings=lambda style: rendering)) as service:
        alice, bob, carol = (service.connect(nick) for nick in ("alice", "bob", "carol"))
        service.heard(alice)
        with oneFault(service):
            service.say(bob, "hello")
            lines = service.heard(bob)
        assertEnded(service, bob, lines)
        service.say(alice, "/me is here")
        assert service.heard(carol)[-1] == " * alice is here"


def test_inATimer(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the reactor that logs it."""
    alice, bob = service.connect("alice"), service.connect("bob")
    monkeypatch.setattr(Context, "hear", fail)
    with pytest.raises(RuntimeError, match=SECRET):
        service.reactor.turn(43140)
    monkeypatch.undo()
    assertWell(service, alice, bob)


def test_whereAUserIsToldWhatWasMissed(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob, carol = (service.connect(nick) for nick in ("alice", "bob", "carol"))
    with oneFault(service):
        # So much waits that bob is told of comings and goings later.
        outlet = bob.transport.producer
        while not outlet.busy:
            service.say(alice, "x" * 1000)
            service.reactor.turn()
        with monkeypatch.context() as broken:
            broken.setattr(Room, "relieved", fail)
            lines = service.heard(bob)
    assertEnded(service, bob, lines)
    assertWell(service, alice, carol)
