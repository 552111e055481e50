"""
The server: everything that all sessions share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chat.core.accounts import Accounts
from chat.core.guesses import UNKNOWN, Alarms, Guesses, Series
from chat.core.hub import Hub
from chat.core.room import Room
from chat.core.sanctions import Sanctions
from chat.core.throttle import Throttle, keyRates
from chat.core.users import User, UserSession
from chat.interfaces import Authenticator, History, HistoryObserver, RenderingChoice
from chat.session.replaycache import Replays
from chat.vocabulary.addresses import Network
from chat.vocabulary.confusables import look
from chat.vocabulary.counters import Counters
from chat.vocabulary.events import Event, Warned
from chat.vocabulary.i18n import SOURCE_LANGUAGE
from chat.vocabulary.limits import REPLAY, UNRESTRICTED, Rate, Shares
from chat.vocabulary.names import fold
from chat.vocabulary.records import Account
from chat.vocabulary.reserved import reserved

_log = Logger()


@dataclass(frozen=True)
class Settings:
    """
    The choices of the operator.

    @ivar name: of the service, in its greeting.
    @ivar version: of the software.
    @ivar language: in which a session begins.
    @ivar registrationTimeout: seconds to take a nickname in, 0 for no limit.
    @ivar idleTimeout: seconds without a line of a guest, 0 for no limit.
    @ivar listenAfterFIN: whether a user who has closed their side stays as a listener.
    @ivar replay: how many earlier lines a user hears on entering a room.
    @ivar nickRate: how often a user may change their nickname.
    @ivar joinRate: how often a user may enter rooms.
    @ivar keyRate: how many wrong keys may be tried at one room from one address.
    @ivar roomRate: how often rooms may be made from one address.
    @ivar accountRate: how often accounts may be registered from one address.
    @ivar trusted: networks for whose addresses the last two do not hold.
    @ivar reserved: nicknames that are reserved besides L{chat.vocabulary.reserved.NAMES}.
    """

    name: str = "tcpchat"
    version: str = ""
    language: str = SOURCE_LANGUAGE
    registrationTimeout: float = 60.0
    idleTimeout: float = 43200.0
    listenAfterFIN: bool = False
    replay: int = REPLAY
    nickRate: Rate = UNRESTRICTED
    joinRate: Rate = UNRESTRICTED
    keyRate: Rate = UNRESTRICTED
    roomRate: Rate = UNRESTRICTED
    accountRate: Rate = UNRESTRICTED
    trusted: tuple[Network, ...] = ()
    reserved: tuple[str, ...] = ()


@dataclass
class Server:
    """
    Everything that all sessions share.

    @ivar clock: for every timer.
    @ivar motd: message of the day; each of its lines is a notice.
    @ivar rehash: reads again what was read from files; fires with one short text
        for each thing that could not be read.
    @ivar counters: what is counted.
    @ivar replays: the last replays, as bytes.
    @ivar guesses: the wrong passwords for each account, of which its owner is told.
    @ivar alarms: what operators are told of wrong passwords, and of wrong keys of rooms.
    @ivar keys: how often keys of rooms may be guessed.
    @ivar startedAt: when the service began, in seconds of the Hub's clock.
    @ivar roomsMade: by origin, how many rooms have been made of late.
    @ivar registrations: by origin, how many accounts have been registered of late.
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
    guesses: Guesses = field(default_factory=Guesses)
    alarms: Alarms = field(default_factory=Alarms)
    startedAt: float = 0.0
    keys: Throttle = field(init=False)
    roomsMade: Shares = field(init=False)
    registrations: Shares = field(init=False)
    _reserved: frozenset[str] = field(init=False)
    _alarm: IDelayedCall | None = None

    def __post_init__(self) -> None:
        self.keys = Throttle(self.clock, keyRates(self.settings.keyRate))
        self._reserved = reserved(self.settings.reserved)
        self.roomsMade = Shares(self.settings.roomRate, self.hub.seconds)
        self.registrations = Shares(self.settings.accountRate, self.hub.seconds)

    def now(self) -> datetime:
        """The time, aware and in UTC."""
        return self.hub.now()

    def accountOf(self, user: User) -> Account | None:
        """The account that a user has proven to own, as it is now."""
        return self.accounts.owner(user.account) if user.account else None

    def isReserved(self, nick: str) -> bool:
        """
        Whether a nickname, of which there is no account, is kept from all but operators.  The
        operator of the service may name an operator as they like (C{--operator}), who has yet
        to register.
        """
        return look(nick) in self._reserved and fold(nick) not in self.accounts.appointed

    def isOperator(self, user: User) -> bool:
        """Whether a user is an operator."""
        account = self.accountOf(user)
        return account is not None and self.accounts.isOperator(account)

    def tellOperators(self, event: Event) -> None:
        """Tell all operators."""
        for user in self.hub.nicknames.users:
            if self.isOperator(user):
                user.hear(event)

    def guessed(self, fold: str, origin: str) -> None:
        """
        There was a wrong password: tell the user whose account it is for, and the operators
        where it goes on, but not of each one.

        @param fold: of a name that has an account, or may have one elsewhere (C{--auth}).
        """
        account, now = self.accounts.owner(fold), self.hub.seconds()
        if account is None:
            self.guesses.wrongElsewhere(fold, origin)
        else:
            known = [each for each, day in account.origins]
            tally = self.guesses.wrong(fold, origin, known)
            owner = self.hub.nicknames.present(fold)
            if owner is not None and tally.isDue(now):
                owner.hear(Warned("password-guessed", str(tally)))
        self._suspect(UNKNOWN if account is None else account.name, origin)

    def keyGuessed(self, room: Room, origin: str) -> None:
        """
        There was a wrong key of a room: tell the users who own it, and the operators, where it
        goes on.
        """
        _log.warn(
            "wrong key for {room} from {origin}", event="wrong-key", room=room.name, origin=origin
        )
        series = self._suspect(room.name, origin)
        if series.isDue(self.hub.seconds()):
            owners = map(self.hub.nicknames.present, room.record.owners)
            for owner in (*filter(None, owners), *room.guestOwners):
                owner.hear(Warned("key-guessed", f"{room.name} {series}"))

    def _suspect(self, name: str, origin: str) -> Series:
        """
        Count one for the operators, and tell them when they are to be told.
        """
        now = self.hub.seconds()
        series = self.alarms.wrong(name, origin, now)
        delay = self.alarms.delay(now)
        if delay is not None and self._alarm is None:
            if delay:
                self._alarm = self.clock.callLater(delay, self._raiseAlarm)
            else:
                self._raiseAlarm()
        return series

    def _raiseAlarm(self) -> None:
        self._alarm = None
        now = self.hub.seconds()
        report = self.alarms.report(now)
        self.alarms.told(now)
        if report:
            _log.warn(
                "somebody is guessing passwords or keys: {report}",
                event="account-guessed",
                report=report,
            )
            self.tellOperators(Warned("account-guessed", report))

    def tellAlarm(self, session: UserSession) -> None:
        """Tell the session of an operator, which has just begun, what others know already."""
        report = self.alarms.report(self.hub.seconds())
        if report:
            session.hear(Warned("account-guessed", report))


class StorageWatch(HistoryObserver):
    """
    Tells senders that their lines are stored, and operators when storing fails.  The
    store itself writes the log.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def stored(self, room: str, id: int) -> None:
        self._server.hub.receipts.stored(room, id)

    def failing(self, reason: str) -> None:
        self._server.tellOperators(Warned("history-failing", reason))

    def recovered(self) -> None:
        self._server.tellOperators(Warned("history-recovered"))

    def lost(self, count: int) -> None:
        self._server.counters.historyLost += count
        self._server.tellOperators(Warned("history-lost", str(count)))

    def damaged(self, count: int) -> None:
        self._server.counters.historyDamaged += count
