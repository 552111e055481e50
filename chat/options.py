"""
The command line of C{twistd tcpchat}.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.python.usage import Options as UsageOptions
from twisted.python.usage import UsageError

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
from chat.vocabulary.arguments import seconds
from chat.vocabulary.errors import CannotRead
from chat.vocabulary.i18n import LANGUAGES, SOURCE_LANGUAGE
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
    An option with a value.

    @ivar default: its value unless told otherwise; Twisted does not hand it to the type.
    @ivar type: of the value; L{None} for any text.
    """

    name: str
    default: Any
    help: str
    type: OptionType | None = None

    def parameter(self) -> list[Any]:
        """
        @return: what C{Options.optParameters} has of it.
        """
        coerce = self.type and replace(self.type, option=self.name)
        return [self.name, None, self.default, self.help, coerce]


_OPTIONS = [
    _Option("name", "tcpchat", "Name of the service, in its greeting.", SERVICE_NAME),
    _Option("motd", None, "File with the message of the day, in UTF-8."),
    _Option(
        "language", SOURCE_LANGUAGE, f"Language of the service: {', '.join(LANGUAGES)}.", LANGUAGE
    ),
    _Option(
        "registration-timeout", 60.0, "How long somebody may take to choose a nickname.", SECONDS
    ),
    _Option("idle-timeout", 43200.0, "How long a guest may be silent.", SECONDS),
    _Option(
        "half-close",
        "close",
        "What happens to one who closes their side: close, or listen.",
        oneOf("close", "listen"),
    ),
    _Option("room", START_ROOM, "Room in which everybody begins.", OptionType(roomname)),
    _Option(
        "announce-limit",
        ANNOUNCE_LIMIT,
        "Up to how many people in a room comings and goings are announced; 0: always.",
        COUNT,
    ),
    _Option("max-rooms", MAX_ROOMS, "How many rooms there may be; 0 for no limit.", COUNT),
    _Option("max-joined", MAX_JOINED, "In how many rooms one may be; 0 for no limit.", COUNT),
    _Option(
        "max-owned", MAX_OWNED, "How many rooms an account may own for good; 0 for no limit.", COUNT
    ),
    _Option(
        "max-accounts",
        MAX_ACCOUNTS,
        "How many accounts there may be; 0 for no limit.",
        COUNT,
    ),
    _Option(
        "database",
        None,
        "File that keeps history, accounts, rooms and bans, or :memory: for none. "
        f"[default: {DATABASE}, in $STATE_DIRECTORY if that is set]",
    ),
    _Option(
        "replay",
        REPLAY,
        "How many earlier lines one hears on coming into a room.",
        countUpTo(MAX_REPLAY),
    ),
    # Made seconds of in postOptions, for a default is not coerced.
    _Option("keep", "30d", "How long lines are kept: 12h, 30d; 0 for ever."),
    _Option("keep-lines", KEEP_LINES, "How many lines of a room are kept; 0 for no limit.", COUNT),
    _Option(
        "keep-unused",
        "7d",
        "How long an empty room is kept in which nobody has ever talked: 12h, 7d; 0 for ever.",
    ),
    _Option("transcript", None, "File to which all that is said is appended."),
    _Option(
        "metrics",
        None,
        "Port number or endpoint for metrics in the format of Prometheus, and /healthz. "
        "Let nobody reach it who is not to know.",
    ),
    _Option("log-format", "text", "Format of the log: text, or json.", oneOf("text", "json")),
    _Option(
        "backlog",
        BACKLOG,
        "How many connections may wait to be let in; 0 leaves it to the endpoint.",
        countUpTo(2**31 - 1),
    ),
]


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


LIMITS = [
    _limit("max-line", SIZE, "Longest line, with its end."),
    _limit("max-unended", SIZE, "How much may come without a line end."),
    _limit(
        "turn-lines",
        COUNT,
        "How many lines of one connection are done before it is the turn of others; 0 for all.",
    ),
    _limit(
        "turn-bytes",
        SIZE,
        "How much input of one connection is looked at before it is the turn of others.",
    ),
    _limit("soft-waiting", SIZE, "How much may wait for a reader before their own commands wait."),
    _limit("max-waiting", SIZE, "How much may wait for a reader before they are cut off."),
    _limit("max-waiting-all", SIZE, "How much may wait for all readers together."),
    _limit(
        "stall-timeout", SECONDS, "How long a reader for whom something waits may take nothing."
    ),
    _limit(
        "send-buffer", sizeUpTo(2**30), "Size of the kernel's buffer for each reader (SO_SNDBUF)."
    ),
    _limit(
        "keepalive",
        KEEPALIVE_TIMES,
        "When a silent connection is asked for a sign of life, and given up.",
        default="/".join(map(str, KEEPALIVE)),
    ),
    _limit(
        "user-timeout",
        # The kernel has milliseconds in an int; this leaves some time to spare.
        secondsUpTo(10**6),
        "How long a peer may acknowledge nothing of what was sent (TCP_USER_TIMEOUT).",
    ),
    _limit(
        "max-connections",
        OptionType(_connections, "A whole number; 0 for no limit."),
        f"How many connections there may be; {AUTOMATIC} is {MAX_CONNECTIONS}, or {SPARE_FILES} "
        "less than files may be open.",
        default=AUTOMATIC,
    ),
    _limit("max-nameless", COUNT, "How many connections may be without a nickname; 0 for all."),
    _limit(
        "max-per-address",
        COUNT,
        "How many connections may come from one address (IPv4) or /64 (IPv6); 0 for all.",
    ),
    _limit("connect-rate", COUNT, "How often an address may connect, a minute; 0 for no limit."),
    _limit("line-burst", COUNT, "How many lines of a participant are done at once; 0 for all."),
    _limit("line-rate", PER_SECOND, "How many lines of a participant are done after --line-burst."),
    _limit(
        "max-behind",
        SECONDS,
        "For how long lines may wait for --line-rate before the connection is closed.",
    ),
    _limit(
        "nick-rate", COUNT, "How often one may change their nickname, a minute; 0 for no limit."
    ),
    _limit("join-rate", COUNT, "How often one may go into a room, a minute; 0 for no limit."),
    _limit(
        "key-rate",
        COUNT,
        "How many wrong keys of a room an address may try, a minute; 0 for no limit.",
    ),
    _limit("room-rate", COUNT, "How many rooms an address may make, a day; 0 for no limit."),
    _limit(
        "account-rate", COUNT, "How many accounts an address may register, a day; 0 for no limit."
    ),
]
"""
The options that limit what one connection, or all together, may ask of the service; 0 turns a
limit off.  Each sets the attribute of L{Limits} that has its name.
"""


class Options(UsageOptions, AuthOptionMixin):
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
    optParameters = [option.parameter() for option in [*_OPTIONS, *LIMITS]]
    compData = None
    # The credentials that plugins of --auth may check.
    supportedInterfaces = (IUsernamePassword,)

    def __init__(self) -> None:
        super().__init__()
        self["ports"] = []
        self["operators"] = []
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
        """Account that keeps order; repeatable."""
        self["operators"].append(OptionType(nickname, option="operator")(name))

    def opt_trust(self, network: str) -> None:
        """Address or network (CIDR) to which no limit of an address applies; repeatable."""
        self["trusted"].append(replace(NETWORK, option="trust")(network))

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
            raise UsageError("--log-format json does not go with --logger or --syslog")


def _span(text: str) -> int:
    """
    @return: seconds, 0 for ever.
    """
    span = 0 if text == "0" else seconds(text)
    if span is None:
        raise ValueError("is a span of time such as 12h or 30d, 0 for ever")
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
