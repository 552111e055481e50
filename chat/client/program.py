"""
A program around a client.  It ends with one line where the service is away, or what was typed does
not fit: a traceback is for faults of the program.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from inspect import signature
from typing import Any, NoReturn

from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.internet.task import react

Main = Callable[..., Coroutine[Any, Any, None]]
"""
What a program does; it takes the reactor, and what was typed behind its name: as a number where the
default is one, else as text.
"""


def run(main: Main, arguments: Sequence[str]) -> NoReturn:
    """
    Run a program to its end, as Twisted's C{react} does.

    @param arguments: what was typed behind its name.
    @raise SystemExit: always: with one line on standard error and status 1 where the service cannot
        be reached, the connection ends too early or a file cannot be used; with the arguments that
        it takes where these do not fit.
    """
    try:
        values = _valuesFor(main, arguments)
    except (TypeError, ValueError):
        sys.exit(usageOf(main))
    react(_plainly, [main, *values])


def _valuesFor(main: Main, arguments: Sequence[str]) -> list[str | int]:
    if any(each.startswith("-") for each in arguments):
        raise ValueError("there are no options, such as --help")
    bound = signature(main).bind(None, *arguments).arguments
    defaults = {each.name: each.default for each in signature(main).parameters.values()}
    _, *given = bound.items()
    return [int(text) if isinstance(defaults[name], int) else text for name, text in given]


async def _plainly(reactor: Any, main: Main, *arguments: str | int) -> None:
    try:
        await main(reactor, *arguments)
    except (ConnectError, ConnectionClosed, DNSLookupError, OSError) as error:
        sys.exit(reasonOf(error))


def reasonOf(error: Exception) -> str:
    """
    @return: why a program has ended, in one line for its user.
    """
    match error:
        case DNSLookupError():
            return "there is no such host"
        case ConnectError(osError=number):
            why = os.strerror(number) if isinstance(number, int) else "no answer"
            return f"cannot reach the service: {why}"
        case OSError(strerror=str(why), filename=str(name)):
            return f"{name}: {why}"
        case OSError():
            return error.strerror or str(error)
        case _:
            return "the connection has ended"


def usageOf(main: Main) -> str:
    """
    @return: how a program is called, such as C{usage: feed.py FILE [HOST [PORT]]}.
    """
    _, *parameters = signature(main).parameters.values()
    words = [each.name.upper() for each in parameters if each.default is each.empty]
    optional = [each.name.upper() for each in parameters if each.default is not each.empty]
    if optional:
        words.append(f"[{' ['.join(optional)}{']' * len(optional)}")
    return " ".join(["usage:", os.path.basename(sys.argv[0]), *words])
