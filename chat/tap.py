"""
C{twistd tcpchat}: the options, and the service made of them.  This is the only
module that knows every other.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any

from twisted.application.service import IService
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.threads import deferToThreadPool
from twisted.logger import ILogObserver, jsonFileLogObserver
from twisted.python.logfile import LogFile
from twisted.python.usage import Options as UsageOptions
from twisted.python.usage import UsageError

from chat import __version__
from chat.backplane.local import LocalBackplane
from chat.history.memory import MemoryHistory
from chat.hub import Hub
from chat.interfaces import FrontDoor, Outlet, Recorder
from chat.languages import LANGUAGES, SOURCE_LANGUAGE, resolve
from chat.operations.notify import NotifyService
from chat.operations.serving import CannotStart, ChatService
from chat.operations.transcript import Transcript
from chat.participant import Settings
from chat.protocols.line import LineFactory
from chat.rendering.choice import renderingFor
from chat.session import Session
from chat.text import clean

DEFAULT_PORT = "8080"

BACKLOG = 1024
"""
How many connections may wait to be accepted: with Twisted's 50, some of a storm
of connections never see their greeting.
"""

_HALF_CLOSE = ("close", "listen")
_LOG_FORMATS = ("text", "json")


def _seconds(text: str) -> float:
    """
    @raise ValueError: with what is expected, when it is something else.
    """
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise ValueError("a number of seconds, 0 for no limit")
    return seconds


_seconds.coerceDoc = "Seconds; 0 for no limit."  # type: ignore[attr-defined]


class Options(UsageOptions):
    """
    The command line of C{twistd tcpchat}.
    """

    synopsis = "[options]"
    longdesc = (
        "A chat service for telnet, nc and everything with a socket. --port is a number, or a "
        "Twisted endpoint such as unix:/run/chat.sock, "
        "ssl:8443:privateKey=key.pem:certKey=cert.pem, systemd:domain=INET:name=chat or "
        "haproxy:tcp:8080; give it as often as you like."
    )
    optParameters = [
        ["name", None, "tcpchat", "Name of the service, in its greeting."],
        ["motd", None, None, "File with the message of the day, in UTF-8."],
        ["language", None, SOURCE_LANGUAGE, f"Language of the service: {', '.join(LANGUAGES)}."],
        [
            "registration-timeout",
            None,
            60.0,
            "How long somebody may take to choose a nickname.",
            _seconds,
        ],
        ["idle-timeout", None, 1800.0, "How long somebody may be silent.", _seconds],
        [
            "half-close",
            None,
            "close",
            "What happens to one who closes his side: close, or listen.",
        ],
        ["transcript", None, None, "File to which all that is said is appended."],
        ["log-format", None, "text", "Format of the log: text, or json."],
    ]
    compData = None

    def __init__(self) -> None:
        super().__init__()
        self["ports"] = []

    def opt_port(self, description: str) -> None:
        """Port number or endpoint to listen on; repeatable. [default: 8080]"""
        self["ports"].append(description)

    opt_p = opt_port

    def opt_version(self) -> None:
        """Print the version of tcpchat, and exit."""
        print(f"tcpchat {__version__}")
        sys.exit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """
        Parse the command line.

        @raise SystemExit: with one line and status 1, when it is wrong.  twistd
            would print all of its help, and exit with 0.
        """
        try:
            super().parseOptions(options)
        except UsageError as error:
            raise _wrong(str(error)) from None

    def postOptions(self) -> None:
        """
        Check what can be checked without the reactor.
        """
        self["ports"] = self["ports"] or [DEFAULT_PORT]
        language = resolve(self["language"])
        if language is None:
            raise UsageError(f"--language is one of {', '.join(LANGUAGES)}")
        self["language"] = language
        self["name"] = clean(self["name"]).strip()
        if not self["name"]:
            raise UsageError("--name needs a name")
        for option, choices in (("half-close", _HALF_CLOSE), ("log-format", _LOG_FORMATS)):
            if self[option] not in choices:
                raise UsageError(f"--{option} is one of {', '.join(choices)}")
        self["motd"] = self._readMOTD()
        if self["log-format"] == "json":
            self._logJSON()

    def _readMOTD(self) -> str:
        path = self["motd"]
        if path is None:
            return ""
        try:
            with open(path, encoding="utf-8") as file:
                return "\n".join(clean(line) for line in file.read().splitlines())
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            raise UsageError(f"cannot read --motd {path}: {reason}") from error

    def _logJSON(self) -> None:
        """
        Log JSON lines to where twistd would log.  twistd makes its observer from
        its own option C{--logger}, so that is what is set.
        """
        twistd = self.parent
        if twistd is None:
            return
        if twistd.get("logger") or twistd.get("syslog"):
            raise UsageError("--log-format json does not go with --logger or --syslog")

        def observer() -> ILogObserver:
            path = twistd["logfile"] or ("-" if twistd["nodaemon"] else "twistd.log")
            # twistd has put its logger in the place of sys.stdout.
            file: Any = sys.__stdout__ if path == "-" else LogFile.fromFullPath(path)
            return jsonFileLogObserver(file, recordSeparator="")

        twistd["logger"] = observer


def makeService(options: Options) -> IService:
    """
    Put the service together.

    @raise SystemExit: with one line and status 1, when an endpoint cannot be
        used.
    """
    # Not at the top: importing a reactor installs it.
    from twisted.internet import reactor

    clock: Any = reactor
    recorders: list[Recorder] = [MemoryHistory()]
    transcript = None
    if options["transcript"]:
        inThread = partial(deferToThreadPool, clock, clock.getThreadPool())
        rendering = renderingFor("text", options["language"]).elsewhere
        transcript = Transcript(options["transcript"], rendering, inThread)
        recorders.append(transcript)
    hub = Hub(
        LocalBackplane(),
        endOfTurn=partial(clock.callLater, 0),
        seconds=clock.seconds,
        recorders=recorders,
    )
    settings = Settings(
        name=options["name"],
        version=__version__,
        motd=options["motd"],
        language=options["language"],
        registrationTimeout=options["registration-timeout"],
        idleTimeout=options["idle-timeout"],
        listenAfterFIN=options["half-close"] == "listen",
    )

    def newSession(door: FrontDoor, outlet: Outlet) -> Session:
        return Session(hub, door, outlet, renderingFor, settings, clock)

    factory = LineFactory(newSession, clock)
    endpoints = [(description, _endpoint(clock, description)) for description in options["ports"]]
    notify = NotifyService(clock, os.environ)
    service = ChatService(endpoints, factory, factory, notify, clock)
    notify.setServiceParent(service)
    if transcript is not None:
        transcript.setServiceParent(service)
    sys.excepthook = partial(_oneLine, sys.excepthook)
    return service


def _endpoint(reactor: Any, description: str) -> IStreamServerEndpoint:
    """
    @raise SystemExit: when there is no such endpoint, or its certificate cannot
        be used.
    """
    full = f"tcp:{description}" if description.isdecimal() else description
    kinds = full.removeprefix("haproxy:").partition(":")[0]
    if kinds in ("tcp", "ssl", "unix") and ":backlog=" not in full:
        full += f":backlog={BACKLOG}"
    try:
        endpoint: IStreamServerEndpoint = serverFromString(reactor, full)
    except Exception as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        filename = getattr(error, "filename", None)
        where = f" ({filename})" if filename else ""
        raise _wrong(f"cannot use --port {description}: {reason}{where}") from None
    return endpoint


def _wrong(text: str) -> SystemExit:
    return SystemExit(f"twistd tcpchat: {' '.join(text.split())}; see twistd tcpchat --help")


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
        print(f"twistd tcpchat: {error}", file=sys.__stderr__)
    else:
        otherwise(kind, error, traceback)
