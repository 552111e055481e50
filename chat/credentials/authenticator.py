"""
The authenticator: logins through a portal of C{twisted.cred}, as often as the throttle allows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import Portal
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.core.accounts import Accounts
from chat.core.throttle import Attempt, Throttle
from chat.credentials.checkers import (
    AccountChecker,
    AccountRealm,
    CheckerChain,
    IAccountAvatar,
    PlacedPassword,
)
from chat.credentials.external import ExternalChecker, InThread, kindOf, traceOf
from chat.credentials.passwords import Hashing, prepare
from chat.interfaces import Authenticator
from chat.vocabulary.counters import Counters
from chat.vocabulary.errors import ChangingTooFast, ChatError, TryLater, WrongPassword
from chat.vocabulary.limits import Shares, perMinute
from chat.vocabulary.names import MAX_COLUMNS, fold
from chat.vocabulary.records import Account

CHANGES = 3
"""How often a minute an account may get another password, since each one is hashed and stored."""


class PortalAuthenticator(Authenticator):
    """
    Checks logins by a portal.  Every failure is a new exception, whose traceback leads to no
    password.
    """

    _log = Logger()

    def __init__(
        self,
        accounts: Accounts,
        hashing: Hashing,
        clock: IReactorTime,
        inThread: InThread,
        checkers: Sequence[ICredentialsChecker] = (),
        counters: Counters | None = None,
        guessed: Callable[[str, str], object] = lambda fold, origin: None,
    ) -> None:
        """
        @param inThread: For checkers that read files.
        @param checkers: Further checkers for C{IUsernamePassword}, asked in this order about users
            whose password is not kept here.
        @param counters: Where attempts are counted.
        @param guessed: Called for each wrong password of an account that exists, or of which a
            further checker may know, with the fold of its name and the origin.
        """
        others = [ExternalChecker(checker, clock, inThread) for checker in checkers]
        chain = CheckerChain(accounts, AccountChecker(accounts, hashing), others)
        self._portal = Portal(AccountRealm(accounts), [chain])
        self._accounts = accounts
        self._hashing = hashing
        self._throttle = Throttle(clock)
        self._changes = Shares(perMinute(CHANGES), clock.seconds)
        self._counters = counters or Counters()
        self._guessed = guessed
        self._hasOthers = bool(others)

    def login(self, name: str, password: str, address: str, origin: str) -> Deferred[Account]:
        # No account has a longer name, and to fold one takes time.
        folded = fold(name[: 4 * MAX_COLUMNS])
        isKnown = self._accounts.knows(folded, origin)
        begun = self._throttle.begin(origin, folded, isKnown)
        if not begun.called:
            self._counters.delays["password"] += 1
        return begun.addCallback(self._check, name, password, address, origin, isKnown)

    def secretFor(self, password: str, origin: str, account: str = "") -> Deferred[str]:
        if account and prepare(password) is not None:
            wait = self._changes.wait(account)
            if wait:
                return fail(ChangingTooFast(str(ceil(wait))))
            self._changes.spend(account)
        return self._hashing.hash(password, origin, isKnown=bool(account))

    def _check(
        self,
        attempt: Attempt,
        name: str,
        password: str,
        address: str,
        origin: str,
        isKnown: bool,
    ) -> Deferred[Account]:
        credentials = _credentials(name, password, origin, isKnown)
        if credentials is None:
            return fail(self._wrong(attempt, name, address, origin))
        avatar: Deferred[Any] = self._portal.login(credentials, None, IAccountAvatar)
        avatar.addCallbacks(
            self._letIn, self._refuse, (attempt,), {}, (attempt, name, address, origin)
        )
        # What has begun goes on to its end and is counted, even if its session waits no longer.
        answer: Deferred[Account] = Deferred()
        avatar.chainDeferred(answer)
        return answer

    def _letIn(self, granted: tuple[object, Any, object], attempt: Attempt) -> Account:
        attempt.end(isWrong=False)
        account: Account = granted[1].account
        return account

    def _refuse(
        self, failure: Failure, attempt: Attempt, name: str, address: str, origin: str
    ) -> Failure:
        if failure.check(UnauthorizedLogin) is not None:
            return Failure(self._wrong(attempt, name, address, origin))
        attempt.end(isWrong=False)
        if failure.check(ChatError) is None:
            self._log.error(
                "a login failed: {kind} in {trace}",
                event="login-failed",
                kind=kindOf(failure),
                trace=traceOf(failure),
            )
        return Failure(TryLater())

    def _wrong(self, attempt: Attempt, name: str, address: str, origin: str) -> WrongPassword:
        self._counters.wrongPasswords += 1
        account = self._accounts.named(name)
        if account is not None:
            self._log.warn(
                "wrong password for {name} from {address}",
                event="wrong-password",
                name=account.name,
                address=address,
            )
            self._guessed(account.fold, origin)
        else:
            # A name without an account may be a password in the wrong place.
            self._log.warn(
                "wrong password for an unknown name from {address}",
                event="wrong-password",
                address=address,
            )
            if self._hasOthers:
                self._guessed(fold(name[: 4 * MAX_COLUMNS]), origin)
        attempt.end(isWrong=True)
        return WrongPassword(name)


def _credentials(name: str, password: str, origin: str, isKnown: bool) -> PlacedPassword | None:
    """
    @return: L{None} if no checker is to be asked.
    """
    try:
        credentials = PlacedPassword(name.encode(), password.encode(), origin, isKnown)
    except UnicodeEncodeError:
        return None
    # Some checkers let users in who give no password.
    return credentials if password else None
