"""Tests for L{chat.session.server}."""

from __future__ import annotations

import pytest
from twisted.logger import capturedLogs

from chat.session.server import StorageWatch
from chat.vocabulary.events import Said, Stored, Warned
from tests.support.hubs import AT
from tests.support.sessions import PASSWORD, SessionStage


@pytest.fixture
def watch(stage: SessionStage) -> StorageWatch:
    return StorageWatch(stage.server)


# Receipts.


def test_programsThatSaidSomethingAreToldThatItIsStored(
    stage: SessionStage, watch: StorageWatch
) -> None:
    robot, reader = stage.program("robot"), stage.program("reader")
    alice = stage.user("alice")
    robot.says("one", "/me waves")
    alice.says("three")
    stage.forget()
    watch.stored("#lobby", 3)
    assert robot.heard() == [Stored("#lobby", 3)]
    assert reader.heard() == alice.heard() == []


def test_aReceiptIsToldOnce(stage: SessionStage, watch: StorageWatch) -> None:
    robot = stage.program("robot")
    robot.says("one", "two")
    robot.heard()
    watch.stored("#lobby", 2)
    watch.stored("#lobby", 9)
    assert robot.heard() == [Stored("#lobby", 2)]
    assert robot.hears("ten") == [Said("#lobby", 3, AT, "robot", "ten")]
    watch.stored("#lobby", 10)
    assert robot.heard() == [Stored("#lobby", 10)]


def test_receiptsAreToldByRoom(stage: SessionStage, watch: StorageWatch) -> None:
    robot = stage.program("robot")
    robot.says("one", "/join #dev", "one")
    robot.heard()
    watch.stored("#dev", 1)
    assert robot.heard() == [Stored("#dev", 1)]
    watch.stored("#lobby", 1)
    assert robot.heard() == [Stored("#lobby", 1)]


def test_onlyTheSessionThatSaidItGetsAReceipt(stage: SessionStage, watch: StorageWatch) -> None:
    other = stage.registered("alice")
    robot = stage.user("/format json", f"/login alice {PASSWORD}", "hello")
    other.heard()
    watch.stored("#lobby", 1)
    assert robot.heard() == [Stored("#lobby", 1)]
    assert other.heard() == []


def test_aReceiptIsToldEvenAfterParting(stage: SessionStage, watch: StorageWatch) -> None:
    robot = stage.program("robot")
    robot.says("one", "/part")
    robot.heard()
    watch.stored("#lobby", 1)
    assert robot.heard() == [Stored("#lobby", 1)]


@pytest.mark.parametrize("lines", [("hello", "/quit"), ("/join #dev", "hello", "/part", "/quit")])
def test_noReceiptIsToldAfterTheEnd(
    stage: SessionStage, watch: StorageWatch, lines: tuple[str, ...]
) -> None:
    robot = stage.program("robot")
    robot.says(*lines)
    robot.heard()
    watch.stored("#lobby", 1)
    watch.stored("#dev", 1)
    assert robot.heard() == []


def test_anEndedSessionOfAUserGetsNoReceipt(stage: SessionStage, watch: StorageWatch) -> None:
    other = stage.registered("alice")
    robot = stage.user(
        "/format json", f"/login alice {PASSWORD}", "/join #dev", "hello", "/part", "/quit"
    )
    stage.forget()
    watch.stored("#dev", 1)
    assert robot.heard() == other.heard() == []


# Failures.


@pytest.mark.parametrize(
    ("event", "warned"),
    [
        (("failing", "disk full"), Warned("history-failing", "disk full")),
        (("recovered",), Warned("history-recovered")),
        (("lost", 7), Warned("history-lost", "7")),
    ],
)
def test_operatorsAreToldHowTheStoreFares(
    stage: SessionStage, watch: StorageWatch, event: tuple[str, object], warned: Warned
) -> None:
    carol, alice = stage.registered("carol"), stage.registered("alice")
    elsewhere = stage.user(f"/login carol {PASSWORD}", "/part")
    nameless = stage.user()
    stage.forget()
    name, *arguments = event
    getattr(watch, name)(*arguments)
    assert carol.heard() == elsewhere.heard() == [warned]
    assert alice.heard() == nameless.heard() == []


# Guesses at passwords.


def test_anOwnerIsToldThatSomebodyGuesses(stage: SessionStage) -> None:
    alice, bob = stage.registered("alice"), stage.user("bob")
    for number in range(9):
        stage.server.guessed("alice", f"192.0.2.{number % 4}")
    assert alice.heard() == [Warned("password-guessed", "3/3")]
    stage.clock.advance(300)
    stage.server.guessed("alice", "192.0.2.9")
    assert alice.heard() == [Warned("password-guessed", "10/5")]
    assert bob.heard() == []


def test_operatorsAreToldThatSomebodyGuesses(stage: SessionStage) -> None:
    carol = stage.registered("carol")
    stage.registered("Alice").says("/quit")
    stage.forget()
    with capturedLogs() as logged:
        for _ in range(30):
            stage.server.guessed("alice", "192.0.2.9")
    assert carol.heard() == [Warned("account-guessed", "Alice 10/1 192.0.2.9")]
    assert len(logged) == 1
    # And who comes later, or while it goes on.
    told = stage.user().hears(f"/login carol {PASSWORD}")
    assert Warned("account-guessed", "Alice 30/1 192.0.2.9") in told
    stage.clock.advance(300)
    stage.server.guessed("alice", "192.0.2.9")
    assert Warned("account-guessed", "Alice 31/1 192.0.2.9") in carol.heard()


def test_operatorsAreToldOfAllAccountsTogether(stage: SessionStage) -> None:
    """Nobody can hide one behind others, though each line does not make one for them."""
    carol = stage.registered("carol")
    for number in range(5):
        stage.server.accounts.create(f"nick{number}", "secret")
        for _ in range(12):
            stage.server.guessed(f"nick{number}", f"192.0.2.{number}")
    [first] = carol.heard()
    assert first == Warned("account-guessed", "nick0 10/1 192.0.2.0")
    stage.clock.advance(60)
    [warned] = carol.heard()
    assert isinstance(warned, Warned)
    assert warned.about.startswith("nick0,nick1,nick2,+2 60/5 ")
    stage.clock.advance(1000)
    assert [each for each in carol.heard() if isinstance(each, Warned)] == []


def test_guessesAtNamesThatOnlyAnotherProgramKnowsAreTold(stage: SessionStage) -> None:
    """Operators are told at once, without the names, and users when they first come in."""
    carol = stage.registered("carol")
    for number in range(10):
        stage.server.guessed(f"name{number % 2}", "192.0.2.9")
    assert carol.heard() == [Warned("account-guessed", "? 10/1 192.0.2.9")]
    stage.server.accounts.adopt("name0")
    assert str(stage.server.guesses.loggedIn("name0", "192.0.2.1")) == "5/1"
    # They were for whoever has the name there, and not for a user who registers it here.
    stage.user("name1", f"/register {PASSWORD}")
    assert stage.server.guesses.loggedIn("name1", "192.0.2.1") is None
