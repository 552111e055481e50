"""
The command on pseudo-terminals.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.sitting import Sitting


@pytest.fixture
def sit() -> Iterator[Callable[..., Sitting]]:
    """
    Makes L{Sitting}s, and closes their terminals at the end.
    """
    with ExitStack() as stack:

        def make(nick: str | None = None, **options: str | bool) -> Sitting:
            sitting = Sitting(nick, **options)
            stack.callback(sitting.chat.terminal.close)
            return sitting

        yield make


@pytest.fixture
def sitting(sit: Callable[..., Sitting]) -> Sitting:
    """
    One that wants the nickname alice.
    """
    return sit("alice")
