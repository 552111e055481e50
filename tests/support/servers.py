"""
What all sessions share, in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from chat.backplane.local import LocalBackplane
from chat.core.accounts import Accounts
from chat.core.hub import Hub
from chat.core.rooms import Directory
from chat.core.sanctions import Sanctions
from chat.delivery.turnend import TurnEnd
from chat.interfaces import Backplane, Recorder, RenderingChoice
from chat.rendering import renderingFor
from chat.session.server import Server, Settings
from chat.store.memory import MemoryStore
from chat.vocabulary.errors import PasswordInvalid, WrongPassword
from chat.vocabulary.records import Account
from tests.support.doubles import endOfTurn
from tests.support.hubs import AT


class PlainAuthenticator:
    """
    An authenticator that hides nothing: the secret is the password, backwards.

    @ivar isSlow: Whether it answers only when the test says so.
    """

    def __init__(self, accounts: Accounts) -> None:
        self.isSlow = False
        self._accounts = accounts
        self._waiting: list[Callable[[], None]] = []

    def login(self, name: str, password: str, address: str, origin: str) -> Deferred[Account]:
        account = self._accounts.named(name)
        if account is None or account.secret != password[::-1]:
            return self._answer(fail(WrongPassword(name)))
        return self._answer(succeed(account))

    def secretFor(self, password: str, origin: str, account: str = "") -> Deferred[str]:
        if len(password) < 8:
            return self._answer(fail(PasswordInvalid("8–128")))
        return self._answer(succeed(password[::-1]))

    def decide(self) -> None:
        """
        Give every answer that waits.
        """
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer()

    def _answer(self, decided: Deferred[Any]) -> Deferred[Any]:
        if not self.isSlow:
            return decided
        answer: Deferred[Any] = Deferred()
        self._waiting.append(lambda: decided.chainDeferred(answer))
        return answer


def newServer(
    clock: Any,
    backplane: Backplane | None = None,
    recorders: Sequence[Recorder] = (),
    renderings: RenderingChoice = renderingFor,
    operators: Collection[str] = (),
    now: Callable[[], datetime] = lambda: AT,
    motd: str = "",
    rooms: dict[str, Any] | None = None,
    turnEnd: TurnEnd | None = None,
    **settings: Any,
) -> Server:
    """
    @param clock: A L{twisted.internet.task.Clock}, or what does as much.
    @param recorders: What records lines besides the history.
    @param rooms: As for L{Directory}.
    @param turnEnd: The end of turns that the caller shares, if it does.
    @param settings: As in L{Settings}.
    """
    store = MemoryStore(clock, lambda records: None)
    directory = Directory(
        store.ledger,
        turnEnd or endOfTurn(clock),
        clock.callLater,
        forget=store.history.forget,
        forgetOthers=store.history.forgetOthers,
        **(rooms or {}),
    )
    accounts = Accounts(store.ledger, now, operators)
    return Server(
        hub=Hub(
            backplane or LocalBackplane(store.nextId),
            directory,
            clock.seconds,
            [store.history, *recorders],
            now,
        ),
        history=store.history,
        accounts=accounts,
        authenticator=PlainAuthenticator(accounts),
        sanctions=Sanctions(store.ledger, now),
        renderings=renderings,
        clock=clock,
        rehash=lambda: succeed(()),
        settings=Settings(**settings),
        motd=motd,
    )
