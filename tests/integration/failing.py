"""
C{twistd tcpchat} in which one function fails, as a mistake in it would.

As a program it takes the name of the function, such as C{chat.core.hub:Hub.say}, and the
arguments of twistd.  The function raises an exception when L{MARK} is in one of its arguments,
and works otherwise.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.daemon import RELAXED, Daemon, freePort

MARK = "kaboom"

TEXT = "what somebody said"
"""The text of the exception."""


class FailingDaemon(Daemon):
    """
    A service in which one function fails.
    """

    def __init__(self, directory: Path, name: str, *options: str) -> None:
        """
        @param name: of the function.
        """
        port = freePort()
        command = [sys.executable, "-m", __name__, name, "--nodaemon", "--pidfile=", "tcpchat"]
        super().__init__(
            directory,
            command=[*command, "--port", f"tcp:{port}:interface=127.0.0.1", *RELAXED, *options],
            port=port,
            environ={"PYTHONPATH": str(Path(__file__).parents[2])},
        )

    def __enter__(self) -> FailingDaemon:
        super().__enter__()
        return self


def _fail(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def failing(*arguments: Any, **more: Any) -> Any:
        if any(MARK in repr(each) for each in (*arguments, *more.values())):
            raise RuntimeError(TEXT)
        return function(*arguments, **more)

    return failing


def _main(name: str, *arguments: str) -> None:
    module, _, path = name.partition(":")
    *outer, last = path.split(".")
    place = functools.reduce(getattr, outer, importlib.import_module(module))
    function = getattr(place, last)
    if isinstance(function, dict):
        function.update({key: _fail(each) for key, each in function.items()})
    else:
        setattr(place, last, _fail(function))
    sys.argv = ["twistd", *arguments]
    from twisted.scripts.twistd import run

    run()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    _main(*sys.argv[1:])
