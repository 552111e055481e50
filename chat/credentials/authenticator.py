"""
The authenticator: logins through a portal of C{twisted.cred}, as often as the throttle allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import Portal
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.core.accounts import Accounts
from chat.credentials.checkers import AccountChecker, AccountRealm, CheckerChain, IAccountAvatar
from chat.credentials.external import ExternalChecker, InThread, kindOf, traceOf
from chat.credentials.passwords import Hashing
from chat.credentials.throttle import Attempt, Throttle
from chat.interfaces import Authenticator
from chat.vocabulary.errors import ChatError, TooManyAttempts, TryLater, WrongPassword
from chat.vocabulary.names import MAX_COLUMNS, fold
from chat.vocabulary.records import Account


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
    ) -> None:
        """
        @param inThread: For checkers that read files.
        @param checkers: Further checkers for C{IUsernamePassword}, asked in this order about users
            whose password is not kept here.
        """
        others = [ExternalChecker(checker, clock, inThread) for checker in checkers]
        chain = CheckerChain(accounts, AccountChecker(accounts, hashing), others)
        self._portal = Portal(AccountRealm(accounts), [chain])
        self._accounts = accounts
        self._hashing = hashing
        self._throttle = Throttle(clock.seconds)

    def login(self, name: str, password: str, address: str) -> Deferred[Account]:
        try:
            # No account has a longer name, and to fold one takes time.
            attempt = self._throttle.begin(address, fold(name[: 4 * MAX_COLUMNS]))
        except TooManyAttempts as error:
            return fail(TooManyAttempts(error.about))
        credentials = _credentials(name, password)
        if credentials is None:
            return fail(self._wrong(name, address))
        avatar: Deferred[Any] = self._portal.login(credentials, None, IAccountAvatar)
        return avatar.addCallbacks(
            self._letIn, self._refuse, (attempt,), {}, (attempt, name, address)
        )

    def secretFor(self, password: str) -> Deferred[str]:
        return self._hashing.hash(password)

    def _letIn(self, granted: tuple[object, Any, object], attempt: Attempt) -> Account:
        attempt.takeBack()
        account: Account = granted[1].account
        return account

    def _refuse(self, failure: Failure, attempt: Attempt, name: str, address: str) -> Failure:
        if failure.check(UnauthorizedLogin) is not None:
            return Failure(self._wrong(name, address))
        attempt.takeBack()
        if failure.check(ChatError) is None:
            self._log.error(
                "a login failed: {kind} in {trace}", kind=kindOf(failure), trace=traceOf(failure)
            )
        return Failure(TryLater())

    def _wrong(self, name: str, address: str) -> WrongPassword:
        account = self._accounts.named(name)
        if account is not None:
            self._log.warn(
                "wrong password for {name} from {address}", name=account.name, address=address
            )
        else:
            # A name without an account may be a password in the wrong place.
            self._log.warn("wrong password for an unknown name from {address}", address=address)
        return WrongPassword(name)


def _credentials(name: str, password: str) -> UsernamePassword | None:
    """
    @return: L{None} if no checker is to be asked.
    """
    try:
        credentials = UsernamePassword(name.encode(), password.encode())
    except UnicodeEncodeError:
        return None
    # Some checkers let users in who give no password.
    return credentials if password else None
