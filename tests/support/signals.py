"""
Signals in tests, which run in the process that gets them.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_NUMBERS = (signal.SIGHUP, signal.SIGUSR1, signal.SIGTTOU)


@contextmanager
def signalsKept() -> Iterator[None]:
    """
    In the end the signals do what they did before.
    """
    before = {number: signal.getsignal(number) for number in _NUMBERS}
    try:
        yield
    finally:
        for number, act in before.items():
            signal.signal(number, act)
