"""Tests for L{chat.core.renewal}."""

from __future__ import annotations

from dataclasses import replace

from chat.core.accounts import Accounts
from chat.core.renewal import renewed
from chat.vocabulary.records import Account, Record, RoomRecord, Sanction, SanctionKind
from tests.support.credentials import RecordingLedger
from tests.support.hubs import AT

ISMAIL = Account("İsmail", "i\u0307smail", AT, "secret", ignored=("ışıl", "bob"))
ROOM = RoomRecord("#i\u0307stanbul", "Hoş geldiniz", owners=("i\u0307smail",), guests=("ışıl",))
MUTE = Sanction(SanctionKind.MUTE, "ışıl", "Işıl", "boss", AT)
BAN = Sanction(SanctionKind.BAN, "2001:db8::/32", "2001:db8::/32", "boss", AT)
BOB = Account("Bob", "bob", AT, "secret")


def test_namesAreFoldedAnew() -> None:
    ledger = RecordingLedger()
    records = renewed([ISMAIL, ROOM, MUTE, BAN, BOB], ledger)
    assert records == [
        replace(ISMAIL, fold="ismail", ignored=("işil", "bob")),
        replace(ROOM, name="#istanbul", owners=("ismail",), guests=("işil",)),
        replace(MUTE, target="işil"),
        BAN,
        BOB,
    ]
    kept: list[tuple[str, Record]] = []
    for old, new in zip([ISMAIL, ROOM, MUTE], records, strict=False):
        kept += [("remove", old), ("put", new)]
    assert ledger.calls == kept


def test_theOwnerOfAnOlderAccountIsKnown() -> None:
    ledger = RecordingLedger()
    accounts = Accounts(ledger, lambda: AT)
    accounts.load(each for each in renewed([ISMAIL], ledger) if isinstance(each, Account))
    for name in ("İsmail", "ismail", "İSMAİL", "ISMAIL"):
        assert accounts.named(name) == replace(ISMAIL, fold="ismail", ignored=("işil", "bob"))


def test_whatIsThereAlreadyStays() -> None:
    """Two accounts of one name by now: the one that had it before."""
    ledger, other = RecordingLedger(), Account("ismail", "ismail", AT, "other")
    assert renewed([ISMAIL, other], ledger) == [other]
    assert renewed([other, ISMAIL], ledger) == [other]
    assert ledger.calls == []
    twice = replace(ISMAIL, name="İsmaıl", fold="i\u0307smaıl")
    assert [record.key for record in renewed([ISMAIL, twice], ledger)] == ["ismail"]
