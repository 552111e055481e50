"""
Avatars of C{twisted.cred}: who has logged in is an account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm
from zope.interface import Attribute, Interface, implementer

from chat.core.accounts import Accounts
from chat.vocabulary.records import Account


class IAccountAvatar(Interface):
    """
    Somebody who has proved who he is.
    """

    account = Attribute("The L{Account} that is his.")


@implementer(IAccountAvatar)
@dataclass(frozen=True)
class AccountAvatar:
    """
    See L{IAccountAvatar}.
    """

    account: Account


@implementer(IRealm)
class AccountRealm:
    """
    Finds the account of an avatar id, which is its fold in UTF-8.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def requestAvatar(
        self, avatarId: bytes | tuple[()], mind: object, *interfaces: type[Interface]
    ) -> tuple[type[Interface], object, Callable[[], None]]:
        """
        See L{IRealm.requestAvatar}.

        @raise UnauthorizedLogin: when there is no such account, or no more.
            Nobody is let in without a name.
        @raise NotImplementedError: when no L{IAccountAvatar} is asked for.
        """
        if IAccountAvatar not in interfaces:
            raise NotImplementedError("there are no avatars but those of accounts")
        account = self._accounts.owner(avatarId.decode()) if avatarId else None
        if account is None:
            raise UnauthorizedLogin
        return IAccountAvatar, AccountAvatar(account), _logout


def _logout() -> None:
    """A session knows by itself when it ends."""
