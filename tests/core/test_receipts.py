"""Tests for L{chat.core.receipts}, beside those of the hub."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from chat.core.receipts import Receipts
from chat.delivery.audience import Audience, Recipient
from chat.vocabulary.events import Said, Stored
from tests.support.doubles import RecordingOutlet, ReprRendering, endOfTurn
from tests.support.hubs import AT


def recipient(isListening: bool = True) -> Recipient:
    made = Recipient(RecordingOutlet(), ReprRendering("", "wantsReceipts"))
    if isListening:
        Audience(endOfTurn(Clock())).add(made)
    return made


def heard(author: Recipient) -> list[str]:
    assert isinstance(author.outlet, RecordingOutlet)
    return author.outlet.take()


def line(id: int, room: str = "#lobby") -> Said:
    return Said(room, id, AT, "alice", "hi")


def test_eachIsToldUntilHisLastLineIsStored() -> None:
    authors, early, late = Receipts(), recipient(), recipient()
    authors.said(early, line(1))
    authors.said(late, line(2))
    authors.said(late, line(3))
    authors.stored("#lobby", 2)
    assert heard(early) == heard(late) == [repr(Stored("#lobby", 2))]
    authors.stored("#lobby", 3)
    assert heard(early) == []
    assert heard(late) == [repr(Stored("#lobby", 3))]
    authors.stored("#lobby", 4)
    authors.stored("#nowhere", 1)
    assert heard(late) == []


@pytest.mark.parametrize(
    ("author", "said"),
    [
        (recipient(isListening=False), line(1)),
        (recipient(), line(0)),
    ],
    ids=["one who has gone", "a line that is not kept"],
)
def test_whoIsNotTold(author: Recipient, said: Said) -> None:
    authors = Receipts()
    authors.said(author, said)
    authors.stored("#lobby", 1)
    assert heard(author) == []


def test_whoHasGoneIsForgotten() -> None:
    authors, gone, here = Receipts(), recipient(), recipient()
    for room in "#lobby", "#dev":
        authors.said(gone, line(1, room))
    authors.said(here, line(2))
    authors.left(gone)
    authors.stored("#lobby", 2)
    authors.stored("#dev", 1)
    assert heard(gone) == []
    assert heard(here) == [repr(Stored("#lobby", 2))]
