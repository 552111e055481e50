"""Tests for L{chat.session.server}."""

from __future__ import annotations

import pytest

from chat.session.server import StorageWatch
from chat.vocabulary.events import Said, Stored, Warned
from tests.support.people import PASSWORD, Stage
from tests.support.servers import AT


@pytest.fixture
def stage() -> Stage:
    return Stage(operators=["carol"])


@pytest.fixture
def watch(stage: Stage) -> StorageWatch:
    return StorageWatch(stage.server)


# What is stored.


def test_programsThatSaidSomethingAreToldWhatIsStored(stage: Stage, watch: StorageWatch) -> None:
    author, reader = stage.programs("author", "reader")
    [alice] = stage.people("alice")
    author.says("one", "/me waves")
    alice.says("three")
    stage.forget()
    watch.stored("#lobby", 3)
    assert author.heard() == [Stored("#lobby", 3)]
    assert reader.heard() == alice.heard() == []


def test_eachIsToldOnce(stage: Stage, watch: StorageWatch) -> None:
    [author] = stage.programs("author")
    author.says("one", "two")
    author.heard()
    watch.stored("#lobby", 2)
    watch.stored("#lobby", 9)
    assert author.heard() == [Stored("#lobby", 2)]
    assert author.hears("ten") == [Said("#lobby", 3, AT, "author", "ten")]
    watch.stored("#lobby", 10)
    assert author.heard() == [Stored("#lobby", 10)]


def test_eachRoomByItself(stage: Stage, watch: StorageWatch) -> None:
    [author] = stage.programs("author")
    author.says("one", "/join #dev", "one")
    author.heard()
    watch.stored("#dev", 1)
    assert author.heard() == [Stored("#dev", 1)]
    watch.stored("#lobby", 1)
    assert author.heard() == [Stored("#lobby", 1)]


def test_onlyTheSessionThatSaidIt(stage: Stage, watch: StorageWatch) -> None:
    other = stage.owner("alice")
    author = stage.visitor("/format json", f"/login alice {PASSWORD}", "hello")
    other.heard()
    watch.stored("#lobby", 1)
    assert author.heard() == [Stored("#lobby", 1)]
    assert other.heard() == []


def test_whoHasLeftTheRoomIsToldAllTheSame(stage: Stage, watch: StorageWatch) -> None:
    [author] = stage.programs("author")
    author.says("one", "/part")
    author.heard()
    watch.stored("#lobby", 1)
    assert author.heard() == [Stored("#lobby", 1)]


@pytest.mark.parametrize("lines", [("hello", "/quit"), ("/join #dev", "hello", "/part", "/quit")])
def test_nothingIsToldAfterGoodbye(
    stage: Stage, watch: StorageWatch, lines: tuple[str, ...]
) -> None:
    [author] = stage.programs("author")
    author.says(*lines)
    author.heard()
    watch.stored("#lobby", 1)
    watch.stored("#dev", 1)
    assert author.heard() == []


def test_aSessionThatHasEndedIsToldNothing(stage: Stage, watch: StorageWatch) -> None:
    other = stage.owner("alice")
    author = stage.visitor(
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
    stage: Stage, watch: StorageWatch, event: tuple[str, object], warned: Warned
) -> None:
    carol, alice = stage.owner("carol"), stage.owner("alice")
    elsewhere = stage.visitor(f"/login carol {PASSWORD}", "/part")
    nobody = stage.visitor()
    stage.forget()
    name, *arguments = event
    getattr(watch, name)(*arguments)
    assert carol.heard() == elsewhere.heard() == [warned]
    assert alice.heard() == nobody.heard() == []
