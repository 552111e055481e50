"""
Checks passwords against the accounts that are kept here.
"""

from __future__ import annotations

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.core.accounts import Accounts
from chat.credentials.external import kindOf, traceOf
from chat.credentials.passwords import Hashing
from chat.vocabulary.errors import ChatError
from chat.vocabulary.records import Account


@implementer(ICredentialsChecker)
class AccountChecker:
    """
    Gives the avatar id of an account, see L{chat.credentials.realm}, to those
    who know its password.

    Whether there is such an account cannot be told from how long the answer
    takes: every password is hashed once.
    """

    credentialInterfaces = (IUsernamePassword,)
    _log = Logger()

    def __init__(self, accounts: Accounts, hashing: Hashing) -> None:
        self._accounts = accounts
        self._hashing = hashing

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[bytes | tuple[()]]:
        """
        See L{ICredentialsChecker.requestAvatarId}.

        @param credentials: a name in any spelling and a password, both in UTF-8.
        @return: fails with L{UnauthorizedLogin}, or with
            L{chat.vocabulary.errors.TryLater}.
        """
        password = credentials.password.decode()
        account = self._accounts.named(credentials.username.decode())
        verified = self._hashing.verify(account.secret if account else "", password)
        return verified.addCallback(self._verified, account).addCallback(self._accept, password)

    def _verified(self, isRight: bool, account: Account | None) -> Account:
        # The password may have been changed while the old one was checked.
        if not isRight or account is None or not self._isCurrent(account):
            raise UnauthorizedLogin
        return account

    def _isCurrent(self, account: Account) -> bool:
        current = self._accounts.current(account)
        return current is not None and current.secret == account.secret

    def _accept(self, account: Account, password: str) -> bytes | tuple[()]:
        if self._hashing.needsRehash(account.secret):
            # The only time at which the password is known.  Nobody waits for it.
            renewed = self._hashing.hash(password).addCallback(self._renew, account)
            renewed.addErrback(self._notRenewed, account)
        return account.fold.encode()

    def _renew(self, secret: str, account: Account) -> Deferred[Account] | None:
        return self._accounts.setSecret(account, secret) if self._isCurrent(account) else None

    def _notRenewed(self, failure: Failure, account: Account) -> None:
        # Another login will come.
        if failure.check(ChatError) is None:
            self._log.error(
                "the secret of {name} was not renewed: {kind} in {trace}",
                name=account.name,
                kind=kindOf(failure),
                trace=traceOf(failure),
            )
