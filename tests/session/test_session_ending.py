"""Tests for L{chat.session.session}: how it ends."""

from __future__ import annotations

import json

import pytest
from twisted.logger import capturedLogs

from chat.core.nicknames import Nicknames
from chat.core.users import User
from chat.vocabulary.events import (
    Closed,
    Ending,
    Left,
    Ponged,
    Said,
    Warned,
    Welcomed,
)
from chat.vocabulary.style import Style
from tests.support.doubles import SlowBackplane
from tests.support.hubs import AT, LOBBY
from tests.support.visitors import Stage, events


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.mark.parametrize(("line", "text"), [("/quit", ""), ("/exit off to lunch", "off to lunch")])
def test_quitting(stage: Stage, line: str, text: str) -> None:
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    bob.says("last")
    alice.heard()
    bob.heard()
    bob.says("really last")
    alice.says(line, "too late")
    assert alice.heard() == events(Said(LOBBY, 2, AT, "bob", "really last"), Closed(Ending.QUIT))
    assert alice.door.calls[-1] == ("close", None)
    assert bob.heard() == events(Left(LOBBY, AT, "alice", Ending.QUIT, text, 1))
    assert not alice.session.isRegistered


def test_whoTakesNoNicknameInTimeIsClosed(stage: Stage) -> None:
    visitor = stage.visitor()
    for _ in range(60):
        visitor.says("42")
        visitor.heard()
        stage.clock.advance(1)
    assert visitor.heard() == events(Closed(Ending.REGISTRATION_TIMEOUT))
    assert visitor.door.calls == [("close", None)]


def test_whoIsSilentIsWarnedAndClosed() -> None:
    stage = Stage(idleTimeout=100)
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    alice.heard()
    stage.clock.advance(40)
    bob.says("/ping")
    stage.clock.advance(10)
    assert alice.heard() == events(Warned("idle", "50"))
    stage.clock.advance(50)
    assert alice.heard() == events(Closed(Ending.IDLE_TIMEOUT))
    assert bob.heard()[-1] == repr(Left(LOBBY, AT, "alice", Ending.IDLE_TIMEOUT, count=1))


def test_whoClosesHisSideLeaves(stage: Stage) -> None:
    alice = stage.visitor("alice")
    alice.session.inputClosed()
    assert alice.heard() == events(Closed(Ending.INPUT_CLOSED))
    assert alice.door.calls[-1] == ("close", None)


def test_whoClosesHisSideMayStayAndListen() -> None:
    stage = Stage(listenAfterFIN=True, idleTimeout=100)
    alice = stage.visitor("alice")
    alice.session.inputClosed()
    stage.clock.advance(1000)
    stage.visitor("bob", "hello")
    assert alice.heard()[-1] == repr(Said(LOBBY, 1, AT, "bob", "hello"))
    stranger = stage.visitor()
    stranger.session.inputClosed()
    assert stranger.heard() == events(Closed(Ending.INPUT_CLOSED))


def test_aNicknameDecidedTooLateIsFree() -> None:
    slow = SlowBackplane()
    stage = Stage(slow)
    visitor = stage.visitor("alice")
    visitor.session.gone(Ending.CONNECTION_LOST)
    slow.decide()
    assert slow.taken == set()
    second = stage.visitor("alice")
    slow.decide()
    assert second.heard() == events(Welcomed(LOBBY, "alice"))


def test_anExceptionCostsOneSession() -> None:
    class Broken(Nicknames):
        def named(self, nick: str) -> User:
            raise RuntimeError("a bug")

    stage = Stage()
    stage.hub.nicknames.__class__ = Broken
    alice, bob = stage.visitor("alice"), stage.visitor("bob")
    alice.heard()
    with capturedLogs() as logged:
        alice.says("/whois bob")
    assert alice.heard() == events(Closed(Ending.INTERNAL_ERROR))
    assert alice.door.calls[-1] == ("close", None)
    [event] = logged
    assert (event["nick"], str(event["log_failure"].value)) == ("alice", "a bug")
    assert bob.heard() == events(Left(LOBBY, AT, "alice", Ending.INTERNAL_ERROR, count=1))
    assert bob.says("/ping").heard() == events(Ponged())


def test_aSessionIsWrittenDownInPlainValues(stage: Stage) -> None:
    alice = stage.visitor("alice", "/lang zh_CN", "/format json")
    before = json.loads(json.dumps(alice.session.state()))
    assert Style(**before.pop("style")) == Style("json", "zh_CN")
    assert before == {"nick": "alice", "account": "", "room": LOBBY, "asked": "", "reason": ""}
    alice.says("/quit")
    after = json.loads(json.dumps(alice.session.state()))
    assert (after["nick"], after["room"], after["reason"]) == ("alice", "", "quit")


@pytest.mark.parametrize("lines", [(), ("alice",), ("alice", "/quit")])
def test_nothingOfASessionOutlivesItsConnection(stage: Stage, lines: tuple[str, ...]) -> None:
    visitor = stage.visitor(*lines)
    visitor.session.gone(Ending.CONNECTION_LOST)
    assert visitor.heard() == []
    assert stage.clock.getDelayedCalls() == []
    assert len(stage.hub.nicknames) == 0
