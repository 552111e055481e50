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


def heard(sender: Recipient) -> list[str]:
    assert isinstance(sender.outlet, RecordingOutlet)
    return sender.outlet.take()


def line(id: int, room: str = "#lobby") -> Said:
    return Said(room, id, AT, "alice", "hi")


def test_aSenderIsToldUntilTheirLastLineIsStored() -> None:
    receipts, early, late = Receipts(), recipient(), recipient()
    receipts.said(early, line(1))
    receipts.said(late, line(2))
    receipts.said(late, line(3))
    receipts.stored("#lobby", 2)
    assert heard(early) == heard(late) == [repr(Stored("#lobby", 2))]
    receipts.stored("#lobby", 3)
    assert heard(early) == []
    assert heard(late) == [repr(Stored("#lobby", 3))]
    receipts.stored("#lobby", 4)
    receipts.stored("#nowhere", 1)
    assert heard(late) == []


@pytest.mark.parametrize(
    ("sender", "said"),
    [(recipient(isListening=False), line(1)), (recipient(), line(0))],
    ids=["a recipient that has left", "a line that is not kept"],
)
def test_noReceiptIsTold(sender: Recipient, said: Said) -> None:
    receipts = Receipts()
    receipts.said(sender, said)
    receipts.stored("#lobby", 1)
    assert heard(sender) == []


def test_aDepartedSenderIsForgotten() -> None:
    receipts, gone, here = Receipts(), recipient(), recipient()
    for room in "#lobby", "#dev":
        receipts.said(gone, line(1, room))
    receipts.said(here, line(2))
    receipts.left(gone)
    receipts.stored("#lobby", 2)
    receipts.stored("#dev", 1)
    assert heard(gone) == []
    assert heard(here) == [repr(Stored("#lobby", 2))]
