"""
The command line of C{twistd tcpchat}.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.python.usage import CompleteFiles, CompleteList, Completer, Completions, UsageError
from twisted.python.usage import Options as UsageOptions

from chat import __version__
from chat.core.accounts import MAX_ACCOUNTS
from chat.core.rooms import ANNOUNCE_LIMIT, MAX_JOINED, MAX_OWNED, MAX_ROOMS, START_ROOM
from chat.optiontypes import (
    COUNT,
    KEEPALIVE_TIMES,
    LANGUAGE,
    NETWORK,
    PER_SECOND,
    SECONDS,
    SERVICE_NAME,
    SIZE,
    OptionType,
    countUpTo,
    keepaliveFrom,
    oneOf,
    secondsUpTo,
    sizeUpTo,
)
from chat.rendering.manual import HELP_TITLE, Manual, OptionGroup, OptionHelp, terminalColumns
from chat.vocabulary.arguments import seconds
from chat.vocabulary.errors import CannotRead
from chat.vocabulary.i18n import N_, SOURCE_LANGUAGE, localeLanguage, translation
from chat.vocabulary.limits import KEEPALIVE, REPLAY, UNLIMITED, Limits
from chat.vocabulary.names import nickname, roomname
from chat.vocabulary.sanitizing import clean

DEFAULT_PORT = "8080"

DATABASE = "tcpchat.sqlite3"
"""The name of the database unless told otherwise."""

KEEP_LINES = 1_000_000
"""How many lines of a room are kept unless told otherwise."""

MAX_REPLAY = 200
"""The most earlier lines that a room may be entered with."""

MAX_MOTD = 64 * 1024
"""How many bytes the message of the day may have: every user is told all of it."""

BACKLOG = 1024
"""
How many connections may wait to be accepted unless told otherwise: with Twisted's 50, some of a
storm of connections never see their greeting.
"""

AUTOMATIC = "auto"
"""The value of C{--max-connections} that depends on how many files may be open."""

MAX_CONNECTIONS = 10_000
"""How many connections there may be unless told otherwise."""

SPARE_FILES = 128
"""How many files are left for everything that is no connection."""


class _Option(NamedTuple):
    """
    An option.

    @ivar default: its value unless told otherwise; Twisted does not hand it to the type.
    @ivar help: what it is for, to be translated.
    @ivar type: of the value.
    @ivar isHandled: whether C{Options} has a method for it.
    @ivar isRepeatable: whether it may be given several times.
    """

    name: str
    default: Any
    help: str
    type: OptionType
    isHandled: bool = False
    isRepeatable: bool = False

    @property
    def parameter(self) -> list[Any]:
        """What C{Options.optParameters} has of it."""
        coerce = replace(self.type, option=self.name)
        return [self.name, None, self.default, self.help, coerce]

    @property
    def manual(self) -> OptionHelp:
        """What the help tells of it."""
        default = self.default
        shown = f"{default:g}" if isinstance(default, float) else str(default or "")
        names = (*_SHORT.get(self.name, ()), f"--{self.name}")
        return OptionHelp(names, self.type.value, self.help, shown)


def _attribute(option: str) -> str:
    """
    @return: the attribute of L{Limits} that an option sets: C{maxLine} for C{max-line}.
    """
    return re.sub("-(.)", lambda letter: letter[1].upper(), option)


def _connections(text: str) -> Any:
    return text if text == AUTOMATIC else COUNT.parse(text)


def _limit(name: str, type: OptionType, help: str, default: Any = None) -> _Option:
    if default is None:
        default = getattr(Limits, _attribute(name))
    return _Option(name, default, help, type)


def _flag(name: str, help: str) -> _Option:
    return _Option(name, None, help, OptionType(str, ""), True)


def _repeatable(name: str, value: str, help: str, default: str = "") -> _Option:
    return _Option(name, default, help, OptionType(str, value), True, True)


_SHORT = {"port": ("-p",)}
_FILE = OptionType(str, "FILE")
# Made seconds of in postOptions, for a default is not coerced.
_SPAN = OptionType(str, "SPAN")
_WHERE = "NUMBER|ENDPOINT"

_GROUPS = [
    (
        N_("Where to listen"),
        [
            _repeatable(
                "port",
                _WHERE,
                N_("Port number or endpoint to listen on; repeatable."),
                DEFAULT_PORT,
            ),
            _Option(
                "backlog",
                BACKLOG,
                N_(
                    "Maximum number of connections waiting to be accepted; 0: the endpoint decides."
                ),
                countUpTo(2**31 - 1),
            ),
        ],
    ),
    (
        N_("The service"),
        [
            _Option(
                "name", "tcpchat", N_("Name of the service, shown in the greeting."), SERVICE_NAME
            ),
            _Option("motd", None, N_("Message of the day: a text file in UTF-8."), _FILE),
            _Option(
                "language",
                SOURCE_LANGUAGE,
                N_("Initial language of each session, and language of the transcript."),
                LANGUAGE,
            ),
            _Option(
                "registration-timeout",
                60.0,
                N_("How long a new connection may take to choose a nickname."),
                SECONDS,
            ),
            _Option("idle-timeout", 43200.0, N_("How long a guest may stay silent."), SECONDS),
            _Option(
                "half-close",
                "close",
                N_(
                    "When a client closes its sending side: end the session (close), or let it go "
                    "on listening (listen)."
                ),
                oneOf("close", "listen"),
            ),
        ],
    ),
    (
        N_("Rooms"),
        [
            _Option(
                "room",
                START_ROOM,
                N_("The room that users enter first."),
                OptionType(roomname, "ROOM"),
            ),
            _Option(
                "replay",
                REPLAY,
                N_("Number of earlier lines shown to a user who enters a room."),
                countUpTo(MAX_REPLAY),
            ),
            _Option(
                "announce-limit",
                ANNOUNCE_LIMIT,
                N_(
                    "Announce joins and departures only in rooms with at most this many users; 0: "
                    "always."
                ),
                COUNT,
            ),
            _Option("max-rooms", MAX_ROOMS, N_("Maximum number of rooms."), COUNT),
            _Option(
                "max-joined",
                MAX_JOINED,
                N_("Maximum number of rooms a user may be in at once."),
                COUNT,
            ),
            _Option(
                "max-owned",
                MAX_OWNED,
                N_("Maximum number of rooms an account may own permanently."),
                COUNT,
            ),
        ],
    ),
    (
        N_("Accounts and operators"),
        [
            _repeatable("operator", "NAME", N_("Make this account an operator; repeatable.")),
            _repeatable(
                "reserve",
                "NAMES",
                N_("Nicknames that only operators may use, separated by commas; repeatable."),
            ),
            _repeatable(
                "auth",
                "CHECKER",
                N_("Additional source of passwords, such as file:passwords; repeatable."),
            ),
            _flag("help-auth", N_("List the kinds of --auth and exit.")),
            _Option(
                "help-auth-type",
                None,
                N_("Explain a kind of --auth and exit."),
                OptionType(str, "KIND"),
                isHandled=True,
            ),
            _Option("max-accounts", MAX_ACCOUNTS, N_("Maximum number of accounts."), COUNT),
        ],
    ),
    (
        N_("Storage"),
        [
            _Option(
                "database",
                None,
                N_(
                    "File that stores history, accounts, rooms and bans; :memory: stores nothing "
                    "on disk. [default: tcpchat.sqlite3, in $STATE_DIRECTORY if that is set]"
                ),
                OptionType(str, "FILE|:memory:"),
            ),
            _Option("keep", "30d", N_("How long lines are kept."), _SPAN),
            _Option("keep-lines", KEEP_LINES, N_("Maximum number of lines kept per room."), COUNT),
            _Option(
                "keep-unused",
                "7d",
                N_("How long an empty room is kept if nobody has ever talked in it."),
                _SPAN,
            ),
            _Option(
                "transcript",
                None,
                N_("Append everything said in rooms to this file."),
                _FILE,
            ),
        ],
    ),
    (
        N_("Log and metrics"),
        [
            _Option("log-format", "text", N_("Format of the log."), oneOf("text", "json")),
            _Option(
                "metrics",
                None,
                N_(
                    "Where to serve metrics for Prometheus, and /healthz; keep it private, for "
                    "example tcp:9100:interface=127.0.0.1."
                ),
                OptionType(str, _WHERE),
            ),
        ],
    ),
    (
        N_("Connection limits"),
        [
            _limit(
                "max-connections",
                OptionType(_connections, f"NUMBER|{AUTOMATIC}"),
                N_(
                    "Maximum number of connections; auto: as many as the limit on open files "
                    "allows, up to 10000."
                ),
                default=AUTOMATIC,
            ),
            _limit("max-nameless", COUNT, N_("Maximum number of connections without a nickname.")),
            _limit(
                "max-per-address",
                COUNT,
                N_("Maximum number of connections from one address (IPv4) or /64 network (IPv6)."),
            ),
            _limit(
                "connect-rate",
                COUNT,
                N_("Maximum number of new connections per minute from the same source."),
            ),
            _repeatable(
                "trust",
                "NETWORK",
                N_("Address or network exempt from the per-address limits; repeatable."),
            ),
            _limit(
                "keepalive",
                KEEPALIVE_TIMES,
                N_(
                    "TCP keepalive: seconds of silence before the first probe, seconds between "
                    "probes, and unanswered probes before the connection is closed."
                ),
                default="/".join(map(str, KEEPALIVE)),
            ),
            _limit(
                "user-timeout",
                # The kernel has milliseconds in an int; this leaves some time to spare.
                secondsUpTo(10**6),
                N_("How long sent data may stay unacknowledged (TCP_USER_TIMEOUT)."),
            ),
        ],
    ),
    (
        N_("User limits"),
        [
            _limit("max-line", SIZE, N_("Maximum length of a line, including its line ending.")),
            _limit("max-unended", SIZE, N_("Maximum amount of input without a line ending.")),
            _limit(
                "turn-lines",
                COUNT,
                N_("Lines handled from one connection before others get their turn."),
            ),
            _limit(
                "turn-bytes",
                SIZE,
                N_("Input read from one connection before others get their turn."),
            ),
            _limit("line-burst", COUNT, N_("Lines a user may send in one burst.")),
            _limit("line-rate", PER_SECOND, N_("Lines handled per second after that.")),
            _limit(
                "max-behind",
                SECONDS,
                N_(
                    "How long lines may be held back by --line-rate before the connection is "
                    "closed."
                ),
            ),
            _limit("nick-rate", COUNT, N_("Nickname changes allowed per user per minute.")),
            _limit("join-rate", COUNT, N_("Attempts to enter a room allowed per user per minute.")),
            _limit("key-rate", COUNT, N_("Wrong keys allowed per room, address and minute.")),
            _limit("room-rate", COUNT, N_("Rooms an address may create per day.")),
            _limit("account-rate", COUNT, N_("Accounts an address may register per day.")),
        ],
    ),
    (
        N_("Slow readers"),
        [
            _limit(
                "soft-waiting",
                SIZE,
                N_("Unread output at which a user's own commands have to wait."),
            ),
            _limit(
                "max-waiting",
                SIZE,
                N_("Unread output at which a user is disconnected."),
            ),
            _limit(
                "max-waiting-all",
                SIZE,
                N_("Maximum unread output of all users together."),
            ),
            _limit(
                "stall-timeout",
                SECONDS,
                N_("How long a user may read nothing while output is waiting."),
            ),
            _limit(
                "send-buffer",
                sizeUpTo(2**30),
                N_("Kernel send buffer of each connection (SO_SNDBUF)."),
            ),
        ],
    ),
    (
        HELP_TITLE,
        [
            _flag("help", N_("Show this help.")),
            _flag("version", N_("Show the version.")),
        ],
    ),
]

_OPTIONS = [option for _title, options in _GROUPS for option in options]

LIMITS = [option for option in _OPTIONS if hasattr(Limits, _attribute(option.name))]
"""
The options that limit what one connection, or all together, may ask of the service; 0 turns a
limit off.  Each sets the attribute of L{Limits} that has its name.
"""

MANUAL = Manual(
    "twistd [TWISTD OPTION]... tcpchat [OPTION]...",
    N_("A self-hosted chat server for the terminal."),
    [OptionGroup(title, [option.manual for option in options]) for title, options in _GROUPS],
    [
        (
            N_("Values"),
            N_("BYTES can be written as 64K or 128M, SPAN as 12h or 30d. 0 turns a limit off."),
        ),
        (
            N_("Endpoints"),
            N_(
                "Twisted endpoint strings, such as unix:/run/chat.sock, "
                "tcp:8080:interface=127.0.0.1, ssl:8443:privateKey=key.pem:certKey=cert.pem, "
                "systemd:domain=INET:name=chat or haproxy:tcp:8080."
            ),
        ),
    ],
)
"""What the service tells of its options."""


def _completers() -> Iterator[tuple[str, Completer]]:
    """What zsh completes the values of options with, as C{twistd} tells it."""
    for option in _OPTIONS:
        if option.manual.choices:
            yield option.name, CompleteList(option.manual.choices)
        elif option.manual.takesFile:
            yield option.name, CompleteFiles()


class Options(UsageOptions, AuthOptionMixin):
    """
    The command line of C{twistd tcpchat}.
    """

    optParameters = [option.parameter for option in _OPTIONS if not option.isHandled]
    compData = Completions(
        descriptions={option.name: option.help for option in _OPTIONS},
        multiUse=[option.name for option in _OPTIONS if option.isRepeatable],
        optActions=dict(_completers()),
    )
    # The credentials that plugins of --auth may check.
    supportedInterfaces = (IUsernamePassword,)

    def __init__(self) -> None:
        super().__init__()
        self["ports"] = []
        self["operators"] = []
        self["reserved"] = []
        self["trusted"] = []

    def addChecker(self, checker: Any) -> None:
        """Take a checker that C{--auth} names."""
        if isinstance(checker, InMemoryUsernamePasswordDatabaseDontUse):
            # Its plugin leaves names and passwords as text, and so none would ever be right.
            users: dict[Any, Any] = dict(checker.users)
            checker.users = {name.encode(): password.encode() for name, password in users.items()}
        super().addChecker(checker)

    def opt_port(self, description: str) -> None:
        """Port number or endpoint to listen on; repeatable. [default: 8080]"""
        self["ports"].append(description)

    opt_p = opt_port

    def opt_operator(self, name: str) -> None:
        """Make this account an operator; repeatable."""
        self["operators"].append(OptionType(nickname, option="operator")(name))

    def opt_reserve(self, names: str) -> None:
        """Nicknames that only operators may use, separated by commas; repeatable."""
        self["reserved"] += map(OptionType(nickname, option="reserve"), names.split(","))

    def opt_trust(self, network: str) -> None:
        """Address or network exempt from the limits per address; repeatable."""
        self["trusted"].append(replace(NETWORK, option="trust")(network))

    def __str__(self) -> str:
        """The help, in the language of the locale."""
        charset = sys.stdout.encoding or "utf-8"
        gettext = translation(localeLanguage(os.environ, charset)).gettext
        return MANUAL.text(gettext, terminalColumns())

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
            raise wrong(str(error)) from None

    def postOptions(self) -> None:
        """
        Fill in what depends on the environment, or on several options.
        """
        self["ports"] = self["ports"] or [DEFAULT_PORT]
        for name in ("keep", "keep-unused"):
            self[name] = OptionType(_span, option=name)(self[name])
        self["database"] = self["database"] or _defaultDatabase()
        # Read again later, in another directory.
        self["motd"] = self["motd"] and os.path.abspath(self["motd"])
        try:
            self["motdText"] = readMOTD(self["motd"]) if self["motd"] else ""
        except CannotRead as error:
            raise UsageError(f"cannot read --motd {error}") from error
        twistd: Mapping[str, Any] = self.parent or {}
        if self["log-format"] == "json" and (twistd.get("logger") or twistd.get("syslog")):
            raise UsageError("--log-format json cannot be used with --logger or --syslog")


def _span(text: str) -> int:
    """
    @return: seconds, 0 for ever.
    """
    span = 0 if text == "0" else seconds(text)
    if span is None:
        raise ValueError("must be a time span such as 12h or 30d, or 0 for ever")
    return span


def _defaultDatabase() -> str:
    """
    @return: the path of the database where the service manager wants state to be, else in the run
        directory.
    """
    directory = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return os.path.join(directory, DATABASE)


def readMOTD(path: str) -> str:
    """
    Read the message of the day.  This waits for the disk.

    @param path: of a text in UTF-8.
    @return: its lines as they may be shown, with a line feed between them and none at the end.
    @raise CannotRead: when it cannot be read, is longer than L{MAX_MOTD} or is not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_MOTD + 1)
    except OSError as error:
        raise CannotRead(f"{path}: {error.strerror}") from error
    if len(data) > MAX_MOTD:
        raise CannotRead(f"{path}: longer than {MAX_MOTD} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise CannotRead(f"{path}: not UTF-8") from error
    return "\n".join(clean(line) for line in text.splitlines())


def limitsOf(options: Mapping[str, Any], files: float) -> Limits:
    """
    @param options: the parsed command line.
    @param files: how many files may be open.
    """
    values: dict[str, Any] = {
        _attribute(option.name): options[option.name] or UNLIMITED for option in LIMITS
    }
    values["keepalive"] = keepaliveFrom(options["keepalive"])
    if values["maxConnections"] == AUTOMATIC:
        values["maxConnections"] = max(1, min(MAX_CONNECTIONS, files - SPARE_FILES))
    return Limits(trusted=tuple(options["trusted"]), **values)


def wrong(text: str) -> SystemExit:
    """
    @return: what ends the process, with one line for the operator.
    """
    line = " ".join(text.split()).rstrip(".")
    return SystemExit(f"twistd tcpchat: {line}; see twistd tcpchat --help")
