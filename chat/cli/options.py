"""
The command line of C{tcpchat}.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chat import __version__
from chat.cli.charset import UTF8
from chat.cli.target import Target
from chat.rendering.manual import HELP_TITLE, Manual, OptionGroup, OptionHelp, terminalColumns
from chat.vocabulary.i18n import (
    LANGUAGES,
    N_,
    SOURCE_LANGUAGE,
    localeLanguage,
    resolve,
    translation,
)

OK = 0
FAILED = 1
USAGE = 2
REFUSED = 3
"""Exit statuses, as the help explains them."""

_HOST = "localhost"
_PORT = 8080

# An IPv6 address has colons of its own, so its port needs the brackets (RFC 3986, 3.2.2).
_WITH_PORT = re.compile(r"(\[.*\]|[^:]+):([^:]*)")

_NOTES = [
    (
        N_("On a terminal"),
        N_(
            "Without --nick you are asked for a nickname, and for its password if it is "
            "registered. Incoming lines appear above the one you are typing. If the connection is "
            "lost, tcpchat reconnects and shows what was said in the meantime."
        ),
    ),
    (
        N_("Keys"),
        N_(
            "Tab completes nicknames, rooms and commands; Up and Down recall what you entered; "
            "Ctrl-A/E, Alt-B/F and Ctrl-U/W/K/Y edit as in a shell; Ctrl-L redraws the line. "
            "Ctrl-C clears the line; on an empty one it quits, as Ctrl-D does. Ctrl-Z suspends. "
            "Pasted text is sent when you press Enter, not before."
        ),
    ),
    (
        N_("In a pipe"),
        N_(
            "Each line of input is sent as it is, commands included. Without --nick, the first "
            "line is the nickname. At the end of the input tcpchat prints whatever still arrives, "
            "then exits."
        ),
    ),
    (
        N_("Charset"),
        N_(
            "Text is in the charset of the locale (LC_CTYPE), or UTF-8 in the C locale. "
            "Characters that the charset lacks are shown as ?, and a line that is not valid in it "
            "is not sent."
        ),
    ),
    (
        N_("Exit status"),
        N_(
            "0: success. 1: the connection failed or was lost, or a line was not in the charset. "
            "2: wrong usage. 3: the nickname or the password was refused."
        ),
    ),
]


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """
    The choices of the command line and the environment.

    @ivar target: the service to connect to.
    @ivar nick: the nickname, if one was given.
    @ivar language: one of L{LANGUAGES}.
    @ivar isColoured: whether colours are wanted, where they are possible.
    @ivar hasBell: whether to ring when the user is called.
    @ivar password: that of the account C{nick}, if one was given.
    @ivar charset: that of the locale, as Python names it.
    @ivar isQuiet: whether a pipe wants neither greeting nor history.
    """

    target: Target
    nick: str | None
    language: str
    isColoured: bool
    hasBell: bool
    password: str | None = field(default=None, repr=False)
    charset: str = UTF8
    isQuiet: bool = False


class _Parser(ArgumentParser):
    """
    The options of C{tcpchat}, which tells of them by subject and in the language of the locale.

    @ivar manual: what it tells.
    """

    def __init__(self, language: str) -> None:
        synopsis = "tcpchat [OPTION]... [HOST] [PORT]"
        super().__init__(prog="tcpchat", usage=synopsis, add_help=False, allow_abbrev=False)
        self._language = language
        self._groups: list[OptionGroup] = []
        self.manual = Manual(
            synopsis, N_("Terminal client for the tcpchat chat server."), self._groups, _NOTES
        )
        add = self._group(N_("Server"))
        add(
            "host",
            nargs="?",
            metavar="HOST",
            default=_HOST,
            shown=_HOST,
            help=N_(
                "Host name or address; also HOST:PORT, [ADDRESS]:PORT, or just a PORT on this "
                "machine."
            ),
        )
        add(
            "port", nargs="?", metavar="PORT", type=_port, shown=str(_PORT), help=N_("Port number.")
        )
        add("--unix", metavar="PATH", help=N_("Connect to a unix socket instead."))
        add(
            "--tls",
            action="store_true",
            help=N_("Encrypt the connection and verify the certificate."),
        )
        add(
            "--ca",
            metavar="FILE",
            help=N_("With --tls: trust only the certificates in this PEM file."),
        )
        add(
            "--insecure",
            action="store_true",
            help=N_(
                "With --tls: accept any certificate; a third party may then be able to eavesdrop."
            ),
        )
        add = self._group(N_("Login"))
        add("--nick", metavar="NAME", help=N_("Nickname to use."))
        add(
            "--password-file",
            metavar="FILE",
            help=N_(
                "With --nick: log in with the password on the first line of this file, "
                "instead of the one in $TCPCHAT_PASSWORD."
            ),
        )
        add = self._group(N_("Display"))
        add(
            "--language",
            metavar="|".join(LANGUAGES),
            help=N_("Language of notices; by default that of the locale."),
        )
        add(
            "--no-colour",
            "--no-color",
            action="store_true",
            help=N_("Do not use colours, as with $NO_COLOR."),
        )
        add(
            "--quiet",
            action="store_true",
            help=N_("In a pipe: show no greeting, no history and no goodbye."),
        )
        add("--bell", action="store_true", help=N_("Ring when you are mentioned."))
        add = self._group(HELP_TITLE)
        add("-h", "--help", action="help", help=N_("Show this help."))
        version = f"tcpchat {__version__}"
        add("--version", action="version", version=version, help=N_("Show the version."))

    def _group(self, title: str) -> Callable[..., None]:
        """
        @return: C{add_argument} for the options of one subject; C{shown} is the default that the
            help shows.
        """
        options: list[OptionHelp] = []
        self._groups.append(OptionGroup(title, options))

        def add(*names: str, shown: str = "", **how: Any) -> None:
            option = self.add_argument(*names, **how)
            value, help = str(option.metavar or ""), option.help or ""
            options.append(OptionHelp(tuple(option.option_strings), value, help, shown))

        return add

    def format_help(self) -> str:
        """The text of the L{manual}; argparse prints it."""
        gettext = translation(self._language).gettext
        return self.manual.text(gettext, terminalColumns()) + "\n"


def parseOptions(
    arguments: Sequence[str], environ: Mapping[str, str], charset: str = UTF8
) -> ClientOptions:
    """
    @param arguments: without the name of the program.
    @param environ: the environment variables.
    @param charset: see L{chat.cli.charset.localeCharset}.
    @raise SystemExit: when the arguments are wrong, or ask for help or the version;
        the user has been told.
    """
    parser = _Parser(localeLanguage(environ, charset))
    given = parser.parse_args(arguments)

    if given.unix is not None and given.tls:
        parser.error("--unix and --tls cannot be used together")
    if (given.insecure or given.ca is not None) and not given.tls:
        parser.error("--insecure and --ca require --tls")
    if given.insecure and given.ca is not None:
        parser.error("--insecure and --ca cannot be used together")
    if given.nick is not None and not given.nick.strip():
        parser.error("--nick is empty")
    texts = {
        "HOST": given.host,
        "--nick": given.nick,
        "TCPCHAT_PASSWORD": environ.get("TCPCHAT_PASSWORD"),
    }
    for name, value in texts.items():
        if value and not _isText(value):
            parser.error(f"{name} is not valid {charset.upper()}, the charset of the locale")
    if given.password_file is not None and given.nick is None:
        parser.error("--password-file requires --nick")
    try:
        password = _passwordOf(given.password_file, environ, charset)
    except OSError as error:
        parser.error(f"--password-file: {given.password_file}: {error.strerror}")
    except ValueError as error:
        parser.error(f"--password-file: {error}")
    try:
        host, port = _hostAndPort(given.host, given.port)
    except ArgumentTypeError as error:
        parser.error(str(error))
    language = (
        localeLanguage(environ, charset) if given.language is None else resolve(given.language)
    )
    if language is None:
        parser.error(f"--language must be one of {', '.join(LANGUAGES)}")
    return ClientOptions(
        Target(
            host,
            port,
            given.unix,
            given.tls,
            given.insecure,
            given.ca,
        ),
        given.nick,
        language,
        not given.no_colour and not environ.get("NO_COLOR"),
        given.bell,
        None if given.nick is None else password,
        charset,
        given.quiet,
    )


def _hostAndPort(text: str, port: int | None) -> tuple[str, int]:
    """
    @param text: the argument HOST.
    @param port: the argument PORT, if there is one.
    @raise ArgumentTypeError: when that is no port, or there are two.
    """
    host, found = text, None
    if text.isdecimal():
        host, found = _HOST, text
    elif (match := _WITH_PORT.fullmatch(text)) is not None:
        host, found = match[1], match[2]
    if found is not None:
        if port is not None:
            raise ArgumentTypeError(f"two ports given: {found} and {port}")
        port = _port(found)
    return host.removeprefix("[").removesuffix("]"), _PORT if port is None else port


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"{text!r} is not a valid port (1 to 65535)")
    return int(text)


def _isText(value: str) -> bool:
    """
    @return: whether an argument was text in the charset of the locale; Python makes surrogates
        of other bytes (PEP 383).
    """
    return not re.search("[\ud800-\udfff]", value)


def _passwordOf(path: str | None, environ: Mapping[str, str], charset: str) -> str | None:
    """
    @return: the password from a file or from the environment; never from the
        command line, which all users of the machine can read.
    @raise OSError: when the file cannot be read.
    @raise ValueError: when there is no password in it.
    """
    if path is None:
        return environ.get("TCPCHAT_PASSWORD") or None
    try:
        line, *_ = Path(path).read_text(charset).splitlines() or [""]
    except UnicodeDecodeError:
        # The error quotes the bytes, which may be the password.
        raise ValueError(f"{path} is not valid {charset.upper()}") from None
    if line.split() != [line]:
        raise ValueError(f"no password in {path}: the first line must be a single word")
    return line


MANUAL = _Parser(SOURCE_LANGUAGE).manual
"""What the command tells of its options."""
