"""Tests for L{chat.credentials.realm}."""

from __future__ import annotations

import pytest
from twisted.cred.checkers import ANONYMOUS
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm
from zope.interface import Interface
from zope.interface.verify import verifyObject

from chat.core.accounts import Accounts
from chat.credentials.realm import AccountAvatar, AccountRealm, IAccountAvatar


def test_interfaces(accounts: Accounts) -> None:
    assert verifyObject(IRealm, AccountRealm(accounts))
    assert verifyObject(IAccountAvatar, AccountAvatar(accounts.adopt("alice")))


def test_anAvatarIsAnAccount(accounts: Accounts) -> None:
    account = accounts.adopt("李雷")
    interface, avatar, logout = AccountRealm(accounts).requestAvatar(
        account.fold.encode(), None, Interface, IAccountAvatar
    )
    assert interface is IAccountAvatar
    assert isinstance(avatar, AccountAvatar)
    assert avatar.account is account
    logout()


@pytest.mark.parametrize("avatarId", [b"alice", b"", ANONYMOUS])
def test_noAccountNoAvatar(accounts: Accounts, avatarId: bytes | tuple[()]) -> None:
    with pytest.raises(UnauthorizedLogin):
        AccountRealm(accounts).requestAvatar(avatarId, None, IAccountAvatar)


def test_noOtherAvatars(accounts: Accounts) -> None:
    accounts.adopt("alice")
    with pytest.raises(NotImplementedError):
        AccountRealm(accounts).requestAvatar(b"alice", None, Interface)
