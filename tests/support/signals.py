"""
Signals in tests, which run in the process that gets them.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_NUMBERS = (signal.SIGHUP, signal.SIGUSR1, signal.SIGTTOU, signal.SIGINT, signal.SIGTERM)


@contextmanager
def signalsKept() -> Iterator[None]:
    """
    In the end the signals do what they did before.
    """
    before = {number: signal.getsignal(number) for number in _NUMBERS}
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        yield
    finally:
        for number, act in before.items():
            signal.signal(number, act)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
