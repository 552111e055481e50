"""
All accounts: the nicknames that are registered, and what is kept of them.

They are all in memory, so a nickname can be looked up while a line is handled,
and a change holds at once.  The ledger is told, and the Deferred of a change
fires when it will outlive a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chat.core.lookalikes import Lookalikes
from chat.interfaces import Ledger
from chat.vocabulary.addresses import isLasting
from chat.vocabulary.errors import (
    AccountsFull,
    NickRegistered,
    NoSuchAccount,
    PasswordElsewhere,
)
from chat.vocabulary.names import MAX_COLUMNS, fold
from chat.vocabulary.records import Account

MAX_ACCOUNTS = 100_000
"""How many accounts users may register."""

MAX_ORIGINS = 8
"""How many origins of its logins are kept of an account."""

ORIGIN_DAYS = 90
"""For how many days after the last login from an origin it is one of the account's."""

_LONGEST = 4 * MAX_COLUMNS
"""No nickname has as many code points, so longer names are not folded."""


class Accounts:
    """
    All accounts, by the fold of their names.

    An L{Account} is a value and may be out of date in the hands of a session.  A
    change is made to the newest version of it, and fails when its account has
    been removed, even if there is another account of that name by now.

    @ivar appointed: the folds of the operators that the option C{--operator} names.

    A change holds at once, and as long as the process lives, whether the disk has it or not.
    """

    _log = Logger()

    def __init__(
        self,
        ledger: Ledger,
        now: Callable[[], datetime],
        operators: Collection[str] = (),
        maxAccounts: int = MAX_ACCOUNTS,
    ) -> None:
        """
        @param now: tells the time, in UTC.
        @param operators: names whose accounts are those of operators, whatever is kept
            of them.
        @param maxAccounts: 0 for any number.
        """
        self._ledger = ledger
        self._now = now
        self._maxAccounts = maxAccounts
        self._byFold: dict[str, Account] = {}
        self.appointed = frozenset(map(fold, operators))
        self._lookalikes = Lookalikes()
        # The folds of operators on record, so that no question goes through all accounts.
        self._recorded: set[str] = set()

    def __len__(self) -> int:
        return len(self._byFold)

    def load(self, records: Iterable[Account]) -> None:
        """
        Take these accounts in the place of all there are.
        """
        self._byFold.clear()
        self._lookalikes = Lookalikes()
        self._recorded.clear()
        for account in records:
            self._hold(account)

    def named(self, nick: str) -> Account | None:
        """
        @param nick: in any spelling.
        @return: the account to which this nickname belongs.
        """
        return self.owner(fold(nick)) if len(nick) <= _LONGEST else None

    def owner(self, fold: str) -> Account | None:
        """
        @param fold: see L{chat.vocabulary.names.fold}.
        @return: the account to which a nickname of this fold belongs.
        """
        return self._byFold.get(fold)

    def like(self, nick: str) -> tuple[str, ...]:
        """
        @param nick: as it is spelled.
        @return: the folds of the accounts whose names it looks like, its own among them.
        """
        return self._lookalikes.of(nick)

    def requireSpace(self, name: str) -> None:
        """
        See whether a nickname may be registered.

        @raise NickRegistered: when it is registered already.
        @raise AccountsFull: when there are as many accounts as there may be.
        """
        taken = self.named(name)
        if taken is not None:
            raise NickRegistered(taken.name)
        if 0 < self._maxAccounts <= len(self._byFold):
            raise AccountsFull(str(self._maxAccounts))

    def create(self, name: str, secret: str, origin: str = "") -> Deferred[Account]:
        """
        Register a nickname.

        @param name: from L{chat.vocabulary.names.nickname}.
        @param secret: from L{chat.interfaces.Authenticator.secretFor}.
        @param origin: from where that is done, which counts as a login.
        @return: fires with the account when it is stored.
        @raise ChatError: as L{requireSpace} does.
        """
        self.requireSpace(name)
        account = Account(name, fold(name), self._now(), secret)
        self._registered(account)
        return self._store(self._from(origin, account) or account)

    def adopt(self, name: str) -> Account:
        """
        Register a nickname whose password is not kept here but checked elsewhere.

        @param name: from L{chat.vocabulary.names.nickname}.
        @return: the account of that name, which may be there already.
        @raise NickRegistered: when it is there with a password that is kept here.
        """
        account = self.named(name)
        if account is None:
            account = Account(name, fold(name), self._now())
            self._registered(account)
            self._store(account)
        elif account.secret:
            raise NickRegistered(name)
        return account

    def knows(self, fold: str, origin: str) -> bool:
        """
        @param fold: of the name of an account, if there is one.
        @return: whether it has logged in from there during the last L{ORIGIN_DAYS} days.
        """
        account = self._byFold.get(fold)
        return account is not None and any(
            each == origin and day >= self._firstDay() for each, day in account.origins
        )

    def loggedIn(self, account: Account, origin: str) -> Account:
        """
        Keep from where an account has logged in.  It is written where that is another
        origin than the last one, or another day, and no login waits for that.

        @return: the account, as it is now.
        """
        newest = self.current(account) or account
        changed = self._from(origin, newest)
        if changed is None or self.current(account) is None:
            return newest
        self._store(changed)
        return changed

    def setSecret(self, account: Account, secret: str) -> Deferred[Account]:
        """
        Give an account another password.

        @param secret: from L{chat.interfaces.Authenticator.secretFor}.
        @return: fires with the changed account when it is stored.
        @raise NoSuchAccount: when it is gone.
        @raise PasswordElsewhere: when its password is checked elsewhere.
        """
        newest = self._newest(account)
        if not newest.secret:
            raise PasswordElsewhere(newest.name)
        return self._store(replace(newest, secret=secret))

    def setOperator(self, account: Account, isOperator: bool) -> Deferred[Account]:
        """
        Make the user of an account an operator, or no longer.  An account that the
        option C{--operator} names stays one.

        @return: fires with the changed account when it is stored.
        @raise NoSuchAccount: when it is gone.
        """
        return self._store(replace(self._newest(account), isOperator=isOperator))

    def setIgnored(self, account: Account, folds: Iterable[str]) -> Deferred[Account]:
        """
        Set which nicknames the user of an account ignores.

        @param folds: of these nicknames.
        @return: fires with the changed account when it is stored.
        @raise NoSuchAccount: when it is gone.
        """
        return self._store(replace(self._newest(account), ignored=tuple(folds)))

    def remove(self, account: Account) -> Deferred[Account]:
        """
        Remove an account; its nickname is free.

        @return: fires with the account that was, when it is stored no longer.
        @raise NoSuchAccount: when it is gone.
        """
        newest = self._newest(account)
        del self._byFold[newest.fold]
        self._lookalikes.remove(newest.fold, newest.name)
        self._recorded.discard(newest.fold)
        self._log.info("account {name} was deleted", event="account-removed", name=newest.name)
        if newest.fold in self.appointed:
            self._log.warn(
                "account {name} was deleted: whoever registers it next becomes an operator",
                event="operator-missing",
                name=newest.name,
            )
        return self._ledger.remove(newest).addCallback(lambda _: newest)

    def isOperator(self, account: Account) -> bool:
        """
        @return: whether the account, as it is now, is that of an operator.
        """
        newest = self.current(account)
        return newest is not None and (newest.isOperator or newest.fold in self.appointed)

    def operators(self) -> tuple[Account, ...]:
        """
        @return: the accounts of all operators, in the order of their folds.
        """
        folds = sorted(self.appointed | self._recorded)
        return tuple(self._byFold[fold] for fold in folds if fold in self._byFold)

    @property
    def unclaimed(self) -> tuple[str, ...]:
        """The folds of the operators named at the start that have no account yet."""
        return tuple(sorted(fold for fold in self.appointed if fold not in self._byFold))

    def current(self, account: Account) -> Account | None:
        """
        @return: the newest version of an account, or L{None} when it is gone.
        """
        newest = self._byFold.get(account.fold)
        # Another user may have registered a name that was given up.
        return newest if newest and newest.registered == account.registered else None

    def _registered(self, account: Account) -> None:
        self._log.info(
            "account {name} was registered", event="account-registered", name=account.name
        )
        if account.fold in self.appointed:
            self._log.warn(
                "{name}, made an operator by --operator, was registered",
                event="operator-registered",
                name=account.name,
            )

    def _newest(self, account: Account) -> Account:
        newest = self.current(account)
        if newest is None:
            raise NoSuchAccount(account.name)
        return newest

    def _from(self, origin: str, account: Account) -> Account | None:
        """
        @return: the account with an origin of today; L{None} where that changes nothing.
        """
        latest = (origin, self._now().date().isoformat())
        if not origin or not isLasting(origin) or account.origins[-1:] == (latest,):
            return None
        kept = [
            each for each in account.origins if each[0] != origin and each[1] >= self._firstDay()
        ]
        return replace(account, origins=(*kept, latest)[-MAX_ORIGINS:])

    def _firstDay(self) -> str:
        return (self._now() - timedelta(ORIGIN_DAYS)).date().isoformat()

    def _hold(self, account: Account) -> None:
        if account.fold not in self._byFold:
            # Its name does not change.
            self._lookalikes.add(account.fold, account.name)
        self._byFold[account.fold] = account
        if account.isOperator:
            self._recorded.add(account.fold)
        else:
            self._recorded.discard(account.fold)

    def _store(self, account: Account) -> Deferred[Account]:
        self._hold(account)
        return self._ledger.put(account).addCallback(lambda _: account)
