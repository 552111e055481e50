"""
Several checkers as one: a portal has one for each kind of credentials.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from zope.interface import implementer

from chat.core.accounts import Accounts
from chat.credentials.checkers import AccountChecker
from chat.credentials.external import ExternalChecker
from chat.vocabulary.errors import ChatError
from chat.vocabulary.names import fold, nickname


@implementer(ICredentialsChecker)
class CheckerChain:
    """
    Asks our own checker, then those from elsewhere in their order, until one
    lets the person in.

    Where the password of an account is kept here, nobody else is asked.  Whom
    somebody else lets in has an account from then on.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(
        self, accounts: Accounts, ours: AccountChecker, others: Sequence[ExternalChecker]
    ) -> None:
        self._accounts = accounts
        self._ours = ours
        self._others = others

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[bytes | tuple[()]]:
        """
        See L{ICredentialsChecker.requestAvatarId}.

        @param credentials: a name in any spelling and a password, both in UTF-8.
        @return: fails with L{UnauthorizedLogin}, or with
            L{chat.vocabulary.errors.TryLater}.
        """
        answer = self._ours.requestAvatarId(credentials)
        for other in self._others:
            answer.addErrback(self._askOther, other, credentials)
        return answer

    def _askOther(
        self, failure: Failure, other: ExternalChecker, credentials: IUsernamePassword
    ) -> Failure | Deferred[bytes | tuple[()]]:
        name = self._nameElsewhere(credentials.username.decode())
        if name is None or failure.check(UnauthorizedLogin) is None:
            return failure
        asked = other.nameFor(UsernamePassword(name.encode(), credentials.password))
        return asked.addCallback(self._adopt, name)

    def _nameElsewhere(self, name: str) -> str | None:
        """
        @return: under which name others may be asked for somebody, if they may.
        """
        account = self._accounts.named(name)
        if account is not None:
            # One spelling only: elsewhere Bob and bob may be two.
            return None if account.secret else account.name
        try:
            return nickname(name)
        except ChatError:
            return None

    def _adopt(self, known: str, asked: str) -> bytes | tuple[()]:
        try:
            name = nickname(known)
            # To be somebody else elsewhere is no reason to be him here.
            if fold(name) == fold(asked):
                return self._accounts.adopt(name).fold.encode()
        except ChatError:
            pass
        raise UnauthorizedLogin
