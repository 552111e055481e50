"""
The two parts of a portal of C{twisted.cred}: a checker, which makes an avatar id of a name and a
password, and a realm, which makes an avatar of the id. The avatar is an account, and its id is the
fold of the name in UTF-8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import Attribute, Interface, implementer

from chat.core.accounts import Accounts
from chat.credentials.external import ExternalChecker, kindOf, traceOf
from chat.credentials.passwords import Hashing, usable
from chat.vocabulary.errors import ChatError
from chat.vocabulary.names import fold, nickname
from chat.vocabulary.records import DAMAGED, Account

AvatarId = bytes | tuple[()]


class PlacedPassword(UsernamePassword):
    """
    A name and a password that come from some origin (L{chat.interfaces.FrontDoor}).

    @ivar isKnown: Whether the account has logged in from there before.
    """

    def __init__(
        self, username: bytes, password: bytes, origin: str, isKnown: bool = False
    ) -> None:
        super().__init__(username, password)
        self.origin = origin
        self.isKnown = isKnown


@implementer(ICredentialsChecker)
class AccountChecker:
    """
    Checks passwords against the accounts that are kept here. Names may be in any spelling; names
    and passwords are in UTF-8. Both checkers fail with L{UnauthorizedLogin}, or with
    L{chat.vocabulary.errors.TryLater} when too many passwords wait.

    Whether an account exists cannot be told from how long the answer takes: every password is
    hashed once.
    """

    credentialInterfaces = (IUsernamePassword,)
    _log = Logger()

    def __init__(self, accounts: Accounts, hashing: Hashing) -> None:
        self._accounts = accounts
        self._hashing = hashing
        self._damaged: set[str] = set()

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[AvatarId]:
        password = credentials.password.decode()
        origin = getattr(credentials, "origin", "")
        isKnown = getattr(credentials, "isKnown", False)
        account = self._accounts.named(credentials.username.decode())
        secret = account.secret if account else ""
        if account and secret not in ("", DAMAGED) and not usable(secret):
            self._tellDamaged(account)
        verified = self._hashing.verify(secret, password, origin, isKnown)
        accepted = verified.addCallback(self._verified, account)
        return accepted.addCallback(self._accept, password, origin)

    def _tellDamaged(self, account: Account) -> None:
        # Once, however often they try.
        if account.fold not in self._damaged:
            self._damaged.add(account.fold)
            self._log.error(
                "the stored password of {name} is damaged or too costly to check:"
                " no password will match",
                event="secret-damaged",
                name=account.name,
            )

    def _verified(self, isRight: bool, account: Account | None) -> Account:
        # The password may have been changed while the old one was checked.
        if not isRight or account is None or not self._isCurrent(account):
            raise UnauthorizedLogin
        return account

    def _isCurrent(self, account: Account) -> bool:
        current = self._accounts.current(account)
        return current is not None and current.secret == account.secret

    def _accept(self, account: Account, password: str, origin: str) -> AvatarId:
        if self._hashing.needsRehash(account.secret):
            # The password is known only now. The login does not wait for this.
            renewed = self._hashing.hash(password, origin, isKnown=True)
            renewed.addCallback(self._renew, account)
            renewed.addErrback(self._notRenewed, account)
        return account.fold.encode()

    def _renew(self, secret: str, account: Account) -> Deferred[Account] | None:
        return self._accounts.setSecret(account, secret) if self._isCurrent(account) else None

    def _notRenewed(self, failure: Failure, account: Account) -> None:
        # A later login tries again.
        if failure.check(ChatError) is None:
            self._log.error(
                "the stored password of {name} was not renewed: {kind} in {trace}",
                event="secret-not-renewed",
                name=account.name,
                kind=kindOf(failure),
                trace=traceOf(failure),
            )


@implementer(ICredentialsChecker)
class CheckerChain:
    """
    Asks our own checker, then the external ones in their order, until one accepts the password. A
    portal has one checker for each kind of credentials.

    If the password of an account is kept here, no other checker is asked. A user whom an external
    checker accepts has an account from then on.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(
        self, accounts: Accounts, own: AccountChecker, others: Sequence[ExternalChecker]
    ) -> None:
        self._accounts = accounts
        self._own = own
        self._others = others

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[AvatarId]:
        answer = self._own.requestAvatarId(credentials)
        for other in self._others:
            answer.addErrback(self._askOther, other, credentials)
        return answer

    def _askOther(
        self, failure: Failure, other: ExternalChecker, credentials: IUsernamePassword
    ) -> Failure | Deferred[AvatarId]:
        name = self._nameElsewhere(credentials.username.decode())
        if name is None or failure.check(UnauthorizedLogin) is None:
            return failure
        asked = other.nameFor(UsernamePassword(name.encode(), credentials.password))
        return asked.addCallback(self._adopt, name)

    def _nameElsewhere(self, name: str) -> str | None:
        """
        @return: The name to ask external checkers for, or L{None} if they must not be asked.
        """
        account = self._accounts.named(name)
        if account is not None:
            # The spelling of the account: elsewhere Bob and bob may be two users.
            return None if account.secret else account.name
        try:
            return nickname(name)
        except ChatError:
            return None

    def _adopt(self, known: str, asked: str) -> AvatarId:
        try:
            name = nickname(known)
            # A checker that knows the user by another name does not vouch for this one.
            if fold(name) == fold(asked):
                return self._accounts.adopt(name).fold.encode()
        except ChatError:
            pass
        raise UnauthorizedLogin


class IAccountAvatar(Interface):
    """
    A user who has proved whose account it is.
    """

    account = Attribute("The L{Account}.")


@implementer(IAccountAvatar)
@dataclass(frozen=True)
class AccountAvatar:
    account: Account


@implementer(IRealm)
class AccountRealm:
    """
    Finds the account of an avatar id.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def requestAvatar(
        self, avatarId: AvatarId, mind: object, *interfaces: type[Interface]
    ) -> tuple[type[Interface], object, Callable[[], None]]:
        """
        @raise UnauthorizedLogin: When the account does not exist, or no longer. Anonymous logins
            have none.
        @raise NotImplementedError: When L{IAccountAvatar} is not asked for.
        """
        if IAccountAvatar not in interfaces:
            raise NotImplementedError("there are no avatars but those of accounts")
        account = self._accounts.owner(avatarId.decode()) if avatarId else None
        if account is None:
            raise UnauthorizedLogin
        # A session knows by itself when it ends, so there is nothing to do at a logout.
        return IAccountAvatar, AccountAvatar(account), lambda: None
