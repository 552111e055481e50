"""Tests for L{chat.core.accounts}."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from twisted.logger import capturedLogs, formatEvent

from chat.core.accounts import MAX_ORIGINS, ORIGIN_DAYS, Accounts
from chat.vocabulary.addresses import strange
from chat.vocabulary.errors import (
    AccountsFull,
    NickRegistered,
    NoSuchAccount,
    PasswordElsewhere,
)
from chat.vocabulary.names import fold
from chat.vocabulary.records import Account
from tests.support.credentials import RecordingLedger
from tests.support.hubs import now

AT = datetime(2026, 11, 21, 4, 35, 38, 123456, UTC)


class Desk:
    """
    Accounts, and a clock that advances by a second with each look.

    @ivar days: How many have passed.
    """

    def __init__(self, *operators: str, **limits: int) -> None:
        self.ledger = RecordingLedger()
        self.accounts = Accounts(self.ledger, self._now, operators, **limits)
        self._looks = 0
        self.days = 0

    def _now(self) -> datetime:
        self._looks += 1
        return AT + timedelta(self.days, self._looks)

    def create(self, name: str) -> Account:
        return now(self.accounts.create(name, f"secret of {name}"))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_thereAreNoAccountsAtFirst(desk: Desk) -> None:
    assert len(desk.accounts) == 0
    assert desk.accounts.named("alice") is None
    assert desk.accounts.owner("alice") is None
    assert desk.accounts.operators() == ()


def test_anAccountIsCreated(desk: Desk) -> None:
    account = desk.create("Alice")
    assert account == Account("Alice", fold("Alice"), AT + timedelta(seconds=1), "secret of Alice")
    assert desk.accounts.named("Alice") is desk.accounts.owner("alice") is account
    assert len(desk.accounts) == 1
    assert desk.ledger.calls == [("put", account)]


def test_theNumberOfAccountsIsLimited() -> None:
    desk = Desk(maxAccounts=2)
    alice = desk.create("alice")
    desk.create("bob")
    with pytest.raises(AccountsFull) as raised:
        desk.create("carol")
    assert raised.value.about == "2"
    assert desk.accounts.named("carol") is None
    # Those whose password is kept elsewhere come with the blessing of the operator.
    desk.accounts.adopt("dave")
    now(desk.accounts.remove(alice))
    now(desk.accounts.remove(desk.accounts.adopt("dave")))
    desk.create("carol")


def test_thereMayBeAnyNumberOfAccounts() -> None:
    desk = Desk(maxAccounts=0)
    for number in range(9):
        desk.create(f"alice{number}")


@pytest.mark.parametrize("spelling", ["alice", "ALICE", "ａｌｉｃｅ"])
def test_anAccountIsFoundInAnySpelling(desk: Desk, spelling: str) -> None:
    account = desk.create("Alice")
    assert desk.accounts.named(spelling) is account
    with pytest.raises(NickRegistered):
        desk.accounts.create(spelling, "another secret")
    assert desk.accounts.named("Alice") is account


@pytest.mark.parametrize("name", ["", "#lobby", "a b", "x" * 100_000, "\ud800"])
def test_anInvalidNicknameHasNoAccount(desk: Desk, name: str) -> None:
    desk.create("alice")
    assert desk.accounts.named(name) is None


def test_anAccountAppliesAtOnceAndIsStoredLater(desk: Desk) -> None:
    desk.ledger.hold()
    stored = desk.accounts.create("alice", "secret")
    account = desk.accounts.named("alice")
    assert account is not None
    assert not stored.called
    desk.ledger.release()
    assert now(stored) == account


def test_accountsAreLoaded(desk: Desk) -> None:
    desk.create("bob")
    desk.accounts.load(
        [Account("Alice", "alice", AT, "s", isOperator=True), Account("carol", "carol", AT, "s")]
    )
    assert len(desk.accounts) == 2
    assert desk.accounts.named("bob") is None
    assert [account.name for account in desk.accounts.operators()] == ["Alice"]
    desk.accounts.load([])
    assert desk.accounts.operators() == ()


def test_eachChangeKeepsThoseBefore(desk: Desk) -> None:
    alice = desk.create("alice")
    for secret in ("newer", "newest"):
        changed = now(desk.accounts.setIgnored(alice, ["bob", "carol"]))
        assert changed.ignored == ("bob", "carol")
        changed = now(desk.accounts.setOperator(alice, True))
        assert changed.isOperator
        changed = now(desk.accounts.setSecret(alice, secret))
        assert changed.secret == secret
    assert desk.accounts.named("alice") is changed
    assert changed == Account(
        "alice", "alice", alice.registered, "newest", isOperator=True, ignored=("bob", "carol")
    )
    assert desk.ledger.records == {"alice": changed}
    assert desk.accounts.current(alice) is changed


def test_anAccountIsRemoved(desk: Desk) -> None:
    alice = desk.create("alice")
    changed = now(desk.accounts.setOperator(alice, True))
    assert now(desk.accounts.remove(alice)) == changed
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


def test_aRemovedAccountCannotBeChanged(desk: Desk) -> None:
    alice = desk.create("alice")
    desk.accounts.remove(alice)
    _changesOf(desk.accounts, alice)
    assert len(desk.accounts) == 0


def test_aRemovedAccountDoesNotChangeTheNextOfItsName(desk: Desk) -> None:
    """A session that is still logged in must not set the password of another user."""
    old = desk.create("alice")
    desk.accounts.remove(old)
    new = desk.create("Alice")
    _changesOf(desk.accounts, old)
    desk.accounts.setOperator(new, True)
    assert desk.accounts.current(old) is None
    assert not desk.accounts.isOperator(old)
    assert desk.ledger.records["alice"].secret == new.secret


def test_anAccountIsAdopted(desk: Desk) -> None:
    alice = desk.accounts.adopt("Alice")
    assert (alice.name, alice.secret) == ("Alice", "")
    assert desk.accounts.adopt("alice") is alice
    assert desk.ledger.calls == [("put", alice)]
    with pytest.raises(PasswordElsewhere):
        desk.accounts.setSecret(alice, "new")
    with pytest.raises(NickRegistered):
        desk.accounts.create("alice", "secret")


def test_anAccountWithAPasswordIsNotAdopted(desk: Desk) -> None:
    alice = desk.create("alice")
    with pytest.raises(NickRegistered):
        desk.accounts.adopt("Alice")
    assert desk.accounts.named("alice") is alice


def test_recordsNameOperators(desk: Desk) -> None:
    bob, alice = desk.create("bob"), desk.create("alice")
    assert not desk.accounts.isOperator(alice)
    for account in (bob, alice):
        desk.accounts.setOperator(account, True)
    # An old record that says otherwise does not count.
    assert desk.accounts.isOperator(alice)
    assert [account.name for account in desk.accounts.operators()] == ["alice", "bob"]
    desk.accounts.setOperator(bob, False)
    assert not desk.accounts.isOperator(bob)
    assert [account.name for account in desk.accounts.operators()] == ["alice"]


def test_theOptionNamesOperators() -> None:
    """Whether their accounts exist already or not."""
    desk = Desk("ALICE", "bob")
    alice = desk.create("alice")
    assert desk.accounts.isOperator(alice)
    assert desk.accounts.operators() == (alice,)
    changed = now(desk.accounts.setOperator(alice, False))
    assert desk.accounts.isOperator(changed)
    desk.accounts.remove(alice)
    assert desk.accounts.operators() == ()


def test_itIsLoggedWhoHasAnAccount() -> None:
    """The administrator must see that a stranger may become an operator, or has become one."""
    desk = Desk("alice")
    with capturedLogs() as logged:
        alice = desk.create("Alice")
        desk.accounts.adopt("bob")
        desk.accounts.adopt("bob")
        desk.accounts.remove(alice)
    assert [(event["log_level"].name, event["event"], formatEvent(event)) for event in logged] == [
        ("info", "account-registered", "account Alice was registered"),
        ("warn", "operator-registered", "Alice, made an operator by --operator, was registered"),
        ("info", "account-registered", "account bob was registered"),
        ("info", "account-removed", "account Alice was deleted"),
        (
            "warn",
            "operator-missing",
            "account Alice was deleted: whoever registers it next becomes an operator",
        ),
    ]


# From where accounts log in.


def test_anAccountKnowsFromWhereItHasLoggedIn(desk: Desk) -> None:
    account = now(desk.accounts.create("Alice", "secret", "192.0.2.1"))
    assert desk.accounts.knows("alice", "192.0.2.1")
    assert not desk.accounts.knows("alice", "192.0.2.2")
    assert not desk.accounts.knows("bob", "192.0.2.1")
    changed = desk.accounts.loggedIn(account, "192.0.2.2")
    assert changed is desk.accounts.named("alice")
    assert desk.ledger.calls[-1] == ("put", changed)
    assert desk.accounts.knows("alice", "192.0.2.1")
    assert desk.accounts.knows("alice", "192.0.2.2")
    # It outlives a restart, and other changes.
    desk.accounts.load([now(desk.accounts.setSecret(account, "another"))])
    assert desk.accounts.knows("alice", "192.0.2.1")


def test_anOriginIsWrittenOnceADay(desk: Desk) -> None:
    account = now(desk.accounts.create("alice", "secret", "192.0.2.1"))
    for _ in range(3):
        account = desk.accounts.loggedIn(account, "192.0.2.1")
    assert len(desk.ledger.calls) == 1
    desk.days = 1
    account = desk.accounts.loggedIn(account, "192.0.2.1")
    assert account.origins == (("192.0.2.1", "2026-11-22"),)
    assert len(desk.ledger.calls) == 2


def test_theLastOriginIsTheOneOfTheLastLogin(desk: Desk) -> None:
    account = now(desk.accounts.create("alice", "secret", "192.0.2.1"))
    for origin in ("192.0.2.2", "192.0.2.1"):
        account = desk.accounts.loggedIn(account, origin)
    assert [origin for origin, _ in account.origins] == ["192.0.2.2", "192.0.2.1"]


def test_theLastOriginsAreKept(desk: Desk) -> None:
    account = now(desk.accounts.create("alice", "secret"))
    for number in (*range(MAX_ORIGINS + 1), 1):
        account = desk.accounts.loggedIn(account, f"192.0.2.{number}")
        desk.days += 1
    assert [origin[-1] for origin, _ in account.origins] == [*"2345678", "1"]


def test_oldOriginsAreForgotten(desk: Desk) -> None:
    account = now(desk.accounts.create("alice", "secret", "192.0.2.1"))
    desk.days = ORIGIN_DAYS
    assert desk.accounts.knows("alice", "192.0.2.1")
    desk.days += 1
    assert not desk.accounts.knows("alice", "192.0.2.1")
    assert [each for each, _ in desk.accounts.loggedIn(account, "192.0.2.2").origins] == [
        "192.0.2.2"
    ]


def test_originsThatCannotComeAgainAreNotKept(desk: Desk) -> None:
    account = desk.create("alice")
    assert desk.accounts.loggedIn(account, strange(7)) is account
    now(desk.accounts.remove(account))
    # Nor are those of an account that is gone.
    assert desk.accounts.loggedIn(account, "192.0.2.1") is account
    assert desk.accounts.named("alice") is None
