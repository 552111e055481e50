"""Tests for L{chat.core.accounts}."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from chat.core.accounts import Accounts
from chat.vocabulary.errors import (
    HistoryUnavailable,
    NickRegistered,
    NoSuchAccount,
    PasswordElsewhere,
)
from chat.vocabulary.names import fold
from chat.vocabulary.records import Account
from tests.support.credentials import RecordingLedger

AT = datetime(2026, 11, 21, 4, 35, 38, 123456, UTC)


class Desk:
    """
    Accounts, and a clock that goes on by a second with each look.
    """

    def __init__(self, *operators: str) -> None:
        self.ledger = RecordingLedger()
        self.accounts = Accounts(self.ledger, self._now, operators)
        self._looks = 0

    def _now(self) -> datetime:
        self._looks += 1
        return AT + timedelta(seconds=self._looks)

    def create(self, name: str) -> Account:
        return result(self.accounts.create(name, f"secret of {name}"))


def result(deferred: Deferred[Any]) -> Any:
    """@return: what a Deferred has fired with."""
    results: list[Any] = []
    deferred.addCallback(results.append)
    return results[0]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_nobodyAtFirst(desk: Desk) -> None:
    assert len(desk.accounts) == 0
    assert desk.accounts.named("alice") is None
    assert desk.accounts.owner("alice") is None
    assert desk.accounts.operators() == ()


def test_created(desk: Desk) -> None:
    account = desk.create("Alice")
    assert account == Account("Alice", fold("Alice"), AT + timedelta(seconds=1), "secret of Alice")
    assert desk.accounts.named("Alice") is desk.accounts.owner("alice") is account
    assert len(desk.accounts) == 1
    assert desk.ledger.calls == [("put", account)]


@pytest.mark.parametrize("spelling", ["alice", "ALICE", "ａｌｉｃｅ"])
def test_inAnySpelling(desk: Desk, spelling: str) -> None:
    account = desk.create("Alice")
    assert desk.accounts.named(spelling) is account
    with pytest.raises(NickRegistered):
        desk.accounts.create(spelling, "another secret")
    assert desk.accounts.named("Alice") is account


@pytest.mark.parametrize("name", ["", "#lobby", "a b", "x" * 100_000, "\ud800"])
def test_whatIsNoNicknameBelongsToNobody(desk: Desk, name: str) -> None:
    desk.create("alice")
    assert desk.accounts.named(name) is None


def test_holdsAtOnceAndIsStoredLater(desk: Desk) -> None:
    desk.ledger.hold()
    stored = desk.accounts.create("alice", "secret")
    account = desk.accounts.named("alice")
    assert account is not None
    assert not stored.called
    desk.ledger.release()
    assert result(stored) == account


def test_holdsEvenIfItIsNotStored(desk: Desk) -> None:
    desk.ledger.hold()
    stored = desk.accounts.create("alice", "secret")
    desk.ledger.end()
    failures: list[Any] = []
    stored.addErrback(failures.append)
    assert failures[0].check(HistoryUnavailable)
    assert desk.accounts.named("alice") is not None


def test_loaded(desk: Desk) -> None:
    desk.create("bob")
    desk.accounts.load(
        [Account("Alice", "alice", AT, "s", isOperator=True), Account("carol", "carol", AT, "s")]
    )
    assert len(desk.accounts) == 2
    assert desk.accounts.named("bob") is None
    assert [account.name for account in desk.accounts.operators()] == ["Alice"]
    desk.accounts.load([])
    assert desk.accounts.operators() == ()


def test_changes(desk: Desk) -> None:
    alice = desk.create("alice")
    for secret in ("newer", "newest"):
        changed = result(desk.accounts.setIgnored(alice, ["bob", "carol"]))
        assert changed.ignored == ("bob", "carol")
        changed = result(desk.accounts.setOperator(alice, True))
        assert changed.isOperator
        changed = result(desk.accounts.setSecret(alice, secret))
        assert changed.secret == secret
    assert desk.accounts.named("alice") is changed
    # Each was made to what the one before had left.
    assert changed == Account(
        "alice", "alice", alice.registered, "newest", isOperator=True, ignored=("bob", "carol")
    )
    assert desk.ledger.records == {"alice": changed}
    assert desk.accounts.current(alice) is changed


def test_removed(desk: Desk) -> None:
    alice = desk.create("alice")
    changed = result(desk.accounts.setOperator(alice, True))
    assert result(desk.accounts.remove(alice)) == changed
    assert desk.accounts.named("alice") is None
    assert desk.ledger.records == {}
    assert desk.accounts.operators() == ()
    assert not desk.accounts.isOperator(alice)


def _changesOf(accounts: Accounts, account: Account) -> None:
    for change in (
        lambda: accounts.setSecret(account, "new"),
        lambda: accounts.setOperator(account, True),
        lambda: accounts.setIgnored(account, ["bob"]),
        lambda: accounts.remove(account),
    ):
        with pytest.raises(NoSuchAccount):
            change()


def test_whatIsGoneCannotBeChanged(desk: Desk) -> None:
    alice = desk.create("alice")
    desk.accounts.remove(alice)
    _changesOf(desk.accounts, alice)
    assert len(desk.accounts) == 0


def test_norCanTheAccountOfWhoeverHasTheNameNow(desk: Desk) -> None:
    """A session that is still logged in must not set the password of somebody else."""
    old = desk.create("alice")
    desk.accounts.remove(old)
    new = desk.create("Alice")
    _changesOf(desk.accounts, old)
    desk.accounts.setOperator(new, True)
    assert desk.accounts.current(old) is None
    assert not desk.accounts.isOperator(old)
    assert desk.ledger.records["alice"].secret == new.secret


def test_adopted(desk: Desk) -> None:
    alice = desk.accounts.adopt("Alice")
    assert (alice.name, alice.secret) == ("Alice", "")
    assert desk.accounts.adopt("alice") is alice
    assert desk.ledger.calls == [("put", alice)]
    with pytest.raises(PasswordElsewhere):
        desk.accounts.setSecret(alice, "new")
    with pytest.raises(NickRegistered):
        desk.accounts.create("alice", "secret")


def test_nobodyIsAdoptedWhoHasAPasswordHere(desk: Desk) -> None:
    alice = desk.create("alice")
    with pytest.raises(NickRegistered):
        desk.accounts.adopt("Alice")
    assert desk.accounts.named("alice") is alice


def test_anAdoptionThatIsNotStoredIsLogged(desk: Desk) -> None:
    desk.ledger.hold()
    with capturedLogs() as logged:
        desk.accounts.adopt("alice")
        desk.ledger.end()
    assert [event["name"] for event in logged] == ["alice"]


def test_operatorsByRecord(desk: Desk) -> None:
    bob, alice = desk.create("bob"), desk.create("alice")
    assert not desk.accounts.isOperator(alice)
    for account in (bob, alice):
        desk.accounts.setOperator(account, True)
    # Also by a record that says otherwise, because it is an old one.
    assert desk.accounts.isOperator(alice)
    assert [account.name for account in desk.accounts.operators()] == ["alice", "bob"]
    desk.accounts.setOperator(bob, False)
    assert not desk.accounts.isOperator(bob)
    assert [account.name for account in desk.accounts.operators()] == ["alice"]


def test_operatorsByOption() -> None:
    """An account they have, or will have."""
    desk = Desk("ALICE", "bob")
    alice = desk.create("alice")
    assert desk.accounts.isOperator(alice)
    assert desk.accounts.operators() == (alice,)
    changed = result(desk.accounts.setOperator(alice, False))
    assert desk.accounts.isOperator(changed)
    desk.accounts.remove(alice)
    assert desk.accounts.operators() == ()
