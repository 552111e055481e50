"""
The command line of C{tcpchat}.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chat import __version__
from chat.cli.charset import UTF8
from chat.cli.target import Target
from chat.vocabulary.i18n import LANGUAGES, SOURCE_LANGUAGE, resolve

OK = 0
FAILED = 1
USAGE = 2
REFUSED = 3
"""Exit statuses, as the help explains them."""

_PORT = 8080

# An IPv6 address has colons of its own, so its port needs the brackets (RFC 3986, 3.2.2).
_WITH_PORT = re.compile(r"(\[.*\]|[^:]+):([^:]*)")

# Of languages that not every charset can show.
_SAMPLES = {"zh_CN": "欢迎来聊天室"}

_EPILOG = """
On a terminal a nickname is asked for, and the password if it is registered.
Incoming lines appear above the one that is typed.  A connection that is lost is
made again, and what was said meanwhile is shown.  Keys: Tab completes nicknames,
rooms and commands, Up and Down bring back what was entered, Ctrl-A/E, Alt-B/F,
Ctrl-U/W/K/Y edit as in a shell, Ctrl-L draws the line anew; Ctrl-C clears it, and
leaves when there is nothing to clear, as Ctrl-D does; Ctrl-Z suspends.  What is
pasted is sent with Enter, not before.

With input from a pipe or a file each line of it is sent as it is, commands too;
without --nick the first one is the nickname.  At its end nothing more is said,
what still arrives is printed, and tcpchat ends.

Text is in the charset of the locale (LC_CTYPE), UTF-8 in the C locale; what it
lacks is shown as ?, and a line that is not in it is not sent.

exit status: 0 done, 1 the connection failed or was lost, or a line was not in the
charset, 2 wrong usage, 3 the nickname or the password was refused.
"""


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
    parser = ArgumentParser(
        prog="tcpchat",
        description="Chat with the people of a tcpchat service.",
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "host",
        nargs="?",
        metavar="HOST",
        default="localhost",
        help="a name or an address, also HOST:PORT, [ADDRESS]:PORT, or PORT alone for this"
        " machine; default: %(default)s",
    )
    add("port", nargs="?", metavar="PORT", type=_port, help=f"default: {_PORT}")
    add("--nick", metavar="NAME", help="the nickname to ask for")
    add(
        "--password-file",
        metavar="FILE",
        help="with --nick: log in with the password in the first line of this file;"
        " or have it in TCPCHAT_PASSWORD",
    )
    add("--unix", metavar="PATH", help="connect to a unix socket instead")
    add("--tls", action="store_true", help="encrypt, and check the certificate")
    add("--ca", metavar="FILE", help="with --tls: trust the certificates in this PEM file only")
    add(
        "--insecure",
        action="store_true",
        help="with --tls: take any certificate, so that somebody in between could read along",
    )
    add("--language", metavar="NAME", help="en or zh_CN; default: that of the environment")
    add(
        "--no-colour",
        "--no-color",
        action="store_true",
        help="no colours; the same as NO_COLOR in the environment",
    )
    add(
        "--quiet",
        action="store_true",
        help="in a pipe: no greeting, no history, no goodbye",
    )
    add("--bell", action="store_true", help="ring when somebody calls you")
    add("--version", action="version", version=f"tcpchat {__version__}")
    given = parser.parse_args(arguments)

    if given.unix is not None and given.tls:
        parser.error("--unix and --tls do not go together")
    if (given.insecure or given.ca is not None) and not given.tls:
        parser.error("--insecure and --ca are for --tls")
    if given.insecure and given.ca is not None:
        parser.error("--insecure and --ca do not go together")
    if given.nick is not None and not given.nick.strip():
        parser.error("--nick is empty")
    texts = {
        "HOST": given.host,
        "--nick": given.nick,
        "TCPCHAT_PASSWORD": environ.get("TCPCHAT_PASSWORD"),
    }
    for name, value in texts.items():
        if value and not _isText(value):
            parser.error(f"{name} is not {charset.upper()}, the charset of the locale")
    if given.password_file is not None and given.nick is None:
        parser.error("--password-file is for --nick")
    try:
        password = _passwordOf(given.password_file, environ, charset)
    except (OSError, ValueError) as error:
        parser.error(f"--password-file: {error}")
    try:
        host, port = _hostAndPort(given.host, given.port)
    except ArgumentTypeError as error:
        parser.error(str(error))
    language = _languageOf(environ, charset) if given.language is None else resolve(given.language)
    if language is None:
        parser.error(f"--language: choose one of {', '.join(LANGUAGES)}")
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
        host, found = "localhost", text
    elif (match := _WITH_PORT.fullmatch(text)) is not None:
        host, found = match[1], match[2]
    if found is not None:
        if port is not None:
            raise ArgumentTypeError(f"two ports: {found} and {port}")
        port = _port(found)
    return host.removeprefix("[").removesuffix("]"), _PORT if port is None else port


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"{text!r} is no port: 1 to 65535")
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
        raise ValueError(f"{path} is not {charset.upper()}") from None
    if line.split() != [line]:
        raise ValueError(f"no password in {path}: one word in its first line")
    return line


def _languageOf(environ: Mapping[str, str], charset: str) -> str:
    """
    @return: the language of the POSIX locale for messages (XBD section 8.2), or
        else the source language; that also where the charset lacks its characters, as
        Big5 of Taiwan lacks those of zh_CN.
    """
    given = next(filter(None, map(environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    language = resolve(given) or SOURCE_LANGUAGE
    try:
        _SAMPLES.get(language, "").encode(charset)
    except UnicodeEncodeError:
        return SOURCE_LANGUAGE
    return language
