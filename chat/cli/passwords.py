"""
Passwords of accounts: which lines contain one, and the one to log in with after
the connection was lost.  It is kept in memory only.
"""

from __future__ import annotations

from chat.client.protocol import ChatFactory
from chat.vocabulary.commands import Command, Login, Password, Register
from chat.vocabulary.events import Done, Event, Refused
from chat.vocabulary.verbs import verbIn

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


def hasPassword(text: str) -> bool:
    """
    @param text: what was typed.
    @return: whether it is a command with a password.
    """
    verb = verbIn(text)
    return verb is not None and verb.command in _SECRET


class KeptPassword:
    """
    The password that the service accepted last, for the next connection.
    """

    def __init__(self, factory: ChatFactory) -> None:
        """
        @param factory: makes the connections, and is given the password.
        """
        self._factory = factory
        # The account and the password that the service has not answered yet.
        self._told: tuple[str, str] | None = None

    def telling(self, account: str, password: str) -> None:
        """Remember a password that is being sent, until the service answers."""
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

    def heard(self, event: Event) -> None:
        """
        Keep or drop the password, as the service accepts or refuses it.
        """
        match event:
            case Done(code="registered" | "logged-in" | "password-changed") if self._told:
                self._factory.account, self._factory.password = self._told
                self._told = None
            case Done(code="unregistered"):
                self.forget()
            case Refused(code=code) if code in _WRONG:
                self._told = None
            case _:
                pass

    def forget(self) -> None:
        """Keep no password."""
        self._factory.account = self._factory.password = None
        self._told = None
