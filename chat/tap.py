"""
C{twistd tcpchat}: the options, and the service made of them.  This is the only
module that knows every other.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any

from OpenSSL import SSL, crypto
from twisted.application.service import IService, MultiService
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.threads import deferToThreadPool
from twisted.logger import ILogObserver, Logger, jsonFileLogObserver
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
from chat.protocols.linefactory import LineFactory
from chat.rendering.choice import renderingFor
from chat.session import Session
from chat.text import clean

_log = Logger()

DEFAULT_PORT = "8080"

BACKLOG = 1024
"""
How many connections may wait to be accepted: with Twisted's 50, some of a storm
of connections never see their greeting.
"""

_HALF_CLOSE = ("close", "listen")
_LOG_FORMATS = ("text", "json")


class _Seconds:
    """
    What makes a time limit of the value of an option.
    """

    coerceDoc = "Seconds; 0 for no limit."

    def __init__(self, option: str) -> None:
        self._option = option

    def __call__(self, text: str) -> float:
        """
        @raise UsageError: when it is no number, or cannot be a limit.
        """
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1
        if not 0 <= seconds < float("inf"):
            raise UsageError(f"--{self._option} is a number of seconds, 0 for no limit")
        return seconds


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
            _Seconds("registration-timeout"),
        ],
        [
            "idle-timeout",
            None,
            1800.0,
            "How long somebody may be silent.",
            _Seconds("idle-timeout"),
        ],
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
        twistd: Mapping[str, Any] = self.parent or {}
        if self["log-format"] == "json" and (twistd.get("logger") or twistd.get("syslog")):
            raise UsageError("--log-format json does not go with --logger or --syslog")

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
    if options["log-format"] == "json" and options.parent is not None:
        log = _JSONLog(options.parent)
        service.setServiceParent(log)
        return log
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
        raise _wrong(f"cannot use --port {description}: {_reason(error)}") from None
    return endpoint


def _reason(error: Exception) -> str:
    """
    Why there is no such endpoint, for the operator.
    """
    match error:
        case SSL.Error() | crypto.Error():
            details = "; ".join(str(detail[-1]) for detail in error.args[0])
            return f"its certificate or private key cannot be used ({details})"
        case OSError(strerror=str(strerror), filename=filename):
            return f"{strerror} ({filename})" if filename else strerror
        case KeyError():
            return f"the service manager has passed no socket called {error}"
        case _:
            return str(error) or type(error).__name__


def _wrong(text: str) -> SystemExit:
    line = " ".join(text.split()).rstrip(".")
    return SystemExit(f"twistd tcpchat: {line}; see twistd tcpchat --help")


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
