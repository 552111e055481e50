"""
Passwords of accounts: which lines contain one, and the one to log in with after
the connection was lost.  It is kept in memory only.
"""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chat.cli.rejoining import secondsToWait
from chat.client.protocol import ChatClient, ChatFactory
from chat.client.requests import isWord
from chat.vocabulary.commands import Command, Login, Password, Register
from chat.vocabulary.events import Done, Event, Refused, Welcomed
from chat.vocabulary.verbs import verbIn

MOMENT = 5
"""Seconds before a login is repeated for which the service has no time at the moment."""

_SECRET = (Register, Login, Password)

_WRONG = frozenset(
    {
        "wrong-password",
        "password-invalid",
        "password-elsewhere",
        "too-many-attempts",
        "try-later",
        "nick-registered",
        "account-needed",
        "no-such-account",
    }
)

_FOR_NOW = frozenset({"too-many-attempts", "try-later"})
"""The codes of a login that was refused, right or wrong, and may be accepted later."""

_OF_OTHERS = frozenset({"unknown-language", "nick-registered"})
"""What is refused with these codes, before there is a nickname, is another line than a login."""


def passwordIn(text: str) -> int | None:
    """
    @param text: what was typed, perhaps not all of it yet.
    @return: where the arguments begin, one of which is a password; L{None} for anything but
        a command with a password.
    """
    found = verbIn(text)
    if found is None or found[0].command not in _SECRET:
        return None
    rest = found[1]
    return len(text.rstrip()) - len(rest) if rest else len(text)


class KeptPassword:
    """
    The password that the service accepted last, for the next connection, and the one
    that it has not answered yet.

    A login that is refused only for now is repeated on the same connection, until there
    is a nickname.

    @ivar pause: seconds from the refusal to the repetition, while one is due.
    """

    def __init__(self, factory: ChatFactory, clock: IReactorTime) -> None:
        """
        @param factory: makes the connections, and is given the password.
        """
        self._factory = factory
        self._clock = clock
        # The account and the password that the service has not answered yet, or has put off.
        self._told: tuple[str, str] | None = None
        self._timer: IDelayedCall | None = None
        self.pause: int | None = None

    @property
    def isOnItsWay(self) -> bool:
        """Whether the service has yet to answer a password for an account."""
        return self._told is not None and self._told[0] != "" and self._timer is None

    def connected(self, client: ChatClient) -> None:
        """Take in with which password a new connection logs in by itself, if it does."""
        self.drop()
        if client.password is not None:
            self.telling(client.account or client.wantedNick or "", client.password)

    def telling(self, account: str, password: str) -> None:
        """Remember a password that is being sent, until the service answers."""
        self.drop()
        self._told = (account, password)

    def entered(self, command: Command | None, nick: str | None) -> None:
        """
        Remember the password in a command that is being sent, if it has one.

        @param nick: the user's nickname.
        """
        match command:
            case Login(name=name, password=password):
                self.telling(name or nick or "", password)
            case Register(password=password):
                self.telling(nick or "", password)
            case Password(password=password):
                self.telling(self._factory.account or nick or "", password)
            case _:
                pass

    def heard(self, event: Event, client: ChatClient) -> str | None:
        """
        Keep or drop the password, as the service accepts or refuses it.

        @return: the account that this refuses a user who has no nickname yet.
        """
        match event:
            case Done(code="registered" | "logged-in" | "password-changed") if self._told:
                self._factory.account, self._factory.password = self._told
                self.drop()
            case Done(code="unregistered"):
                self.forget()
            case Welcomed() if self._timer is not None:
                # Under another nickname, so that login is no longer wanted.
                self.drop()
            case Refused() if not client.isRegistered:
                return self._refused(event, client)
            case Refused(code=code) if code in _WRONG:
                self.drop()
            case _:
                pass
        return None

    def drop(self) -> None:
        """Expect no answer, and repeat nothing."""
        self._told = self.pause = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def forget(self) -> None:
        """Keep no password."""
        self._factory.account = self._factory.password = None
        self.drop()

    def _refused(self, refused: Refused, client: ChatClient) -> str | None:
        isAnswer = refused.code not in _OF_OTHERS and self._timer is None
        if self._told is None or not isAnswer:
            return None
        account, password = self._told
        if refused.code == "wrong-password" and password == self._factory.password:
            self.forget()
        elif refused.code in _FOR_NOW and isWord(account):
            self.pause = secondsToWait(refused.about) if refused.about else MOMENT
            self._timer = self._clock.callLater(self.pause, self._repeat, client)
        else:
            self.drop()
        return account

    def _repeat(self, client: ChatClient) -> None:
        assert self._told is not None
        self._timer = self.pause = None
        client.login(*self._told)
