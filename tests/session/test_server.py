"""Tests for L{chat.session.server}."""

from __future__ import annotations

import pytest

from chat.session.server import StorageWatch
from chat.vocabulary.events import Said, Stored, Warned
from tests.support.hubs import AT
from tests.support.sessions import PASSWORD, SessionStage


@pytest.fixture
def watch(stage: SessionStage) -> StorageWatch:
    return StorageWatch(stage.server)


# What is stored.


def test_programsThatSaidSomethingAreToldWhatIsStored(
    stage: SessionStage, watch: StorageWatch
) -> None:
    author, reader = stage.program("author"), stage.program("reader")
    alice = stage.user("alice")
    author.says("one", "/me waves")
    alice.says("three")
    stage.forget()
    watch.stored("#lobby", 3)
    assert author.heard() == [Stored("#lobby", 3)]
    assert reader.heard() == alice.heard() == []


def test_eachIsToldOnce(stage: SessionStage, watch: StorageWatch) -> None:
    author = stage.program("author")
    author.says("one", "two")
    author.heard()
    watch.stored("#lobby", 2)
    watch.stored("#lobby", 9)
    assert author.heard() == [Stored("#lobby", 2)]
    assert author.hears("ten") == [Said("#lobby", 3, AT, "author", "ten")]
    watch.stored("#lobby", 10)
    assert author.heard() == [Stored("#lobby", 10)]


def test_eachRoomByItself(stage: SessionStage, watch: StorageWatch) -> None:
    author = stage.program("author")
    author.says("one", "/join #dev", "one")
    author.heard()
    watch.stored("#dev", 1)
    assert author.heard() == [Stored("#dev", 1)]
    watch.stored("#lobby", 1)
    assert author.heard() == [Stored("#lobby", 1)]


def test_onlyTheSessionThatSaidIt(stage: SessionStage, watch: StorageWatch) -> None:
    other = stage.registered("alice")
    author = stage.user("/format json", f"/login alice {PASSWORD}", "hello")
    other.heard()
    watch.stored("#lobby", 1)
    assert author.heard() == [Stored("#lobby", 1)]
    assert other.heard() == []


def test_whoHasLeftTheRoomIsToldAllTheSame(stage: SessionStage, watch: StorageWatch) -> None:
    author = stage.program("author")
    author.says("one", "/part")
    author.heard()
    watch.stored("#lobby", 1)
    assert author.heard() == [Stored("#lobby", 1)]


@pytest.mark.parametrize("lines", [("hello", "/quit"), ("/join #dev", "hello", "/part", "/quit")])
def test_nothingIsToldAfterGoodbye(
    stage: SessionStage, watch: StorageWatch, lines: tuple[str, ...]
) -> None:
    author = stage.program("author")
    author.says(*lines)
    author.heard()
    watch.stored("#lobby", 1)
    watch.stored("#dev", 1)
    assert author.heard() == []


def test_aSessionThatHasEndedIsToldNothing(stage: SessionStage, watch: StorageWatch) -> None:
    other = stage.registered("alice")
    author = stage.user(
        "/format json", f"/login alice {PASSWORD}", "/join #dev", "hello", "/part", "/quit"
    )
    stage.forget()
    watch.stored("#dev", 1)
    assert author.heard() == other.heard() == []


# How it goes.


@pytest.mark.parametrize(
    ("event", "warned"),
    [
        (("failing", "disk full"), Warned("history-failing", "disk full")),
        (("recovered",), Warned("history-recovered")),
        (("lost", 7), Warned("history-lost", "7")),
    ],
)
def test_operatorsAreTold(
    stage: SessionStage, watch: StorageWatch, event: tuple[str, object], warned: Warned
) -> None:
    carol, alice = stage.registered("carol"), stage.registered("alice")
    elsewhere = stage.user(f"/login carol {PASSWORD}", "/part")
    nobody = stage.user()
    stage.forget()
    name, *arguments = event
    getattr(watch, name)(*arguments)
    assert carol.heard() == elsewhere.heard() == [warned]
    assert alice.heard() == nobody.heard() == []
