"""
C{twistd tcpchat}: the service made of its options.  This is the only module that
knows every other.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any

from twisted.application.service import IService, MultiService
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.threads import deferToThreadPool
from twisted.logger import ILogObserver, Logger, jsonFileLogObserver
from twisted.python.logfile import LogFile

from chat import __version__
from chat.accounts import Accounts
from chat.backplane.local import LocalBackplane
from chat.credentials.gate import Gate
from chat.credentials.hashing import Hashing
from chat.directory import Directory
from chat.errors import CannotStart
from chat.facilities import Facilities, Settings
from chat.history.memory import MemoryStore
from chat.history.sqlite import SQLiteStore
from chat.history.store import OnLoaded, Store
from chat.hub import Hub
from chat.interfaces import FrontDoor, Outlet, Recorder, Style
from chat.operations.certificates import Certificates, reasonOf
from chat.operations.motd import readMOTD
from chat.operations.notify import NotifyService
from chat.operations.rehash import Rehash
from chat.operations.serving import ChatService
from chat.operations.transcript import Transcript
from chat.options import Options, wrong
from chat.protocols.linefactory import LineFactory
from chat.records import Account, Record, RoomRecord, Sanction
from chat.rendering.choice import renderingFor
from chat.sanctions import Sanctions
from chat.session import Session
from chat.times import utcNow
from chat.watch import StorageWatch

__all__ = ["BACKLOG", "Options", "makeService"]

_log = Logger()

BACKLOG = 1024
"""
How many connections may wait to be accepted: with Twisted's 50, some of a storm
of connections never see their greeting.
"""

IN_MEMORY = ":memory:"
"""The name of the database that is none."""


class _JSONLog(MultiService):
    """
    Services whose application logs JSON lines, to where twistd would log text.
    """

    def __init__(self, twistd: Mapping[str, Any]) -> None:
        """
        @param twistd: its own options.
        """
        super().__init__()
        path = twistd["logfile"] or ("-" if twistd["nodaemon"] else "twistd.log")
        file: Any = sys.stdout if path == "-" else LogFile.fromFullPath(path)
        self._observer = jsonFileLogObserver(file, recordSeparator="")

    def setServiceParent(self, parent: Any) -> None:
        """
        See L{IService.setServiceParent}.
        """
        # twistd asks its application for an observer, before it begins to log.
        parent.setComponent(ILogObserver, self._observer)
        super().setServiceParent(parent)


def makeService(options: Options) -> IService:
    """
    Put the service together.

    @raise SystemExit: with one line and status 1, when an endpoint cannot be
        used.
    """
    # Not at the top: importing a reactor installs it.
    from twisted.internet import reactor

    clock: Any = reactor
    # Its threads are made when they are needed first.
    inThread: Any = lambda *call: deferToThreadPool(clock, clock.getThreadPool(), *call)  # noqa: E731
    certificates = Certificates(inThread)
    endpoints = [(each, _endpoint(clock, certificates, each)) for each in options["ports"]]

    store = _storeFor(options, clock, lambda records: _load(records, shared))
    hashing = Hashing(clock)
    # Stopped in the reverse order: the watchdog is kept quiet until the end.
    notify = NotifyService(clock, os.environ)
    services: list[Any] = [notify, store, hashing]
    recorders: list[Recorder] = [store.history]
    if options["transcript"]:
        rendering = renderingFor(Style(language=options["language"])).elsewhere
        transcript = Transcript(options["transcript"], rendering, inThread)
        services.append(transcript)
        recorders.append(transcript)

    directory = Directory(
        store.ledger,
        endOfTurn=partial(clock.callLater, 0),
        later=clock.callLater,
        forget=store.history.forget,
        start=options["room"],
        announceLimit=options["announce-limit"],
        maxRooms=options["max-rooms"],
        maxJoined=options["max-joined"],
    )
    accounts = Accounts(store.ledger, utcNow, options["operators"])
    sanctions = Sanctions(store.ledger, utcNow)

    def readMessage() -> Deferred[None]:
        if not options["motd"]:
            return succeed(None)
        reading: Deferred[str] = inThread(readMOTD, options["motd"])
        return reading.addCallback(partial(setattr, shared, "motd"))

    rehash = Rehash(
        [
            ("message of the day", readMessage),
            ("bans", sanctions.readAgain),
            ("certificates", certificates.readAgain),
        ],
        notify,
        clock,
    )
    services.append(rehash)
    shared = Facilities(
        hub=Hub(LocalBackplane(store.nextId), directory, clock.seconds, recorders),
        history=store.history,
        accounts=accounts,
        authenticator=Gate(accounts, hashing, clock, inThread, options.get("credCheckers", ())),
        sanctions=sanctions,
        renderings=renderingFor,
        clock=clock,
        rehash=rehash.run,
        settings=_settings(options),
        motd=options["motdText"],
        startedAt=clock.seconds(),
    )
    store.observe(StorageWatch(shared))

    def newSession(door: FrontDoor, outlet: Outlet) -> Session:
        return Session(shared, door, outlet)

    factory = LineFactory(newSession, clock)
    service = ChatService(endpoints, factory, factory, notify, clock)
    for each in services:
        each.setServiceParent(service)
    sys.excepthook = partial(_oneLine, sys.excepthook)
    if options["log-format"] == "json" and options.parent is not None:
        log = _JSONLog(options.parent)
        service.setServiceParent(log)
        return log
    return service


def _settings(options: Options) -> Settings:
    return Settings(
        name=options["name"],
        version=__version__,
        language=options["language"],
        registrationTimeout=options["registration-timeout"],
        idleTimeout=options["idle-timeout"],
        listenAfterFIN=options["half-close"] == "listen",
        replay=options["replay"],
    )


def _storeFor(options: Options, clock: Any, onLoaded: OnLoaded) -> Store:
    limits = {
        "keepSeconds": options["keep"],
        "keepLines": options["keep-lines"],
        "replay": options["replay"],
    }
    if options["database"] == IN_MEMORY:
        return MemoryStore(clock, onLoaded, **limits)
    return SQLiteStore(options["database"], clock, onLoaded, **limits)


def _load(records: Sequence[Record], shared: Facilities) -> None:
    """Know what was there before a restart."""
    shared.accounts.load(each for each in records if isinstance(each, Account))
    for name in shared.accounts.unclaimed:
        _log.warn("no account {name} yet: whoever registers it is an operator", name=name)
    shared.hub.directory.load(each for each in records if isinstance(each, RoomRecord))
    shared.sanctions.load(each for each in records if isinstance(each, Sanction))


def _endpoint(reactor: Any, certificates: Certificates, description: str) -> IStreamServerEndpoint:
    """
    @raise SystemExit: when there is no such endpoint, or its certificate cannot
        be used.
    """
    full = f"tcp:{description}" if description.isdecimal() else description
    kinds = full.removeprefix("haproxy:").partition(":")[0]
    if kinds in ("tcp", "ssl", "unix") and ":backlog=" not in full:
        full += f":backlog={BACKLOG}"
    try:
        return certificates.endpoint(reactor, full)
    except KeyError as error:
        reason = f"the service manager has passed no socket called {error}"
    except Exception as error:
        reason = reasonOf(error)
    raise wrong(f"cannot use --port {description}: {reason}") from None


def _oneLine(
    otherwise: Callable[[type[BaseException], BaseException, TracebackType | None], object],
    kind: type[BaseException],
    error: BaseException,
    traceback: TracebackType | None,
) -> None:
    """
    An exception hook: what the operator must mend needs no traceback.
    """
    if isinstance(error, CannotStart):
        # In the background only the log has room for all of it.
        _log.critical("{error}", error=error)
        print(f"twistd tcpchat: {error}", file=sys.__stderr__)
    else:
        otherwise(kind, error, traceback)
