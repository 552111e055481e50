"""
The command line of C{twistd tcpchat}.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.python.usage import Options as UsageOptions
from twisted.python.usage import UsageError

from chat import __version__
from chat.core.rooms import ANNOUNCE_LIMIT, MAX_JOINED, MAX_ROOMS, START_ROOM
from chat.limitoptions import LIMIT_OPTIONS
from chat.operations.motd import readMOTD
from chat.optiontypes import Count, Seconds, networkFrom
from chat.session.server import REPLAY
from chat.vocabulary.arguments import seconds
from chat.vocabulary.errors import CannotRead, ChatError
from chat.vocabulary.i18n import LANGUAGES, SOURCE_LANGUAGE, resolve
from chat.vocabulary.names import nickname, roomname
from chat.vocabulary.sanitizing import clean

DEFAULT_PORT = "8080"

DATABASE = "tcpchat.sqlite3"
"""The name of the database unless told otherwise."""

KEEP_LINES = 1_000_000
"""How many lines of a room are kept unless told otherwise."""

MAX_REPLAY = 200
"""How many lines may be told to everybody who comes in."""

_HALF_CLOSE = ("close", "listen")
_LOG_FORMATS = ("text", "json")


def _span(text: str) -> int:
    """
    @return: seconds, 0 for ever.
    @raise UsageError: when it is no span of time.
    """
    span = 0 if text == "0" else seconds(text)
    if span is None:
        raise UsageError("--keep is a span of time such as 12h or 30d, 0 for ever")
    return span


def _defaultDatabase() -> str:
    """
    Where the service manager wants the state to be, or in the run directory.
    """
    directory = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return os.path.join(directory, DATABASE)


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
    optParameters = [
        ["name", None, "tcpchat", "Name of the service, in its greeting."],
        ["motd", None, None, "File with the message of the day, in UTF-8."],
        ["language", None, SOURCE_LANGUAGE, f"Language of the service: {', '.join(LANGUAGES)}."],
        [
            "registration-timeout",
            None,
            60.0,
            "How long somebody may take to choose a nickname.",
            Seconds("registration-timeout"),
        ],
        [
            "idle-timeout",
            None,
            1800.0,
            "How long somebody may be silent.",
            Seconds("idle-timeout"),
        ],
        [
            "half-close",
            None,
            "close",
            "What happens to one who closes his side: close, or listen.",
        ],
        ["room", None, START_ROOM, "Room in which everybody begins."],
        [
            "announce-limit",
            None,
            ANNOUNCE_LIMIT,
            "Up to how many people in a room comings and goings are announced; 0: always.",
            Count("announce-limit"),
        ],
        [
            "max-rooms",
            None,
            MAX_ROOMS,
            "How many rooms there may be; 0 for no limit.",
            Count("max-rooms"),
        ],
        [
            "max-joined",
            None,
            MAX_JOINED,
            "In how many rooms one may be; 0 for no limit.",
            Count("max-joined"),
        ],
        [
            "database",
            None,
            None,
            "File that keeps history, accounts, rooms and bans, or :memory: for none. "
            f"[default: {DATABASE}, in $STATE_DIRECTORY if that is set]",
        ],
        [
            "replay",
            None,
            REPLAY,
            "How many earlier lines one hears on coming into a room.",
            Count("replay", MAX_REPLAY),
        ],
        # Made seconds of in postOptions, for a default is not coerced.
        ["keep", None, "30d", "How long lines are kept: 12h, 30d; 0 for ever."],
        [
            "keep-lines",
            None,
            KEEP_LINES,
            "How many lines of a room are kept; 0 for no limit.",
            Count("keep-lines"),
        ],
        ["transcript", None, None, "File to which all that is said is appended."],
        [
            "metrics",
            None,
            None,
            "Port number or endpoint for metrics in the format of Prometheus, and /healthz. "
            "Let nobody reach it who is not to know.",
        ],
        ["log-format", None, "text", "Format of the log: text, or json."],
        *LIMIT_OPTIONS,
    ]
    compData = None
    # What --auth may offer.
    supportedInterfaces = (IUsernamePassword,)

    def __init__(self) -> None:
        super().__init__()
        self["ports"] = []
        self["operators"] = []
        self["trusted"] = []

    def opt_port(self, description: str) -> None:
        """Port number or endpoint to listen on; repeatable. [default: 8080]"""
        self["ports"].append(description)

    opt_p = opt_port

    def opt_operator(self, name: str) -> None:
        """Account that keeps order; repeatable."""
        try:
            self["operators"].append(nickname(name))
        except ChatError as error:
            raise UsageError(f"--operator {name}: {error.code}") from error

    def opt_trust(self, network: str) -> None:
        """Address or network (CIDR) that may connect as often as it likes; repeatable."""
        self["trusted"].append(networkFrom("trust", network))

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
        try:
            self["room"] = roomname(self["room"])
        except ChatError as error:
            raise UsageError(f"--room {self['room']}: {error.code}") from error
        self["keep"] = _span(self["keep"])
        self["database"] = self["database"] or _defaultDatabase()
        # Read later, in another directory.
        self["motd"] = self["motd"] and os.path.abspath(self["motd"])
        self["motdText"] = self._readMOTD()
        twistd: Mapping[str, Any] = self.parent or {}
        if self["log-format"] == "json" and (twistd.get("logger") or twistd.get("syslog")):
            raise UsageError("--log-format json does not go with --logger or --syslog")

    def _readMOTD(self) -> str:
        try:
            return readMOTD(self["motd"]) if self["motd"] else ""
        except CannotRead as error:
            raise UsageError(f"cannot read --motd {error}") from error


def wrong(text: str) -> SystemExit:
    """
    @return: what ends the process, with one line for the operator.
    """
    line = " ".join(text.split()).rstrip(".")
    return SystemExit(f"twistd tcpchat: {line}; see twistd tcpchat --help")
