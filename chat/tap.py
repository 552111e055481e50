"""
C{twistd tcpchat}: makes the service of its options.  Only this module knows every other.

L{makeService} goes from the disk up to the ports; its helpers follow in the order of their use.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from resource import RLIMIT_NOFILE, getrlimit
from typing import Any

from twisted.application.service import IService
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.logger import Logger
from twisted.python.runtime import seconds as timeOfDay

from chat import __version__
from chat.backplane.local import LocalBackplane
from chat.core.accounts import Accounts
from chat.core.hub import Hub
from chat.core.renewal import renewed
from chat.core.rooms import Directory
from chat.core.sanctions import Sanctions
from chat.credentials.authenticator import PortalAuthenticator
from chat.credentials.passwords import Hashing
from chat.delivery.turnend import TurnEnd
from chat.endpoints.certificates import Certificates
from chat.endpoints.listen import endpointFrom
from chat.interfaces import Recorder
from chat.operations.distinct import requireDistinct
from chat.operations.logs import Log
from chat.operations.rehash import RehashService
from chat.operations.serving import ChatService
from chat.operations.signals import Signals, endOnceRunning
from chat.operations.starting import tellFailures
from chat.operations.systemd import NotifyService
from chat.operations.timing import FanOut, Heartbeat
from chat.operations.transcript import Transcript
from chat.operations.unused import UnusedRooms
from chat.options import Options, limitsOf, readMOTD, wrong
from chat.protocols.connections import Connections
from chat.protocols.line import LineFactory
from chat.rendering import renderingFor
from chat.session.server import Server, Settings, StorageWatch
from chat.session.session import Session
from chat.store.memory import MemoryStore
from chat.store.sqlite import SQLiteStore
from chat.store.store import OnLoaded, Store
from chat.store.threads import fileThreads
from chat.vocabulary.awake import AwakeTime
from chat.vocabulary.counters import Counters, Snapshot
from chat.vocabulary.limits import UNLIMITED, Limits, perDay, perMinute
from chat.vocabulary.records import Account, Record, RoomRecord, Sanction
from chat.vocabulary.style import Style
from chat.vocabulary.times import moment
from chat.vocabulary.trusted import TrustedTime

__all__ = ["Options", "makeService"]

_log = Logger()

IN_MEMORY = ":memory:"
"""The value of C{--database} that keeps everything in memory."""


def makeService(options: Options) -> IService:
    """
    Put the service together.

    @raise SystemExit: with one line and status 1, when an endpoint cannot be used.
    """
    # Not at the top: importing a reactor installs it.
    from twisted.internet import reactor

    twistd: Mapping[str, Any] = options.parent or {}
    # Without twistd, whose log it would be, SIGUSR1 is not ours.
    signals = Signals(signal.SIGHUP, *([signal.SIGUSR1] if twistd else ()))
    clock: Any = reactor
    if twistd:
        endOnceRunning(clock)
    time = _useAwakeTime(clock)
    inThread = fileThreads(clock)
    certificates = Certificates(inThread)
    endpointFor = partial(_endpoint, clock, certificates, options["backlog"])
    endpoints = [(each, endpointFor("port", each)) for each in options["ports"]]
    limits = limitsOf(options, getrlimit(RLIMIT_NOFILE)[0])
    if limits.maxConnections != UNLIMITED:
        _log.info(
            "at most {count} connections", event="connection-limit", count=limits.maxConnections
        )

    # Lines and records, which outlive a restart.
    trusted = TrustedTime(doubted=_doubted)
    store = _storeFor(
        options,
        clock,
        trusted,
        lambda records: _load(renewed(records, store.ledger), server, unused),
    )
    hashing = Hashing(clock)
    # Stopped in the reverse order: the watchdog is kept quiet until the end.
    notify = NotifyService(clock, os.environ)
    heartbeat = Heartbeat(clock, time, notify.alive)
    services: list[Any] = [heartbeat, notify, store, hashing]
    recorders: list[Recorder] = [store.history]
    words = renderingFor(Style(language=options["language"]))
    transcript: Transcript | None = None
    if options["transcript"]:
        transcript = Transcript(options["transcript"], words.elsewhere, clock)
        services.append(transcript)
        recorders.append(transcript)

    # Rooms and users.
    counters = Counters()
    fanOut = FanOut() if options["metrics"] else None
    turnEnd = TurnEnd(clock.callLater)

    def flushed(flush: Callable[[], int]) -> None:
        counters.deliveries += flush() if fanOut is None else fanOut.timed(flush)

    directory = Directory(
        store.ledger,
        endOfTurn=lambda flush: turnEnd(partial(flushed, flush)),
        later=clock.callLater,
        forget=store.history.forget,
        forgetOthers=store.history.forgetOthers,
        start=options["room"],
        announceLimit=options["announce-limit"],
        maxRooms=options["max-rooms"],
        maxJoined=options["max-joined"],
        maxOwned=options["max-owned"],
    )
    unused = UnusedRooms(directory, store.history, options["keep-unused"], clock, trusted.now)
    services.append(unused)
    accounts = Accounts(store.ledger, trusted.now, options["operators"], options["max-accounts"])
    sanctions = Sanctions(store.ledger, trusted.now)

    # Files that are read again while the service runs.
    def readMessage() -> Deferred[None]:
        if not options["motd"]:
            return succeed(None)
        reading: Deferred[str] = inThread(readMOTD, options["motd"])
        return reading.addCallback(partial(setattr, server, "motd"))

    rehash = RehashService(
        [
            ("message of the day", readMessage),
            ("bans", sanctions.readAgain),
            ("certificates", certificates.readAgain),
        ],
        signals,
        lambda: service.isServing,
        notify,
        clock,
    )
    services.append(rehash)

    # Sessions, and the door to them.
    server = Server(
        hub=Hub(LocalBackplane(store.nextId), directory, time.elapsed, recorders),
        history=store.history,
        accounts=accounts,
        authenticator=PortalAuthenticator(
            accounts,
            hashing,
            clock,
            inThread,
            options.get("credCheckers", ()),
            counters,
            lambda fold, origin: server.guessed(fold, origin),
        ),
        sanctions=sanctions,
        renderings=renderingFor,
        clock=clock,
        rehash=rehash.run,
        settings=_settings(options, limits),
        motd=options["motdText"],
        counters=counters,
        startedAt=time.elapsed(),
    )
    store.observe(StorageWatch(server))

    connections = Connections(clock, turnEnd, limits, counters, time.elapsed)
    factory = LineFactory(connections, partial(Session, server), words)
    ports = [(description, endpoint, factory) for description, endpoint in endpoints]

    # The service, as twistd runs it.
    log = Log(twistd, options["log-format"], signals, connections.refusals.count)
    if not twistd.get("chroot"):
        _requireDistinct(options, twistd, log)
    service = ChatService(ports, connections, notify, clock)
    if fanOut is not None:
        # Not at the top: it takes 5 MB.
        from chat.operations.metricsport import Metrics

        services.append(
            Metrics(
                options["metrics"],
                endpointFor("metrics", options["metrics"]),
                lambda: _snapshot(server, connections, store, log, transcript),
                lambda: service.isServing,
                heartbeat.seen,
                fanOut,
                clock,
            )
        )
    for each in services:
        each.setServiceParent(service)
    tellFailures(clock, isDaemon=not twistd.get("nodaemon", True))
    if not twistd:
        return service
    service.setServiceParent(log)
    return log


def _useAwakeTime(reactor: Any) -> AwakeTime:
    """
    Keep timers from firing early or late when the time of day is set, and from firing first when
    the process has stood still.

    @return: the time by which the reactor goes.
    """
    # Timers that are there already would stand still; a reactor with another clock is under test.
    if reactor.seconds is timeOfDay and not (reactor.running or reactor.getDelayedCalls()):
        time = AwakeTime()
        reactor.seconds = time.seconds
        return time
    return AwakeTime(reactor.seconds)


def _endpoint(
    reactor: Any, certificates: Certificates, backlog: int, option: str, description: str
) -> IStreamServerEndpoint:
    """
    @raise SystemExit: when there is no such endpoint, or its certificate cannot be used.
    """
    try:
        return endpointFrom(description, reactor, certificates, backlog)
    except ValueError as error:
        raise wrong(f"cannot use --{option} {description}: {error}") from None


def _doubted(shown: datetime, expected: datetime) -> None:
    _log.warn(
        "the clock shows {shown}, but about {expected} was expected:"
        " nothing expires by it for an hour",
        event="clock-doubted",
        shown=moment(shown),
        expected=moment(expected),
    )


def _requireDistinct(options: Options, twistd: Mapping[str, Any], log: Log) -> None:
    """
    @raise SystemExit: when two options name one file.
    """
    files = [
        ("--motd", options["motd"]),
        ("--pidfile", twistd.get("pidfile")),
        ("--logfile", "" if log.path == "-" else log.path),
    ]
    run = partial(os.path.join, twistd.get("rundir", ""))
    if options["database"] != IN_MEMORY:
        database = os.path.realpath(run(options["database"]))
        files += [("--database", database + more) for more in ("", "-wal", "-shm", ".lock")]
    if options["transcript"]:
        files.append(("--transcript", run(options["transcript"])))
    try:
        requireDistinct((option, os.path.abspath(path)) for option, path in files if path)
    except ValueError as error:
        raise wrong(str(error)) from None


def _storeFor(options: Options, clock: Any, trusted: TrustedTime, onLoaded: OnLoaded) -> Store:
    limits = {
        "keepSeconds": options["keep"],
        "keepLines": options["keep-lines"],
        "replay": options["replay"],
        "trusted": trusted,
    }
    if options["database"] == IN_MEMORY:
        return MemoryStore(clock, onLoaded, **limits)
    # systemd keeps its directory when it restarts the service, and cleans the other one.
    memory = os.environ.get("RUNTIME_DIRECTORY", "/dev/shm").partition(":")[0]
    return SQLiteStore(options["database"], clock, onLoaded, memory=memory, **limits)


def _load(records: Sequence[Record], server: Server, unused: UnusedRooms) -> None:
    """
    Restore accounts, rooms and sanctions as they were before a restart.
    """
    server.accounts.load(each for each in records if isinstance(each, Account))
    for name in server.accounts.unclaimed:
        _log.warn(
            "no account {name} yet: whoever registers it becomes an operator",
            event="operator-missing",
            name=name,
        )
    server.hub.directory.load(each for each in records if isinstance(each, RoomRecord))
    server.sanctions.load(each for each in records if isinstance(each, Sanction))
    unused.look()


def _settings(options: Options, limits: Limits) -> Settings:
    return Settings(
        name=options["name"],
        version=__version__,
        language=options["language"],
        registrationTimeout=options["registration-timeout"],
        idleTimeout=options["idle-timeout"],
        listenAfterFIN=options["half-close"] == "listen",
        replay=options["replay"],
        nickRate=perMinute(limits.nickRate),
        joinRate=perMinute(limits.joinRate),
        keyRate=perMinute(limits.keyRate),
        roomRate=perDay(limits.roomRate),
        accountRate=perDay(limits.accountRate),
        trusted=limits.trusted,
        reserved=tuple(options["reserved"]),
    )


def _snapshot(
    server: Server,
    connections: Connections,
    store: Store,
    log: Log,
    transcript: Transcript | None,
) -> Snapshot:
    counters = connections.counted()
    counters.logLost = log.lost
    counters.transcriptLost = transcript.lost if transcript is not None else 0
    return Snapshot(
        counters=counters,
        connections=connections.admission.connections,
        nameless=connections.admission.nameless,
        doors=connections.doors(),
        users=len(server.hub.nicknames),
        rooms=len(server.hub.directory),
        historyWaiting=store.waiting,
        waiting=connections.waiting(),
    )
