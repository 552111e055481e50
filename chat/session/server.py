"""
What all sessions share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from chat.core.accounts import Accounts
from chat.core.hub import Hub
from chat.core.sanctions import Sanctions
from chat.core.users import User
from chat.interfaces import Authenticator, History, RenderingChoice
from chat.session.replaycache import Replays
from chat.vocabulary.counters import Counters
from chat.vocabulary.events import Event, Warned
from chat.vocabulary.i18n import SOURCE_LANGUAGE
from chat.vocabulary.limits import UNRESTRICTED, Rate
from chat.vocabulary.records import Account

REPLAY = 20
"""How many lines one hears of the past on coming into a room."""


@dataclass(frozen=True)
class Settings:
    """
    What the operator of the service chose.

    @ivar name: of the service, in its greeting.
    @ivar version: of the software.
    @ivar language: in which a session begins.
    @ivar registrationTimeout: seconds to take a nickname in, 0 for no limit.
    @ivar idleTimeout: seconds without a line, 0 for no limit.
    @ivar listenAfterFIN: whether one who has closed his side stays as a listener.
    @ivar replay: how many lines one hears of the past on coming into a room.
    @ivar nickRate: how often a participant may change his nickname.
    @ivar joinRate: how often he may go into a room.
    """

    name: str = "tcpchat"
    version: str = ""
    language: str = SOURCE_LANGUAGE
    registrationTimeout: float = 60.0
    idleTimeout: float = 1800.0
    listenAfterFIN: bool = False
    replay: int = REPLAY
    nickRate: Rate = UNRESTRICTED
    joinRate: Rate = UNRESTRICTED


@dataclass
class Server:
    """
    What all sessions share.

    @ivar clock: for every timer.
    @ivar motd: message of the day; each of its lines is a notice.
    @ivar rehash: reads again what was read from files; fires with one short text
        for each thing that could not be read.
    @ivar counters: what is counted.
    @ivar replays: what was told last on coming into a room.
    @ivar startedAt: when the service began, in seconds of the clock.
    """

    hub: Hub
    history: History
    accounts: Accounts
    authenticator: Authenticator
    sanctions: Sanctions
    renderings: RenderingChoice
    clock: IReactorTime
    rehash: Callable[[], Deferred[tuple[str, ...]]]
    settings: Settings = Settings()
    motd: str = ""
    counters: Counters = field(default_factory=Counters)
    replays: Replays = field(default_factory=Replays)
    startedAt: float = 0.0

    def now(self) -> datetime:
        """The time, aware and in UTC."""
        return self.hub.now()

    def accountOf(self, user: User) -> Account | None:
        """The account that a user has proven to be his, as it is now."""
        return self.accounts.owner(user.account) if user.account else None

    def isOperator(self, user: User) -> bool:
        """Whether a user keeps order here."""
        account = self.accountOf(user)
        return account is not None and self.accounts.isOperator(account)

    def tellOperators(self, event: Event) -> None:
        """Tell those who keep order here."""
        for user in self.hub.nicknames.users:
            if self.isOperator(user):
                user.hear(event)


class StorageWatch:
    """
    Tells those whom it concerns; see L{chat.interfaces.HistoryObserver}.  What is for
    the log, the store itself has logged.
    """

    def __init__(self, server: Server) -> None:
        """
        @param server: knows who keeps order here.
        """
        self._shared = server

    def stored(self, room: str, id: int) -> None:
        """See L{chat.interfaces.HistoryObserver.stored}."""
        self._shared.hub.receipts.stored(room, id)

    def failing(self, reason: str) -> None:
        """See L{chat.interfaces.HistoryObserver.failing}."""
        self._shared.tellOperators(Warned("history-failing", reason))

    def recovered(self) -> None:
        """See L{chat.interfaces.HistoryObserver.recovered}."""
        self._shared.tellOperators(Warned("history-recovered"))

    def lost(self, count: int) -> None:
        """See L{chat.interfaces.HistoryObserver.lost}."""
        self._shared.counters.historyLost += count
        self._shared.tellOperators(Warned("history-lost", str(count)))
