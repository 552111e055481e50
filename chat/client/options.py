"""
The command line of C{tcpchat}.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chat import __version__
from chat.client.target import Target
from chat.languages import LANGUAGES, SOURCE_LANGUAGE, resolve

OK = 0
FAILED = 1
USAGE = 2
REFUSED = 3
"""The exit status: see below."""

_EPILOG = """
On a terminal a nickname is asked for, incoming lines appear above the one that
is typed, and a connection that is lost is made again.  Keys: Tab completes
nicknames and commands, Up and Down bring back what was entered, Ctrl-A/E, Alt-B/F,
Ctrl-U/W/K/Y edit as in a shell, Ctrl-L draws the line anew; Ctrl-C clears it, and
leaves when there is nothing to clear, as Ctrl-D does; Ctrl-Z suspends.  What is
pasted is sent with Enter, not before.

With input from a pipe or a file each line of it is sent as it is, commands too;
without --nick the first one is the nickname.  At its end nothing more is said,
what still arrives is printed, and tcpchat ends.

exit status: 0 done, 1 the connection failed or was lost, 2 wrong usage, 3 the
nickname was refused.
"""


@dataclass(frozen=True, slots=True)
class Options:
    """
    What was asked for.

    @ivar nick: the nickname, if it was given.
    @ivar language: one of L{LANGUAGES}.
    @ivar isColoured: whether colours are wanted, where there can be any.
    @ivar hasBell: whether to ring when one is called.
    """

    target: Target
    nick: str | None
    language: str
    isColoured: bool
    hasBell: bool


def parseOptions(arguments: Sequence[str], environ: Mapping[str, str]) -> Options:
    """
    @param arguments: without the name of the program.
    @raise SystemExit: when they are wrong, or ask for help or the version;
        the person has been told.
    """
    parser = ArgumentParser(
        prog="tcpchat",
        description="Chat with the people of a tcpchat service.",
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("host", nargs="?", metavar="HOST", default="localhost", help="default: %(default)s")
    add("port", nargs="?", metavar="PORT", type=_port, default=8080, help="default: %(default)s")
    add("--nick", metavar="NAME", help="the nickname to ask for")
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
    language = _languageOf(environ) if given.language is None else resolve(given.language)
    if language is None:
        parser.error(f"--language: choose one of {', '.join(LANGUAGES)}")
    return Options(
        Target(
            given.host.removeprefix("[").removesuffix("]"),
            given.port,
            given.unix,
            given.tls,
            given.insecure,
            given.ca,
        ),
        given.nick,
        language,
        not given.no_colour and not environ.get("NO_COLOR"),
        given.bell,
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"{text!r} is no port: 1 to 65535")
    return int(text)


def _languageOf(environ: Mapping[str, str]) -> str:
    """What POSIX calls the locale for messages, if we speak it."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return resolve(environ[name]) or SOURCE_LANGUAGE
    return SOURCE_LANGUAGE
